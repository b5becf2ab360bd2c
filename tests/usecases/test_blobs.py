"""Files of a tenant: kept whole or not at all, and seen by nobody else."""

import hashlib
from contextlib import suppress
from itertools import pairwise
from threading import Barrier, Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.store.databases import KINDS, database
from tests.usecases.blob_files import JPEG, LATER, PNG, ZERO, keep, on_disk, read
from tests.usecases.conftest import make_ground, make_house
from visavis.core.errors import InvalidInput, NotAllowed
from visavis.core.settings import load_settings
from visavis.store.blobs.errors import BlobNotFound, BlobTooLarge, QuotaExceeded
from visavis.store.blobs.files import FileBlobs
from visavis.usecases import media_types
from visavis.usecases.blobs import BlobKeeping
from visavis.usecases.errors import NotFound


@pytest.fixture
def files(tmp_path):
    return FileBlobs(tmp_path / "blobs")


@pytest.fixture
def keeping(ground, files):
    return BlobKeeping(ground, files)


def test_what_is_kept_comes_back_whole_and_in_parts(keeping, house):
    row = keep(keeping, house.operator)
    assert row.sha256 == hashlib.sha256(JPEG).hexdigest()
    assert (row.size, row.media_type) == (len(JPEG), "image/jpeg")
    assert keeping.find(house.viewer, row.sha256) == row
    assert read(keeping.open(house.viewer, row.sha256)) == JPEG
    assert read(keeping.open(house.viewer, row.sha256, 3, 10)) == JPEG[3:10]


def test_the_same_file_is_kept_once_and_stays_while_something_needs_it(keeping, house, files):
    row = keep(keeping, house.operator, owner="1")
    keep(keeping, house.operator, owner="2")
    assert len(on_disk(files)) == 1
    keeping.drop(house.operator, row.sha256, "upload", "1")
    assert read(keeping.open(house.viewer, row.sha256)) == JPEG
    with pytest.raises(BlobNotFound):
        keeping.drop(house.operator, row.sha256, "upload", "1")
    with pytest.raises(BlobNotFound):
        keeping.drop(house.operator, row.sha256, "photo")
    keep(keeping, house.operator, owner="3")
    keeping.drop(house.operator, row.sha256, "upload")
    assert on_disk(files) == []
    with pytest.raises(BlobNotFound):
        keeping.open(house.viewer, row.sha256)


@pytest.mark.parametrize(
    "name", ["0" * 64, "", "..", "../" * 3 + "etc/passwd", "a\0b", "A" * 64, "é" * 64, "0" * 63]
)
def test_what_is_another_tenants_or_no_name_is_answered_as_what_never_was(
    keeping, house, other, name
):
    theirs = keep(keeping, other.operator).sha256
    told = set()
    for asked in (theirs, name):
        for ask in (
            lambda asked: keeping.find(house.owner, asked),
            lambda asked: keeping.open(house.owner, asked),
            lambda asked: keeping.link(house.owner, asked, "a.jpg", 60),
            lambda asked: keeping.drop(house.owner, asked, "upload", "1"),
        ):
            with pytest.raises(BlobNotFound) as refused:
                ask(asked)
            told.add(str(refused.value))
    assert len(told) == 1
    assert read(keeping.open(other.viewer, theirs)) == JPEG


def test_viewers_read_and_keep_nothing(keeping, house):
    row = keep(keeping, house.operator)
    for act in (
        lambda: keep(keeping, house.viewer),
        lambda: keeping.drop(house.viewer, row.sha256, "upload", "1"),
        lambda: keeping.link(house.viewer, row.sha256, "a.jpg", 60),
    ):
        with pytest.raises(NotAllowed):
            act()


SAMPLES = {
    "image/jpeg": JPEG,
    "image/png": PNG,
    "image/gif": b"GIF89a" + bytes(20),
    "image/webp": b"RIFF\0\0\0\0WEBPVP8 ",
    "image/bmp": b"BM" + bytes(12) + (40).to_bytes(4, "little") + bytes(36),
    "image/tiff": b"II*\0" + bytes(20),
    "image/heic": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic",
    "image/heif": b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic",
    "image/avif": b"\0\0\0\x18ftypavif\0\0\0\0avifmif1",
    "application/json": b' \n{"a": [1, 2]}',
    "application/zip": b"PK\x03\x04" + bytes(30),
}


def test_every_kind_is_kept_as_what_it_is_and_as_nothing_else(keeping, house):
    assert set(SAMPLES) == set(media_types.KNOWN)
    alike = {"image/heic", "image/heif"}
    for said in SAMPLES:
        for real, content in SAMPLES.items():
            if said == real or {said, real} == alike:
                assert keep(keeping, house.operator, content, said).size == len(content)
            else:
                with pytest.raises(InvalidInput, match="content is not"):
                    keep(keeping, house.operator, content, said)


@pytest.mark.parametrize(
    "media_type",
    ["", "text/html", "image/svg+xml", "image/jpeg, text/html", "image/*", "image/jpeg\r\nX: y",
     "application/octet-stream", "multipart/form-data", "image / jpeg", "x" * 5000],
)  # fmt: skip
def test_a_type_that_is_not_kept_is_refused_before_anything_is_read(keeping, house, media_type):
    unread = iter((JPEG,))
    with pytest.raises(InvalidInput, match="not kept here"):
        keeping.keep(house.operator, unread, media_type, "upload", "1")
    assert next(unread) == JPEG


