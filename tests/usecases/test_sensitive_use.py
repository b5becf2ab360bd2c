"""Emotion and race: whoever had them analysed stands in the audit log."""

from visavis.core.types import Feature
from visavis.usecases.sensitive_use import note_sensitive_use


def actions(ground, tenant_id):
    with ground.store.reading() as work:
        return list(work.audit.entries(tenant_id))[1:]


def test_sensitive_features_are_noted_with_counts_only(ground, house):
    note_sensitive_use(ground, house.operator, {Feature.RACE, Feature.AGE, Feature.EMOTION}, 2, 5)

    (entry,) = actions(ground, house.tenant_id)
    assert (entry.action, entry.actor) == ("attributes.analysed", house.operator.id)
    assert entry.details == {"features": ["emotion", "race"], "pictures": 2, "faces": 5}


def test_what_is_not_sensitive_and_what_found_nobody_is_not_noted(ground, house):
    note_sensitive_use(ground, house.operator, {Feature.AGE, Feature.EMBEDDING}, 1, 3)
    note_sensitive_use(ground, house.operator, {Feature.RACE}, 1, 0)

    assert actions(ground, house.tenant_id) == []
