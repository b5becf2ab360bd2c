"""An organisation whose programs speak another product's language, on a real server."""

from dataclasses import dataclass

import httpx

from tests.entry.http_house import House, Tenant
from visavis.core.roles import Role
from visavis.core.types import Source
from visavis.credentials.roles import Permission
from visavis.usecases.actor import Actor

ALL = ("people:read", "people:write", "people:erase", "recognise", "analyse", "photos:read")
"""Scopes of a key that may do all that a dialect can."""


@dataclass
class Shop:
    """An organisation that has the consent of everybody whom its programs enrol.

    Attributes:
        house: The served deployment.
        tenant: The organisation.
    """

    house: House
    tenant: Tenant

    @property
    def owner(self) -> Actor:
        """Whoever may do everything there."""
        user = self.tenant.owner
        return Actor(self.tenant.id, user.id, user.role)

    @property
    def url(self) -> str:
        """Where the server is."""
        return str(self.house.client.base_url).rstrip("/")

    def key(self, *scopes: str, role: Role = Role.OWNER) -> str:
        """Make an API key of a user of a role; with all that a dialect needs, unless it is told."""
        return self.house.key(self.tenant.users[role], *(scopes or ALL))

    def subjects(self) -> int:
        """Return how many people are known."""
        return len(self.house.records.subjects.page(self.owner).items)

    def templates(self) -> int:
        """Return how many faces are enrolled."""
        return len(self.house.records.templates.kept(self.owner, collection=None).items)


def open_shop(house: House, name: str = "shop", *, agreed: bool = True) -> Shop:
    """Make an organisation that may recognise people; with `agreed`, programs may enrol them."""
    tenant = house.add_tenant(name)
    shop = Shop(house, tenant)
    if agreed:
        token = house.owners_token(tenant)
        told = {"purpose": "recognition", "language": "en", "text": "We know you by face. " * 3}
        notice = house.ask("POST", "/api/v1/notices", token, json=told)
        assert notice.status_code == 201, notice.text
        house.records.privacy.change(shop.owner, agreed_notice=notice.json()["id"])
    return shop


def file_of(picture: Source, field: str = "file") -> dict[str, tuple[str, bytes]]:
    """Return a picture as a file of a form."""
    return {field: (picture.name, picture.data)}


def refused(answer: httpx.Response, status: int, code: int | None = None) -> str:
    """Return the sentence of an answer that is a refusal of a status, and a code."""
    assert answer.status_code == status, answer.text
    told = answer.json()
    assert code is None or told["code"] == code, told
    return str(told.get("message") or told.get("error") or told.get("detail"))


assert set(ALL) <= set(Permission)
