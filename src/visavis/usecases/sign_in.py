"""Logging in and out: sessions are begun, go on, are listed and end."""

from dataclasses import dataclass, field
from datetime import datetime

from visavis.credentials.tokens import REFRESH, hash_secret, looks_like_secret, new_secret
from visavis.store.kinds import Rotated, UserState
from visavis.store.page import DEFAULT, Page
from visavis.store.sessions import Session
from visavis.store.users import User
from visavis.store.work import Work
from visavis.usecases.actor import Actor
from visavis.usecases.callers import COOKIE, Callers
from visavis.usecases.entrance import Asked, Entered, enter, session_end
from visavis.usecases.errors import LogInNeeded, NotFound
from visavis.usecases.ground import Ground

LOGGED_OUT = "logged out"
LOGGED_OUT_EVERYWHERE = "logged out everywhere"
ENDED = "ended from the list of sessions"
NOT_ACTIVE = "the user may not log in any more"
"""Why sessions ended."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a program gets that logged in.

    Attributes:
        access_token: Opens everything, for a short time.
        refresh_token: Is exchanged once, for the next two.
        expires_in_s: How long the access token is good, seconds.
        session_id: Of the login.
    """

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_in_s: int
    session_id: str


@dataclass(frozen=True, slots=True)
class Browser:
    """What a browser gets that logged in.

    Attributes:
        secret: For its cookie; opens the pages until the session ends, and is never exchanged.
        expires_at: When the session ends without another visit.
        user_id: Who logged in.
    """

    secret: str = field(repr=False)
    expires_at: datetime
    user_id: str


@dataclass(frozen=True, slots=True)
class _Renewed:
    """A session that goes on, and its user as they are now."""

    session: Session
    user: User


