"""Who is asking, and what they may do: every use case about accounts and people starts with it."""

from collections.abc import Collection
from dataclasses import dataclass

from visavis.core.errors import NotAllowed
from visavis.core.roles import Role
from visavis.credentials.roles import Permission, permissions_of

SYSTEM = "system"
"""Who acts in the audit log when nobody asked: schedules, start-up."""

OF_THE_HOST = frozenset(
    {Permission.MODELS_WRITE, Permission.SETTINGS_READ, Permission.SETTINGS_WRITE}
)
"""What concerns the whole deployment, and so only the tenant that runs it."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody who is logged in, or a program with their key.

    Attributes:
        tenant_id: Where they belong; nothing of any other tenant is theirs to see.
        user_id: Who they are, or whose key it is.
        role: What the user is there now.
        scopes: Those of the key; None = the user is here in person.
        session_id: By which login; None for a key.
        key_id: Which key; None for a login.
        is_host: Whether their tenant is the one that runs the deployment.
        address: Where the request came from; empty = from this machine's own programs.
    """

    tenant_id: str
    user_id: str
    role: Role
    scopes: Collection[Permission] | None = None
    session_id: str | None = None
    key_id: str | None = None
    is_host: bool = False
    address: str = ""

    @property
    def id(self) -> str:
        """What the audit log calls them: the key, or the user."""
        return self.key_id or self.user_id

    @property
    def in_person(self) -> bool:
        """Whether it is the user, not a program."""
        return self.key_id is None

    @property
    def permissions(self) -> frozenset[Permission]:
        """All that they may do."""
        has = permissions_of(self.role, self.scopes)
        return has if self.is_host else has - OF_THE_HOST

    def may(self, permission: Permission) -> bool:
        """Return whether they may do something."""
        return permission in self.permissions

    def require(self, permission: Permission) -> None:
        """Refuse what they may not do.

        Raises:
            NotAllowed: the message says what they are and what it would take.
        """
        if self.may(permission):
            return
        if permission in OF_THE_HOST and not self.is_host:
            raise NotAllowed("only the organisation that runs this server may do that")
        if self.scopes is not None and permission in permissions_of(self.role):
            raise NotAllowed(f"this key lacks the scope {permission}; make one that has it")
        least = next(role for role in Role if permission in permissions_of(role))
        raise NotAllowed(
            f"your role is {self.role}, and this takes {least}; ask an admin of your organisation"
        )

    def require_person(self) -> None:
        """Refuse programs: some things only the user may do, after logging in.

        Raises:
            NotAllowed: it is a key.
        """
        if not self.in_person:
            raise NotAllowed("this cannot be done with an API key; log in")
