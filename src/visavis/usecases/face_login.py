"""Logging in by face: enrolled in person, compared 1:1 alone, and as strict as the password door.

Liveness is not checked unless a check is plugged in: a photo may pass. So, unless the settings say
otherwise, only accounts with a second factor may log in by face.
"""

import math
from dataclasses import dataclass, field
from typing import Any

from visavis.core.errors import InvalidInput, NotAllowed
from visavis.core.purposes import Comparison, Purpose
from visavis.core.types import Source
from visavis.credentials.tokens import REFRESH
from visavis.mail import letters
from visavis.mail.addresses import comparable
from visavis.store.errors import AlreadyThere
from visavis.store.notices import Notice
from visavis.store.users import User
from visavis.store.work import Work
from visavis.throttle.throttle import Kind
from visavis.usecases.actor import Actor
from visavis.usecases.analysis import Analyses
from visavis.usecases.callers import COOKIE
from visavis.usecases.consent import require_purpose
from visavis.usecases.entrance import Asked, Entered, enter_as
from visavis.usecases.errors import ConsentMissing, FaceRefused, LogInNeeded, LogInRefused
from visavis.usecases.face_challenges import Challenge, new_challenge, opened, use_up
from visavis.usecases.faces import Face, PoorFace, look, the_one
from visavis.usecases.gallery_search import best_cosine
from visavis.usecases.ground import Ground
from visavis.usecases.liveness import LivenessCheck, NotChecked
from visavis.usecases.log_in_tries import Proof, admit
from visavis.usecases.own_faces import NewFace, OwnFace, face_of, keep_face, subject_of_user
from visavis.usecases.own_password import confirm_password
from visavis.usecases.privacy import rules_of
from visavis.usecases.recognised import Liveness
from visavis.usecases.scores import Scores
from visavis.usecases.second_factor import has_second_factor
from visavis.usecases.sign_in import Browser, SignIn, Tokens, browser_of

TARGET_FMR = 1e-5
"""How often a stranger's face may open an account."""

VERIFIED = "face.verified"
"""What the audit log calls a face that was the user's, as any other that is verified."""

_TOLD = {"by": "face"}


@dataclass(frozen=True, slots=True)
class State:
    """How somebody stands with logging in by face.

    Attributes:
        face: What they log in with; None = nothing, or no rule or consent lets them any more.
        kept: Whether something is kept of their face, whether they may log in with it or not.
        works: Whether the face was made by what makes vectors now.
        notice: What they are told before they agree; None = the organisation has none.
        obstacle: Why they cannot log in by face here, and what would help; empty = they can.
    """

    face: OwnFace | None
    kept: bool
    works: bool
    notice: Notice | None
    obstacle: str


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """A program that is in.

    Attributes:
        tokens: What it gets.
        liveness: Whether a living person was looked for.
    """

    tokens: Tokens = field(repr=False)
    liveness: Liveness


