"""The gate: what lets a head file serve, and what does not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.lab.heads.reports import report
from visavis.core.attributes import Head
from visavis.core.errors import InvalidInput
from visavis.lab.heads.gate import Rules, Verdict, judge, refusal
from visavis.lab.heads.report import read_report
from visavis.lab.intervals import wilson

OLD, NEW = "portrait-1", "portrait-2"
SHARES = st.floats(0, 1)


def verdict(before, after, head=Head.GENDER, rules=None) -> Verdict:
    return judge(head, NEW, OLD, [read_report(after), read_report(before)], rules)


def gender(version, accuracy, **given):
    return report(version, {Head.GENDER: accuracy}, **given)


def failed(found: Verdict) -> list[str]:
    return [check.name for check in found.checks if not check.passed]


@pytest.mark.parametrize("head", [Head.GENDER, Head.AGE])
def test_surely_better_passes(head):
    found = verdict(report(OLD, {head: 0.6}), report(NEW, {head: 0.65}), head)
    assert found.passed
    assert [check.name for check in found.checks] == ["data", "metric", "groups", "calibration"]
    told = found.as_json()
    assert (told["challenger"], told["champion"]) == (NEW, OLD)
    assert told["metric"] == ("bin_accuracy" if head is Head.AGE else "accuracy")
    assert (told["value"], told["champion_value"]) == (0.65, 0.6)
    assert 0.6 < told["lower"] < 0.65


def test_better_within_chance_does_not():
    found = verdict(gender(OLD, 0.93), gender(NEW, 0.935))
    assert failed(found) == ["metric"]
    assert "0.9233 for sure; the champion's is 0.9300" in refusal(NEW, [found])


def test_other_faces_do_not_compare():
    assert failed(verdict(gender(OLD, 0.9), gender(NEW, 0.95, data="other"))) == ["data"]


@pytest.mark.parametrize(
    ("old", "new", "passes"),
    [(0.02, 0.05, True), (0.02, 0.051, False), (0.09, 0.08, True), (0.09, 0.091, False)],
)
def test_probabilities_have_to_be_honest_or_no_less_honest(old, new, passes):
    found = verdict(gender(OLD, 0.9, ece=old), gender(NEW, 0.95, ece=new))
    assert failed(found) == ([] if passes else ["calibration"])


@pytest.mark.parametrize(
    ("faces", "new", "passes"),
    [
        (49, 0.0, True),  # too few to be looked at
        (50, 0.84, True),  # three faces fewer: chance
        (50, 0.70, False),
        (200, 0.86, True),
        (200, 0.80, False),
        (5000, 0.885, True),
        (5000, 0.86, False),  # four points of many faces are no chance
    ],
)
def test_a_group_may_lose_what_chance_explains_and_the_margin(faces, new, passes):
    before = gender(OLD, 0.90, groups={"race=black": (faces, 0.9), "race=white": (900, 0.9)})
    after = gender(NEW, 0.95, groups={"race=black": (faces, new), "race=white": (900, 0.97)})
    found = verdict(before, after)
    assert failed(found) == ([] if passes else ["groups"])
    if not passes:
        assert f"race=black ({faces} faces)" in refusal(NEW, [found])
        assert found.as_json()["worst_group"]["group"] == "race=black"


def test_a_group_that_was_left_out_counts_as_lost():
    both = {"race=black": (200, 0.9), "race=white": (900, 0.9)}
    before = gender(OLD, 0.90, groups=both)
    after = gender(NEW, 0.95, groups={"race=white": (900, 0.97)})
    assert failed(verdict(before, after)) == ["groups"]
    assert failed(verdict(before | {"groups": {}}, after)) == ["groups"], "nothing was shown"


def test_the_margin_is_a_rule():
    before = gender(OLD, 0.9, groups={"race=black": (900, 0.9)})
    after = gender(NEW, 0.95, groups={"race=black": (900, 0.84)})
    assert failed(verdict(before, after)) == ["groups"]
    assert verdict(before, after, rules=Rules(group_margin=0.05)).passed


@pytest.mark.parametrize("given", [[], [NEW], [OLD], [OLD, "portrait-3"]])
def test_without_figures_of_both_it_says_how_to_get_them(given):
    reports = [read_report(gender(version, 0.95)) for version in given]
    found = judge(Head.GENDER, NEW, OLD, reports)
    assert failed(found) == ["data"]
    assert "--root and --labels" in refusal(NEW, [found])


def test_a_report_about_another_head_is_none():
    ages = [read_report(report(version, {Head.AGE: 0.6})) for version in (OLD, NEW)]
    assert not judge(Head.GENDER, NEW, OLD, ages).passed


def test_a_question_that_nobody_answers_needs_no_baseline():
    assert judge(Head.GENDER, NEW, None, []).passed
    assert judge(Head.GENDER, NEW, None, [read_report(gender(NEW, 0.6))]).passed
    dishonest = judge(Head.GENDER, NEW, None, [read_report(gender(NEW, 0.6, ece=0.2))])
    assert failed(dishonest) == ["calibration"]


def test_a_refusal_says_which_head_would_pass_alone():
    heads = {Head.GENDER: 0.9, Head.AGE: 0.5}
    reports = [
        read_report(report(OLD, heads)),
        read_report(report(NEW, heads | {Head.AGE: 0.6})),
    ]
    found = [judge(head, NEW, OLD, reports) for head in heads]
    assert "it passes for age alone" in refusal(NEW, found)


@given(SHARES, SHARES, st.integers(50, 3000), SHARES, SHARES)
def test_what_passes_is_better_and_no_group_lost_surely(old, new, faces, was, is_now):
    before = gender(OLD, old, groups={"g": (faces, was)})
    after = gender(NEW, new, groups={"g": (faces, is_now)})
    found = verdict(before, after)
    assert not verdict(before, after | {"data": "x"}).passed
    if found.passed:
        assert new > old
        lost = wilson(round(was * faces), faces)[0] - wilson(round(is_now * faces), faces)[1]
        assert lost <= 0.02 + 1e-9, "not even the ends of both intervals are further apart"
    same = verdict(gender(OLD, new), gender(NEW, new))
    assert not same.passed, "no better than itself"


@pytest.mark.parametrize(
    "broken",
    [
        {},
        {"data": ""},
        {"versions": {"height": "x"}},
        {"gender": {"accuracy": 2.0, "ece": 0.1}},
        {"gender": {"accuracy": float("nan"), "ece": 0.1}},
        {"groups": {"gender": {"race=black": {"faces": 0, "accuracy": 0.5}}}},
    ],
)
def test_what_is_no_report_is_refused(broken):
    whole = gender(NEW, 0.9)
    given = whole | broken if broken else {"verification": 1}
    with pytest.raises(InvalidInput, match="no report of `visavis evaluate attributes --json`"):
        read_report(given)
