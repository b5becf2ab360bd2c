"""The second factor: codes of an authenticator app, and ten on paper for whoever loses it."""

from dataclasses import dataclass, field
from datetime import datetime

from visavis.core.errors import InvalidInput
from visavis.credentials import totp
from visavis.credentials.recovery_codes import (
    find_recovery_code,
    hash_recovery_code,
    new_recovery_codes,
)
from visavis.mail import letters
from visavis.store.errors import AlreadyThere
from visavis.store.users import User
from visavis.store.work import Work
from visavis.usecases.actor import SYSTEM, Actor
from visavis.usecases.errors import LogInNeeded, NotFound
from visavis.usecases.ground import Ground
from visavis.usecases.own_password import confirm_password
from visavis.vault.sealing import Context, DataKey, version_of

PURPOSE = "totp"
"""Purpose of the tenant's key that seals the secrets, and of what is sealed."""

ISSUER = "Visavis"

_WRONG = "the code is wrong; see that the clock of the phone is right, and type the next one"


@dataclass(frozen=True, slots=True)
class Offer:
    """A new secret, to be shown once.

    Attributes:
        secret: To be typed into an app, base32.
        uri: The same as an address, to be shown as a QR code.
    """

    secret: str = field(repr=False)
    uri: str = field(repr=False)


class SecondFactor:
    """Adds, confirms and removes the second factor of who asks.

    Args:
        ground: Of the deployment.
    """

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    def begin(self, actor: Actor, password: str) -> Offer:
        """Make a secret; it counts once a code of it was shown to `confirm`.

        Raises:
            NotAllowed: the password is wrong.
            AlreadyThere: there is a second factor.
        """
        user = confirm_password(self._ground, actor, password)
        secret = totp.new_totp_secret()
        self._ground.store.run(lambda work: self._begin(work, user, secret))
        return Offer(secret, totp.provisioning_uri(secret, user.email, ISSUER))

    def confirm(self, actor: Actor, code: str) -> tuple[str, ...]:
        """Turn the second factor on; return ten recovery codes, to be shown once.

        Args:
            actor: Who asks.
            code: What the app shows.

        Raises:
            InvalidInput: the code is wrong.
            NotFound: nothing was begun.
            AlreadyThere: there is a second factor.
        """
        actor.require_person()
        codes = new_recovery_codes()
        user = self._ground.store.run(lambda work: self._confirm(work, actor, code, codes))
        self._tell(user, "an authenticator app")
        return codes

    def remove(self, actor: Actor, password: str) -> None:
        """Log in without a second factor from now on.

        Raises:
            NotAllowed: the password is wrong.
            NotFound: there is none.
        """
        user = confirm_password(self._ground, actor, password)
        self._ground.store.run(lambda work: self._remove(work, user.tenant_id, user.id, actor.id))
        self._tell_removed(user)

    def reset(self, tenant_id: str, user_id: str) -> None:
        """Remove the second factor of somebody who lost it; only from the command line.

        Tries that failed are forgotten as well.

        Raises:
            NotFound: there is none.
        """

        def reset(work: Work) -> User:
            work.users.unlock(tenant_id, user_id)
            return self._remove(work, tenant_id, user_id, SYSTEM)

        self._tell_removed(self._ground.store.run(reset))

    def new_recovery_codes(self, actor: Actor, password: str) -> tuple[str, ...]:
        """Return ten new recovery codes, to be shown once; the old ones are worth nothing now.

        Raises:
            NotAllowed: the password is wrong.
            NotFound: there is no second factor.
        """
        user = confirm_password(self._ground, actor, password)
        codes = new_recovery_codes()
        self._ground.store.run(lambda work: self._replace(work, user, codes))
        self._tell(user, "a new set of recovery codes")
        return codes

    def recovery_left(self, actor: Actor) -> int:
        """Return how many recovery codes were not used yet."""
        actor.require_person()
        with self._ground.store.reading() as work:
            return work.recovery_codes.left(actor.tenant_id, actor.user_id)

    def _begin(self, work: Work, user: User, secret: str) -> None:
        now = self._ground.clock()
        work.tenants.hold(user.tenant_id)  # the first of the tenant makes the key
        _refuse_second(_here(work, user.tenant_id, user.id))
        sealed = _seal(self._ground, work, user, secret, now)
        work.users.set_totp(user.tenant_id, user.id, sealed, None)

    def _confirm(self, work: Work, actor: Actor, code: str, codes: tuple[str, ...]) -> User:
        now = self._ground.clock()
        user = _here(work, actor.tenant_id, actor.user_id)
        _refuse_second(user)
        if user.totp_sealed is None:
            raise NotFound("second factor that waits for a code")
        if not _of_app(self._ground, work, user, code, now):
            raise InvalidInput(_WRONG)
        work.users.confirm_totp(user.tenant_id, user.id, now)
        self._keep(work, user, codes)
        self._note(work, user, actor.id, "second_factor.added", now)
        return user

    def _remove(self, work: Work, tenant_id: str, user_id: str, by: str) -> User:
        user = _here(work, tenant_id, user_id)
        _require_second(user)
        work.users.set_totp(user.tenant_id, user.id, None, None)
        work.recovery_codes.replace(user.tenant_id, user.id, ())
        self._note(work, user, by, "second_factor.removed", self._ground.clock())
        return user

    def _replace(self, work: Work, user: User, codes: tuple[str, ...]) -> None:
        user = _here(work, user.tenant_id, user.id)
        _require_second(user)
        self._keep(work, user, codes)
        self._note(work, user, user.id, "recovery_codes.made", self._ground.clock())

    def _keep(self, work: Work, user: User, codes: tuple[str, ...]) -> None:
        hashes = [hash_recovery_code(code, user.id, self._ground.pepper) for code in codes]
        work.recovery_codes.replace(user.tenant_id, user.id, hashes)

    def _note(self, work: Work, user: User, by: str, action: str, now: datetime) -> None:
        details = {"user_id": user.id}
        self._ground.audit.note(work, user.tenant_id, by, action, now, details=details)

    def _tell_removed(self, user: User) -> None:
        """Write to whose account it is: it may be somebody else who did that."""
        now, foot = self._ground.clock(), self._ground.foot
        self._ground.post(letters.second_factor_removed(user.email, now, foot))

    def _tell(self, user: User, method: str) -> None:
        now, foot = self._ground.clock(), self._ground.foot
        self._ground.post(letters.new_sign_in_method(user.email, method, now, foot))


