import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from visavis.core.errors import InvalidInput, InvalidSettings, NotAllowed
from visavis.core.settings import PolicyOptions, load_settings
from visavis.core.types import Feature
from visavis.usecases.policy import ALL, NEEDS_PURPOSE, Policy

OFF = Policy()
ON = Policy.of(PolicyOptions(race_purpose="bias audit of our pictures"))


@pytest.mark.parametrize("feature", sorted(NEEDS_PURPOSE))
def test_what_needs_a_purpose_is_refused_with_how_to_turn_it_on(feature):
    with pytest.raises(NotAllowed, match=f"{feature} is off .* VISAVIS_POLICY__{feature.upper()}"):
        OFF.check({Feature.AGE, feature})


def test_a_stated_purpose_turns_on_that_feature_alone():
    ON.check({Feature.RACE, Feature.AGE})
    with pytest.raises(NotAllowed, match="emotion"):
        ON.check({Feature.RACE, Feature.EMOTION})


@given(st.sets(st.sampled_from(Feature)))
def test_everything_else_is_always_allowed(features):
    OFF.check(features - NEEDS_PURPOSE)
    Policy.audit("evaluation: aggregates only").check(features)


def test_all_is_what_people_read_and_the_policy_allows():
    read_by_people = set(Feature) - {Feature.MESH, Feature.EMBEDDING}
    assert OFF.parse([ALL]) == read_by_people - NEEDS_PURPOSE
    assert ON.parse([ALL]) == read_by_people - {Feature.EMOTION}
    assert OFF.parse(["all, mesh"]) == OFF.everything | {Feature.MESH}
    assert OFF.parse([""]) == frozenset()


@pytest.mark.parametrize(
    ("lists", "error", "said"),
    [
        (["age,halo"], InvalidInput, "no feature 'halo'; choose from .*expression, or all"),
        (["age", "race"], NotAllowed, "race is off"),
        (["all,emotion"], NotAllowed, "emotion is off"),
    ],
)
def test_what_cannot_be_asked_for_is_refused_at_the_door(lists, error, said):
    with pytest.raises(error, match=said):
        OFF.parse(lists)


def test_a_use_is_recorded_with_its_purpose_and_count_and_nothing_else():
    structlog.reset_defaults()
    with capture_logs() as logged:
        ON.record({Feature.RACE, Feature.AGE}, faces=3)
        ON.record({Feature.AGE}, faces=9)
    assert logged == [
        {
            "event": "sensitive_feature_used",
            "log_level": "warning",
            "feature": "race",
            "purpose": "bias audit of our pictures",
            "faces": 3,
        }
    ]


@pytest.mark.parametrize("purpose", [" ", "yes", "for tests", "- - - -", "1 2 3 4", "\t\n"])
def test_a_purpose_that_says_nothing_is_refused_at_load(monkeypatch, purpose):
    monkeypatch.setenv("VISAVIS_POLICY__RACE_PURPOSE", purpose)
    with pytest.raises(InvalidSettings, match=r"policy\.race_purpose.* in a few words"):
        load_settings()


@pytest.mark.parametrize("purpose", ["bias  audit of\nour pictures", "偏見の監査のため"])
def test_a_purpose_is_kept_in_one_line(monkeypatch, purpose):
    monkeypatch.setenv("VISAVIS_POLICY__EMOTION_PURPOSE", purpose)
    policy = Policy.of(load_settings().policy)
    assert policy.purpose(Feature.EMOTION) == " ".join(purpose.split())
    assert policy.purpose(Feature.RACE) is None
    assert policy.purpose(Feature.AGE) == ""
