"""Links to one file that need no login and expire.

A link is a query string that carries all it says, and an HMAC-SHA256 over it. To check one, it is
built again from what it says and compared as a whole: a single other byte, even one that would
decode to the same, is refused.
"""

import hmac
import re
import struct
from base64 import urlsafe_b64encode
from dataclasses import astuple, dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, quote, urlencode

from visavis.core.errors import InvalidInput, InvalidSettings
from visavis.store.blobs.base import check_name
from visavis.store.blobs.errors import LinkRefused

LONGEST_LIFE = timedelta(days=7)
"""Most time between signing and expiry."""

_VERSION = 1
_PURPOSE = b"visavis: read one blob"  # a key used for something else as well signs no links with it
_LEAST_KEY_BYTES = 32
_LONGEST_LINK = 4096
_LONGEST_NAME = 255
_FIELDS = ("v", "tenant", "blob", "type", "name", "expires", "mac")
_MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,63}/[a-z0-9][a-z0-9!#$&^_.+-]{0,63}")


@dataclass(frozen=True, slots=True)
class Link:
    """What a signed link says.

    Attributes:
        tenant_id: Whose file it is.
        sha256: Which one.
        media_type: What to serve it as.
        name: What to call it when it is saved.
        expires: From when on it is refused, aware, UTC, whole seconds.
    """

    tenant_id: str
    sha256: str
    media_type: str
    name: str
    expires: datetime


def sign(
    key: bytes,
    tenant_id: str,
    sha256: str,
    media_type: str,
    name: str,
    expires: datetime,
    *,
    now: datetime,
) -> str:
    """Return the query string of a link to one file.

    Args:
        key: Secret, at least 32 bytes.
        tenant_id: Whose file it is.
        sha256: Which one.
        media_type: What to serve it as, lower case and without parameters, such as `image/jpeg`.
        name: What to call it when it is saved; at most 255 characters, no slash.
        expires: From when on it is refused; cut to whole seconds.
        now: The time.

    Raises:
        InvalidInput: one of them cannot be signed, or `expires` is past or over 7 days ahead.
        InvalidSettings: the key is too short.
    """
    link = Link(tenant_id, sha256, media_type, name, expires.astimezone(UTC).replace(microsecond=0))
    _refuse_unfit(link, now)
    return _query(key, link)


def check(key: bytes, query: str, now: datetime) -> Link:
    """Return what a link says, when it is ours and its time is not over.

    Args:
        key: The one that it was signed with.
        query: The query string as it came in, not decoded.
        now: The time.

    Raises:
        LinkRefused: it was not signed with this key, was changed, or has expired.
        InvalidSettings: the key is too short.
    """
    link = _read(query)
    if not hmac.compare_digest(_query(key, link).encode(), query.encode()):
        raise LinkRefused("this link was not made here or was changed; ask for a new one")
    if now >= link.expires:
        raise LinkRefused("the time of this link is over; ask for a new one")
    return link


def _refuse_unfit(link: Link, now: datetime) -> None:
    check_name(link.tenant_id, link.sha256)
    if not _MEDIA_TYPE.fullmatch(link.media_type):
        raise InvalidInput("the media type of a link has to look like `image/jpeg`")
    if not 0 < len(link.name) <= _LONGEST_NAME or not _is_plain(link.name):
        raise InvalidInput(
            f"the name in a link has to be of 1 to {_LONGEST_NAME} printable characters without "
            "slashes"
        )
    if not now < link.expires <= now + LONGEST_LIFE:
        raise InvalidInput(f"a link has to expire within {LONGEST_LIFE.days} days from now")


def _is_plain(name: str) -> bool:
    return name.isprintable() and not {"/", "\\"} & set(name)


def _read(query: str) -> Link:
    """Return what a link claims; nothing of it is proven yet."""
    refused = LinkRefused("this is no link to a file, or only a part of one; ask for a new one")
    if len(query) > _LONGEST_LINK or not query.isascii():
        raise refused
    try:
        said = parse_qsl(query, strict_parsing=True, errors="strict", max_num_fields=len(_FIELDS))
        _, tenant_id, sha256, media_type, name, seconds, _ = (value for _, value in said)
        expires = datetime.fromtimestamp(int(seconds), UTC)
    except (ValueError, OverflowError, OSError):
        raise refused from None
    return Link(tenant_id, sha256, media_type, name, expires)


def _query(key: bytes, link: Link) -> str:
    *texts, expires = astuple(link)
    said = (str(_VERSION), *texts, str(int(expires.timestamp())))
    fields = zip(_FIELDS, (*said, _mac(key, said)), strict=True)
    return urlencode(list(fields), quote_via=quote, safe="")


def _mac(key: bytes, said: tuple[str, ...]) -> str:
    """Return the code over purpose, version and fields, each led by its length."""
    if len(key) < _LEAST_KEY_BYTES:
        raise InvalidSettings(f"the key that signs links needs {_LEAST_KEY_BYTES} bytes or more")
    parts = [_PURPOSE, bytes([_VERSION]), *(text.encode() for text in said[1:])]
    message = b"".join(struct.pack(">I", len(part)) + part for part in parts)
    return urlsafe_b64encode(hmac.digest(key, message, "sha256")).rstrip(b"=").decode()
