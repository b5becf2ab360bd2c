"""Lists in parts: nothing twice, nothing lost, and no cursor of somebody's own."""

import base64
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.store.filling import MINUTE, NOW
from visavis.core.errors import InvalidInput
from visavis.store.page import Place, check_limit, read_cursor

TIMES = st.datetimes(timezones=st.just(UTC))
IDS = st.uuids().map(lambda made: made.hex)


@given(TIMES, IDS)
def test_a_cursor_leads_back_to_its_place(at, row_id):
    cursor = Place(at, row_id).cursor()
    assert read_cursor(cursor) == Place(at, row_id)
    assert cursor.isascii()
    assert cursor.replace("-", "").replace("_", "").isalnum()


@given(st.text() | st.binary().map(lambda raw: base64.urlsafe_b64encode(raw).decode()))
def test_a_cursor_that_no_list_gave(text):
    with pytest.raises(InvalidInput, match="begin again"):
        read_cursor(text)


@given(TIMES, IDS, st.integers(0, 33), st.characters())
def test_a_cursor_that_was_changed_is_refused_or_means_what_it_says(at, row_id, place, letter):
    cursor = Place(at, row_id).cursor()
    changed = cursor[:place] + letter + cursor[place + 1 :]
    try:
        read = read_cursor(changed)
    except InvalidInput:
        return
    assert read.cursor() == changed


@pytest.mark.parametrize("version", [0, 2, 255])
def test_cursors_of_other_versions(version):
    raw = bytes([version]) + base64.urlsafe_b64decode(Place(NOW, "a" * 32).cursor() + "==")[1:]
    with pytest.raises(InvalidInput):
        read_cursor(base64.urlsafe_b64encode(raw).decode().rstrip("="))


@pytest.mark.parametrize("limit", [-1, 0, 201])
def test_pages_have_1_to_200_items(limit):
    with pytest.raises(InvalidInput, match="1 to 200"):
        check_limit(limit)


def all_pages(work, tenant, limit, between):
    """Walk through a list; `between` is called after every page."""
    cursor, seen = None, []
    while True:
        page = work.subjects.page(tenant, limit, cursor)
        assert len(page.items) <= limit
        seen += [subject.id for subject in page.items]
        if page.next is None:
            return seen
        cursor = page.next
        between()


def test_rows_that_come_and_go_meanwhile_hide_and_repeat_no_other(store):
    with store.work() as work:
        tenant = work.tenants.add("a", NOW).id

    @settings(max_examples=15)
    @given(
        st.lists(st.integers(-3, 3), min_size=1, max_size=12),
        st.integers(1, 5),
        st.lists(st.integers(-5, 5), max_size=6),
    )
    def walk(before, limit, meanwhile):
        with store.work() as work:
            there = [work.subjects.add(tenant, NOW + n * MINUTE).id for n in before]
            later = iter(meanwhile)

            def between():
                for n in later:
                    added = work.subjects.add(tenant, NOW + n * MINUTE)
                    if n % 2:
                        work.subjects.remove(tenant, added.id)
                    break

            seen = all_pages(work, tenant, limit, between)
            assert len(seen) == len(set(seen))
            assert set(there) <= set(seen)
            for subject in work.subjects.page(tenant, 200).items:
                work.subjects.remove(tenant, subject.id)

    walk()


def test_pages_are_in_order_also_where_times_are_equal(store):
    step = timedelta(microseconds=1)
    with store.work() as work:
        tenant = work.tenants.add("a", NOW).id
        for n in range(30):
            work.subjects.add(tenant, NOW + n // 10 * step)
        whole = [(s.created_at, s.id) for s in work.subjects.page(tenant, 200).items]
        assert whole == sorted(whole, reverse=True)
        walked = all_pages(work, tenant, 7, lambda: None)
        assert walked == [row_id for _, row_id in whole]
    assert whole[0][0] == datetime(2026, 11, 21, 12, 30, 15, 123459, UTC)


def test_every_list_has_pages(store):
    with store.work() as work:
        tenant = work.tenants.add("a", NOW).id
        for n in range(3):
            work.notices.add(tenant, "visits", n, "en", "text", NOW)
            work.receipts.add(tenant, "export", NOW, {}, b"")
        for noun in (work.notices, work.receipts):
            first = noun.page(tenant, limit=2)
            rest = noun.page(tenant, limit=2, cursor=first.next)
            assert (len(first.items), len(rest.items), rest.next) == (2, 1, None)
            assert len({item.id for item in (*first.items, *rest.items)}) == 3
