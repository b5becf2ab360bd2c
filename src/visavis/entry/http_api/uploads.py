"""Pictures out of a multipart form, read as it arrives, kept in memory and never on disk.

The stock form reader spools anything above a megabyte to a temporary file. Pictures of people must
not touch the disk, so this one keeps parts in memory and drops the bytes of a part past its cap.
"""

from collections.abc import Collection
from http import HTTPStatus
from typing import TYPE_CHECKING, NamedTuple

from fastapi import Request
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.exceptions import HTTPException

from visavis.core.errors import ImageFault
from visavis.core.settings import Settings
from visavis.core.types import Source
from visavis.entry.services import Services
from visavis.usecases.analysis import Failure

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

PICTURE_FIELDS = ("files", "file")
TEXT_FIELDS = ("features", "render")
_NAME_CHARS = 200

PARTS_BESIDE = 100
"""Parts of a form that are no pictures, whatever they are; real ones have a handful."""


class Form(NamedTuple):
    """What a form held.

    Attributes:
        pictures: In the order sent; a `Failure` where a file is over its cap.
        texts: The values of each text field, in the order sent.
        fields: In which field each picture came.
    """

    pictures: list[Source | Failure]
    texts: dict[str, list[str]]
    fields: list[str]


class Fields(NamedTuple):
    """What a form may hold.

    Attributes:
        pictures: Fields that hold a picture each.
        texts: Fields that hold a text each.
        text_bytes: Most bytes of a text that are kept.
        drops_others: Whether other fields are dropped, instead of being refused.
    """

    pictures: Collection[str]
    texts: Collection[str]
    text_bytes: int = 1_000
    drops_others: bool = False


OURS = Fields(PICTURE_FIELDS, TEXT_FIELDS)
"""What the forms of our own interface hold."""


async def read_form(request: Request) -> Form:
    """Read the multipart form of a request (a FastAPI dependency); raises as `read_fields`."""
    return await read_fields(request, OURS)


async def read_fields(request: Request, fields: Fields) -> Form:
    """Read a multipart form that holds certain fields.

    Args:
        request: Whose body it is.
        fields: What it may hold.

    Raises:
        HTTPException: 415 for another content type, 400 for a broken form, 413 for too many files
            or parts, 422 for a field nobody knows or a text that is too long.
        ClientDisconnect: the caller left, or was cut off by `BodyLimit`.
    """
    services: Services = request.app.state.services
    reader = _Reader(services.settings, fields)
    try:
        parser = MultipartParser(_boundary(request), reader.callbacks())
        async for chunk in request.stream():
            parser.write(chunk)
    except FormParserError as exc:
        raise _broken() from exc
    if not reader.ended:
        raise _broken()
    return Form(reader.pictures, reader.texts, reader.fields)


def _boundary(request: Request) -> bytes:
    """Return the form's boundary, or refuse what is no form."""
    media_type, options = parse_options_header(request.headers.get("content-type"))
    if media_type != b"multipart/form-data":
        raise HTTPException(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "Send the pictures as multipart/form-data, each as a file in the field 'files'.",
        )
    if not options.get(b"boundary"):
        raise _broken()
    return options[b"boundary"]


def _broken() -> HTTPException:
    return HTTPException(
        HTTPStatus.BAD_REQUEST,
        "The multipart form is broken or ends too early; send it again with a proper boundary.",
    )


class _Part:
    """One part of the form while it arrives."""

    def __init__(self, field: str, file_name: str, cap: int, *, is_text: bool = False) -> None:
        self.field, self.file_name, self.cap, self.is_text = field, file_name, cap, is_text
        self.data = bytearray()
        self.too_large = False

    def add(self, data: bytes) -> None:
        if len(self.data) + len(data) > self.cap:
            self.too_large = True
            self.data = bytearray()  # over the cap: what came is of no use, what comes is dropped
        if not self.too_large:
            self.data += data


class _Reader:
    """Collects the parts as the parser meets them."""

    def __init__(self, settings: Settings, allowed: Fields) -> None:
        self._allowed = allowed
        self._max_files = settings.server.max_files
        self._max_bytes = settings.images.max_bytes
        self.pictures: list[Source | Failure] = []
        self.texts: dict[str, list[str]] = {field: [] for field in allowed.texts}
        self.fields: list[str] = []
        self.ended = False
        self._parts = 0
        self._name, self._value, self._disposition = b"", b"", b""
        self._part = _Part("", "", 0)

    def callbacks(self) -> "MultipartCallbacks":
        """Return what the parser calls."""
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._header_name,
            "on_header_value": self._header_value,
            "on_header_end": self._header_end,
            "on_headers_finished": self._headers_end,
            "on_part_data": self._data,
            "on_part_end": self._end,
            "on_end": self._end_of_form,
        }

    def _begin(self) -> None:
        self._disposition = b""
        self._parts += 1
        if self._parts > self._max_files + PARTS_BESIDE:
            raise HTTPException(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                f"The form has more than {self._max_files + PARTS_BESIDE} parts; send fewer.",
            )

    def _header_name(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_end(self) -> None:
        if self._name.lower() == b"content-disposition":
            self._disposition = self._value
        self._name, self._value = b"", b""

    def _headers_end(self) -> None:
        _, options = parse_options_header(self._disposition)
        field = options.get(b"name", b"").decode(errors="replace")
        is_file = b"filename" in options or field not in self._allowed.texts
        if field in self._allowed.pictures and is_file:
            self._part = _Part(field, self._picture_name(options), self._max_bytes)
            self._refuse_too_many()
        elif field in self._allowed.texts:
            self._part = _Part(field, "", self._allowed.text_bytes, is_text=True)
        elif self._allowed.drops_others:
            self._part = _Part("", "", 0)
        else:
            raise _unknown(field)

    def _data(self, data: bytes, start: int, end: int) -> None:
        self._part.add(data[start:end])

    def _end(self) -> None:
        part = self._part
        if part.is_text and part.too_large:
            raise _too_long(part)
        if part.is_text:
            self.texts[part.field].append(part.data.decode(errors="replace"))
        elif part.field and (part.data or part.too_large or part.file_name):
            self.pictures.append(self._picture(part))
            self.fields.append(part.field)

    def _end_of_form(self) -> None:
        self.ended = True

    def _picture(self, part: _Part) -> Source | Failure:
        name = part.file_name or f"picture-{len(self.pictures) + 1}"
        if not part.too_large:
            return Source(name, bytes(part.data))
        reason = f"the file is larger than the {part.cap} bytes allowed; send a smaller one"
        return Failure(name, ImageFault.TOO_LARGE, reason)

    def _picture_name(self, options: dict[bytes, bytes]) -> str:
        """Return the file's name without any folders: it is shown back, never used as a path."""
        name = options.get(b"filename", b"").decode(errors="replace")
        return name.replace("\\", "/").rsplit("/", 1)[-1][:_NAME_CHARS]

    def _refuse_too_many(self) -> None:
        if len(self.pictures) >= self._max_files:
            raise HTTPException(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                f"More than {self._max_files} pictures in one request; send several requests.",
            )


def _too_long(part: _Part) -> HTTPException:
    return HTTPException(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        f"The text in the field {part.field!r} is over {part.cap} bytes; send a shorter one.",
    )


def _unknown(field: str) -> HTTPException:
    known = ", ".join((*PICTURE_FIELDS[:1], *TEXT_FIELDS))
    return HTTPException(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        f"The form has a field {field[:_NAME_CHARS]!r} that nobody reads; the fields are {known}.",
    )
