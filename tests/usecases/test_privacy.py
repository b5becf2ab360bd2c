"""The rules of a tenant: what it may do with faces, and what it may say about them."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.usecases.people import EMBEDDER, actions, add_enrollable, vector
from visavis.core.attributes import SENSITIVE, Head
from visavis.core.errors import InvalidInput, NotAllowed
from visavis.core.purposes import Purpose
from visavis.core.settings import PolicyOptions
from visavis.core.types import Feature
from visavis.store.kinds import Mode
from visavis.usecases.policy import Policy
from visavis.usecases.privacy import (
    NotConfirmed,
    Privacy,
    Rules,
    allowed_features,
    asked_features,
    rules_of,
)
from visavis.usecases.templates import Templates

OPEN = Policy.of(PolicyOptions(emotion_purpose="a study of our own pictures"))


@pytest.fixture
def privacy(ground):
    return Privacy(ground)


@pytest.fixture
def templates(ground, house):
    """Seal two templates."""
    someone = add_enrollable(ground, house)
    for seed in (1, 2):
        Templates(ground).seal(
            house.operator,
            someone.id,
            vector(seed),
            purpose=Purpose.RECOGNITION,
            embedder=EMBEDDER,
        )


def test_a_new_tenant_makes_no_templates_and_enrols_adults_only(ground):
    with ground.store.work() as work:
        tenant = work.tenants.add("new", ground.clock()).id
        assert rules_of(work, tenant) == Rules(Mode.ANONYMOUS, frozenset(), frozenset(Head), True)


def test_what_is_given_is_changed_and_the_rest_stays(privacy, house, other):
    before = privacy.rules(other.owner)
    privacy.change(house.admin, purposes=[Purpose.PHOTOS, Purpose.AUDIENCE])
    privacy.change(house.admin, attributes=[Head.AGE], adults_only=False)
    privacy.change(house.admin, mode=Mode.VERIFY)
    assert privacy.rules(house.operator) == Rules(
        Mode.VERIFY, frozenset({Purpose.PHOTOS, Purpose.AUDIENCE}), frozenset({Head.AGE}), False
    )
    assert privacy.rules(other.owner) == before


def test_other_settings_of_the_tenant_stay(ground, privacy, house):
    with ground.store.work() as work:
        work.tenants.change(house.tenant_id, settings={"theme": "dark"})
    privacy.change(house.admin, adults_only=False)
    with ground.store.reading() as work:
        assert work.tenants.find(house.tenant_id).settings["theme"] == "dark"


def test_words_of_a_later_version_mean_nothing(ground, privacy, house):
    with ground.store.work() as work:
        work.tenants.change(
            house.tenant_id,
            purposes=["photos", "telepathy"],
            settings={"privacy": {"attributes": ["age", "aura"]}},
        )
    rules = privacy.rules(house.owner)
    assert (rules.purposes, rules.attributes) == ({Purpose.PHOTOS}, {Head.AGE})


def test_a_change_is_audited_with_before_and_after(ground, privacy, house):
    privacy.change(house.admin, mode=Mode.VERIFY, adults_only=False)
    privacy.change(house.admin, mode=Mode.VERIFY)  # changes nothing
    assert actions(ground, house) == ["tenant.created", "privacy.changed"]
    with ground.store.reading() as work:
        entry = work.audit.latest(house.tenant_id)[0]
    assert entry.actor == house.admin.user_id
    assert entry.details["before"]["mode"] == "identify"
    assert entry.details["after"] == {
        "mode": "verify",
        "purposes": ["recognition"],
        "attributes": ["age", "gender", "race", "emotion"],
        "adults_only": False,
        "agreed_notice": "",
        "keep_pictures": False,
    }
    assert ground.audit.verify(ground.store, house.tenant_id) == []


def test_who_may_read_and_change(privacy, house):
    for actor in (house.viewer, house.operator):
        with pytest.raises(NotAllowed, match="takes admin"):
            privacy.change(actor, adults_only=False)
    with pytest.raises(NotAllowed, match="takes operator"):
        privacy.rules(house.viewer)
    with pytest.raises(NotAllowed):
        privacy.templates(house.viewer)


@pytest.mark.parametrize(
    ("mode", "said"),
    [(Mode.ANONYMOUS, "2 templates are .* unused, until"), (Mode.VERIFY, "unused in searches")],
)
def test_a_stricter_mode_needs_a_confirmation_and_erases_nothing(
    privacy, house, templates, mode, said
):
    with pytest.raises(NotConfirmed, match=said):
        privacy.change(house.admin, mode=mode, adults_only=False)
    assert privacy.rules(house.admin).mode is Mode.IDENTIFY
    assert privacy.rules(house.admin).adults_only
    assert privacy.change(house.admin, mode=mode, confirm=True).mode is mode
    assert privacy.templates(house.admin) == 2
    assert privacy.change(house.admin, mode=Mode.IDENTIFY).mode is Mode.IDENTIFY


def test_without_templates_or_to_a_wider_mode_there_is_nothing_to_confirm(privacy, house, other):
    for mode in (Mode.VERIFY, Mode.ANONYMOUS, Mode.VERIFY, Mode.IDENTIFY):
        assert privacy.change(other.owner, mode=mode).mode is mode


@pytest.mark.parametrize("head", sorted(SENSITIVE))
def test_what_the_deployment_does_not_allow_no_tenant_turns_on(privacy, house, head):
    with pytest.raises(NotAllowed, match=f"VISAVIS_POLICY__{head.upper()}_PURPOSE"):
        privacy.change(house.owner, attributes=[Head.AGE, head])
    assert head not in privacy.rules(house.owner).attributes
    assert privacy.possible_attributes == {Head.AGE, Head.GENDER}


@given(st.frozensets(st.sampled_from(Head)), st.frozensets(st.sampled_from(sorted(SENSITIVE))))
def test_an_attribute_is_allowed_where_deployment_and_tenant_both_do(attributes, stated):
    policy = Policy(dict.fromkeys(map(Feature, stated), "a study of our own pictures"))
    found = allowed_features(Rules(attributes=attributes), policy)
    for head in Head:
        on = head in attributes and (head not in SENSITIVE or head in stated)
        assert (Feature(head) in found) is on
    assert found >= set(Feature) - set(map(Feature, Head))


def test_all_is_what_the_tenant_allows_and_no_more():
    rules = Rules(attributes=frozenset({Head.AGE, Head.EMOTION}))
    found = asked_features(rules, OPEN, ["all, mesh"])
    assert found == (OPEN.everything - {Feature.GENDER}) | {Feature.MESH}
    assert asked_features(rules, OPEN, ["age", "emotion,pose"]) == {
        *(Feature.AGE, Feature.EMOTION, Feature.POSE)
    }


@pytest.mark.parametrize(
    ("lists", "error", "said"),
    [
        (["gender"], NotAllowed, "gender is off in your organisation"),
        (["age,race"], NotAllowed, "VISAVIS_POLICY__RACE_PURPOSE"),
        (["halo"], InvalidInput, "no feature 'halo'"),
    ],
)
def test_what_is_off_is_refused_with_who_turns_it_on(lists, error, said):
    with pytest.raises(error, match=said):
        asked_features(Rules(attributes=frozenset({Head.AGE})), OPEN, lists)


def test_the_door_asks_for_somebody_in_particular(privacy, house):
    privacy.change(house.owner, attributes=[Head.AGE])
    assert privacy.features(house.operator, ["age"]) == {Feature.AGE}
    with pytest.raises(NotAllowed, match="in your organisation"):
        privacy.features(house.operator, ["gender"])
    with pytest.raises(NotAllowed, match="takes operator"):
        privacy.features(house.viewer, ["age"])


def test_rules_as_json_keep_the_order_of_the_words():
    for chosen in itertools.permutations([Purpose.AUDIENCE, Purpose.PHOTOS, Purpose.FACE_LOGIN]):
        told = Rules(purposes=frozenset(chosen)).as_dict()
        assert told["purposes"] == ["face_login", "photos", "audience"]
