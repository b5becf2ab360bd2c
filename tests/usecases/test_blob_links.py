"""Links open one file for whoever has them, until their time is over."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.usecases.blob_files import JPEG, keep, read
from visavis.core.errors import InvalidInput
from visavis.store.blobs.errors import LinkRefused
from visavis.store.blobs.files import FileBlobs
from visavis.usecases.blobs import LINKS, BlobKeeping
from visavis.usecases.errors import NotFound


@pytest.fixture
def files(tmp_path):
    return FileBlobs(tmp_path / "blobs")


@pytest.fixture
def keeping(ground, files):
    return BlobKeeping(ground, files)


def test_a_link_opens_one_file_until_its_time_is_over(ground, keeping, house, clock):
    row = keep(keeping, house.operator)
    query = keeping.link(house.operator, row.sha256, "Anna's portrait.jpg", 60)
    opened = keeping.open_link(query, 1, 3)
    assert (read(opened), opened.name, opened.row) == (JPEG[1:3], "Anna's portrait.jpg", row)
    clock.move(seconds=59)
    assert read(keeping.open_link(query)) == JPEG
    clock.move(seconds=1)
    with pytest.raises(LinkRefused, match="time of this link"):
        keeping.open_link(query)
    with ground.store.reading() as work:
        (entry,) = work.audit.latest(house.tenant_id, 1)
    assert (entry.action, dict(entry.details)) == ("blob.shared", {"seconds": 60})


@pytest.mark.parametrize("seconds", [0, -1, -(10**30), 7 * 86400 + 1, 10**30])
def test_a_link_ends_within_a_week(keeping, house, seconds):
    row = keep(keeping, house.operator)
    with pytest.raises(InvalidInput):
        keeping.link(house.operator, row.sha256, "a.jpg", seconds)


def test_a_link_of_a_dropped_file_or_a_tenant_that_left_opens_nothing(ground, keeping, house):
    row = keep(keeping, house.operator)
    query = keeping.link(house.operator, row.sha256, "a.jpg", 600)
    with ground.store.work() as work:
        work.tenants.leave(house.tenant_id, ground.clock())
    with pytest.raises(LinkRefused):
        keeping.open_link(query)
    with pytest.raises(NotFound):
        keep(keeping, house.operator)


def test_a_link_outlives_a_new_key_and_not_its_file(ground, keeping, house):
    row = keep(keeping, house.operator)
    query = keeping.link(house.operator, row.sha256, "a.jpg", 600)
    with ground.store.work() as work:
        ground.keyring.rotate_deployment(work.keys, LINKS, ground.clock())
    assert read(keeping.open_link(query)) == JPEG
    newer = keeping.link(house.operator, row.sha256, "a.jpg", 600)
    assert newer != query
    assert read(keeping.open_link(newer)) == JPEG
    keeping.drop(house.operator, row.sha256, "upload")
    for gone in (query, newer):
        with pytest.raises(LinkRefused, match="gone"):
            keeping.open_link(gone)


@given(data=st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
def test_a_changed_link_opens_nothing(keeping, house, data):
    row = keep(keeping, house.operator)
    query = keeping.link(house.operator, row.sha256, "a.jpg", 600)
    place = data.draw(st.integers(0, len(query) - 1))
    letter = data.draw(st.characters().filter(lambda c: c != query[place]))
    with pytest.raises(LinkRefused):
        keeping.open_link(query[:place] + letter + query[place + 1 :])


@pytest.mark.parametrize("query", ["", "v=1", "&" * 9000, "v=1&tenant=..", "\0", "é"])
def test_before_any_link_was_made_none_opens(keeping, query):
    with pytest.raises(LinkRefused):
        keeping.open_link(query)
