"""Small files of each kind, and the acts on them that several tests share."""

from datetime import UTC, datetime, timedelta

JPEG = b"\xff\xd8\xff\xe0" + b"picture" * 100
PNG = b"\x89PNG\r\n\x1a\n" + b"drawing" * 70
ZERO = timedelta()
LATER = datetime.now(UTC) + timedelta(hours=1)
"""What is put now is old then."""


def keep(keeping, actor, content=JPEG, media_type="image/jpeg", owner="1", **more):
    return keeping.keep(actor, [content], media_type, "upload", owner, **more)


def read(opened):
    return b"".join(opened.pieces)


def on_disk(files):
    return [kept.name for kept in files.names()]
