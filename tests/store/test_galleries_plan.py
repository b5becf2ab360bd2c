"""Searches read the rows they name, however many others there are."""

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from visavis.store.repository import new_id
from visavis.store.work import Store

SOME = [new_id() for _ in range(64)]

QUESTIONS = {
    "templates": lambda work: work.galleries.templates(new_id(), SOME),
    "listed": lambda work: work.galleries.listed(new_id(), SOME[0], 500),
    "named": lambda work: work.galleries.named(new_id(), SOME),
}


@pytest.mark.parametrize("kind", ["sqlite"])
@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS.keys())
def test_templates_are_found_by_their_ids(engine: Engine, store: Store, question):
    plans: list[str] = []

    def explain(_connection, cursor, statement, given, *_more):
        if "FROM sealed" in statement:
            plans.extend(row[3] for row in cursor.execute(f"EXPLAIN QUERY PLAN {statement}", given))

    event.listen(engine, "before_cursor_execute", explain)
    with store.reading() as work:
        question(work)
    (sealed,) = [plan for plan in plans if " sealed " in plan]
    assert "sqlite_autoindex_sealed_1 (tenant_id=? AND id" in sealed
    assert not [plan for plan in plans if "TEMP B-TREE" in plan or plan.startswith("SCAN")]
