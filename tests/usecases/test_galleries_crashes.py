"""Processes that are killed while they seal and remove leave neither ghosts nor holes."""

import multiprocessing
import os
import random
import signal

import pytest

from tests.usecases.gallery import People, galleries
from tests.usecases.gallery_writer import kept_galleries, write
from tests.usecases.people import EMBEDDER, vector

KILLS = 6


@pytest.mark.slow
def test_after_a_kill_database_and_index_agree(ground, house):
    chance, starter = random.Random(5), multiprocessing.get_context("forkserver")
    starter.set_forkserver_preload([write.__module__])
    people, other = People(ground, house), galleries(ground)
    promised = 0
    for seed in range(KILLS):
        subject = people.add()
        receiving, telling = starter.Pipe(duplex=False)
        told = ground.settings, house.operator, subject, seed, telling
        writer = starter.Process(target=write, args=told)
        writer.start()
        telling.close()
        promised += killed(writer, receiving, chance.randint(1, 40), other, people)
        assert writer.exitcode == -signal.SIGKILL
        check(
            ground, house.tenant_id, other, kept_galleries(ground, ground.settings.data / "index")
        )
    assert promised > KILLS


def killed(writer, receiving, lines, other, people):
    """Kill a process once it has said so much, while another one follows; return how much."""
    said = b""
    while said.count(b"\n") < lines and (piece := os.read(receiving.fileno(), 65536)):
        said += piece
        people.find(other, vector(1))
    writer.kill()
    while piece := os.read(receiving.fileno(), 65536):
        said += piece
    writer.join()
    receiving.close()
    return said.count(b"\n")


def check(ground, tenant_id, *processes):
    """Look whether the feed says what there is, and whether every process found it."""
    with ground.store.reading() as work:
        there = {one.template_id for one in work.galleries.listed(tenant_id, "", 10_000)}
        changes = work.template_changes.changes_after(tenant_id, 0, 100_000)
        assert work.template_changes.head(tenant_id).seq == len(changes)
    assert [change.seq for change in changes] == list(range(1, len(changes) + 1))
    gone = {change.template_id for change in changes if not change.added}
    assert {change.template_id for change in changes} - gone == there
    for where in processes:
        if there:
            (found,) = where.verify(tenant_id)
            assert found.is_clean
            assert (found.embedder, found.templates) == (EMBEDDER, len(there))
            (space,) = where._index.spaces(tenant_id)
            assert where._index.ids(space) == there