class FaceLogin:
    """Enrols the faces of users, and lets them in by them; safe to use from several threads.

    Args:
        ground: Of the deployment.
        analyses: Finds faces.
        scores: Tells what a similarity means.
        sign_in: Hands out what opens a session.
        liveness: Looks whether somebody is alive.
    """

    def __init__(
        self,
        ground: Ground,
        analyses: Analyses,
        scores: Scores,
        sign_in: SignIn,
        liveness: LivenessCheck | None = None,
    ) -> None:
        self._ground = ground
        self._analyses = analyses
        self._scores = scores
        self._sign_in = sign_in
        self._liveness = liveness or NotChecked()

    @property
    def is_on(self) -> bool:
        """Whether anybody may log in by face here."""
        accounts = self._ground.settings.accounts
        return accounts.login and accounts.face_login != "off"

    @property
    def needs_code(self) -> bool:
        """Whether everybody who logs in by face has a second factor."""
        return self._ground.settings.accounts.face_login == "with_second_factor"

    def state(self, actor: Actor) -> State:
        """Return how whoever asks stands with logging in by face.

        Raises:
            NotAllowed: it is a program that asks.
        """
        actor.require_person()
        with self._ground.store.reading() as work:
            user = work.users.find(actor.tenant_id, actor.user_id)
            if user is None:
                raise LogInNeeded("your account is not there any more; log in with another one")
            face = face_of(self._ground, work, user)
            kept = subject_of_user(self._ground, work, user.tenant_id, user.id) is not None
            notice = work.notices.latest(user.tenant_id, Purpose.FACE_LOGIN)
            obstacle = self._obstacle(work, user)
        works = face is not None and face.embedder == self._analyses.embedder
        return State(face, kept, works, notice, obstacle)

    def add(
        self,
        actor: Actor,
        password: str,
        source: Source,
        *,
        agrees: bool,
        notice_id: str = "",
        of_age: bool = False,
    ) -> None:
        """Enrol the face of whoever asks, in person; the picture is looked at and forgotten.

        Args:
            actor: Who asks.
            password: Theirs, asked for again.
            source: A picture of them alone.
            agrees: Whether they agree to what the organisation's notice says.
            notice_id: The notice they read; empty = the organisation's newest.
            of_age: Whether they say that they are of age.

        Raises:
            NotAllowed: the password is wrong, it is off here, or a second factor is missing.
            ConsentMissing: mode, purposes, age, or a notice that is missing, do not allow it.
            InvalidInput: they do not agree, read an older notice, or it is not one good face.
            AlreadyThere: there is a face already.
        """
        user = confirm_password(self._ground, actor, password)
        if not agrees:
            raise InvalidInput("say that you agree to what the notice says, or nothing is kept")
        with self._ground.store.reading() as work:
            notice = self._allowed(work, user, notice_id)
        face, embedder = self._face(source), self._analyses.embedder
        self._scores.of(user.tenant_id, embedder)  # whose similarities mean nothing opens nothing
        new = NewFace(face.vector, embedder, face.quality, of_age or None)

        def keep(work: Work) -> None:
            work.tenants.hold(user.tenant_id)  # nobody changes the mode meanwhile
            held = work.users.hold(user.tenant_id, user.id)
            if held is None:
                raise LogInNeeded("your account is not there any more; log in with another one")
            keep_face(self._ground, work, held, notice, new)

        self._ground.store.run(keep)
        now, foot = self._ground.clock(), self._ground.foot
        self._ground.post(letters.new_sign_in_method(user.email, "your face", now, foot))

    def challenge(self, email: str, *, address: str = "") -> str:
        """Return a challenge for an account, which need not be there; it is good for `GOOD_FOR`.

        Args:
            email: As typed.
            address: Where the request comes from; empty = from this machine's own programs.

        Raises:
            NotAllowed: logging in by face is off.
            TooManyRequests: there were too many tries from this address.
            InvalidInput: it is no e-mail address.
        """
        self._require_on()
        if address:
            self._ground.throttle.check(Kind.LOGIN, address)
        return new_challenge(self._ground, comparable(email))

    def log_in(
        self,
        challenge: str,
        source: Source,
        code: str = "",
        *,
        address: str = "",
        user_agent: str = "",
    ) -> LoggedIn:
        """Let a program in.

        Args:
            challenge: As `challenge` gave it; it is used up.
            source: A picture of the user alone; it is looked at and forgotten.
            code: Of the second factor; empty where none was asked for yet.
            address: Where the request comes from; empty = from this machine's own programs.
            user_agent: What the program calls itself.

        Raises:
            NotAllowed: logging in by face is off.
            FaceRefused: one answer to all that can be wrong with account, challenge and face.
            SecondFactorNeeded: the face is right; the code is missing or wrong.
            TooManyRequests: there were too many tries from this address or for this account.
            FaceMissing, SeveralFaces, PoorFace: the picture does not show one good face.
        """
        asked = Asked("", "", code, address, user_agent)
        entered, liveness = self._enter(challenge, source, asked, REFRESH)
        return LoggedIn(self._sign_in.tokens_of(entered), liveness)

    def open_browser(
        self,
        challenge: str,
        source: Source,
        code: str = "",
        *,
        address: str = "",
        user_agent: str = "",
    ) -> Browser:
        """Let a browser in; arguments and errors as `log_in`."""
        asked = Asked("", "", code, address, user_agent)
        return browser_of(self._enter(challenge, source, asked, COOKIE)[0])

    def _enter(
        self, text: str, source: Source, asked: Asked, prefix: str
    ) -> tuple[Entered, Liveness]:
        """Look at the picture before the account, so that it tells nothing of the account."""
        ground = self._ground
        self._require_on()
        challenge = opened(ground, text)
        if challenge is None:
            if asked.address:
                ground.throttle.check(Kind.LOGIN, asked.address)
            raise FaceRefused
        known_as = admit(ground, Kind.LOGIN, challenge.email, asked.address)
        face = self._face(source)
        liveness = self._liveness.check(source, face)
        with ground.store.reading() as work:
            seen = work.users.find_by_email(known_as)
        proof = self._proof(seen, challenge, face, liveness)
        try:
            return enter_as(ground, seen, proof, asked, prefix, _TOLD), liveness
        except LogInRefused:
            raise FaceRefused from None

    def _proof(
        self, seen: User | None, challenge: Challenge, face: Face, liveness: Liveness
    ) -> Proof:
        """Return what tells whether challenge and face open an account."""
        threshold = self._threshold(seen)

        def proof(work: Work, user: User) -> bool:
            fresh = use_up(work, user, challenge, self._ground.clock())
            same = self._is_theirs(work, user, face, threshold)
            return fresh and same and liveness is not Liveness.SPOOF and self._may(user)

        return proof

    def _is_theirs(self, work: Work, user: User, face: Face, threshold: float) -> bool:
        own, embedder = face_of(self._ground, work, user), self._analyses.embedder
        if own is None or own.embedder != embedder or len(own.vector) != len(face.vector):
            return False
        if best_cosine([own.vector], face.vector) < threshold:
            return False
        told: dict[str, Any] = {"purpose": Purpose.FACE_LOGIN.value, "decision": "match"}
        told |= {"target": TARGET_FMR, "embedder": embedder}
        now, audit = self._ground.clock(), self._ground.audit
        audit.note(work, user.tenant_id, user.id, VERIFIED, now, own.subject_id, told)
        return True

    def _threshold(self, seen: User | None) -> float:
        """Return the similarity from which a face is somebody's."""
        tenant_id, embedder = seen.tenant_id if seen else "", self._analyses.embedder
        try:
            return self._scores.of(tenant_id, embedder).threshold(TARGET_FMR)
        except InvalidInput:  # nobody knows what it means; with this embedder none was enrolled
            return math.inf

    def _face(self, source: Source) -> Face:
        """Return the one face of a picture, which has to be good enough."""
        face = the_one(look(self._analyses, source))
        if face.reasons:
            raise PoorFace(face.reasons)
        return face

    def _may(self, user: User) -> bool:
        return not self.needs_code or has_second_factor(user)

    def _allowed(self, work: Work, user: User, notice_id: str) -> Notice:
        """Return what a user agrees to who may log in by face."""
        self._require_on()
        if not self._may(user):
            raise NotAllowed(_NO_FACTOR)
        require_purpose(rules_of(work, user.tenant_id), Purpose.FACE_LOGIN, Comparison.ONE_TO_ONE)
        if subject_of_user(self._ground, work, user.tenant_id, user.id) is not None:
            raise AlreadyThere(
                "you log in with your face already; remove it to take another picture"
            )
        return _notice(work, user.tenant_id, notice_id)

    def _obstacle(self, work: Work, user: User) -> str:
        """Return why somebody cannot log in by face; empty = nothing stands against it."""
        try:
            self._require_on()
            require_purpose(
                rules_of(work, user.tenant_id), Purpose.FACE_LOGIN, Comparison.ONE_TO_ONE
            )
        except NotAllowed as exc:
            return str(exc)
        if not self._may(user):
            return _NO_FACTOR
        has_notice = work.notices.latest(user.tenant_id, Purpose.FACE_LOGIN) is not None
        return "" if has_notice else _NO_NOTICE

    def _require_on(self) -> None:
        if not self.is_on:
            raise NotAllowed(
                "nobody logs in by face on this server; use the password (the operator turns it "
                "on with VISAVIS_ACCOUNTS__FACE_LOGIN)"
            )


_NO_FACTOR = (
    "a photo of you could open your account, so a second factor is needed to log in by face; add "
    "one in your profile first"
)
_NO_NOTICE = (
    "your organisation has not written what people are told about face login; an admin can add "
    "that notice on the page about privacy"
)


def _notice(work: Work, tenant_id: str, notice_id: str) -> Notice:
    """Return the notice that somebody read; the newest one in its language, or it is none.

    Raises:
        ConsentMissing: the organisation has none.
        InvalidInput: they read an older one.
    """
    read = work.notices.find(tenant_id, notice_id) if notice_id else None
    language = read.language if read else None
    newest = work.notices.latest(tenant_id, Purpose.FACE_LOGIN, language)
    if newest is None and not notice_id:
        raise ConsentMissing(_NO_NOTICE)
    if newest is None or (notice_id and newest.id != notice_id):
        raise InvalidInput("this is not the newest notice about face login; read that one first")
    return newest
