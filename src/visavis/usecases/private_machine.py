"""A private machine: nobody logs in, and whoever sits at it is its owner.

Only for a server that listens on loopback; the doors refuse to serve any other way.
"""

import threading
from ipaddress import ip_address

from visavis.core.errors import Unavailable
from visavis.core.roles import Role
from visavis.store.kinds import UserState
from visavis.store.tenants import Tenant
from visavis.store.users import User
from visavis.store.work import Work
from visavis.usecases.actor import SYSTEM, Actor
from visavis.usecases.callers import Callers
from visavis.usecases.ground import Ground

NAME = "This machine"
EMAIL = "owner@this-machine.localhost"
"""Of the owner that is made where there is none; nobody can log in with it: it has no password."""


class PrivateMachine:
    """Knows the owner of a machine without logging in; safe to use from several threads.

    Args:
        ground: Of the deployment.
        callers: Turns users into actors.
    """

    def __init__(self, ground: Ground, callers: Callers) -> None:
        self._ground = ground
        self._callers = callers
        self._lock = threading.Lock()
        self._owner: User | None = None

    def owner(self) -> Actor:
        """Return the owner; the first call makes one where there is none.

        Raises:
            Unavailable: the owner was removed meanwhile.
        """
        with self._lock:
            if self._owner is None:
                self._owner = self._ground.store.run(self._found_or_made)
            owner = self._owner
        actor = self._callers.of_user(owner.tenant_id, owner.id)
        if actor is None:
            raise Unavailable("the owner of this machine was removed; start the server again")
        return actor

    def _found_or_made(self, work: Work) -> User:
        tenant = work.tenants.first()
        owner = _owner_of(work, tenant) if tenant else None
        return owner or self._made(work)

    def _made(self, work: Work) -> User:
        now = self._ground.clock()
        tenant = work.tenants.add(NAME, now)
        owner = work.users.add(tenant.id, EMAIL, NAME, "", Role.OWNER, now, UserState.ACTIVE)
        self._ground.audit.note(work, tenant.id, SYSTEM, "tenant.created", now)
        return owner


def _owner_of(work: Work, tenant: Tenant) -> User | None:
    """Return the newest active owner of a tenant."""
    cursor = None
    while True:
        page = work.users.page(tenant.id, cursor=cursor)
        for user in page.items:
            if user.role is Role.OWNER and user.state is UserState.ACTIVE:
                return user
        if page.next is None:
            return None
        cursor = page.next


def is_local(host: str) -> bool:
    """Return whether a host is this machine."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"
