"""Real boto3 clients of a served deployment."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore.config import Config
from botocore.loaders import Loader
from botocore.model import ServiceModel, Shape

from tests.entry.http_house import House, Tenant
from visavis.core.purposes import Purpose
from visavis.core.roles import Role
from visavis.core.types import Source
from visavis.store.users import User
from visavis.usecases.actor import Actor

TOLD = "We compare faces on the pictures of this event. You can have yours erased at any time."


def client_of(url: str, key_id: str, secret: str, region: str = "eu-central-1") -> Any:
    """Return a client as every program makes it, with another endpoint."""
    return boto3.client(
        "rekognition",
        endpoint_url=url,
        aws_access_key_id=key_id,
        aws_secret_access_key=secret,
        region_name=region,
        config=Config(retries={"total_max_attempts": 1}),
    )


def model() -> ServiceModel:
    """Return what botocore knows of the service."""
    described = Loader().load_service_model("rekognition", "service-2")
    return ServiceModel(described, "rekognition")


def actor_of(user: User) -> Actor:
    """Return a user as if they were here in person."""
    return Actor(user.tenant_id, user.id, user.role)


@dataclass
class Door:
    """What a program of a tenant sees of the deployment.

    Attributes:
        house: Which is served.
        tenant: Whose program it is.
        model: Of the service.
    """

    house: House
    tenant: Tenant
    model: ServiceModel = field(default_factory=model)

    @property
    def url(self) -> str:
        return str(self.house.client.base_url)

    def key(self, role: Role = Role.OWNER, *scopes: str) -> tuple[str, str]:
        """Make an API key; return its id and its secret."""
        maker = actor_of(self.tenant.users[role])
        made = self.house.records.api_keys.create(maker, "boto3", scopes or ["all"])
        return made.key.id, made.secret

    def client(self, role: Role = Role.OWNER, *scopes: str) -> Any:
        """Return a client with a key of its own."""
        return client_of(self.url, *self.key(role, *scopes))

    def agree(self, *, agreed: bool = True) -> None:
        """Say that everybody whom programs enrol has agreed, or that nobody has."""
        records, owner = self.house.records, actor_of(self.tenant.owner)
        notice = records.notices.same(owner, Purpose.RECOGNITION, "en", TOLD)
        records.privacy.change(owner, agreed_notice=notice.id if agreed else "")

    def faults(self, operation: str, answer: Mapping[str, Any]) -> list[str]:
        """Return where an answer differs from what the service model says."""
        content = {name: part for name, part in answer.items() if name != "ResponseMetadata"}
        return list(_faults(self.model.operation_model(operation).output_shape, content, operation))


def _faults(shape: Shape, value: Any, where: str) -> list[str]:
    match shape.type_name:
        case "structure":
            found = [f"{where}: no member {name}" for name in value.keys() - shape.members.keys()]
            for name, part in value.items():
                if name in shape.members:
                    found += _faults(shape.members[name], part, f"{where}.{name}")
            return found
        case "list":
            parts = (_faults(shape.member, part, f"{where}[]") for part in value)
            return [fault for part in parts for fault in part]
        case "string":
            return [] if not shape.enum or value in shape.enum else [f"{where}: {value!r}"]
        case "float":
            most = shape.metadata.get("max", float("inf"))
            return [] if isinstance(value, float | int) and value <= most else [f"{where}: {value}"]
        case "integer" | "long":
            return [] if isinstance(value, int) else [f"{where}: {value!r} is no number"]
        case _:
            return []


def index(client: Any, collection: str, picture: Source, **more: object) -> list[str]:
    """Index a picture and return the ids of its faces."""
    answer = client.index_faces(CollectionId=collection, Image={"Bytes": picture.data}, **more)
    return [record["Face"]["FaceId"] for record in answer["FaceRecords"]]


def asked(door: Door, operation: str, answer: dict[str, Any]) -> dict[str, Any]:
    """Return an answer that is as the service model says."""
    assert door.faults(operation, answer) == []
    return answer
