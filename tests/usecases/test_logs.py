"""Who sees which lines of the log, and for how long they are there."""

import os
from datetime import datetime, timedelta

import pytest

from visavis.core.errors import NotAllowed
from visavis.core.log_lines import Level, LineIds, LogLine, first_id
from visavis.entry.wiring import open_logs
from visavis.store.log_lines import Wanted


@pytest.fixture
def given():
    return {"logs": {"days": 14}}


@pytest.fixture
def logs(ground):
    return open_logs(ground)


def line(tenant_id: str, event: str, at: datetime) -> LogLine:
    told = first_id(at)[:-8] + LineIds().new()[-8:]
    return LogLine(tenant_id, told, at, "worker", Level.INFO, event, process="machine:7")


@pytest.fixture
def filled(logs, house, other, clock):
    lines = [line("", "started", clock()), line(house.tenant_id, "ours", clock())]
    logs.keep([*lines, line(other.tenant_id, "theirs", clock())])
    return logs


def events(logs, actor):
    return {found.event: found.process for found in logs.page(actor, Wanted()).items}


def test_admins_see_what_concerns_their_organisation_and_the_host_everything(filled, house, other):
    everything = dict.fromkeys(("started", "ours", "theirs"), "machine:7")
    assert events(filled, house.admin) == events(filled, house.owner) == everything
    assert events(filled, other.admin) == events(filled, other.owner) == {"theirs": ""}
    assert len(filled.page_of_machine(Wanted()).items) == 3


def test_others_see_nothing(filled, house, other):
    for actor in (house.operator, house.viewer, other.operator, other.viewer):
        with pytest.raises(NotAllowed):
            filled.page(actor, Wanted())


def test_lines_that_come_again_are_kept_once_whether_they_are_doubted_or_not(filled, clock):
    lines = [line("", f"line {number}", clock()) for number in range(3)]
    filled.keep(lines[:2])
    filled.keep(lines)
    filled.keep(lines, {each.id for each in lines})
    assert len(filled.page_of_machine(Wanted(text="line ")).items) == 3


def test_lines_and_files_go_after_their_days(logs, house, clock):
    old = [line("", f"old {number}", clock()) for number in range(12_000)]
    logs.keep(old)
    clock.move(days=14, seconds=1)
    new = [line("", "new", clock())]
    logs.keep(new)
    folder = logs._ground.settings.data / "logs"
    logs.files.write(new)
    closed = folder / "visavis.1.jsonl"
    closed.write_text("{}\n")
    then = (clock() - timedelta(days=15)).timestamp()
    os.utime(closed, (then, then))

    assert logs.sweep(clock()) == 12_000

    assert [found.event for found in logs.page_of_machine(Wanted()).items] == ["new"]
    assert sorted(path.name for path in folder.glob("*.jsonl")) == ["visavis.jsonl"]
