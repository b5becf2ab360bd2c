"""A deployment whose users may log in by face, with real pictures."""

from dataclasses import dataclass

from tests.usecases.conftest import PASSWORD, Clock, House
from tests.usecases.people import add_notice
from visavis.core.purposes import Purpose
from visavis.core.roles import Role
from visavis.core.types import Source
from visavis.entry.services import Services
from visavis.store.blobs.files import FileBlobs
from visavis.store.notices import Notice
from visavis.store.receipts import Receipt
from visavis.store.subjects import Subject
from visavis.usecases.actor import Actor
from visavis.usecases.callers import Callers
from visavis.usecases.erasure import Erasure
from visavis.usecases.face_login import FaceLogin
from visavis.usecases.face_set_up import FaceSetUp
from visavis.usecases.ground import Ground
from visavis.usecases.liveness import LivenessCheck
from visavis.usecases.own_faces import OwnFaces, subject_of_user
from visavis.usecases.privacy import Privacy
from visavis.usecases.scores import Scores
from visavis.usecases.sign_in import SignIn


@dataclass
class FaceDoor:
    """What enrols the faces of users and lets them in.

    Attributes:
        ground: Of the deployment.
        clock: Its clock.
        house: Whose users.
        notice: What they are told.
        sign_in: The password door.
        own: The faces that are kept.
        set_up: Enrols them.
        login: The face door.
    """

    ground: Ground
    clock: Clock
    house: House
    notice: Notice
    sign_in: SignIn
    own: OwnFaces
    set_up: FaceSetUp
    login: FaceLogin

    def add(self, actor: Actor, picture: Source, **said: bool) -> None:
        """Enrol the face of a user who agrees and is of age."""
        told = {"agrees": True, "of_age": True} | said
        self.set_up.add(actor, PASSWORD, picture, **told)  # type: ignore[arg-type]

    def challenge(self, role: Role = Role.OWNER) -> str:
        """Return a challenge that was made later than those before."""
        self.clock.move(microseconds=1)
        return self.login.challenge(House.email(role))

    def receipts(self) -> tuple[Receipt, ...]:
        """Return the receipts of all erasures."""
        with self.ground.store.reading() as work:
            return work.receipts.page(self.house.tenant_id).items


def open_face_door(
    ground: Ground, house: House, services: Services, check: LivenessCheck | None = None
) -> FaceDoor:
    """Return the face door of a house that allows it."""
    Privacy(ground).change(house.owner, purposes={Purpose.FACE_LOGIN})
    sign_in = SignIn(ground, Callers(ground))
    erasure = Erasure(ground, FileBlobs(ground.settings.data / "blobs"))
    login = FaceLogin(ground, services.analyses, Scores(ground), sign_in, check)
    set_up = FaceSetUp(ground, services.analyses, Scores(ground))
    notice = add_notice(ground, house, Purpose.FACE_LOGIN)
    assert isinstance(ground.clock, Clock)
    return FaceDoor(
        ground, ground.clock, house, notice, sign_in, OwnFaces(ground, erasure), set_up, login
    )


def stands_for(ground: Ground, actor: Actor) -> Subject:
    """Return who stands for a user among the people."""
    with ground.store.reading() as work:
        row = subject_of_user(ground, work, actor.tenant_id, actor.user_id)
    assert row is not None
    return row
