"""The history: which promotions stand, what a rollback undoes, what a line says."""

import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.core.attributes import Head
from visavis.core.errors import WeightsCorrupt
from visavis.lab.heads.history import Action, Event, choice, read_event, to_undo

START = datetime(2026, 11, 21, 10, tzinfo=UTC)
HEADS = st.sets(st.sampled_from(Head), min_size=1)
STEPS = st.lists(st.one_of(HEADS, st.none(), st.sampled_from(Head)), max_size=25)
"""A set = promote these heads, None = roll the last promotion back, a head = roll it back."""


def event(i, action, before, after):
    return Event(
        when=START + timedelta(seconds=i),
        action=action,
        by="ada",
        reason="it is better",
        heads=tuple(after),
        before=before,
        after=after,
        bundled=("b",),
    )


def play(steps):
    """Do the steps as the registry would; return the history and what serves after each."""
    serves: dict[Head, str | None] = dict.fromkeys(Head, "b")
    events: list[Event] = []
    seen = [dict(serves)]
    for i, step in enumerate(steps):
        if isinstance(step, set):
            after: dict[Head, str | None] = dict.fromkeys(sorted(step), f"v{i}")
            action = Action.PROMOTE
        elif found := to_undo(events, step):
            undone, heads = found
            after = {head: undone.before[head] for head in heads}
            action = Action.ROLLBACK
        else:
            continue
        before = {head: serves[head] for head in after}
        events.append(event(i, action, before, after))
        serves |= after
        seen.append(dict(serves))
    return events, seen


@given(STEPS)
def test_the_history_tells_what_serves(steps):
    events, seen = play(steps)
    assert choice(events) == {head: v for head, v in seen[-1].items() if v != "b"}
    for head in Head:
        for earlier, later in pairwise(events):
            if head in earlier.heads and head in later.heads:
                assert later.before[head] == earlier.after[head]


@given(STEPS)
def test_enough_rollbacks_lead_back_to_the_bundled(steps):
    _, seen = play([*steps, *[None] * len(steps) * len(Head)])
    assert set(seen[-1].values()) == {"b"}


@given(STEPS, HEADS)
def test_a_rollback_undoes_a_promotion_and_nothing_else(steps, heads):
    _, before = play(steps)
    _, after = play([*steps, heads, None])
    assert after[-1] == before[-1]


def test_of_a_promotion_that_was_partly_undone_the_rest_is():
    events, seen = play([{Head.AGE, Head.GENDER}, Head.AGE])
    assert (seen[-1][Head.AGE], seen[-1][Head.GENDER]) == ("b", "v0")
    found = to_undo(events, None)
    assert found
    assert found[1] == [Head.GENDER]


@given(STEPS)
def test_a_line_can_be_read_back(steps):
    for made in play(steps)[0]:
        assert read_event(json.dumps(made.as_json())) == made


@pytest.mark.parametrize("line", ["", "[]", "{}", '{"when": 1}', "null", '"x"'])
def test_a_line_that_is_none_is_one_sentence(line):
    with pytest.raises(WeightsCorrupt, match="a line of the history of heads cannot be read"):
        read_event(line)


def test_an_event_of_several_versions_comes_apart():
    before = dict.fromkeys((Head.AGE, Head.GENDER, Head.RACE), "v9")
    made = event(1, Action.ROLLBACK, before, {Head.AGE: "v1", Head.GENDER: None, Head.RACE: "v1"})
    parts = {part.to: part for part in made.parts()}
    assert {to: part.heads for to, part in parts.items()} == {
        "v1": (Head.AGE, Head.RACE),
        "": (Head.GENDER,),
    }
    assert parts["v1"].before == {Head.AGE: "v9", Head.RACE: "v9"}
    assert made.to == "v1"
