"""Users: who may log in, how they prove it, and how often they failed to."""

import unicodedata
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, delete, func, or_, select, update

from visavis.core.roles import Role
from visavis.store.kinds import UserState
from visavis.store.page import DEFAULT, Page
from visavis.store.repository import Repository, new_id
from visavis.store.tables.users import users


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who logs in.

    Attributes:
        tenant_id: Where they belong.
        id: Theirs alone.
        email: Normalised; nobody else in the deployment has it.
        full_name: As they wrote it.
        password_hash: Argon2's own text.
        role: What they may do.
        state: Whether they may log in.
        password_changed_at: Tokens older than this are worth nothing.
        created_at: Since when they are here.
        failed_logins: Since the last one that succeeded.
        locked_until: When they may try again; None = now.
        totp_sealed: The sealed secret of the second factor; None = there is none.
        totp_since: When the second factor was confirmed; None = not yet.
        totp_step: The last time step whose code was used; none before it counts again.
        last_login_at: None = never.
    """

    tenant_id: str
    id: str
    email: str = field(repr=False)
    full_name: str = field(repr=False)
    password_hash: str = field(repr=False)
    role: Role
    state: UserState
    password_changed_at: datetime
    created_at: datetime
    failed_logins: int = 0
    locked_until: datetime | None = None
    totp_sealed: bytes | None = field(default=None, repr=False)
    totp_since: datetime | None = None
    totp_step: int | None = None
    last_login_at: datetime | None = None


def normalised(email: str) -> str:
    """Return an address in the one form that it is kept and looked up in."""
    return unicodedata.normalize("NFC", email.strip()).lower()


class Users(Repository):
    """The users of a tenant."""

    def add(
        self,
        tenant_id: str,
        email: str,
        full_name: str,
        password_hash: str,
        role: Role,
        now: datetime,
        state: UserState = UserState.UNVERIFIED,
    ) -> User:
        """Make a user.

        Raises:
            AlreadyThere: somebody in the deployment has this address.
        """
        email = normalised(email)
        user = User(tenant_id, new_id(), email, full_name, password_hash, role, state, now, now)
        self._insert(users, user)
        return user

    def find(self, tenant_id: str, user_id: str) -> User | None:
        """Return a user of this tenant."""
        row = self._one(select(users).where(_is(tenant_id, user_id)))
        return User(**row) if row else None

    def hold(self, tenant_id: str, user_id: str) -> User | None:
        """Return a user whom no other unit changes until this one ends; begin the unit with it."""
        statement = select(users).where(_is(tenant_id, user_id))
        row = self._one(statement.with_for_update(key_share=True))
        return User(**row) if row else None

    def oldest(self, limit: int) -> tuple[User, ...]:
        """Return some users of the whole deployment, those who have been here longest first."""
        rows = self._all(select(users).order_by(users.c.created_at, users.c.id).limit(limit))
        return tuple(User(**row) for row in rows)

    def find_by_email(self, email: str) -> User | None:
        """Return the user with this address, whichever tenant they belong to."""
        row = self._one(select(users).where(users.c.email == normalised(email)))
        return User(**row) if row else None

    def page(self, tenant_id: str, limit: int = DEFAULT, cursor: str | None = None) -> Page[User]:
        """Return a part of the tenant's users, newest first.

        Raises:
            InvalidInput: the limit is not 1..200, or the cursor none of ours.
        """
        theirs = select(users).where(users.c.tenant_id == tenant_id)
        return self._page(theirs, (users.c.created_at, users.c.id), User, limit, cursor)

    def count(
        self, tenant_id: str, role: Role | None = None, state: UserState = UserState.ACTIVE
    ) -> int:
        """Return how many users of a role, or of any, and of a state there are.

        See `Tenants.hold`.
        """
        wanted = (users.c.tenant_id == tenant_id) & (users.c.state == state)
        if role is not None:
            wanted &= users.c.role == role
        return int(self._value(select(func.count()).select_from(users).where(wanted)))

    def first(self, tenant_id: str, role: Role) -> User | None:
        """Return who of those that have a role and may log in has been here longest."""
        wanted = (users.c.tenant_id == tenant_id) & (users.c.role == role)
        active = select(users).where(wanted, users.c.state == UserState.ACTIVE)
        row = self._one(active.order_by(users.c.created_at, users.c.id).limit(1))
        return User(**row) if row else None

    def rename(self, tenant_id: str, user_id: str, full_name: str) -> bool:
        """Change the name."""
        return self._set(tenant_id, user_id, full_name=full_name)

    def set_role(self, tenant_id: str, user_id: str, role: Role) -> bool:
        """Change what they may do."""
        return self._set(tenant_id, user_id, role=role)

    def set_state(self, tenant_id: str, user_id: str, state: UserState) -> bool:
        """Change whether they may log in."""
        return self._set(tenant_id, user_id, state=state)

    def set_email(self, tenant_id: str, user_id: str, email: str) -> bool:
        """Change the address.

        Raises:
            AlreadyThere: somebody in the deployment has it.
        """
        return self._set(tenant_id, user_id, email=normalised(email))

    def set_password(self, tenant_id: str, user_id: str, password_hash: str, now: datetime) -> bool:
        """Change the password."""
        return self._set(tenant_id, user_id, password_hash=password_hash, password_changed_at=now)

    def rehash(self, tenant_id: str, user_id: str, old_hash: str, new_hash: str) -> bool:
        """Keep the same password under newer parameters, unless it was changed meanwhile."""
        same = _is(tenant_id, user_id) & (users.c.password_hash == old_hash)
        return self._changed(update(users).where(same).values(password_hash=new_hash)) > 0

    def note_failure(self, tenant_id: str, user_id: str) -> int:
        """Count a login that failed; return how many there were since one that did not.

        Commit it: a unit that raises takes it back.
        """
        failed = users.c.failed_logins
        self._set(tenant_id, user_id, failed_logins=failed + 1)
        return int(self._value(select(failed).where(_is(tenant_id, user_id))) or 0)

    def lock(self, tenant_id: str, user_id: str, until: datetime | None) -> bool:
        """Let nobody log in as this user before a time; None lifts it."""
        return self._set(tenant_id, user_id, locked_until=until)

    def unlock(self, tenant_id: str, user_id: str) -> bool:
        """Forget the logins that failed, and let the user log in now."""
        return self._set(tenant_id, user_id, failed_logins=0, locked_until=None)

    def note_login(self, tenant_id: str, user_id: str, now: datetime) -> bool:
        """Note a login that succeeded: failures are counted anew."""
        return self._set(tenant_id, user_id, last_login_at=now, failed_logins=0, locked_until=None)

    def set_totp(
        self, tenant_id: str, user_id: str, totp_sealed: bytes | None, since: datetime | None
    ) -> bool:
        """Change the second factor.

        Args:
            tenant_id: Whose user.
            user_id: Which.
            totp_sealed: The sealed secret; None takes the second factor away.
            since: When it was confirmed; None = not yet.
        """
        return self._set(
            tenant_id, user_id, totp_sealed=totp_sealed, totp_since=since, totp_step=None
        )

    def reseal_totp(
        self, tenant_id: str, user_id: str, totp_sealed: bytes, resealed: bytes
    ) -> bool:
        """Replace a second factor by the same under another key, unless it was changed meanwhile.

        Args:
            tenant_id: Whose user.
            user_id: Which.
            totp_sealed: The sealed secret as it was read.
            resealed: The same secret, sealed anew.
        """
        same = _is(tenant_id, user_id) & (users.c.totp_sealed == totp_sealed)
        return self._changed(update(users).where(same).values(totp_sealed=resealed)) > 0

    def confirm_totp(self, tenant_id: str, user_id: str, now: datetime) -> bool:
        """Note that the user has shown a code of the new second factor."""
        pending = _is(tenant_id, user_id) & users.c.totp_sealed.is_not(None)
        return self._changed(update(users).where(pending).values(totp_since=now)) > 0

    def use_totp_step(self, tenant_id: str, user_id: str, step: int) -> bool:
        """Use up a code of the second factor; False where it, or a later one, was used before."""
        fresh = or_(users.c.totp_step.is_(None), users.c.totp_step < step)
        statement = update(users).where(_is(tenant_id, user_id), fresh).values(totp_step=step)
        return self._changed(statement) > 0

    def remove(self, tenant_id: str, user_id: str) -> bool:
        """Remove a user with their codes, sessions and API keys."""
        return self._changed(delete(users).where(_is(tenant_id, user_id))) > 0

    def _set(self, tenant_id: str, user_id: str, **values: object) -> bool:
        statement = update(users).where(_is(tenant_id, user_id)).values(**values)
        return self._changed(statement) > 0


def _is(tenant_id: str, user_id: str) -> ColumnElement[bool]:
    return (users.c.tenant_id == tenant_id) & (users.c.id == user_id)
