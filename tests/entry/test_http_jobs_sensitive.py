"""Emotion and race in jobs: allowed by purpose, and written into the audit log of who asked."""

from contextlib import closing

from tests.entry.http_house import serving_house
from tests.entry.http_jobs import Crew, portrait
from visavis.core.roles import Role
from visavis.core.settings import load_settings
from visavis.entry.wiring import build
from visavis.entry.wiring_work import open_work

PURPOSE = {"emotion_purpose": "a survey among people who asked for it"}


def test_a_sensitive_job_stands_in_the_audit_log_once(tmp_path, weights, shared_data):
    services = build(load_settings(policy=PURPOSE))
    with (
        closing(services.analyses),
        serving_house(tmp_path, services=services, policy=PURPOSE) as house,
        open_work(house.records, services) as work,
    ):
        crew = Crew.of(house)
        owner = house.owners_token(crew.tenant)
        picture = portrait(shared_data, 0)
        sent = [crew.sent(picture, features="emotion") for _ in range(2)]
        crew.sent(portrait(shared_data, 1), features="age")
        with work.going_on():
            for told in sent:
                assert crew.follow(f"batches/{told['batch_id']}")[-1].state["counts"]["done"] == 1
        entries = house.ask("GET", "/api/v1/audit", owner).json()["items"]
        noted = [entry for entry in entries if entry["action"] == "attributes.analysed"]
        assert noted
        for entry in noted:  # a second one only where both were begun at the same time
            assert entry["details"] == {"features": ["emotion"], "pictures": 1, "faces": 1}
            assert entry["actor"] == crew.tenant.users[Role.OPERATOR].id
