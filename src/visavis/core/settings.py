"""Settings: environment `VISAVIS_*` (nested with `__`) over `visavis.toml`; unknown keys refused.

Each floor-1 class takes the small options class named after it; only the roof reads the
environment.
"""

import os
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

import platformdirs
from pydantic import AfterValidator, Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from visavis.core.errors import InvalidSettings
from visavis.core.settings_base import MIB as MIB
from visavis.core.settings_base import Options as Options
from visavis.core.settings_jobs import JobOptions as JobOptions
from visavis.core.settings_logs import LogOptions as LogOptions
from visavis.core.settings_logs import TelemetryOptions as TelemetryOptions
from visavis.core.settings_services import GrpcOptions as GrpcOptions

LEAST_PURPOSE_WORDS = 3
"""Words below which a purpose says nothing: `yes` and `for tests` are no purposes."""


def _stated(purpose: str) -> str:
    """Refuse a purpose that is none; the empty text says that there is none."""
    words = sum(any(map(str.isalpha, word)) for word in purpose.split())
    words += sum(unicodedata.category(letter) == "Lo" for letter in purpose)  # often no blanks
    if purpose and words < LEAST_PURPOSE_WORDS:
        raise ValueError(
            "say in a few words what it is for, such as 'bias audit of our own pictures', or leave "
            "it empty"
        )
    return " ".join(purpose.split())


Purpose = Annotated[str, AfterValidator(_stated)]
"""Why something sensitive is done, in words that can be shown to those it is done to."""


class ImageOptions(Options):
    """Caps on pictures, checked before anything is decoded."""

    max_bytes: int = Field(50 * MIB, gt=0, description="largest encoded picture, bytes")
    max_pixels: int = Field(64_000_000, gt=0, description="largest width × height, pixels")
    timeout_s: float = Field(
        8.0, gt=0, le=3600, description="longest time one picture may take to decode"
    )


class DetectOptions(Options):
    """What counts as a face, and how hard to look."""

    score_threshold: float = Field(0.5, ge=0, le=1, description="lowest detector confidence kept")
    nms_iou: float = Field(0.3, gt=0, le=1, description="overlap above which the weaker box goes")
    min_size_px: float = Field(0, ge=0, description="smallest box side kept, pixels of the picture")
    max_faces: int = Field(1000, gt=0, description="most faces kept a picture, best scores first")
    long_side_px: int = Field(
        896, ge=64, le=4096, description="long side of the picture at the first look"
    )
    second_look_px: int = Field(
        320,
        ge=0,
        le=4096,
        description="long side of the look for faces that fill the frame; 0 = off",
    )
    try_rotations: bool = Field(
        True, description="when no face stands upright, look again at 90, 180 and 270°"
    )


class EmbedOptions(Options):
    """How faces become vectors."""

    mirror: bool = Field(
        True, description="average with the mirrored face: steadier, twice the time"
    )


class QualityOptions(Options):
    """How good a face must be to be enrolled."""

    min_overall: float = Field(35, ge=0, le=100, description="lowest quality as a whole, 0..100")
    min_sharpness: float = Field(25, ge=0, le=100, description="lowest sharpness, 0..100")
    min_brightness: float = Field(
        30, ge=0, le=100, description="lowest brightness part, 0..100; too dark or too bright"
    )
    min_contrast: float = Field(20, ge=0, le=100, description="lowest contrast, 0..100")
    min_size_px: float = Field(
        32, ge=0, description="smallest width of the face, temple to temple, pixels of the picture"
    )
    max_turn_degrees: float = Field(
        40, ge=0, le=180, description="farthest the face may look away from the camera, degrees"
    )
    min_occlusion: float = Field(
        30, ge=0, le=100, description="lowest occlusion part, 0..100; high = nothing covers it"
    )


class RuntimeOptions(Options):
    """Where and with how many threads learned graphs run."""

    providers: tuple[Literal["cpu", "cuda", "openvino", "coreml"], ...] = Field(
        ("cuda", "openvino", "coreml", "cpu"),
        description="in order of preference; missing ones are skipped",
    )
    intra_op_threads: int = Field(
        1, ge=0, description="threads inside one session.run; 0 = all cores"
    )
    workers: int = Field(0, ge=0, description="pictures analysed at the same time; 0 = one a core")


class BatchOptions(Options):
    """How requests meet in front of the analyzer."""

    max_items: int = Field(4, ge=1, description="most pictures one worker takes at once")
    queue_size: int = Field(
        256, ge=1, description="pictures that may wait; more are refused at the door"
    )
    deadline_s: float = Field(60.0, gt=0, description="longest a picture may wait and be worked on")