def test_parameters_and_capitals_of_a_type_mean_nothing(keeping, house):
    row = keep(keeping, house.operator, media_type='IMAGE/JPEG; name="a.html"')
    assert row.media_type == "image/jpeg"


@pytest.mark.parametrize("content", [b"", b"<script>", b"{\0}", b"\xef\xbb\xbf<html>", b'"text"'])
def test_what_is_no_json_is_not_kept_as_json(keeping, house, files, content):
    with pytest.raises(InvalidInput):
        keep(keeping, house.operator, content, "application/json")
    assert on_disk(files) == []


@given(cuts=st.lists(st.integers(0, len(PNG)), max_size=20).map(sorted))
def test_the_type_is_told_however_the_pieces_are_cut(cuts):
    pieces = [PNG[a:b] for a, b in pairwise([0, *cuts, len(PNG)])]
    assert b"".join(media_types.checked(pieces, "image/png")) == PNG


def test_an_upload_that_breaks_off_leaves_nothing(keeping, house, files):
    def breaks():
        yield JPEG
        raise ConnectionError("gone")

    with pytest.raises(ConnectionError):
        keeping.keep(house.operator, breaks(), "image/jpeg", "upload", "1")
    assert on_disk(files) == []
    assert keeping.sweep(LATER, ZERO).partials == 0


def test_a_file_larger_than_allowed_is_refused(keeping, house, files):
    with pytest.raises(BlobTooLarge):
        keep(keeping, house.operator, most=len(JPEG) - 1)
    assert on_disk(files) == []


def test_it_goes_with_the_subject_it_shows(ground, keeping, house, other):
    now = ground.clock()
    with ground.store.work() as work:
        mine = work.subjects.add(house.tenant_id, now).id
        theirs = work.subjects.add(other.tenant_id, now).id
        erased = work.subjects.add(house.tenant_id, now).id
        work.subjects.mark_erased(house.tenant_id, erased, now)
    row = keep(keeping, house.operator, subject_id=mine)
    for wrong in (theirs, erased, "0" * 32, "../" * 20):
        with pytest.raises(NotFound):
            keep(keeping, house.operator, PNG, "image/png", subject_id=wrong)
    with ground.store.work() as work:
        (use,) = work.blob_rows.uses_of_subject(house.tenant_id, mine)
        assert use.sha256 == row.sha256
        work.blob_rows.drop_uses_of_subject(house.tenant_id, mine)
    assert keeping.forget(house.tenant_id, [row.sha256]) == 1
    with pytest.raises(BlobNotFound):
        keeping.find(house.viewer, row.sha256)


def test_a_refused_file_is_gone_and_one_that_others_need_is_not(keeping, house, files):
    with pytest.raises(NotFound):
        keep(keeping, house.operator, subject_id="0" * 32)
    assert on_disk(files) == []
    keep(keeping, house.operator)
    with pytest.raises(NotFound):
        keep(keeping, house.operator, subject_id="0" * 32)
    assert len(on_disk(files)) == 1


class TestQuota:
    @pytest.fixture
    def given(self):
        return {"blobs": {"quota_bytes": 1000}}

    def test_it_is_never_exceeded_and_others_have_their_own(self, keeping, house, other, files):
        keep(keeping, house.operator, JPEG)
        with pytest.raises(QuotaExceeded):
            keep(keeping, house.operator, PNG, "image/png")
        assert len(on_disk(files)) == 1
        keep(keeping, other.operator, PNG, "image/png")

    def test_a_file_that_is_there_takes_no_more_room(self, keeping, house):
        half = PNG[:450]
        keep(keeping, house.operator, half, "image/png")
        keep(keeping, house.operator, half, "image/png", owner="2")
        keep(keeping, house.operator, half[:449], "image/png")

    def test_dropping_makes_room(self, keeping, house):
        row = keep(keeping, house.operator, JPEG)
        keeping.drop(house.operator, row.sha256, "upload", "1")
        keep(keeping, house.operator, PNG, "image/png")


@pytest.mark.parametrize("kind", KINDS)
def test_uploads_at_the_same_time_stay_within_the_quota(kind, tmp_path, clock, mailbox):
    size, fit = 400, 5
    with database(kind, tmp_path) as url:
        own = {"data": tmp_path, "store": {"url": url}, "blobs": {"quota_bytes": fit * size + 1}}
        ground = make_ground(load_settings(**own), clock, mailbox)
        house, files = make_house(ground), FileBlobs(tmp_path / "blobs")
        keeping, start = BlobKeeping(ground, files), Barrier(8)

        def send(n):
            start.wait()
            with suppress(QuotaExceeded):
                keep(keeping, house.operator, JPEG[:4].ljust(size, bytes([n])), owner=str(n))

        threads = [Thread(target=send, args=(n,)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        with ground.store.reading() as work:
            assert work.blob_rows.used_bytes(house.tenant_id) == fit * size
            assert work.blob_rows.names() == tuple(on_disk(files))
        ground.store.close()
