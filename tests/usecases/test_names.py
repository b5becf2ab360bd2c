"""Names are one line that can be shown."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.core.errors import InvalidInput
from visavis.usecases.names import one_line


def test_blanks_become_single_ones():
    assert one_line(" Zoë \t van\n der 照 ", "user") == "Zoë van der 照"
    assert one_line("x" * 5, "key", 5) == "xxxxx"


@pytest.mark.parametrize(
    ("text", "fault"),
    [("", "the key needs a name"), (" \n", "needs"), ("x" * 6, "at most 5"), ("a\x1bb", "shown")],
)
def test_what_cannot_be_shown_is_refused(text, fault):
    with pytest.raises(InvalidInput, match=fault):
        one_line(text, "key", 5)


@given(st.text())
def test_whatever_is_taken_is_one_printable_line_and_stays_as_it_is(text):
    try:
        name = one_line(text, "user")
    except InvalidInput:
        return
    assert name.isprintable()
    assert 0 < len(name) <= 200
    assert one_line(name, "user") == name
