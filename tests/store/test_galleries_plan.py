"""Searches read the rows they name, however many others there are."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from visavis.store.repository import new_id
from visavis.store.work import Store

NOW = datetime.now(UTC)
SOME = [new_id() for _ in range(64)]

BY_IDS = {
    "templates": lambda work: work.galleries.templates(new_id(), SOME),
    "agreed": lambda work: work.galleries.agreed_templates(new_id(), SOME, "recognition", NOW),
    "listed": lambda work: work.galleries.listed(new_id(), SOME[0], 500),
    "named": lambda work: work.galleries.named(new_id(), SOME),
    "some": lambda work: work.templates.some(new_id(), SOME),
}
BY_PEOPLE = {
    "of_subject": lambda work: work.sealed.of_subject(new_id(), SOME[0], "template"),
    "of_subjects": lambda work: work.sealed.of_subjects(new_id(), SOME, "template"),
    "counts": lambda work: work.sealed.counts(new_id(), SOME, "template"),
    "page": lambda work: work.templates.page(new_id(), subject_id=SOME[0]),
    "owners": lambda work: work.templates.owners(new_id(), SOME),
    "people": lambda work: work.galleries.of_subjects(new_id(), SOME),
}
NEWEST = {
    "whose": lambda work: work.templates.whose(new_id(), "", 40, 20),
    "page_of_main": lambda work: work.templates.page(new_id(), collection=""),
}
PRIMARY = "sqlite_autoindex_sealed_1 (tenant_id=? AND id"
LISTED = "ix_sealed_tenant_id_purpose_created_at_id (tenant_id=? AND purpose=?"
PEOPLE = "ix_sealed_tenant_id_subject_id_purpose (tenant_id=? AND subject_id=?"


@pytest.mark.parametrize("kind", ["sqlite"])
@pytest.mark.parametrize(
    ("question", "index"),
    [(each, PRIMARY) for each in BY_IDS.values()]
    + [(each, PEOPLE) for each in BY_PEOPLE.values()]
    + [(each, LISTED) for each in NEWEST.values()],
    ids=[*BY_IDS, *BY_PEOPLE, *NEWEST],
)
def test_templates_are_found_by_what_is_narrow(engine: Engine, store: Store, question, index):
    plans: list[str] = []

    def explain(_connection, cursor, statement, given, *_more):
        if " sealed" in statement and statement.startswith("SELECT"):
            plans.extend(row[3] for row in cursor.execute(f"EXPLAIN QUERY PLAN {statement}", given))

    event.listen(engine, "before_cursor_execute", explain)
    with store.reading() as work:
        question(work)
    (sealed,) = [plan for plan in plans if " sealed " in plan]
    assert index in sealed
    assert not [plan for plan in plans if plan.startswith("SCAN")]
    assert index != LISTED or not [plan for plan in plans if "B-TREE" in plan]
