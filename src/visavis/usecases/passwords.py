"""Passwords: forgotten, chosen anew, changed."""

from datetime import datetime

from visavis.core.errors import InvalidInput, NotAllowed
from visavis.credentials.passwords import check_new_password, hash_password
from visavis.mail import letters
from visavis.store.kinds import CodePurpose, UserState
from visavis.store.users import User
from visavis.store.work import Work
from visavis.throttle.throttle import Kind
from visavis.usecases.actor import Actor
from visavis.usecases.erasure import Begun
from visavis.usecases.ground import Ground
from visavis.usecases.log_in_tries import admit
from visavis.usecases.mail_codes import new_mail_code, redeem, wait_s
from visavis.usecases.own_faces import OwnFaces
from visavis.usecases.own_password import confirm_password
from visavis.usecases.registration import WRONG_CODE, make_active

NEW_PASSWORD = "the password was changed"  # noqa: S105  # no password
"""Why sessions ended."""

_PURPOSE = CodePurpose.RESET_PASSWORD


class Passwords:
    """Gives people another password; safe to use from several threads.

    Args:
        ground: Of the deployment.
        faces: Erases the face that somebody logs in with who lost the account's password: whoever
            had it meanwhile may have added their own; None = nobody has one.
    """

    def __init__(self, ground: Ground, faces: OwnFaces | None = None) -> None:
        self._ground = ground
        self._faces = faces

    def forgot(self, email: str, *, address: str = "") -> None:
        """Send a code with which a new password can be chosen, where there is an account.

        Args:
            email: As typed.
            address: Where the request comes from; empty = from this machine's own programs.

        Raises:
            TooManyRequests: there were too many letters.
            InvalidInput: it is no e-mail address.
        """
        known_as = admit(self._ground, Kind.MAIL, email, address)
        self._ground.background.do("code.reset_password", lambda: self._send(known_as))

    def reset(self, email: str, code: str, password: str, *, address: str = "") -> None:
        """Choose a new password with a code; all sessions end, and a lock is lifted.

        A face to log in with is erased.

        Args:
            email: As typed.
            code: As it came by mail.
            password: The new one.
            address: Where the request comes from; empty = from this machine's own programs.

        Raises:
            InvalidInput: the code is not good, for whatever reason.
            WeakPassword: the password would be guessed soon.
            TooManyRequests: there were too many tries.
        """
        known_as = admit(self._ground, Kind.LOGIN, email, address)
        check_new_password(password, known_as, "", self._least)
        hashed = hash_password(password)
        was_good, begun = self._ground.store.run(
            lambda work: self._reset(work, known_as, code, hashed)
        )
        if not was_good:
            raise InvalidInput(WRONG_CODE)
        if self._faces is not None:
            self._faces.finish(begun)
        self._tell(known_as)

    def change(self, actor: Actor, current: str, new: str) -> None:
        """Change the password of who asks; their other sessions end.

        Args:
            actor: Who asks.
            current: The password they have.
            new: The one they want.

        Raises:
            NotAllowed: the current password is wrong.
            WeakPassword: the new one would be guessed soon.
            InvalidInput: it is the same.
        """
        user = confirm_password(self._ground, actor, current)
        check_new_password(new, user.email, user.full_name, self._least)
        if new == current:
            raise InvalidInput("this is the password you have; choose another one")
        hashed = hash_password(new)
        self._ground.store.run(lambda work: self._change(work, actor, user, hashed))
        self._tell(user.email)

    @property
    def _least(self) -> int:
        return self._ground.settings.accounts.min_password

    def _send(self, known_as: str) -> None:
        ground = self._ground

        def make(work: Work) -> str | None:
            now = ground.clock()
            user = work.users.find_by_email(known_as)
            if user is None or user.state is UserState.DISABLED:
                return None
            if wait_s(ground, work, user, _PURPOSE, now):
                return None
            return new_mail_code(ground, work, user, _PURPOSE, known_as, now)

        if code := ground.store.run(make):
            minutes = ground.settings.accounts.code_minutes
            ground.send(letters.reset_code(known_as, code, minutes, ground.foot))

    def _reset(
        self, work: Work, known_as: str, typed: str, hashed: str
    ) -> tuple[bool, Begun | None]:
        """Set the password where the code is good; commit it whatever comes of it.

        Returns:
            Whether it was, and the erasure of a face that has begun.
        """
        now = self._ground.clock()
        user = work.users.find_by_email(known_as)
        if user is None or not self._may_choose(work, user, typed, now):
            work.tenants.pretend(now)
            return False, None
        self._set(work, user, hashed, "password.reset", None)
        if user.state is UserState.UNVERIFIED:  # the code has shown that the address is theirs
            make_active(self._ground, work, user, now)
        return True, self._forget_face(work, user)

    def _forget_face(self, work: Work, user: User) -> Begun | None:
        if self._faces is None:
            return None
        return self._faces.begin_removal(work, user.tenant_id, user.id, user.id)

    def _may_choose(self, work: Work, user: User, typed: str, now: datetime) -> bool:
        """Use a code up; one that went to an address the user does not have any more is dead."""
        if user.state is UserState.DISABLED:
            return False
        code = redeem(self._ground, work, user, _PURPOSE, typed, now)
        return code is not None and code.sent_to == user.email

    def _change(self, work: Work, actor: Actor, seen: User, hashed: str) -> None:
        user = work.users.hold(seen.tenant_id, seen.id)
        if user is None or user.password_hash != seen.password_hash:
            raise NotAllowed("the password was changed meanwhile; log in with the new one")
        self._set(work, user, hashed, "password.changed", actor.session_id)

    def _set(self, work: Work, user: User, hashed: str, action: str, keep: str | None) -> None:
        now = self._ground.clock()
        ids = user.tenant_id, user.id
        work.users.set_password(*ids, hashed, now)
        work.users.unlock(*ids)
        work.codes.drop(*ids, _PURPOSE)
        ended = work.sessions.revoke_all(*ids, now, NEW_PASSWORD, keep)
        details = {"user_id": user.id, "sessions": ended}
        self._ground.audit.note(work, user.tenant_id, user.id, action, now, details=details)

    def _tell(self, email: str) -> None:
        now, foot = self._ground.clock(), self._ground.foot
        self._ground.post(letters.password_changed(email, now, foot))
