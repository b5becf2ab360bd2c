"""What is looked for among results, as words."""

from contextlib import suppress
from datetime import UTC

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.core.errors import InvalidInput
from visavis.store.results import EVERYTHING, Sought
from visavis.usecases.results_sought import from_words, to_words

YEARS = range(3, 9998)
TIMES = st.none() | st.datetimes(timezones=st.just(UTC)).filter(lambda at: at.year in YEARS)


@given(
    st.builds(
        Sought,
        since=TIMES,
        until=TIMES,
        least_faces=st.none() | st.integers(0, 1000),
        most_faces=st.none() | st.integers(0, 1000),
        job_id=st.sampled_from(["", "ab" * 16]),
        batch_id=st.sampled_from(["", "ab" * 16]),
        least_score=st.none() | st.integers(0, 10_000),
        youngest=st.none() | st.integers(0, 130),
        oldest=st.none() | st.integers(0, 130),
        gender=st.sampled_from(["", "female", "male", "unknown"]),
        emotion=st.sampled_from(["", "happy"]),
        smile=st.none() | st.booleans(),
    )
)
def test_what_is_looked_for_can_stand_in_an_address(sought):
    assert from_words(to_words(sought)) == sought
    assert from_words({}) == EVERYTHING


@given(
    st.dictionaries(
        st.sampled_from(["from", "to", "youngest", "least_score", "job_id", "gender", "smile"]),
        st.text(max_size=40),
    )
)
def test_odd_words_are_refused_or_mean_something(words):
    with suppress(InvalidInput):
        found = from_words(words)
        assert from_words(to_words(found)) == found


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ({"from": "yesterday"}, "give from as a date or a time, such as 2026-11-21"),
        ({"to": "0001-01-01T00:00+14:00"}, "no such time can be looked for"),
        ({"youngest": "-1"}, "give youngest as a whole number from 0 to 130"),
        ({"least_faces": "٣"}, "give least_faces as a whole number"),
        ({"least_score": "nan"}, "give least_score as a number from 0 to 1"),
        ({"job_id": "x"}, "give job_id as 32 lower-case hex characters"),
        ({"gender": "woman"}, "give gender as one of female, male, unknown"),
        ({"smile": "yes"}, "give smile as one of true, false"),
    ],
)
def test_what_cannot_be_looked_for_is_told(words, says):
    with pytest.raises(InvalidInput, match=says):
        from_words(words)
