"""Pictures of requests, and which of their faces are meant."""

from collections.abc import Collection, Sequence

from visavis.core.errors import ImageFault, InvalidImage
from visavis.core.types import Feature, Source
from visavis.entry.http_api.dialects.bodies import NotBase64, unpacked
from visavis.entry.http_api.dialects.largest import largest_first
from visavis.entry.http_api.dialects.rekognition import details
from visavis.entry.http_api.dialects.rekognition.desk import Desk
from visavis.entry.http_api.dialects.rekognition.errors import Refusal, invalid
from visavis.entry.http_api.dialects.rekognition.shapes import Image
from visavis.usecases.analysis import Analysis
from visavis.usecases.faces import Face
from visavis.usecases.sensitive_use import note_sensitive_use
from visavis.vision.image_headers import sniff

MOST_BYTES = 5_242_880
"""Of a picture, as Rekognition allows."""

_FORMATS = frozenset({"jpeg", "png"})
_NO_FACE = (
    "There is no face in the picture, or none that is good enough; send one that shows the whole "
    "face, upright and lit."
)


def source_of(image: Image, name: str) -> Source:
    """Return the picture of a request.

    Args:
        image: As it came.
        name: What the picture is called.

    Raises:
        Refusal: there is none, it is not base64, or it lies in a bucket.
        InvalidImage: it is too large, or neither PNG nor JPEG.
    """
    if image.s3_object is not None:
        raise Refusal(
            "InvalidS3ObjectException",
            "Nothing is fetched from buckets here; send the picture itself, as Image.Bytes.",
        )
    if not image.bytes:
        raise invalid("The request holds no picture; send it as Image.Bytes.")
    try:
        source = unpacked(image.bytes, name, MOST_BYTES)
    except NotBase64:
        raise Refusal("SerializationException", "The picture is not base64.") from None
    if len(source.data) > MOST_BYTES:
        raise InvalidImage(
            ImageFault.TOO_LARGE, f"the picture is over {MOST_BYTES} bytes; send a smaller one"
        )
    if sniff(source.data) not in _FORMATS:
        raise InvalidImage(ImageFault.UNSUPPORTED, "the picture is neither JPEG nor PNG")
    return source


def features_of(desk: Desk, attributes: Collection[str]) -> frozenset[Feature]:
    """Return what has to be looked for: what is always told, and what is allowed of the rest.

    Raises:
        NotAllowed: the caller may not have faces analysed.
    """
    if not attributes:
        return details.ALWAYS
    allowed = desk.records.privacy.features(desk.actor, ["all"])
    features = details.ALWAYS | (details.features_for(attributes) & allowed)
    return features | {Feature.MESH} if details.is_every(attributes) else features


def note_use(desk: Desk, features: Collection[Feature], found: Analysis) -> None:
    """Write down that something sensitive was looked for."""
    note_sensitive_use(desk.records.ground, desk.actor, features, 1, len(found.faces))


def the_largest(faces: Sequence[Face], quality: str) -> Face:
    """Return the largest face.

    Args:
        faces: Of a picture.
        quality: The filter; a face that is not good enough does not count.

    Raises:
        Refusal: there is none.
    """
    found = largest_first(faces)
    if not found or not is_good(found[0], quality):
        raise invalid(_NO_FACE)
    return found[0]


def is_good(face: Face, quality: str) -> bool:
    """Return whether a filter lets a face pass: all but `NONE` ask for what enrolment asks for."""
    return quality == "NONE" or not face.reasons
