"""A real server with logging in, two tenants, and whoever may call it."""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import httpx
from fastapi import FastAPI

from tests.entry.http_running import faulty_services, running
from tests.store.databases import database
from visavis.core.errors import ImageFault, InvalidImage
from visavis.core.roles import Role
from visavis.core.settings import Settings, load_settings
from visavis.credentials.passwords import hash_password
from visavis.credentials.tokens import API_KEY, REFRESH, hash_secret, new_secret
from visavis.entry.http_api.app import create_app
from visavis.entry.services import Records, Services
from visavis.entry.wiring import open_people, open_records
from visavis.store.kinds import Mode, UserState
from visavis.store.users import User
from visavis.usecases.actor import SYSTEM
from visavis.usecases.callers import COOKIE

PASSWORD = "nine herons over a quiet lake"
OFTEN = dict.fromkeys(("per_address", "per_key", "login", "mail"), "100000 per minute")
LIFE = timedelta(days=1)


@dataclass(frozen=True)
class Tenant:
    """A tenant with a user of every role and one who is disabled; `PASSWORD` is everybody's.

    Attributes:
        id: Its own.
        name: What its addresses end with.
        users: By role.
        disabled: An owner who may not log in.
    """

    id: str
    name: str
    users: dict[Role, User]
    disabled: User

    @property
    def owner(self) -> User:
        return self.users[Role.OWNER]


class House:
    """A served deployment.

    Args:
        records: Behind the server.
        client: Of nobody in particular, with the server's address.
        kind: Of the database.
    """

    def __init__(self, records: Records, client: httpx.Client, kind: str) -> None:
        self.records, self.client, self.kind = records, client, kind
        self._hash = hash_password(PASSWORD)
        self._count = 0
        self._owners: dict[str, str] = {}
        self.host = self.add_tenant("host")
        self.guest = self.add_tenant("guest")

    def now(self) -> datetime:
        return self.records.ground.clock()

    def add_tenant(self, name: str) -> Tenant:
        """Make a tenant with its users; the first one runs the deployment."""
        with self.records.ground.store.work() as work:
            tenant = work.tenants.add(name, self.now(), Mode.IDENTIFY, ("recognition",))
            self.records.ground.audit.note(work, tenant.id, SYSTEM, "tenant.created", self.now())
        users = {role: self.add_user(tenant.id, role) for role in Role}
        disabled = self.add_user(tenant.id, Role.OWNER, UserState.DISABLED)
        return Tenant(tenant.id, name, users, disabled)

    def add_user(
        self, tenant_id: str, role: Role, state: UserState = UserState.ACTIVE, name: str = ""
    ) -> User:
        """Make a user with an address that nobody else has."""
        self._count += 1
        email = f"{role}-{self._count}@{tenant_id[-6:]}.example"
        with self.records.ground.store.work() as work:
            return work.users.add(
                tenant_id, email, name or f"Ms {role}", self._hash, role, self.now(), state
            )

    def session(self, user: User, secret: str) -> str:
        """Log somebody in by a refresh token or the secret of a cookie; return the session's id."""
        with self.records.ground.store.work() as work:
            now = self.now()
            ids = user.tenant_id, user.id
            return work.sessions.start(*ids, hash_secret(secret), now + LIFE, now).id

    def token(self, user: User, issued: timedelta = timedelta(0)) -> str:
        """Log somebody in and return an access token, made some time ago."""
        session_id = self.session(user, new_secret(REFRESH))
        return self.records.callers.tokens.issue(
            user_id=user.id,
            tenant_id=user.tenant_id,
            session_id=session_id,
            role=user.role,
            now=self.now() - issued,
        )

    def owners_token(self, tenant: Tenant) -> str:
        """Return an access token of a tenant's owner; always the same."""
        if tenant.id not in self._owners:
            self._owners[tenant.id] = self.token(tenant.owner)
        return self._owners[tenant.id]

    def cookie(self, user: User) -> str:
        """Log a browser in and return what its cookie holds."""
        secret = new_secret(COOKIE)
        self.session(user, secret)
        return secret

    def add_key(self, user: User, *scopes: str) -> tuple[str, str]:
        """Make an API key; return its id and its secret."""
        secret = new_secret(API_KEY)
        with self.records.ground.store.work() as work:
            ids, now = (user.tenant_id, user.id), self.now()
            key = work.api_keys.add(*ids, "test", hash_secret(secret), scopes, now)
        return key.id, secret

    def key(self, user: User, *scopes: str) -> str:
        """Make an API key; return its secret."""
        return self.add_key(user, *scopes)[1]

    def ask(
        self,
        method: str,
        path: str,
        secret: str = "",
        *,
        headers: dict[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        json: object = None,
        content: bytes | None = None,
    ) -> httpx.Response:
        """Ask the server, with a token or key as bearer."""
        given = {"Authorization": f"Bearer {secret}"} if secret else {}
        return self.client.request(
            method,
            path,
            params=params or None,
            headers=given | (headers or {}),
            json=json,
            content=content,
        )


def unseen() -> None:
    """Refuse every picture: these tests are about what comes before the engine."""
    raise InvalidImage(ImageFault.UNSUPPORTED, "reached the engine")


def unchanged(_: FastAPI) -> None:
    """Leave an application as it is."""


@contextmanager
def serving_house(
    folder: Path,
    kind: str = "sqlite",
    prepare: Callable[[FastAPI], object] = unchanged,
    proxies: Collection[str] = (),
    services: Services | None = None,
    **given: object,
) -> Iterator[House]:
    """Serve two tenants over an empty database.

    Args:
        folder: For everything that the server writes.
        kind: Of the database; see tests.store.databases.KINDS.
        prepare: Adds something to the application.
        proxies: Addresses that are believed when they say who asks.
        services: What looks at pictures; None = every picture is refused.
        given: Further settings.
    """
    with database(kind, folder) as url:
        settings = load_settings(
            **{"data": folder / "data", "store": {"url": url}, "throttle": OFTEN} | given
        )
        with (
            closing(open_records(settings)) as records,
            running(_application(settings, records, prepare, services), proxies) as client,
        ):
            yield House(records, client, kind)


def _application(
    settings: Settings,
    records: Records,
    prepare: Callable[[FastAPI], object],
    services: Services | None,
) -> FastAPI:
    services = services or faulty_services(unseen, settings)
    app = create_app(services, records, open_people(services, records))
    prepare(app)
    return app
