"""Logging in by face: compared 1:1 alone, and as strict as the password door.

Liveness is not checked unless a check is plugged in: a photo may pass. So, unless the settings say
otherwise, only accounts with a second factor may log in by face.
"""

import math
from dataclasses import dataclass, field
from typing import Any

from visavis.core.errors import InvalidInput
from visavis.core.purposes import Purpose
from visavis.core.types import Source
from visavis.credentials.tokens import REFRESH
from visavis.mail.addresses import comparable
from visavis.store.users import User
from visavis.store.work import Work
from visavis.throttle.throttle import Kind
from visavis.usecases.analysis import Analyses
from visavis.usecases.callers import COOKIE
from visavis.usecases.entrance import Asked, Entered, enter_as
from visavis.usecases.errors import FaceRefused, LogInRefused
from visavis.usecases.face_challenges import Challenge, new_challenge, opened, use_up
from visavis.usecases.face_rules import good_face, is_enough, is_on, needs_code, require_on
from visavis.usecases.faces import Face
from visavis.usecases.gallery_search import best_cosine
from visavis.usecases.ground import Ground
from visavis.usecases.liveness import LivenessCheck, NotChecked
from visavis.usecases.log_in_tries import Proof, admit
from visavis.usecases.own_faces import OwnFace, face_of
from visavis.usecases.recognised import Liveness
from visavis.usecases.scores import Scores
from visavis.usecases.sign_in import Browser, SignIn, Tokens, browser_of

TARGET_FMR = 1e-5
"""How often a stranger's face may open an account."""

VERIFIED = "face.verified"
"""What the audit log calls a face that was the user's, as any other that is verified."""

_TOLD = {"by": "face"}


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
    """Lets users in by their faces; safe to use from several threads.

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
        return is_on(self._ground)

    @property
    def needs_code(self) -> bool:
        """Whether everybody who logs in by face has a second factor."""
        return needs_code(self._ground)

    def require_open(self, address: str) -> None:
        """Refuse whoever could not log in from somewhere now, before their picture is read.

        Args:
            address: Where the request comes from; empty = from this machine's own programs.

        Raises:
            NotAllowed: logging in by face is off.
            TooManyRequests: there were too many tries from this address.
        """
        require_on(self._ground)
        if address:
            self._ground.throttle.expect(Kind.LOGIN, address)

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
        require_on(self._ground)
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
        require_on(self._ground)
        challenge = opened(ground, text)
        if challenge is None:
            if asked.address:
                ground.throttle.check(Kind.LOGIN, asked.address)
            raise FaceRefused
        known_as = admit(ground, Kind.LOGIN, challenge.email, asked.address)
        face = good_face(self._analyses, source)
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
            own = self._own(work, user, face, threshold)
            enough = is_enough(self._ground, user)
            if own is None or not fresh or not enough or liveness is Liveness.SPOOF:
                return False
            self._note(work, user, own)
            return True

        return proof

    def _own(self, work: Work, user: User, face: Face, threshold: float) -> OwnFace | None:
        """Return the face that is kept of a user; None where another one is on the picture."""
        own, embedder = face_of(self._ground, work, user), self._analyses.embedder
        if own is None or own.embedder != embedder or len(own.vector) != len(face.vector):
            return None
        return own if best_cosine([own.vector], face.vector) >= threshold else None

    def _note(self, work: Work, user: User, own: OwnFace) -> None:
        told: dict[str, Any] = {"purpose": Purpose.FACE_LOGIN.value, "decision": "match"}
        told |= {"target": TARGET_FMR, "embedder": own.embedder}
        now, audit = self._ground.clock(), self._ground.audit
        audit.note(work, user.tenant_id, user.id, VERIFIED, now, own.subject_id, told)

    def _threshold(self, seen: User | None) -> float:
        """Return the similarity from which a face is somebody's."""
        tenant_id, embedder = seen.tenant_id if seen else "", self._analyses.embedder
        try:
            return self._scores.of(tenant_id, embedder).threshold(TARGET_FMR)
        except InvalidInput:  # nobody knows what it means; with this embedder none was enrolled
            return math.inf
