"""What users see and change of their own account, and how they leave."""

from dataclasses import dataclass, field
from datetime import datetime

from visavis.core.errors import InvalidInput, NotAllowed
from visavis.core.roles import Role
from visavis.credentials.roles import Permission
from visavis.mail import letters
from visavis.mail.addresses import comparable
from visavis.store.kinds import CodePurpose, UserState
from visavis.store.users import User
from visavis.store.work import Work
from visavis.throttle.errors import TooManyRequests
from visavis.throttle.throttle import Kind
from visavis.usecases.actor import Actor
from visavis.usecases.addresses import make_room, owner_of
from visavis.usecases.erasure import Begun, Reason
from visavis.usecases.errors import LogInNeeded
from visavis.usecases.ground import Ground
from visavis.usecases.mail_codes import new_mail_code, redeem, wait_s
from visavis.usecases.names import one_line
from visavis.usecases.own_faces import OwnFaces
from visavis.usecases.own_password import confirm_password
from visavis.usecases.tenants import Tenants
from visavis.usecases.users import is_only_owner

CHANGE = CodePurpose.CHANGE_EMAIL


@dataclass(frozen=True, slots=True)
class Me:
    """Who asks.

    Attributes:
        user_id: Their id.
        email: Their address.
        full_name: As they wrote it.
        role: What they are here now.
        permissions: All that they, or the key that asks, may do.
        tenant_id: Where they belong.
        organisation: What that is called.
        is_host: Whether it runs the deployment.
        second_factor: Whether logging in takes a second factor.
        created_at: Since when they are here.
        last_login_at: None = never.
    """

    user_id: str
    email: str = field(repr=False)
    full_name: str = field(repr=False)
    role: Role
    permissions: frozenset[Permission]
    tenant_id: str
    organisation: str
    is_host: bool
    second_factor: bool
    created_at: datetime
    last_login_at: datetime | None


