"""A deployment of its own for each test, with a clock that the test moves and a mailbox to read."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from visavis.core.roles import Role
from visavis.core.settings import Settings, StoreOptions, load_settings
from visavis.credentials.passwords import hash_password
from visavis.mail.message import Message
from visavis.store.engine import open_engine
from visavis.store.kinds import Mode, UserState
from visavis.store.migrate import upgrade
from visavis.store.urls import DATABASE_FILE
from visavis.store.work import Store
from visavis.throttle.throttle import Throttle
from visavis.usecases.actor import SYSTEM, Actor
from visavis.usecases.audit import AuditLog
from visavis.usecases.background import Background
from visavis.usecases.ground import PEPPER, Ground
from visavis.vault.keyring import Keyring
from visavis.vault.root_keys import open_root_keys

PASSWORD = "five plain words are enough"
SITE = "https://faces.example"


@dataclass
class Clock:
    """Tells the time that the test says."""

    now: datetime = datetime(2026, 11, 21, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def move(self, **by: float) -> None:
        self.now += timedelta(**by)


@dataclass
class Mailbox:
    """Keeps what was sent."""

    letters: list[Message] = field(default_factory=list)

    def send(self, message: Message) -> None:
        self.letters.append(message)

    def last(self, to: str) -> Message:
        return [letter for letter in self.letters if letter.to == to][-1]

    def code(self, to: str) -> str:
        """Return the 6 digits in the last letter to somebody."""
        found = re.search(r"^\s*(\d{6})\s*$", self.last(to).text, re.MULTILINE)
        assert found, "no code in the last letter"
        return found[1]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
def given() -> dict[str, object]:
    """Give further settings; a test module may override this fixture."""
    return {}


@pytest.fixture
def deployment_settings(tmp_path: Path, given: dict[str, object]) -> Settings:
    return load_settings(**{"data": tmp_path / "data", **given})


@pytest.fixture
def ground(deployment_settings: Settings, clock: Clock, mailbox: Mailbox) -> Iterator[Ground]:
    """Give the ground of an empty deployment: real rows, keys and limits."""
    made = make_ground(deployment_settings, clock, mailbox)
    yield made
    made.background.close()
    made.store.close()


@cache
def _migrated() -> bytes:
    """Return a SQLite file with all tables: to migrate takes longer than most tests."""
    with TemporaryDirectory() as folder:
        engine = open_engine(StoreOptions(), Path(folder))
        upgrade(engine)
        engine.dispose()
        return (Path(folder) / DATABASE_FILE).read_bytes()


@cache
def hashed_password() -> str:
    """Return the hash of `PASSWORD`, made once: that is slow on purpose."""
    return hash_password(PASSWORD)


def make_ground(settings: Settings, clock: Clock, mailbox: Mailbox) -> Ground:
    """Open the store of the settings, migrated."""
    path = settings.data / DATABASE_FILE
    if not settings.store.url and not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_migrated())
        path.chmod(0o600)
    engine = open_engine(settings.store, settings.data)
    if settings.store.url:
        upgrade(engine)
    store = Store(engine)
    keyring = Keyring(open_root_keys(settings.vault, settings.data / "vault"))
    peppers = store.run(lambda work: keyring.deployment_secrets(work.keys, PEPPER, clock()))
    throttle = Throttle(settings.throttle, clock=lambda: clock().timestamp())
    return Ground(
        settings=settings,
        store=store,
        keyring=keyring,
        audit=AuditLog(keyring),
        throttle=throttle,
        send=mailbox.send,
        background=Background(),
        pepper=peppers[1],
        site=SITE,
        clock=clock,
    )


@dataclass(frozen=True)
class House:
    """A tenant with a user of each role; all have the password `PASSWORD`.

    Attributes:
        tenant_id: Its id.
        owner: In person, and so on.
        emails: The address of each.
    """

    tenant_id: str
    owner: Actor
    admin: Actor
    operator: Actor
    viewer: Actor

    @staticmethod
    def email(role: Role, name: str = "first") -> str:
        return f"{role}@{name}.example"


def make_house(ground: Ground, name: str = "first", mode: Mode = Mode.IDENTIFY) -> House:
    """Make a tenant with a user of each role; the first one made runs the deployment."""
    now = ground.clock()
    hashed = hashed_password()
    with ground.store.work() as work:
        tenant = work.tenants.add(name, now, mode, ("recognition",))
        host = work.tenants.first()
        actors = {}
        for role in Role:
            user = work.users.add(
                tenant.id,
                House.email(role, name),
                f"{role} of {name}",
                hashed,
                role,
                now,
                UserState.ACTIVE,
            )
            actors[role] = Actor(
                tenant.id, user.id, role, is_host=host is None or host.id == tenant.id
            )
        ground.audit.note(work, tenant.id, SYSTEM, "tenant.created", now)
    return House(tenant.id, *(actors[role] for role in reversed(Role)))


@pytest.fixture
def house(ground: Ground) -> House:
    """Give the tenant that runs the deployment."""
    return make_house(ground)


@pytest.fixture
def other(ground: Ground, house: House, clock: Clock) -> House:
    """Give another tenant of the same deployment, made later: the first one runs it."""
    clock.move(seconds=1)
    return make_house(ground, "second")
