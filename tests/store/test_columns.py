"""Values come back as they were, or are refused; whatever the database."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Column, Integer, MetaData, Table, insert, select
from sqlalchemy.exc import StatementError

from visavis.core.roles import Role
from visavis.store.columns import Bytes, Choice, Id, Json, Names, Prose, Utc, Words
from visavis.store.errors import NotStorable
from visavis.store.tables.base import MYSQL

THINGS = Table(
    "things",
    MetaData(),
    Column("n", Integer, primary_key=True),
    Column("id", Id),
    Column("at", Utc),
    Column("words", Words(20)),
    Column("prose", Prose(300)),
    Column("some", Bytes(70_000)),
    Column("json", Json),
    Column("names", Names),
    Column("role", Choice(Role)),
    **MYSQL,
)
ZONES = st.integers(-14 * 60, 14 * 60).map(lambda m: timezone(timedelta(minutes=m)))
TIMES = st.datetimes(datetime(1900, 1, 1), datetime(2300, 1, 1), timezones=ZONES)  # noqa: DTZ001
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)  # fmt: skip
GOOD = st.characters(codec="utf-8", exclude_characters="\0")


@pytest.fixture
def kept(empty):
    """Give a function that keeps a value in a column and returns what comes back."""
    THINGS.create(empty)

    def keep(**values):
        with empty.connect() as connection, connection.begin() as unit:
            connection.execute(insert(THINGS).values(n=1, **values))
            found = connection.execute(select(*(THINGS.c[name] for name in values))).one()
            unit.rollback()
            return dict(zip(values, found, strict=True))

    return keep


def test_what_is_kept_comes_back(kept):
    @settings(max_examples=60)
    @given(
        st.fixed_dictionaries(
            {
                "id": st.uuids().map(lambda made: made.hex),
                "at": TIMES,
                "words": st.text(GOOD, max_size=20),
                "prose": st.text(GOOD, max_size=300),
                "some": st.binary(max_size=1000),
                "json": JSON,
                "names": st.lists(st.text()).map(tuple),
                "role": st.sampled_from(Role),
            }
        )
    )
    def comes_back(values):
        found = kept(**values)
        assert found == values
        assert found["at"].tzinfo is UTC
        assert type(found["role"]) is Role

    comes_back()


def test_times_keep_their_microseconds(kept):
    for micros in (0, 1, 499_999, 500_000, 999_999):
        at = datetime(2026, 12, 31, 23, 59, 59, micros, UTC)
        assert kept(at=at) == {"at": at}


def test_nothing_is_kept_as_nothing(kept):
    nothing = dict.fromkeys(column.name for column in THINGS.columns if column.name != "n")
    assert kept(**nothing) == nothing


def test_bytes_up_to_the_limit(kept):
    most = bytes(range(256)) * 273 + b"x" * 112
    assert len(most) == 70_000
    assert kept(some=most) == {"some": most}


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("words", "x" * 21, "20 characters here, not for 21"),
        ("words", "nul\0", "cannot be stored"),
        ("prose", "half \ud83d", "cannot be stored"),
        ("prose", "x" * 301, "300 characters"),
        ("id", "x" * 33, "32 characters"),
        ("some", bytes(70_001), "70000 bytes"),
        ("json", float("nan"), "ValueError"),
        ("json", {1, 2}, "TypeError"),
        ("json", "x" * 1024 * 1024, "1048576 characters"),
    ],
)
def test_what_does_not_fit_is_refused(kept, column, value, reason):
    with pytest.raises(NotStorable, match=reason):
        kept(**{column: value})
    assert kept(**{column: None}) == {column: None}


def test_mistakes_of_ours_are_no_bad_input(kept):
    with pytest.raises(StatementError, match="says no time zone"):
        kept(at=datetime(2026, 1, 1))  # noqa: DTZ001
    with pytest.raises(StatementError, match="'king' is not a valid Role"):
        kept(role="king")