class Profile:
    """Shows, changes and deletes the account of whoever asks.

    Args:
        ground: Of the deployment.
        tenants: Removes the tenant of a user who was alone in it.
        faces: Erases the face that a user logged in with who leaves; None = nobody has one.
    """

    def __init__(self, ground: Ground, tenants: Tenants, faces: OwnFaces | None = None) -> None:
        self._ground = ground
        self._tenants = tenants
        self._faces = faces

    def read(self, actor: Actor) -> Me:
        """Return who asks.

        Raises:
            LogInNeeded: they are not here any more.
        """
        with self._ground.store.reading() as work:
            user = _self(work, actor)
            tenant = work.tenants.find(actor.tenant_id)
        return Me(
            user_id=user.id,
            email=user.email,
            full_name=user.full_name,
            role=user.role,
            permissions=actor.permissions,
            tenant_id=user.tenant_id,
            organisation=tenant.name if tenant else "",
            is_host=actor.is_host,
            second_factor=user.totp_since is not None,
            created_at=user.created_at,
            last_login_at=user.last_login_at,
        )

    def rename(self, actor: Actor, full_name: str) -> None:
        """Change the name.

        Raises:
            NotAllowed: it is a program that asks.
            InvalidInput: the name cannot be used.
        """
        actor.require_person()
        name = one_line(full_name, "user")
        self._ground.store.run(lambda work: self._rename(work, actor, name))

    def ask_new_email(self, actor: Actor, password: str, email: str) -> None:
        """Send a code to another address; the answer is the same whether it is taken or not.

        Args:
            actor: Who asks, in person.
            password: Theirs, asked for again.
            email: The new address.

        Raises:
            NotAllowed: the password is wrong, or it is a program that asks.
            InvalidInput: it is no address, or the one that they have.
            TooManyRequests: a code was sent a moment ago, or too many were.
        """
        address = comparable(email)
        user = confirm_password(self._ground, actor, password)
        if address == user.email:
            raise InvalidInput("this is your address already; give another one")
        for counted in (user.id, address):
            self._ground.throttle.check(Kind.MAIL, counted)
        code = self._ground.store.run(lambda work: self._ask(work, user, address))
        self._ground.background.do("mail", lambda: self._send(address, code))

    def confirm_new_email(self, actor: Actor, code: str) -> None:
        """Take the address that a code went to; the old address is told.

        Raises:
            NotAllowed: it is a program that asks.
            InvalidInput: the code is wrong, too old, or was tried too often.
            AlreadyThere: somebody else has shown meanwhile that the address is theirs.
        """
        actor.require_person()
        now = self._ground.clock()
        with self._ground.store.work() as work:
            user = _self(work, actor)
            redeemed = redeem(self._ground, work, user, CHANGE, code, now)
        if redeemed is None:
            raise InvalidInput("the code is wrong or too old; check it, or ask for a new one")
        self._ground.store.run(lambda work: self._set_email(work, actor, redeemed.sent_to))
        self._ground.post(letters.email_changed(user.email, now, self._ground.foot))

    def delete(self, actor: Actor, password: str) -> None:
        """Leave. Who was alone in their tenant takes it along, with all it has.

        Args:
            actor: Who leaves, in person.
            password: Theirs, asked for again.

        Raises:
            NotAllowed: the password is wrong; they are the last owner and others are still here;
                or the tenant would go and cannot, see `Tenants.drop_rows`.
        """
        confirm_password(self._ground, actor, password)
        is_gone, begun = self._ground.store.run(lambda work: self._leave(work, actor))
        if is_gone:
            self._tenants.drop_rest(actor.tenant_id)
        elif self._faces is not None:
            self._faces.finish(begun)

    def _rename(self, work: Work, actor: Actor, name: str) -> None:
        user = _self(work, actor)
        work.users.rename(user.tenant_id, user.id, name)
        self._note(work, actor, "user.renamed")

    def _ask(self, work: Work, user: User, address: str) -> str:
        now = self._ground.clock()
        if seconds := wait_s(self._ground, work, user, CHANGE, now):
            raise TooManyRequests(seconds)
        # The row is there for a taken address, too: nobody gets its code, and nothing tells.
        return new_mail_code(self._ground, work, user, CHANGE, address, now)

    def _send(self, address: str, code: str) -> None:
        with self._ground.store.reading() as work:
            taken = owner_of(work, address) is not None
        foot, minutes = self._ground.foot, self._ground.settings.accounts.code_minutes
        self._ground.send(
            letters.already_registered(address, foot)
            if taken
            else letters.change_code(address, code, minutes, foot)
        )

    def _set_email(self, work: Work, actor: Actor, address: str) -> None:
        user = _self(work, actor)
        make_room(work, address)
        work.users.set_email(user.tenant_id, user.id, address)
        # A code for a new password that went to the old address must not open the account now.
        work.codes.drop(user.tenant_id, user.id, CodePurpose.RESET_PASSWORD)
        self._note(work, actor, "user.email_changed")

    def _leave(self, work: Work, actor: Actor) -> tuple[bool, Begun | None]:
        """Remove the account.

        Returns:
            Whether the tenant went with it, and where not, the erasure of a face.
        """
        work.tenants.hold(actor.tenant_id)
        user = _self(work, actor)
        states = UserState.ACTIVE, UserState.DISABLED
        if sum(work.users.count(user.tenant_id, None, state) for state in states) == 1:
            self._tenants.drop_rows(work, actor)
            return True, None
        if is_only_owner(work, user):
            raise NotAllowed(
                "you are the last owner, and others are still here; make one of them an owner "
                "first, or delete the organisation"
            )
        work.users.remove(user.tenant_id, user.id)
        self._note(work, actor, "user.left")
        if self._faces is None:
            return False, None
        ids = user.tenant_id, user.id
        return False, self._faces.begin_removal(work, *ids, actor.id, Reason.OTHER)

    def _note(self, work: Work, actor: Actor, action: str) -> None:
        now, details = self._ground.clock(), {"user_id": actor.user_id}
        self._ground.audit.note(work, actor.tenant_id, actor.id, action, now, details=details)


def _self(work: Work, actor: Actor) -> User:
    user = work.users.find(actor.tenant_id, actor.user_id)
    if user is None or user.state is not UserState.ACTIVE:
        raise LogInNeeded("your account is not there any more; log in with another one")
    return user
