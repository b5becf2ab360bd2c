"""Invitations: a link by mail, with which somebody becomes a user of a tenant.

Whoever invites learns nothing about the address: whether it has an account elsewhere in the
deployment is told only in the letter, to the person themselves.
"""

import re
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from urllib.parse import quote

from visavis.core.errors import InvalidInput
from visavis.core.roles import Role
from visavis.credentials.passwords import check_new_password, hash_password
from visavis.credentials.peppers import same
from visavis.credentials.roles import Permission
from visavis.credentials.tokens import LINK, hash_secret, looks_like_secret, new_secret
from visavis.mail import letters
from visavis.mail.addresses import comparable
from visavis.store.codes import Code
from visavis.store.errors import AlreadyThere
from visavis.store.kinds import CodePurpose, UserState
from visavis.store.users import User
from visavis.store.work import Work
from visavis.throttle.throttle import Kind
from visavis.usecases.actor import Actor
from visavis.usecases.addresses import make_room, owner_of
from visavis.usecases.errors import NotFound
from visavis.usecases.ground import Ground
from visavis.usecases.names import one_line
from visavis.usecases.users import invited_at, is_invited, refuse_above, role_now, shown

LASTS = timedelta(days=7)

MOST_WAITING = 200
"""Invitations of one tenant that nobody has accepted yet: nobody is to send letters without end."""

