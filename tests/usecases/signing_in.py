"""What tests of logging in share."""

from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pyotp

from tests.usecases.conftest import PASSWORD, House
from visavis.core.errors import VisavisError
from visavis.core.roles import Role
from visavis.credentials import passwords
from visavis.store.users import User
from visavis.usecases.actor import Actor
from visavis.usecases.callers import Callers
from visavis.usecases.ground import Ground
from visavis.usecases.second_factor import SecondFactor

GUEST = "guest@elsewhere.example"
WRONG = "four other plain words"
NEW = "quite another set of words"
UNCOUNTED = {"login": "100000 per minute", "mail": "100000 per minute"}
"""For tests about other rules: what is tried is not counted by address and account."""


def at_once(act: Callable[[int], Any], times: int) -> list[Any]:
    """Do something several times at the same time; return what each gave or raised."""
    barrier = Barrier(times, timeout=60)

    def do(number: int) -> Any:
        barrier.wait()
        try:
            return act(number)
        except VisavisError as exc:
            return exc

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(do, range(times)))


def user_of(ground: Ground, email: str) -> User:
    with ground.store.reading() as work:
        user = work.users.find_by_email(email)
    assert user
    return user


def owner_email() -> str:
    return House.email(Role.OWNER)


def add_second_factor(ground: Ground, actor: Actor) -> tuple[pyotp.TOTP, tuple[str, ...]]:
    """Turn the second factor on; return the app and the recovery codes."""
    factor = SecondFactor(ground)
    app = pyotp.TOTP(factor.begin(actor, PASSWORD).secret)
    return app, factor.confirm(actor, app.at(ground.clock()))


def come_in(ground: Ground, access_token: str) -> Actor:
    """Return who an access token says is calling."""
    return Callers(ground).of_bearer(access_token)


def details(ground: Ground, tenant_id: str, action: str) -> list[dict[str, object]]:
    """Return what the audit log says of all acts of a kind, oldest first."""
    with ground.store.reading() as work:
        found = work.audit.entries(tenant_id)
        return [dict(entry.details) for entry in found if entry.action == action]


class CountedHasher:
    """Hashes passwords and counts it."""

    def __init__(self) -> None:
        self.count = 0
        self._real = passwords._HASHER

    def verify(self, *given: Any) -> bool:
        self.count += 1
        return self._real.verify(*given)

    def hash(self, *given: Any) -> str:
        self.count += 1
        return self._real.hash(*given)

    def check_needs_rehash(self, hashed: str) -> bool:
        return self._real.check_needs_rehash(hashed)


def written(statements: Collection[str]) -> bool:
    """Return whether a unit changed anything."""
    return any(text.split(None, 1)[0] in {"INSERT", "UPDATE", "DELETE"} for text in statements)
