"""What people type stays text, and times and numbers read well."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.core.errors import InvalidInput
from visavis.core.roles import Role
from visavis.entry.web.fields import Choice, act, area, choices, line, select
from visavis.entry.web.questions import Form
from visavis.entry.web.words import count, date_of, day, moment, size

FORBIDDEN = st.text("<>\"'&x ", min_size=1).filter(lambda text: set(text) & set("<>\"'"))


@given(text=FORBIDDEN)
def test_what_people_bring_in_never_becomes_markup(text: str) -> None:
    mark = f"no{text}markup"
    drawn = (
        line("a", mark, value=mark, hint=mark),
        area("a", mark, value=mark, hint=mark),
        select("a", mark, [(mark, mark)], hint=mark),
        choices("a", mark, [Choice(mark, mark, mark, change=mark, note=mark)]),
        act("a", mark, mark, mark),
    )
    for content in drawn:
        assert mark not in content
        assert "markup" in content


def test_a_form_gives_what_was_filled_in() -> None:
    form = Form([["name", "  Ada "], ["box", "a"], ["box", "b"], ["role", "admin"]])

    assert form.text("name") == "Ada"
    assert form.secret("name") == "  Ada "
    assert form.text("nothing") == ""
    assert form.all("box") == ["a", "b"]
    assert form.choice("role", Role) is Role.ADMIN
    with pytest.raises(InvalidInput, match="viewer, operator, admin, owner"):
        form.choice("name", Role)


def test_times_are_told_in_utc() -> None:
    at = datetime(2026, 11, 22, 1, 30, 5, tzinfo=timezone(timedelta(hours=2)))

    assert day(at) == "21 Nov 2026"
    assert ">21 Nov 2026, 23:30<" in moment(at)
    assert 'datetime="2026-11-21T23:30:05Z"' in moment(at)
    assert moment(None, "not yet") == "not yet"


def test_a_date_is_read_as_browsers_send_it() -> None:
    assert date_of("2026-02-28") == datetime(2026, 2, 28, tzinfo=UTC)
    assert date_of("") is None
    for wrong in ("28.02.2026", "2026-02-30", "soon"):
        with pytest.raises(InvalidInput, match="year-month-day"):
            date_of(wrong)


@pytest.mark.parametrize(
    ("octets", "told"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1500, "1.5 kB"),
        (5_000_000, "5.0 MB"),
        (2e15, "2000.0 TB"),
    ],
)
def test_sizes_read_well(octets: float, told: str) -> None:
    assert size(octets) == told


def test_counts_read_well() -> None:
    assert [count(n, "key") for n in (0, 1, 2)] == ["no keys", "1 key", "2 keys"]
    assert count(3, "entry", "entries") == "3 entries"
