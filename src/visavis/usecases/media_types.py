"""Which kinds of files are kept, and whether a file is what it is said to be."""

from collections.abc import Iterable, Iterator
from itertools import chain

from visavis.core.errors import InvalidInput
from visavis.vision.image_headers import sniff

_IMAGES = {
    "image/jpeg": "jpeg",
    "image/png": "png",
    "image/webp": "webp",
    "image/gif": "gif",
    "image/bmp": "bmp",
    "image/tiff": "tiff",
    "image/heic": "heic",
    "image/heif": "heic",
    "image/avif": "avif",
}
PICTURES = tuple(_IMAGES)
"""Kinds of pictures that are kept."""

_ZIP = (b"PK\x03\x04", b"PK\x05\x06")  # the second one has no members
_JSON, _ARCHIVE = "application/json", "application/zip"

KNOWN = (*_IMAGES, _JSON, _ARCHIVE)
"""Kinds of files that are kept."""

HEAD_BYTES = 512
"""Bytes at the start of a file that tell what it is."""


def parse(stated: str) -> str:
    """Return a media type without parameters, lower case.

    Raises:
        InvalidInput: files of that kind are not kept, or it is no media type.
    """
    media_type = stated.partition(";")[0].strip().lower()
    if media_type not in KNOWN:
        raise InvalidInput(
            f"files of the type {stated[:100]!r} are not kept here; send one of {', '.join(KNOWN)}"
        )
    return media_type


def of_picture(data: bytes) -> str:
    """Return the media type of a picture by its content.

    Raises:
        InvalidInput: it is none that is kept.
    """
    found = sniff(data[:HEAD_BYTES])
    for media_type, name in _IMAGES.items():
        if name == found:
            return media_type
    raise InvalidInput(f"this is no picture that is kept here; send one of {', '.join(_IMAGES)}")


def checked(chunks: Iterable[bytes], media_type: str) -> Iterator[bytes]:
    """Pass a file on once its first bytes have shown that it is what it is said to be.

    Args:
        chunks: The file, in pieces of any size.
        media_type: One of `KNOWN`.

    Raises:
        InvalidInput: it is something else, or empty; nothing has been passed on.
    """
    pieces = iter(chunks)
    head = b""
    while len(head) < HEAD_BYTES and (piece := next(pieces, None)) is not None:
        head += piece
    if not _is(head, media_type):
        raise InvalidInput(
            f"the content is not {media_type}, whatever the request says; send the file as it is, "
            "with its own type"
        )
    yield from chain((head,), pieces)


def _is(head: bytes, media_type: str) -> bool:
    if media_type == _JSON:
        return _is_json(head)
    if media_type == _ARCHIVE:
        return head.startswith(_ZIP)
    return sniff(head) == _IMAGES[media_type]


def _is_json(head: bytes) -> bool:
    """Return whether an object or a list of JSON may begin so; no other text does."""
    begins = head.lstrip(b" \t\r\n")[:1] in (b"{", b"[")
    return begins and not any(byte < 0x20 and byte not in b"\t\r\n" for byte in head)