class PolicyOptions(Options):
    """What this deployment may say about people; a feature is on when a purpose is stated."""

    emotion_purpose: Purpose = Field("", description="what emotion is analysed for; empty = off")
    race_purpose: Purpose = Field("", description="what race is analysed for; empty = off")


class ServerOptions(Options):
    """The HTTP door."""

    host: str = Field("127.0.0.1", description="address to listen on; 0.0.0.0 = every network")
    port: int = Field(8000, ge=0, le=65535, description="port to listen on; 0 = a free one")
    site: str = Field(
        "", description="address in letters and links; empty = where the server listens"
    )
    cors_origins: tuple[str, ...] = Field(
        (), description="other sites whose pages may call the API, such as `https://shop.example`"
    )
    proxies: tuple[str, ...] = Field(
        (), description="addresses of proxies that tell in `X-Forwarded-For` who asks"
    )
    max_files: int = Field(32, ge=1, description="pictures in one request")
    max_request_bytes: int = Field(256 * MIB, gt=0, description="largest request body, bytes")


class TrackingOptions(Options):
    """Where the lab writes down what was trained and what serves."""

    enabled: bool = Field(
        True, description="record where MLflow is installed or a uri is set; false = never"
    )
    uri: str = Field(
        "", description="`http(s)://` of an MLflow server or `sqlite:///` file; empty = data folder"
    )
    artifacts: str = Field(
        "", description="folder or `s3://bucket/prefix` for files of runs; empty = uri's own place"
    )
    experiment: str = Field(
        "visavis-heads", min_length=1, description="experiment that the runs belong to"
    )


class StoreOptions(Options):
    """Where rows are kept."""

    url: str = Field(
        "",
        description="`sqlite:///FILE`, `postgresql://…` or `mysql://…`; empty = a file in the data "
        "folder",
        repr=False,
    )
    pool_size: int = Field(10, ge=1, description="connections kept open; twice as many at most")
    lock_timeout_s: float = Field(
        10.0, gt=0, description="longest wait for a row or a table that another holds"
    )


class BlobOptions(Options):
    """Where pictures and other files are kept."""

    kind: Literal["files", "s3"] = Field("files", description="a folder, or a bucket behind S3")
    bucket: str = Field("", description="with s3: the bucket; it has to be there")
    prefix: str = Field("", description="with s3: put before every name, such as `visavis/`")
    endpoint_url: str = Field("", description="with s3: where the API answers; empty = AWS")
    region: str = Field("", description="with s3: the region; empty = as the environment says")
    quota_bytes: int = Field(
        0, ge=0, description="most bytes of files a tenant may keep; 0 = no limit"
    )


class VaultOptions(Options):
    """Where the root key comes from."""

    root_key: SecretStr = Field(
        SecretStr(""),
        description="`ID:BASE64` of 32 bytes, several separated by blanks, the first one used for "
        "new keys; empty = a file in the data folder",
    )


class IndexOptions(Options):
    """What people are searched in."""

    kind: Literal["protected", "plain"] = Field(
        "protected",
        description="keyed codes of the templates, or the templates themselves, open in memory",
    )
    engine: Literal["faiss", "exact", "milvus"] = Field(
        "faiss",
        description="FAISS in this process, every entry compared one by one, or a Milvus server",
    )
    lists_from: int = Field(
        4_000_000,
        ge=1000,
        description="with faiss: templates of a tenant from which only a part is scanned",
    )
    milvus_url: str = Field(
        "", description="with milvus: where it answers, such as `http://HOST:19530`"
    )
    milvus_token: SecretStr = Field(
        SecretStr(""), description="with milvus: `USER:PASSWORD` or an API key; empty = none"
    )


class AccountOptions(Options):
    """Logging in."""

    login: bool = Field(
        True, description="false = a private machine without logging in, on loopback only"
    )
    access_minutes: int = Field(15, ge=1, le=1440, description="life of an access token")
    session_days: int = Field(30, ge=1, le=366, description="life of a session without a visit")
    code_minutes: int = Field(10, ge=1, le=60, description="life of a code that came by mail")
    code_attempts: int = Field(5, ge=1, le=10, description="tries a code allows")
    code_cooldown_s: int = Field(60, ge=0, le=3600, description="wait before another code is sent")
    min_password: int = Field(10, ge=8, le=64, description="fewest characters of a password")
    open_registration: bool = Field(
        False, description="whether anybody may register and so make a tenant of their own"
    )
    face_login: Literal["off", "with_second_factor", "alone"] = Field(
        "with_second_factor",
        description="who may log in by face: nobody, accounts with a second factor, everybody; "
        "no liveness is checked, so a photo may pass",
    )


