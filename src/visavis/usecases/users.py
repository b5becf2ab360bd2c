"""Users of a tenant: who is there, what they may do, and that somebody always may do everything."""

from dataclasses import replace

from visavis.core.errors import InvalidInput, NotAllowed
from visavis.core.roles import Role
from visavis.credentials.roles import Permission, may_change_role
from visavis.mail import letters
from visavis.store.kinds import UserState
from visavis.store.page import DEFAULT, Page
from visavis.store.users import User
from visavis.store.work import Work
from visavis.usecases.actor import Actor
from visavis.usecases.erasure import Begun, Reason
from visavis.usecases.errors import LogInNeeded, NotFound
from visavis.usecases.ground import Ground
from visavis.usecases.own_faces import OwnFaces

DISABLED = "the user was disabled"
"""Why sessions ended."""

_OF_AN_INVITATION = ":"
"""Stands in no address; see `invited_at`."""


class Users:
    """Shows, changes and removes the users of a tenant.

    Args:
        ground: Of the deployment.
        faces: Erases the face that a removed user logged in with; None = nobody has one.
    """

    def __init__(self, ground: Ground, faces: OwnFaces | None = None) -> None:
        self._ground = ground
        self._faces = faces

    def page(self, actor: Actor, limit: int = DEFAULT, cursor: str | None = None) -> Page[User]:
        """Return a part of the users, newest first, also those who are only invited.

        Raises:
            NotAllowed: the actor may not see them.
            InvalidInput: the limit is not 1..200, or the cursor none of ours.
        """
        actor.require(Permission.USERS_READ)
        with self._ground.store.reading() as work:
            found = work.users.page(actor.tenant_id, limit, cursor)
        return Page(tuple(map(shown, found.items)), found.next)

    def set_role(self, actor: Actor, user_id: str, role: Role) -> User:
        """Change what a user may do; return the user as they are then.

        Raises:
            NotAllowed: the actor may not, it is themselves, or nobody would be an owner any more.
            NotFound: there is no such user here.
        """
        actor.require(Permission.USERS_WRITE)
        return self.change(actor, user_id, role=role)

    def set_state(self, actor: Actor, user_id: str, state: UserState) -> User:
        """Let a user log in, or not any more: their sessions end, their keys are worth nothing.

        Keys work again when the user is let in again; sessions do not.

        Args:
            actor: Who asks.
            user_id: Who is meant.
            state: `active` or `disabled`.

        Raises:
            NotAllowed: as `set_role`.
            NotFound: there is no such user here.
            InvalidInput: the user has not accepted the invitation yet, or it is another state.
        """
        actor.require(Permission.USERS_WRITE)
        _refuse_unverified(state)
        return self._ground.store.run(lambda work: self._set_state(work, actor, user_id, state))

    def change(
        self,
        actor: Actor,
        user_id: str,
        *,
        role: Role | None = None,
        state: UserState | None = None,
    ) -> User:
        """Change role and state at once, or neither; see `set_role` and `set_state`."""
        actor.require(Permission.USERS_WRITE)
        _refuse_unverified(state)

        def both(work: Work) -> tuple[User, User]:
            before = user = self._concerned(work, actor, user_id)
            if role is not None:
                user = self._set_role(work, actor, user_id, role)
            if state is not None:
                user = self._set_state(work, actor, user_id, state)
            return before, shown(user)

        before, after = self._ground.store.run(both)
        if after.role is not before.role and before.state is UserState.ACTIVE:
            self._tell(after)
        return after

    def remove(self, actor: Actor, user_id: str) -> None:
        """Remove a user, with their sessions, keys, invitation and the face they log in with.

        Raises:
            NotAllowed: as `set_role`.
            NotFound: there is no such user here.
        """
        actor.require(Permission.USERS_WRITE)
        begun = self._ground.store.run(lambda work: self._remove(work, actor, user_id))
        if self._faces is not None:
            self._faces.finish(begun)

    def _set_role(self, work: Work, actor: Actor, user_id: str, role: Role) -> User:
        user = self._concerned(work, actor, user_id, role)
        if user.role is role:
            return shown(user)
        work.users.set_role(user.tenant_id, user.id, role)
        _refuse_without_owner(work, user)
        words = {"from": user.role.value, "to": role.value}
        self._note(work, actor, user, "user.role_changed", words)
        return shown(replace(user, role=role))

    def _set_state(self, work: Work, actor: Actor, user_id: str, state: UserState) -> User:
        user = self._concerned(work, actor, user_id)
        if user.state is UserState.UNVERIFIED:
            raise InvalidInput(
                "this user has not accepted the invitation yet; remove the user, or send it again"
            )
        if user.state is state:
            return user
        now = self._ground.clock()
        work.users.set_state(user.tenant_id, user.id, state)
        _refuse_without_owner(work, user)
        if state is UserState.DISABLED:
            work.sessions.revoke_all(user.tenant_id, user.id, now, DISABLED)
        word = "user.disabled" if state is UserState.DISABLED else "user.enabled"
        self._note(work, actor, user, word)
        return replace(user, state=state)

    def _remove(self, work: Work, actor: Actor, user_id: str) -> Begun | None:
        """Remove a user; return the erasure of their face, where there is one."""
        user = self._concerned(work, actor, user_id)
        work.users.remove(user.tenant_id, user.id)
        _refuse_without_owner(work, user)
        self._note(work, actor, user, "user.removed", {"role": user.role.value})
        if self._faces is None:
            return None
        return self._faces.begin_removal(work, user.tenant_id, user.id, actor.id, Reason.OTHER)

    def _tell(self, user: User) -> None:
        """Write to somebody who has another role now."""
        with self._ground.store.reading() as work:
            tenant = work.tenants.find(user.tenant_id)
        if tenant is not None:
            foot, role = self._ground.foot, user.role.value
            letter = letters.role_changed(user.email, tenant=tenant.name, role=role, foot=foot)
            self._ground.post(letter)

    def _concerned(self, work: Work, actor: Actor, user_id: str, after: Role | None = None) -> User:
        """Return who is meant, in a unit that decides over all users of the tenant.

        Args:
            work: Such a unit, from its beginning.
            actor: Who asks.
            user_id: Who is meant.
            after: The role that they are to have; None leaves it.
        """
        work.tenants.hold(actor.tenant_id)
        role = role_now(work, actor)
        user = work.users.find(actor.tenant_id, user_id)
        if user is None:
            raise NotFound("user")
        if user.id == actor.user_id:
            raise NotAllowed(
                "nobody changes their own role or state; ask another admin, or delete your account "
                "in your profile"
            )
        refuse_above(role, user.role, after)
        return user

    def _note(
        self, work: Work, actor: Actor, user: User, action: str, words: dict[str, str] | None = None
    ) -> None:
        details = {"user_id": user.id} | (words or {})
        now = self._ground.clock()
        self._ground.audit.note(work, user.tenant_id, actor.id, action, now, details=details)