_SECRET = re.compile(r"([\w-]{1,80})\.([0-9a-f]{32})\.([0-9a-f]{32})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Invited:
    """What an invitation is to.

    Attributes:
        email: Who is invited.
        organisation: Where to.
        role: What they will be there.
    """

    email: str = field(repr=False)
    organisation: str
    role: Role


class Invitations:
    """Invites, and lets those in who were invited.

    Args:
        ground: Of the deployment.
    """

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    def invite(self, actor: Actor, email: str, role: Role) -> User:
        """Send an invitation; return the user who is not one yet.

        Args:
            actor: Who invites.
            email: Whom.
            role: What they will be.

        Raises:
            NotAllowed: the actor may not invite, or not to this role.
            AlreadyThere: this tenant has a user with this address, or an invitation to it.
            InvalidInput: it is no address, or too many invitations are waiting.
            TooManyRequests: too many letters went to this address.
        """
        actor.require(Permission.USERS_WRITE)
        address = comparable(email)
        self._ground.throttle.check(Kind.MAIL, address)
        user, secret = self._ground.store.run(lambda work: self._invite(work, actor, address, role))
        self._send(actor, user, secret)
        return user

    def again(self, actor: Actor, user_id: str) -> User:
        """Send an invitation again, for another seven days; the link sent before is dead.

        Raises:
            NotAllowed: the actor may not.
            NotFound: there is no such user, or they are one already.
            TooManyRequests: too many letters went to this address.
        """
        actor.require(Permission.USERS_WRITE)
        with self._ground.store.reading() as work:
            address = _waiting(work, actor.tenant_id, user_id).email
        self._ground.throttle.check(Kind.MAIL, address)
        user, secret = self._ground.store.run(lambda work: self._again(work, actor, user_id))
        self._send(actor, user, secret)
        return user

    def look(self, secret: str) -> Invited:
        """Return what an invitation is to.

        Args:
            secret: From the link.

        Raises:
            NotFound: it was accepted, taken back or sent again, or it is too old.
        """
        with self._ground.store.reading() as work:
            return self._look(work, secret)

    def accept(self, secret: str, full_name: str, password: str) -> User:
        """Become a user; they log in with their address and this password.

        Args:
            secret: From the link.
            full_name: As they call themselves.
            password: The one they choose.

        Raises:
            NotFound: as `look`.
            WeakPassword: the password would be guessed soon.
            InvalidInput: the name cannot be used.
            AlreadyThere: they have an account with this address by now.
        """
        invited = self.look(secret)
        name = one_line(full_name, "user")
        least = self._ground.settings.accounts.min_password
        check_new_password(password, invited.email, name, least)
        hashed = hash_password(password)
        return self._ground.store.run(lambda work: self._accept(work, secret, name, hashed))

    def _invite(self, work: Work, actor: Actor, address: str, role: Role) -> tuple[User, str]:
        work.tenants.hold(actor.tenant_id)
        refuse_above(role_now(work, actor), None, role)
        _refuse_twice(work, actor.tenant_id, address)
        if work.users.count(actor.tenant_id, None, UserState.UNVERIFIED) >= MOST_WAITING:
            raise InvalidInput(
                f"{MOST_WAITING} invitations are waiting to be accepted; remove some of them first"
            )
        now = self._ground.clock()
        held = invited_at(actor.tenant_id, address)
        user = work.users.add(actor.tenant_id, held, "", "", role, now)
        return shown(user), self._renew(work, actor, user, now)

    def _again(self, work: Work, actor: Actor, user_id: str) -> tuple[User, str]:
        work.tenants.hold(actor.tenant_id)
        user = _waiting(work, actor.tenant_id, user_id)
        refuse_above(role_now(work, actor), user.role, user.role)
        return user, self._renew(work, actor, user, self._ground.clock())

    def _renew(self, work: Work, actor: Actor, user: User, now: datetime) -> str:
        """Make the secret of a new link, in place of the one before."""
        secret = new_secret(LINK)
        ids = user.tenant_id, user.id
        hashed, address = hash_secret(secret), shown(user).email
        work.codes.add(*ids, CodePurpose.INVITATION, hashed, address, 1, now + LASTS, now)
        details = {"user_id": user.id, "role": user.role.value}
        self._ground.audit.note(work, ids[0], actor.id, "user.invited", now, details=details)
        return ".".join((secret, *ids))

    def _send(self, actor: Actor, user: User, secret: str) -> None:
        """Send the letter; which one depends on accounts elsewhere, so nobody waits for it."""
        self._ground.background.do("mail", lambda: self._send_now(actor, user, secret))

    def _send_now(self, actor: Actor, user: User, secret: str) -> None:
        ground = self._ground
        with ground.store.reading() as work:
            inviter = work.users.find(actor.tenant_id, actor.user_id)
            tenant = work.tenants.find(actor.tenant_id)
            has_account = owner_of(work, user.email) is not None
        who, where = inviter.full_name if inviter else "", tenant.name if tenant else ""
        role, foot = user.role.value, ground.foot
        if has_account:
            message = letters.invitation_elsewhere(
                user.email, inviter=who, tenant=where, role=role, foot=foot
            )
        else:
            url = f"{ground.site}/invitation?secret={quote(secret)}"
            until = ground.clock() + LASTS
            message = letters.invitation(
                user.email, inviter=who, tenant=where, role=role, url=url, until=until, foot=foot
            )
        ground.send(message)

    def _look(self, work: Work, secret: str) -> Invited:
        user, _ = self._found(work, *_parts(secret))
        tenant = work.tenants.find(user.tenant_id)
        return Invited(user.email, tenant.name if tenant else "", user.role)

    def _found(self, work: Work, proof: str, tenant_id: str, user_id: str) -> tuple[User, Code]:
        """Return who was invited by a link that is still good, and its row."""
        user = _waiting(work, tenant_id, user_id)
        code = work.codes.latest(tenant_id, user_id, CodePurpose.INVITATION)
        is_live = code and code.used_at is None and self._ground.clock() < code.expires_at
        if code is None or not is_live or not same(code.code_hash, hash_secret(proof)):
            raise NotFound("invitation")
        return user, code

    def _accept(self, work: Work, secret: str, name: str, hashed: str) -> User:
        now = self._ground.clock()
        proof, tenant_id, user_id = _parts(secret)
        work.tenants.hold(tenant_id)
        user, code = self._found(work, proof, tenant_id, user_id)
        if not work.codes.use(tenant_id, code.id, now):
            raise NotFound("invitation")
        make_room(work, user.email)
        work.users.set_email(tenant_id, user_id, user.email)
        work.users.rename(tenant_id, user_id, name)
        work.users.set_password(tenant_id, user_id, hashed, now)
        work.users.set_state(tenant_id, user_id, UserState.ACTIVE)
        details = {"user_id": user_id, "role": user.role.value}
        self._ground.audit.note(work, tenant_id, user_id, "user.joined", now, details=details)
        return replace(user, full_name=name, state=UserState.ACTIVE)


def _parts(secret: str) -> tuple[str, str, str]:
    """Return the proof in a link, and where its hash lies: tenant and user.

    Raises:
        NotFound: it is no such secret.
    """
    found = _SECRET.fullmatch(secret)
    if found is None or not looks_like_secret(found[1], LINK):
        raise NotFound("invitation")
    return found[1], found[2], found[3]


def _waiting(work: Work, tenant_id: str, user_id: str) -> User:
    """Return somebody who has not accepted yet, with their address.

    Raises:
        NotFound: there is nobody.
    """
    user = work.users.find(tenant_id, user_id)
    if user is None or not is_invited(user):
        raise NotFound("invitation")
    return shown(user)


def _refuse_twice(work: Work, tenant_id: str, address: str) -> None:
    user = work.users.find_by_email(address)
    if user and user.tenant_id == tenant_id:
        raise AlreadyThere("there is a user with this address here already; see the list of users")
    if work.users.find_by_email(invited_at(tenant_id, address)):
        raise AlreadyThere("this address is invited already; send the invitation again instead")
