"""Limits as people write them in the settings."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.core.errors import InvalidSettings
from visavis.core.settings import ThrottleOptions
from visavis.throttle.limit_texts import read_limits


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("5 per minute", [(5, 60)]),
        ("50 per hour; 10 per minute", [(10, 60), (50, 3600)]),
        ("1/second", [(1, 1)]),
        ("3 per 10 minutes", [(3, 600)]),
        ("100000 per day", [(100_000, 86_400)]),
    ],
)
def test_limits_are_read_shortest_window_first(text, found):
    assert [(one.amount, one.get_expiry()) for one in read_limits("X", text)] == found


@pytest.mark.parametrize("name", sorted(ThrottleOptions.model_fields.keys() - {"url"}))
def test_the_limits_of_the_settings_can_be_read(name):
    assert read_limits(name, getattr(ThrottleOptions(), name))


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "5", "five per minute", "5 per fortnight", "-5 per minute", "5.5 per minute"),
        *("0 per minute", "5 per 0 minutes", "5 per minute;", "5 per minute; x", "٥ per minute"),
        *("100001 per minute", "5 per year", "5 per 32 days", "9" * 4000 + " per minute"),
    ],
)
def test_a_mistaken_limit_is_named(text):
    with pytest.raises(InvalidSettings, match=r"^VISAVIS_THROTTLE__LOGIN = .* is no limit") as said:
        read_limits("VISAVIS_THROTTLE__LOGIN", text)
    assert len(str(said.value)) < 300


@given(st.text(max_size=40))
def test_any_text_is_a_limit_or_a_mistake(text):
    try:
        limits = read_limits("X", text)
    except InvalidSettings:
        return
    assert all(one.amount > 0 and one.get_expiry() > 0 for one in limits)