class SignIn:
    """Lets people in and out; safe to use from several threads.

    Args:
        ground: Of the deployment.
        callers: Makes the access tokens.
    """

    def __init__(self, ground: Ground, callers: Callers) -> None:
        self._ground = ground
        self._callers = callers

    def log_in(
        self, email: str, password: str, code: str = "", *, address: str = "", user_agent: str = ""
    ) -> Tokens:
        """Let a program in.

        Args:
            email: As typed.
            password: As typed.
            code: Of the authenticator app, or a recovery code; empty where none was asked for yet.
            address: Where the request comes from; empty = from this machine's own programs.
            user_agent: What the program calls itself.

        Raises:
            LogInRefused: one answer to all that can be wrong.
            SecondFactorNeeded: the password is right; the code is missing or wrong.
            TooManyRequests: there were too many tries from this address or for this account.
            InvalidInput: it is no e-mail address.
        """
        asked = Asked(email, password, code, address, user_agent)
        return self.tokens_of(enter(self._ground, asked, REFRESH))

    def open_browser(
        self, email: str, password: str, code: str = "", *, address: str = "", user_agent: str = ""
    ) -> Browser:
        """Let a browser in; arguments and errors as `log_in`."""
        asked = Asked(email, password, code, address, user_agent)
        return browser_of(enter(self._ground, asked, COOKIE))

    def tokens_of(self, entered: Entered) -> Tokens:
        """Return what a program gets that is in, by whichever way."""
        return self._tokens(entered.user, entered.session, entered.secret)

    def refresh(self, refresh_token: str) -> Tokens:
        """Exchange a refresh token for the next two tokens; it is good once.

        One that comes a second time was copied: the session ends, whoever has the newest token.

        Raises:
            LogInNeeded: it is not good, or not any more.
        """
        renewed = None
        secret = new_secret(REFRESH)
        if looks_like_secret(refresh_token, REFRESH):
            old_hash, new_hash = hash_secret(refresh_token), hash_secret(secret)
            renewed = self._ground.store.run(lambda work: self._renew(work, old_hash, new_hash))
        if renewed is None:
            raise LogInNeeded("the session is over; log in again")
        return self._tokens(renewed.user, renewed.session, secret)

    def log_out(self, actor: Actor) -> None:
        """End the session of who asks."""
        actor.require_person()
        session_id = actor.session_id
        if session_id is not None:  # None on a private machine, where nobody logged in
            self._ground.store.run(lambda work: self._end(work, actor, session_id, LOGGED_OUT))

    def log_out_everywhere(self, actor: Actor, *, keep_this: bool = False) -> int:
        """End all sessions of who asks; return how many.

        Args:
            actor: Who asks.
            keep_this: Whether the one that asks goes on.
        """
        actor.require_person()
        keep = actor.session_id if keep_this else None
        return self._ground.store.run(lambda work: self._end_all(work, actor, keep))

    def sessions(
        self, actor: Actor, limit: int = DEFAULT, cursor: str | None = None
    ) -> Page[Session]:
        """Return a part of the open sessions of who asks, newest first.

        Raises:
            InvalidInput: the limit is not 1..200, or the cursor none of ours.
        """
        actor.require_person()
        now = self._ground.clock()
        with self._ground.store.reading() as work:
            return work.sessions.page(actor.tenant_id, actor.user_id, limit, cursor, open_at=now)

    def end_session(self, actor: Actor, session_id: str) -> None:
        """End one session of who asks.

        Raises:
            NotFound: they have no such open session.
        """
        actor.require_person()
        if not self._ground.store.run(lambda work: self._end(work, actor, session_id, ENDED)):
            raise NotFound("session")

    def _renew(self, work: Work, old_hash: str, new_hash: str) -> _Renewed | None:
        """Exchange a token; None where nobody gets in by it."""
        now = self._ground.clock()
        rotation = work.sessions.rotate(old_hash, new_hash, now, session_end(self._ground, now))
        session = rotation.session
        if session is None:
            return None
        if rotation.outcome is Rotated.REUSED and session.revoked_at == now:
            self._note(work, session, session.user_id, "session.reused", now)
        if rotation.outcome is not Rotated.ROTATED:
            return None
        user = work.users.find(session.tenant_id, session.user_id)
        if user is None or user.state is not UserState.ACTIVE:
            work.sessions.revoke(session.tenant_id, session.id, now, NOT_ACTIVE)
            self._note(work, session, session.user_id, "session.ended", now)
            return None
        return _Renewed(session, user)

    def _end(self, work: Work, actor: Actor, session_id: str, because: str) -> bool:
        now = self._ground.clock()
        session = work.sessions.find(actor.tenant_id, session_id)
        if session is None or session.user_id != actor.user_id or not session.is_open(now):
            return False
        if not work.sessions.revoke(session.tenant_id, session.id, now, because):
            return False
        self._note(work, session, actor.id, "session.ended", now)
        return True

    def _end_all(self, work: Work, actor: Actor, keep: str | None) -> int:
        now = self._ground.clock()
        user = actor.tenant_id, actor.user_id
        ended = work.sessions.revoke_all(*user, now, LOGGED_OUT_EVERYWHERE, keep)
        if ended:
            details = {"sessions": ended}
            self._ground.audit.note(
                work, actor.tenant_id, actor.id, "session.ended", now, details=details
            )
        return ended

    def _note(self, work: Work, session: Session, actor: str, action: str, now: datetime) -> None:
        details = {"session_id": session.id}
        self._ground.audit.note(work, session.tenant_id, actor, action, now, details=details)

    def _tokens(self, user: User, session: Session, secret: str) -> Tokens:
        access = self._callers.tokens.issue(
            user_id=user.id,
            tenant_id=user.tenant_id,
            session_id=session.id,
            role=user.role,
            now=self._ground.clock(),
        )
        life_s = self._ground.settings.accounts.access_minutes * 60
        return Tokens(access, secret, life_s, session.id)


def browser_of(entered: Entered) -> Browser:
    """Return what a browser gets that is in, by whichever way."""
    return Browser(entered.secret, entered.session.expires_at, entered.user.id)