def has_second_factor(user: User) -> bool:
    """Return whether a user logs in with a second factor."""
    return user.totp_sealed is not None and user.totp_since is not None


def passes(ground: Ground, work: Work, user: User, typed: str, now: datetime) -> bool:
    """Return whether a code of the app or a recovery code lets a user in, and use it up.

    Commit the unit where it did.

    Args:
        ground: Of the deployment.
        work: The unit of the login.
        user: Who logs in, as they are in this unit.
        typed: The code.
        now: The time.
    """
    return _of_app(ground, work, user, typed, now) or _of_paper(ground, work, user, typed, now)


def _of_app(ground: Ground, work: Work, user: User, typed: str, now: datetime) -> bool:
    secret = _unseal(ground, work, user)
    step = totp.check(secret, typed, now, user.totp_step)
    return step is not None and work.users.use_totp_step(user.tenant_id, user.id, step)


def _of_paper(ground: Ground, work: Work, user: User, typed: str, now: datetime) -> bool:
    kept = work.recovery_codes.all(user.tenant_id, user.id)
    unused = [code.code_hash for code in kept if code.used_at is None]
    found = find_recovery_code(typed, unused, user.id, ground.pepper)
    return found is not None and work.recovery_codes.use(user.tenant_id, user.id, found, now)


def _here(work: Work, tenant_id: str, user_id: str) -> User:
    """Return a user whom no other unit changes meanwhile."""
    user = work.users.hold(tenant_id, user_id)
    if user is None:
        raise LogInNeeded("your account is not there any more; log in with another one")
    return user


def _refuse_second(user: User) -> None:
    if has_second_factor(user):
        raise AlreadyThere("you have a second factor already; remove it first to add another app")


def _require_second(user: User) -> None:
    if not has_second_factor(user):
        raise NotFound("second factor")


def _seal(ground: Ground, work: Work, user: User, secret: str, now: datetime) -> bytes:
    version, key = ground.keyring.tenant_secret(work.keys, user.tenant_id, PURPOSE, now)
    return DataKey.of(version, key).seal(secret.encode(), _context(user))


def _unseal(ground: Ground, work: Work, user: User) -> str:
    sealed = user.totp_sealed or b""
    version = version_of(sealed)
    key = ground.keyring.tenant_version(work.keys, user.tenant_id, PURPOSE, version)
    return DataKey.of(version, key).unseal(sealed, _context(user)).decode()


def _context(user: User) -> Context:
    return Context(user.tenant_id, user.id, PURPOSE)
