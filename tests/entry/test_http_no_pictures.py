"""Where pictures are not kept, no byte of one is written anywhere: not even for a moment.

Every file that the process opens for writing is noted, and what lies in it afterwards is searched
for any 64 bytes in a row of the file that was sent, or of the pixels in it.
"""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from tests.entry.http_house import serving_house
from tests.entry.test_http_recognition import Office
from tests.usecases.enrolled import portrait
from visavis.core.types import Source

RUN = 64
"""Bytes in a row that are too many to be there by chance."""

_STEP = 8
_TELLING = 10
"""Different values that such a run has at least; a white wall is nobody's picture."""

_OPENED: list[set[str]] = []
_WRITING = os.O_WRONLY | os.O_RDWR


def _heard(event: str, args: tuple[object, ...]) -> None:
    """Note what is opened for writing while somebody wants to know."""
    if event != "open" or not _OPENED:
        return
    path, flags = args[0], args[2]
    if isinstance(path, str | bytes) and isinstance(flags, int) and flags & _WRITING:
        for noted in _OPENED:
            noted.add(os.fsdecode(path))


@cache
def _listen() -> None:
    """Hear what is opened; once and for good, there is no way to stop it."""
    sys.addaudithook(_heard)


@contextmanager
def noting() -> Iterator[set[str]]:
    """Give the names of all files that are opened for writing meanwhile."""
    _listen()
    noted: set[str] = set()
    _OPENED.append(noted)
    try:
        yield noted
    finally:
        _OPENED.remove(noted)


def runs(content: bytes) -> set[bytes]:
    """Return runs such that any 64 bytes in a row of the content hold one."""
    size = RUN - _STEP
    found = (content[at : at + size] for at in range(0, len(content) - size, _STEP))
    return {run for run in found if len(set(run)) >= _TELLING}


def traces(content: bytes, sought: set[bytes]) -> int:
    """Return how many of the runs lie in a content, at whatever place."""
    size = RUN - _STEP
    return sum(content[at : at + size] in sought for at in range(len(content) - size + 1))


def pixels(source: Source) -> np.ndarray:
    with Image.open(BytesIO(source.data)) as picture:
        return np.asarray(picture.convert("RGB"))


def large(source: Source) -> Source:
    """Return the same picture in more than a megabyte, which forms used to put on the disk."""
    drawn, out = Image.fromarray(pixels(source)), BytesIO()
    drawn.resize((drawn.width * 2, drawn.height * 2), Image.Resampling.BICUBIC).save(out, "BMP")
    assert out.tell() > 1_100_000
    return Source("large.bmp", out.getvalue())


@pytest.fixture
def temp(tmp_path, monkeypatch):
    folder = tmp_path / "temp"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def test_a_picture_that_is_written_would_be_found(tmp_path, shared_data):
    source = portrait(shared_data, 0)
    sought = runs(source.data) | runs(pixels(source).tobytes())
    for content in (source.data[5001 : 5001 + RUN], pixels(source)[80].tobytes()):
        assert traces(b"odd" + content + bytes(100), sought)
    with noting() as noted:
        (tmp_path / "written").write_bytes(b"x")
    assert noted == {str(tmp_path / "written")}


@pytest.mark.parametrize("mode", ["verify", "identify"])
def test_no_byte_of_a_picture_is_written(
    tmp_path, temp, services, shared_data, caplog, capfd, mode
):
    first, second = portrait(shared_data, 3), portrait(shared_data, 3, smiling=True)
    sent = (first, second, large(second))
    with serving_house(tmp_path / "served", services=services) as house:
        office = Office(house, house.add_tenant("shop"), tmp_path)
        token = house.owners_token(office.tenant)
        changed = house.ask("PATCH", "/api/v1/privacy", token, json={"mode": mode, "confirm": True})
        assert changed.json()["keep_pictures"] is False
        with noting() as noted:
            ann = office.enrolled(first)
            office.ask("POST", f"/subjects/{ann}/templates", sent[2], replace=True)
            many = 200 if mode == "identify" else 403
            for picture in sent:
                for path in ("/recognize", "/identify"):
                    assert office.ask("POST", path, picture).status_code == many
                told = office.ask("POST", "/verify", picture, subject_id=ann).json()
                assert told["decision"] == "match"
            assert office.ask("POST", "/verify", first, second).status_code == 200
    data = tmp_path / "served" / "data"
    assert {name for name in noted if not name.startswith(str(data))} <= {os.devnull}
    assert not [name for name in noted if "blobs" in name]
    assert [*temp.iterdir()] == []
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert any(path.suffix == ".db" for path in written)
    told = capfd.readouterr()
    contents = [path.read_bytes() for path in written]
    contents.append((caplog.text + told.out + told.err).encode())
    sought = set().union(*(runs(each.data) | runs(pixels(each).tobytes()) for each in sent))
    assert [traces(content, sought) for content in contents] == [0] * len(contents)
