"""Setting up to log in by face: in person, with the password, after agreeing to a notice."""

from dataclasses import dataclass

from visavis.core.errors import InvalidInput, NotAllowed
from visavis.core.purposes import Comparison, Purpose
from visavis.core.types import Source
from visavis.mail import letters
from visavis.store.errors import AlreadyThere
from visavis.store.notices import Notice
from visavis.store.users import User
from visavis.store.work import Work
from visavis.usecases.actor import Actor
from visavis.usecases.analysis import Analyses
from visavis.usecases.consent import require_purpose
from visavis.usecases.errors import ConsentMissing, LogInNeeded
from visavis.usecases.face_rules import good_face, is_enough, is_on, require_on
from visavis.usecases.ground import Ground
from visavis.usecases.own_faces import NewFace, OwnFace, face_of, keep_face, subject_of_user
from visavis.usecases.own_password import confirm_password
from visavis.usecases.privacy import rules_of
from visavis.usecases.scores import Scores


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


class FaceSetUp:
    """Enrols the faces that users log in with; safe to use from several threads.

    Args:
        ground: Of the deployment.
        analyses: Finds faces.
        scores: Tells what a similarity means.
    """

    def __init__(self, ground: Ground, analyses: Analyses, scores: Scores) -> None:
        self._ground = ground
        self._analyses = analyses
        self._scores = scores

    @property
    def is_on(self) -> bool:
        """Whether anybody may log in by face here."""
        return is_on(self._ground)

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
        face, embedder = good_face(self._analyses, source), self._analyses.embedder
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

    def _allowed(self, work: Work, user: User, notice_id: str) -> Notice:
        """Return what a user agrees to who may log in by face."""
        require_on(self._ground)
        if not is_enough(self._ground, user):
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
            require_on(self._ground)
            require_purpose(
                rules_of(work, user.tenant_id), Purpose.FACE_LOGIN, Comparison.ONE_TO_ONE
            )
        except NotAllowed as exc:
            return str(exc)
        if not is_enough(self._ground, user):
            return _NO_FACTOR
        has_notice = work.notices.latest(user.tenant_id, Purpose.FACE_LOGIN) is not None
        return "" if has_notice else _NO_NOTICE


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
