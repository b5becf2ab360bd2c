"""Reads the letters that a server without SMTP has put into its outbox."""

import re
import time
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path

WITHIN_S = 30


def letters(data: Path, to: str) -> list[str]:
    """Return the texts of the letters to somebody, oldest first.

    Args:
        data: The data folder of the server.
        to: Their address.
    """
    read = BytesParser(EmailMessage, policy=policy.default)
    found = [read.parsebytes(path.read_bytes()) for path in sorted((data / "outbox").glob("*.eml"))]
    texts = []
    for message in found:
        body = message.get_body(("plain",))
        assert body is not None
        if message["to"] == to:
            texts.append(str(body.get_content()))
    return texts


def code(data: Path, to: str, after: int = 0) -> str:
    """Return the 6 digits of the last letter to somebody, once it is there.

    Args:
        data: The data folder of the server.
        to: Their address.
        after: How many letters they had before.
    """
    return _found(r"^\s*(\d{6})\s*$", data, to, after)


def link(data: Path, to: str, after: int = 0) -> str:
    """Return the address in the last letter to somebody, once it is there; as `code`."""
    return _found(r"^\s*(http\S+)\s*$", data, to, after)


def _found(what: str, data: Path, to: str, after: int) -> str:
    deadline = time.monotonic() + WITHIN_S
    while len(texts := letters(data, to)) <= after:
        assert time.monotonic() < deadline, f"no letter to {to}"
        time.sleep(0.05)
    found = re.search(what, texts[-1], re.MULTILINE)
    assert found, texts[-1]
    return found[1]