class MailOptions(Options):
    """How mail leaves; without a host it is put into the outbox in the data folder."""

    host: str = Field("", description="SMTP server; empty = the outbox folder")
    port: int = Field(587, ge=1, le=65535, description="its port")
    security: Literal["starttls", "tls", "none"] = Field(
        "starttls", description="how the connection is protected; none = loopback only"
    )
    user: str = Field("", description="who logs in there; empty = nobody")
    password: SecretStr = Field(SecretStr(""), description="its password")
    sender: str = Field("visavis@localhost", description="address that mail comes from")
    contact: str = Field(
        "",
        description="whom readers may ask, such as `Ann Lee, ann@firm.com`; empty = nobody named",
    )
    timeout_s: float = Field(10.0, gt=0, le=120, description="longest wait for the server")


class ThrottleOptions(Options):
    """How often something may be tried; `5 per minute`, several separated by semicolons."""

    url: str = Field("", description="`redis://…` for limits of all processes; empty = memory")
    per_address: str = Field("300 per minute", description="requests of one network address")
    per_key: str = Field("600 per minute", description="requests of one API key or user")
    login: str = Field(
        "10 per minute; 50 per hour", description="tries to log in, of one account or address"
    )
    mail: str = Field("5 per hour", description="codes sent to one e-mail address")


class DialectOptions(Options):
    """Other products' interfaces, for programs that were written for those."""

    compreface: bool = Field(True, description="answer at the paths of CompreFace")
    rekognition: bool = Field(True, description="answer as Amazon Rekognition does, at `POST /`")
    deepface: bool = Field(True, description="answer at the paths of DeepFace's API")
    seed: bool = Field(True, description="answer at `/face_recognize` and `/add_new_person`")


class Settings(BaseSettings):
    """All settings of one deployment."""

    model_config = SettingsConfigDict(
        env_prefix="VISAVIS_",
        env_nested_delimiter="__",
        toml_file="visavis.toml",
        frozen=True,
        extra="forbid",
    )

    data: Path = Field(
        Path(platformdirs.user_data_dir("visavis")), description="everything the server writes"
    )
    cache: Path = Field(
        Path(platformdirs.user_cache_dir("visavis")), description="weights, ready to use"
    )
    pack: str = Field("default", description="which set of weights serves")
    images: ImageOptions = ImageOptions()
    detect: DetectOptions = DetectOptions()
    embed: EmbedOptions = EmbedOptions()
    quality: QualityOptions = QualityOptions()
    runtime: RuntimeOptions = RuntimeOptions()
    batch: BatchOptions = BatchOptions()
    policy: PolicyOptions = PolicyOptions()
    server: ServerOptions = ServerOptions()
    tracking: TrackingOptions = TrackingOptions()
    store: StoreOptions = StoreOptions()
    blobs: BlobOptions = BlobOptions()
    vault: VaultOptions = VaultOptions()
    index: IndexOptions = IndexOptions()
    accounts: AccountOptions = AccountOptions()
    mail: MailOptions = MailOptions()
    throttle: ThrottleOptions = ThrottleOptions()
    dialects: DialectOptions = DialectOptions()
    logs: LogOptions = LogOptions()
    telemetry: TelemetryOptions = TelemetryOptions()
    jobs: JobOptions = JobOptions()
    grpc: GrpcOptions = GrpcOptions()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003  # not a source here
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003  # nor this
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments win over the environment, the environment over `visavis.toml`."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)


def load_settings(**given: object) -> Settings:
    """Read the settings from arguments, environment and `visavis.toml`; the first that says wins.

    Raises:
        InvalidSettings: a key is unknown or a value out of range; the message lists each.
    """
    try:
        settings = Settings(**given)  # type: ignore[arg-type]  # the fields are checked by pydantic
    except ValidationError as exc:
        faults = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in exc.errors())
        raise InvalidSettings(f"settings are not usable: {faults}") from exc
    _refuse_unknown(os.environ)
    return settings


def _refuse_unknown(environment: Mapping[str, str]) -> None:
    """Refuse `VISAVIS_*` names that set nothing: pydantic-settings would ignore a typo silently."""
    known = {f"VISAVIS_{name.upper()}" for name in Settings.model_fields}
    for name in environment:
        ours = name.startswith("VISAVIS_") and not name.startswith("VISAVIS_TEST_")
        if ours and name.split("__")[0].upper() not in known:
            raise InvalidSettings(f"settings are not usable: {name} is not a setting; unset it")
