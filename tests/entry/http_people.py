"""One tenant's people over HTTP: asks as a user of some role."""

from dataclasses import dataclass

import httpx

from tests.entry.http_house import House, Tenant
from visavis.core.roles import Role

TEXT = "We compare your face with the one you gave us, for as long as you agree."
NEVER = "0" * 32
"""An id that never was."""


@dataclass(frozen=True)
class Door:
    """What a tenant's users get from the server.

    Attributes:
        house: The deployment.
        tenant: Whose users ask.
        tokens: By role.
    """

    house: House
    tenant: Tenant
    tokens: dict[Role, str]

    @staticmethod
    def of(house: House, name: str) -> "Door":
        """Make a tenant and log its users in."""
        tenant = house.add_tenant(name)
        return Door(house, tenant, {role: house.token(user) for role, user in tenant.users.items()})

    def ask(
        self, method: str, path: str, role: Role = Role.ADMIN, json: object = None
    ) -> httpx.Response:
        return self.house.ask(method, f"/api/v1{path}", self.tokens[role], json=json)

    def get(self, path: str, role: Role = Role.ADMIN) -> httpx.Response:
        return self.ask("GET", path, role)

    def post(self, path: str, role: Role = Role.ADMIN, **body: object) -> httpx.Response:
        return self.ask("POST", path, role, body)

    def patch(self, path: str, role: Role = Role.ADMIN, **body: object) -> httpx.Response:
        return self.ask("PATCH", path, role, body)

    def made(self, path: str, **body: object) -> dict[str, object]:
        """Make something and return what the server says it is."""
        answer = self.ask("POST", path, json=body)
        assert answer.status_code == 201, answer.text
        told: dict[str, object] = answer.json()
        return told

    def notice(self, purpose: str = "recognition") -> str:
        return str(self.made("/notices", purpose=purpose, language="en", text=TEXT)["id"])

    def subject(self, **said: object) -> str:
        return str(self.made("/subjects", **({"adult": True} | said))["id"])


def same_answers(first: httpx.Response, second: httpx.Response) -> bool:
    """Return whether two refusals tell the caller the same, their own names aside."""
    told = []
    for answer in (first, second):
        body = answer.json()
        del body["instance"]
        told.append((answer.status_code, body))
    return told[0] == told[1]
