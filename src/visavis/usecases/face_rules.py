"""Who may log in by face here, and what a face has to be like for it."""

from visavis.core.errors import NotAllowed
from visavis.core.types import Source
from visavis.store.users import User
from visavis.usecases.analysis import Analyses
from visavis.usecases.faces import Face, PoorFace, look, the_one
from visavis.usecases.ground import Ground
from visavis.usecases.second_factor import has_second_factor


def is_on(ground: Ground) -> bool:
    """Return whether anybody may log in by face on this deployment."""
    accounts = ground.settings.accounts
    return accounts.login and accounts.face_login != "off"


def require_on(ground: Ground) -> None:
    """Refuse where nobody may.

    Raises:
        NotAllowed: the message says what would change it.
    """
    if not is_on(ground):
        raise NotAllowed(
            "nobody logs in by face on this server; use the password (the operator turns it on "
            "with VISAVIS_ACCOUNTS__FACE_LOGIN)"
        )


def needs_code(ground: Ground) -> bool:
    """Return whether everybody who logs in by face has a second factor."""
    return ground.settings.accounts.face_login == "with_second_factor"


def is_enough(ground: Ground, user: User) -> bool:
    """Return whether an account has the second factor that it takes here."""
    return not needs_code(ground) or has_second_factor(user)


def good_face(analyses: Analyses, source: Source) -> Face:
    """Return the one face of a picture; of a poor one nobody can say whose it is.

    Raises:
        FaceMissing, SeveralFaces, PoorFace: the picture does not show one good face.
        InvalidImage: it cannot be decoded.
        Overloaded, DeadlineExceeded: too many pictures are waiting, or it took too long.
    """
    face = the_one(look(analyses, source))
    if face.reasons:
        raise PoorFace(face.reasons)
    return face
