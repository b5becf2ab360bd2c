"""Processes that are killed while they write lose nothing that they were told was done.

The whole of it, 200 kills on two databases, is the bench `crashes`.
"""

from contextlib import closing

import pytest

from scripts.bench import crashes
from visavis.entry.wiring import open_records


@pytest.mark.slow
def test_ten_kills_lose_nothing_and_the_sweep_cleans_up(tmp_path):
    settings = crashes.deployment(tmp_path, "")
    found = crashes.crash(settings, kills=10, seed=4)
    assert (found.kills, found.lost, found.damaged, found.broken) == (10, [], [], [])
    assert found.told.total() > 0
    assert found.left == 0
    with closing(open_records(settings)) as records:
        files = list((settings.data / "blobs").glob("*/??/*"))
        with records.ground.store.reading() as work:
            assert len(work.blob_rows.names()) == len(files)
        assert list((settings.data / "blobs" / "partial").iterdir()) == []
        if files:
            files[0].write_bytes(b"half")
            assert crashes._damaged(records) == [files[0].name], "it would have been seen"


def test_what_is_missing_would_be_seen(tmp_path):
    settings = crashes.deployment(tmp_path, "")
    with closing(open_records(settings)) as records:
        owner = crashes._house(records).owner
        subject = records.subjects.create(owner, name="Ada").id
        known, found = crashes._Known(), crashes.Crashed()
        for line in (
            ["subject", subject],
            ["subject", "0" * 32],
            ["key", "1" * 32],
            ["file", "2" * 64, "2" * 64],
            ["going", "2" * 64],
            ["template", "3" * 32, subject],
            ["gone", subject],
        ):
            known.take(*line)
        crashes._check(records, owner.tenant_id, known, found)
    assert found.lost == [
        f"subject {subject}",
        f"subject {'0' * 32}",
        f"key {'1' * 32}",
        f"template {'3' * 32}",
    ]
    assert not found.is_clean
