"""What is known of the picture behind a template, sealed with it under the subject's own key.

It lies in base64 in the `meta` of the template's row: it comes, moves and goes with that row and
cannot be left behind. A label may be a name, so nothing of it is readable without the key.
"""

import base64
import math
from dataclasses import asdict, dataclass, field
from typing import Any

import orjson

from visavis.core.errors import InvalidInput
from visavis.store.sealed import SealedData
from visavis.vault.sealing import Context, DataKey

SEEN = "seen"
"""Purpose under which it is sealed, and its name in `meta`."""

LONGEST = 255
"""Characters of an id of a picture, and of a label."""

Shares = tuple[float, float, float, float]
"""x, y, width, height as shares of the picture's width and height."""


@dataclass(frozen=True, slots=True)
class Seen:
    """Where a face was seen, and what somebody calls it there.

    Attributes:
        image_id: What a program calls the picture; at most 255 characters.
        box: Where on it the face is; a little outside of 0..1 where the picture cuts the face.
        score: How sure the detector was, 0..1.
        label: What a program calls the face; at most 255 characters.

    Raises:
        InvalidInput: a text is too long, or a number is none.
    """

    image_id: str | None = None
    box: Shares | None = None
    score: float | None = None
    label: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        for what, text in (("id of the picture", self.image_id), ("label", self.label)):
            if text is not None and len(text) > LONGEST:
                raise InvalidInput(f"the {what} has at most {LONGEST} characters; shorten it")
        if not all(math.isfinite(number) for number in (*(self.box or ()), self.score or 0.0)):
            raise InvalidInput("box and score of a face are finite numbers; analyse it anew")


@dataclass(frozen=True, slots=True)
class KeptPicture:
    """A picture that is kept with a template, as a file that only its own secret opens.

    Attributes:
        sha256: Name of the sealed file.
        size: Its bytes.
        media_type: Of the picture, such as `image/jpeg`.
        secret: 32 bytes, under which the file is sealed.
    """

    sha256: str
    size: int
    media_type: str
    secret: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Details:
    """All that is sealed beside a vector.

    Attributes:
        seen: Where the face was seen; None = nobody said.
        picture: The picture itself; None = it is not kept.
    """

    seen: Seen | None = None
    picture: KeptPicture | None = None

    def sealed(self, key: DataKey, tenant_id: str, subject_id: str) -> dict[str, str]:
        """Return what goes into the `meta` of the template's row."""
        if self == Details():
            return {}
        plain = orjson.dumps({"seen": _told(self.seen), "picture": _told(self.picture)})
        data = key.seal(plain, Context(tenant_id, subject_id, SEEN))
        return {SEEN: base64.b64encode(data).decode("ascii")}


def details_of(row: SealedData, key: DataKey) -> Details:
    """Return what is sealed beside the vector of a template.

    Args:
        row: Of the template.
        key: The version of the subject's key that sealed it.

    Raises:
        SealBroken: the row was changed.
    """
    if SEEN not in row.meta:
        return Details()
    sealed = base64.b64decode(row.meta[SEEN])
    told = orjson.loads(key.unseal(sealed, Context(row.tenant_id, row.subject_id, SEEN)))
    return Details(_seen(told["seen"]), _picture(told["picture"]))


def resealed(
    row: SealedData, old: DataKey, new: DataKey, tenant_id: str, subject_id: str
) -> dict[str, Any]:
    """Return the `meta` of a row with what is sealed in it under another key.

    Args:
        row: Any sealed value.
        old: The key that sealed it.
        new: The key that will.
        tenant_id: Whose subject.
        subject_id: Whose the row will be.

    Raises:
        SealBroken: the row was changed.
    """
    plain = {name: value for name, value in row.meta.items() if name != SEEN}
    return plain | details_of(row, old).sealed(new, tenant_id, subject_id)


def _told(part: Seen | KeptPicture | None) -> dict[str, Any] | None:
    if part is None:
        return None
    told = asdict(part)
    if isinstance(part, KeptPicture):
        told["secret"] = base64.b64encode(part.secret).decode("ascii")
    return told


def _seen(told: dict[str, Any] | None) -> Seen | None:
    if told is None:
        return None
    box = told["box"]
    return Seen(**{**told, "box": None if box is None else tuple(box)})


def _picture(told: dict[str, Any] | None) -> KeptPicture | None:
    if told is None:
        return None
    return KeptPicture(**{**told, "secret": base64.b64decode(told["secret"])})
