"""What may stand in a log: ids and counts, never a person.

`redact` replaces pictures, vectors, secrets and names before a line is rendered: by the name of
their field, by the type of their value, by their look inside any text, and wherever else in the
same line a value stands that a private field held, such as in the words of an error.
"""

import re
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from datetime import date, timedelta
from pathlib import PurePath

from structlog.typing import EventDict, WrappedLogger

REMOVED = "[removed]"
LONGEST = 2_000
"""Characters of text kept in one field; longer text is most often data in disguise."""

LONGEST_TRACE = 12_000
"""Characters of a traceback that are kept, the last ones: they name the error."""

MOST_ITEMS = 50
"""Entries of a list or a mapping that are kept."""

DEEPEST = 5
"""Levels of lists and mappings that are kept."""

MOST_CHARACTERS = 16_000
"""Of all fields of one line together; what comes after is left out."""

PRIVATE = frozenset(
    {
        *("authorization", "cookie", "cookies", "passphrase", "password", "secret", "token", "key"),
        *("embedding", "embeddings", "mesh", "points", "probe", "template", "vector", "vectors"),
        *("body", "content", "crop", "data", "image", "images", "picture", "pixels", "thumbnail"),
        *("email", "filename", "name", "names", "query"),
    }
)
"""Last words of field names whose values are never written: `name`, and so `full_name`."""

_PLAIN = (float, date, timedelta, type(None))
_OWN = frozenset({"exc_info", "stack_info", "_record", "_from_structlog"})
_LONG = frozenset({"exception", "stack"})
_OURS = frozenset({"level", "logger", "timestamp", "service"})
_FIRST = ("event", "level", "logger", "trace_id", "job_id", "tenant_id")
"""What a line is nothing without, and so never falls to the limit of all of it."""
_LARGEST = 2**64
_RUN_OF_NUMBERS = 16
"""Numbers in one list or mapping from which they are more likely pixels than counts."""
_LEAST_ECHO = 4
"""Characters of a private value that is looked for elsewhere; shorter ones stand in any text."""

_NUMBER = r"[-+]?\d{1,20}\.\d{0,30}(?:[eE][-+]?\d{1,3})?"  # limited: text may be hostile
_BETWEEN = r"\)?[\s,;\[\]()]+(?:np\.float\d+\()?"
_KEY = rf"(?i:\w{{0,40}}_)?(?i:{'|'.join(sorted(PRIVATE))})"
_QUOTED = r"'(?:[^'\\]|\\.)*'?|\"(?:[^\"\\]|\\.)*\"?"
_SECRETS = re.compile(
    r"\bvv[a-z]?_[A-Za-z0-9_-]{16,}"  # ours
    r"|\beyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?"
    r"|\$argon2\S*"
    r"|otpauth:\S*"
    r"|-----BEGIN [A-Z ]+-----(?:[^-]*(?:-----END [A-Z ]+-----)?)"
    r"|(?<=://)[^/\s@]+(?=@)"  # user and password in an address
    r"|(?i:\b(?:bearer|basic) [\w.~+/=-]{8,})"
    r"|(?i:\b(?:password|passphrase|secret|token|authorization|cookie|email)\b"
    r"[\"']?\s?[=:]\s?[\"']?(?:bearer |basic )?)[^\s\"',;&})\]]+"
    rf"|(?:\b{_KEY}=|(['\"]){_KEY}\1: ?)"  # as Python and JSON show what something holds
    rf"(?:b?(?:{_QUOTED})|\[[^\]]*\]?|\([^)]*\)?|\{{[^}}]*\}}?)"
    r"|[\w.+-]{1,64}@[\w-]{1,64}\.\w[\w.-]{0,250}"
)
_PIXELS = re.compile(
    rf"(?<!\w)b(?:{_QUOTED})"  # bytes as Python shows them
    r"|(?:\\x[0-9a-fA-F]{2}){3,}[^\s'\"]*"
    r"|data:[\w/+.-]+;base64,\S*"
    r"|/9j/[\w+/=]{12,}|iVBORw0KGgo[\w+/=]*|UklGR[\w+/=]{8,}"
    r"|[A-Za-z0-9+/]{200,}={0,2}|[A-Za-z0-9_-]{200,}"
    rf"|{_NUMBER}(?:{_BETWEEN}{_NUMBER}){{3,}}"
    r"|\b\d{1,5}(?:[\s,;\[\]]+\d{1,5}){15,}\b"
)
_WORD, _MARKS = re.compile(r"[A-Za-z0-9_./+-]{0,64}"), re.compile(r"vv|eyJ|/9j/|iVBOR|UklGR")
"""A word without any of the marks needs no further look: most values are one."""

_CONTROLS = dict.fromkeys((*range(9), *range(11, 32), 127), "\N{REPLACEMENT CHARACTER}")
"""Characters that steer terminals, or that no database takes."""


def redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Replace what must not be logged: private keys, bytes, arrays, lists of numbers, objects."""
    keys = sorted(event, key=lambda key: key not in _FIRST)
    fields = {key: event[key] for key in keys if key not in _OWN}
    hidden = sorted(set(_echoes(fields)), key=len, reverse=True)
    cleaner = _Cleaner()
    for key, value in fields.items():
        safe = cleaner.safe(key, value) if key not in _LONG else scrub(str(value)[-LONGEST_TRACE:])
        event[key] = safe if key in _OURS else _without(hidden, safe)
    return event


def scrub(text: str) -> str:
    """Return text without what looks like a secret, an address, a picture or a vector."""
    if _WORD.fullmatch(text) and not _MARKS.search(text):
        return text
    text = text.encode("utf-8", "replace").decode().translate(_CONTROLS)
    return _PIXELS.sub(REMOVED, _SECRETS.sub(REMOVED, text))


class _Cleaner:
    """Takes from the fields of one line what may be written, up to a limit for all of it."""

    def __init__(self) -> None:
        self._left = MOST_CHARACTERS

    def safe(self, key: str, value: object, depth: int = 0) -> object:
        """Return `value` if it may be written under `key`, else a mark in its place."""
        if _is_private(key):
            return REMOVED
        if isinstance(value, Mapping):
            return self._mapping(value, depth)
        if isinstance(value, (list, tuple, AbstractSet)):
            return self._sequence(key, list(value), depth)
        safe = _plain(value)
        self._left -= len(safe) if isinstance(safe, str) else 8
        return safe if self._left > 0 else REMOVED

    def _mapping(self, value: "Mapping[object, object]", depth: int) -> object:
        items = list(value.items())
        if depth == DEEPEST or _are_pixels([inner for _, inner in items]):
            return f"[{len(items)} entries removed]"
        named = [(str(_plain(key)), inner) for key, inner in items[:MOST_ITEMS]]
        return {key: self.safe(key, inner, depth + 1) for key, inner in named}

    def _sequence(self, key: str, values: list[object], depth: int) -> object:
        """Keep short lists of text and ids; a run of floats is a vector whatever it is called."""
        if any(isinstance(v, float) for v in values) or _are_pixels(values):
            return f"[{len(values)} numbers removed]"
        if depth == DEEPEST:
            return f"[{len(values)} entries removed]"
        kept = [self.safe(key, v, depth + 1) for v in values[:MOST_ITEMS]]
        more = len(values) - MOST_ITEMS
        return [*kept, f"[{more} more]"] if more > 0 else kept


def _is_private(key: str) -> bool:
    return key.lower().rpartition("_")[2] in PRIVATE


def _are_pixels(values: list[object]) -> bool:
    numbers = sum(isinstance(v, (int, float)) and not isinstance(v, bool) for v in values)
    return numbers >= _RUN_OF_NUMBERS


def _plain(value: object) -> object:
    """Return a single value if it may be written, else a mark."""
    if isinstance(value, (str, PurePath)):
        text = str(value)
        return scrub(text[:LONGEST]) + ("…" if len(text) > LONGEST else "")
    if isinstance(value, BaseException):
        return f"{type(value).__name__}: {scrub(_words_of(value)[:LONGEST])}"
    if isinstance(value, int):  # a number without end can hold a picture
        return value if abs(value) < _LARGEST else "[number removed]"
    if isinstance(value, float) and not -float("inf") < value < float("inf"):
        return str(value)  # JSON has no word for it
    return value if isinstance(value, _PLAIN) else f"[{type(value).__name__} removed]"


def _words_of(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # noqa: BLE001  # whatever it raises: a line must not break the work
        return REMOVED


def _echoes(value: object, depth: int = 0, *, is_private: bool = False) -> Iterator[str]:
    """Yield the texts that private fields hold, as they would stand in other text."""
    if isinstance(value, Mapping) and depth <= DEEPEST:
        for key, inner in list(value.items())[:MOST_ITEMS]:
            private = is_private or _is_private(str(key))
            yield from _echoes(inner, depth + 1, is_private=private)
    elif isinstance(value, (list, tuple, AbstractSet)) and depth <= DEEPEST:
        for inner in list(value)[:MOST_ITEMS]:
            yield from _echoes(inner, depth + 1, is_private=is_private)
    elif isinstance(value, (bytes, bytearray)):
        yield from _spellings(bytes(value[:LONGEST]).decode("utf-8", "ignore"))
    elif is_private and isinstance(value, (str, PurePath)):
        yield from _spellings(str(value)[:LONGEST])


def _spellings(text: str) -> Iterator[str]:
    """Yield a text as it is, as cleaned text shows it, and as Python quotes it."""
    if len(text) >= _LEAST_ECHO:
        yield from (text, text.strip(), scrub(text), repr(text)[1:-1])


def _without(hidden: list[str], value: object) -> object:
    """Return a value without any of the texts that private fields of the same line hold."""
    if isinstance(value, str):
        for text in hidden:
            value = value.replace(text, REMOVED) if len(text) >= _LEAST_ECHO else value
        return value
    if isinstance(value, dict):
        return {_without(hidden, key): _without(hidden, inner) for key, inner in value.items()}
    return [_without(hidden, inner) for inner in value] if isinstance(value, list) else value
