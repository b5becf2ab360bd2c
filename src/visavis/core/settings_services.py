"""Settings of services that talk to each other."""

from pydantic import Field, SecretStr

from visavis.core.settings_base import MIB, Options

ADDRESS = r"^(grpcs?://[^\s/]+/?)?$"


class GrpcOptions(Options):
    """The gRPC door, and the way to the one of another machine."""

    host: str = Field("127.0.0.1", description="address to listen on; 0.0.0.0 = every network")
    port: int = Field(50051, ge=0, le=65535, description="port to listen on; 0 = a free one")
    url: str = Field(
        "",
        pattern=ADDRESS,
        description="`grpc://HOST:PORT`, or `grpcs://` with TLS, of a server that looks at "
        "pictures for this one; empty = they are looked at here",
    )
    aggregator_url: str = Field(
        "",
        pattern=ADDRESS,
        description="likewise, of the server where the parts of a result meet; empty = none",
    )
    token: SecretStr = Field(
        SecretStr(""),
        description="what services of this deployment show each other, the same for all; empty = "
        "none is let in that way",
    )
    tls_cert: str = Field("", description="PEM file of the certificate to show; empty = no TLS")
    tls_key: str = Field("", description="PEM file of its key")
    tls_ca: str = Field(
        "",
        description="PEM file of the authority that the other side's certificate must come from; "
        "empty = clients need none, servers one that this machine trusts",
    )
    max_message_bytes: int = Field(
        64 * MIB, gt=0, lt=2**31, description="largest message, one picture and a little, bytes"
    )
    workers: int = Field(
        32, ge=1, le=1000, description="calls served, or asked of the other server, at a time"
    )
    deadline_s: float = Field(60.0, gt=0, le=3600, description="longest time of one call")
