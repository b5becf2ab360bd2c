"""Set-up: the first owner of a fresh deployment, through a link that works once.

The secret of the link lives in memory only: whoever sees what the server prints may set it up, and
a server that is started again prints another link.
"""

from dataclasses import dataclass, field, replace

from visavis.core.errors import NotAllowed
from visavis.core.roles import Role
from visavis.credentials.passwords import check_new_password, hash_password
from visavis.credentials.peppers import same
from visavis.credentials.tokens import LINK, new_secret
from visavis.mail.addresses import comparable
from visavis.store.kinds import UserState
from visavis.store.users import User
from visavis.store.work import Work
from visavis.usecases.ground import PEPPER, Ground
from visavis.usecases.names import one_line
from visavis.usecases.private_machine import EMAIL

PATH = "/set-up"
"""Page that the link opens."""

_DONE = "this server is set up already; log in, or ask its owner for an invitation"


@dataclass(frozen=True, slots=True)
class _Wanted:
    """The owner to make."""

    email: str = field(repr=False)
    full_name: str = field(repr=False)
    password_hash: str = field(repr=False)
    organisation: str


class SetUp:
    """Makes the first owner; safe to use from several threads.

    Args:
        ground: Of the deployment.
    """

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._secret = new_secret(LINK)

    def needed(self) -> bool:
        """Return whether there is nobody yet who could log in."""
        with self._ground.store.reading() as work:
            return is_fresh(work)

    def link(self) -> str:
        """Return the address to open; it is of no use once there is an owner."""
        return f"{self._ground.site}{PATH}?secret={self._secret}"

    def check(self, secret: str) -> None:
        """Refuse whoever does not have the link.

        Raises:
            NotAllowed: it is not the secret of the link, or there is an owner.
        """
        if not self.needed():
            raise NotAllowed(_DONE)
        if not same(secret, self._secret):
            raise NotAllowed(
                "this set-up link does not work; open the one that the server printed last"
            )

    def create_owner(
        self,
        email: str,
        full_name: str,
        password: str,
        *,
        organisation: str = "",
        secret: str | None = None,
    ) -> User:
        """Make the first tenant and its owner, who may log in at once.

        Where this was a private machine, its owner becomes this one and keeps all that is there.

        Args:
            email: Of the owner.
            full_name: Of the owner.
            password: That they choose.
            organisation: Name of the tenant; empty = as the owner.
            secret: From the link; None only from the command line, where nobody needs one.

        Raises:
            NotAllowed: the secret is wrong, or there is an owner.
            WeakPassword: the password would be guessed soon.
            InvalidInput: address or name cannot be used.
        """
        if secret is not None:
            self.check(secret)
        elif not self.needed():
            raise NotAllowed(_DONE)
        name, address = one_line(full_name, "user"), comparable(email)
        team = one_line(organisation, "organisation") if organisation.strip() else name
        check_new_password(password, address, name, self._ground.settings.accounts.min_password)
        wanted = _Wanted(address, name, hash_password(password), team)
        return self._ground.store.run(lambda work: self._create(work, wanted))

    def _create(self, work: Work, wanted: _Wanted) -> User:
        work.keys.hold_deployment_keys(PEPPER)  # of two at once, in two processes too, one is first
        if not is_fresh(work):
            raise NotAllowed(_DONE)
        machine = work.users.find_by_email(EMAIL)
        return self._claim(work, machine, wanted) if machine else self._make(work, wanted)

    def _make(self, work: Work, wanted: _Wanted) -> User:
        now = self._ground.clock()
        tenant = work.tenants.add(wanted.organisation, now)
        user = work.users.add(
            tenant.id,
            wanted.email,
            wanted.full_name,
            wanted.password_hash,
            Role.OWNER,
            now,
            UserState.ACTIVE,
        )
        self._ground.audit.note(work, tenant.id, user.id, "tenant.created", now)
        return user

    def _claim(self, work: Work, machine: User, wanted: _Wanted) -> User:
        """Let the owner of a private machine log in from now on."""
        now = self._ground.clock()
        ids = machine.tenant_id, machine.id
        work.tenants.change(machine.tenant_id, name=wanted.organisation)
        work.users.set_email(*ids, wanted.email)
        work.users.rename(*ids, wanted.full_name)
        work.users.set_password(*ids, wanted.password_hash, now)
        details = {"user_id": machine.id, "role": machine.role.value}
        self._ground.audit.note(
            work, machine.tenant_id, machine.id, "user.joined", now, details=details
        )
        return replace(machine, email=wanted.email, full_name=wanted.full_name)


def is_fresh(work: Work) -> bool:
    """Return whether nobody can log in: there is no user, or only that of a private machine."""
    return all(
        user.email == EMAIL and not user.password_hash for user in work.users.oldest(limit=2)
    )