def role_now(work: Work, actor: Actor) -> Role:
    """Return the role that an actor has in this unit: it may have changed since they asked.

    Raises:
        LogInNeeded: they were disabled or removed.
    """
    user = work.users.find(actor.tenant_id, actor.user_id)
    if user is None or user.state is not UserState.ACTIVE:
        raise LogInNeeded("your account is not active any more; ask an admin")
    return user.role


def refuse_above(own: Role, before: Role | None, after: Role | None) -> None:
    """Refuse what concerns a role above the own one.

    Raises:
        NotAllowed: the message says what it would take.
    """
    if not may_change_role(own, before, after):
        raise NotAllowed(
            f"your role is {own}: you can neither change users above it nor give a role above "
            "it; ask an owner"
        )


def is_only_owner(work: Work, user: User) -> bool:
    """Return whether nobody else is an active owner; see `Tenants.hold`."""
    is_one = user.role is Role.OWNER and user.state is UserState.ACTIVE
    return is_one and work.users.count(user.tenant_id, Role.OWNER) == 1


def invited_at(tenant_id: str, email: str) -> str:
    """Return what stands for the address of somebody who has not accepted an invitation yet.

    An address belongs to whoever has shown that it is theirs. So an invitation takes none: the
    same person may be invited by several tenants, or register on their own meanwhile. In one
    tenant there is one invitation to an address.
    """
    return f"{tenant_id}{_OF_AN_INVITATION}{email}"


def is_invited(user: User) -> bool:
    """Return whether a user has not accepted their invitation yet."""
    return user.state is UserState.UNVERIFIED and user.email.startswith(
        invited_at(user.tenant_id, "")
    )


def shown(user: User) -> User:
    """Return a user with the address they were invited at as their address."""
    if not is_invited(user):
        return user
    return replace(user, email=user.email.removeprefix(invited_at(user.tenant_id, "")))


def _refuse_unverified(state: UserState | None) -> None:
    if state is UserState.UNVERIFIED:
        raise InvalidInput("a user is made active or disabled; choose one of them")


def _refuse_without_owner(work: Work, before: User) -> None:
    """Undo a unit that leaves nobody who may do everything."""
    was_one = before.role is Role.OWNER and before.state is UserState.ACTIVE
    if was_one and not work.users.count(before.tenant_id, Role.OWNER):
        raise NotAllowed("somebody has to stay owner; make another user an owner first")
