"""The audit trail is read in parts, and whatever was done to it is said in words."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.usecases.conftest import make_house
from visavis.core.errors import InvalidInput, NotAllowed
from visavis.store.engine import open_engine
from visavis.usecases.audit_trail import AuditTrail, head_as_dict, read_head
from visavis.usecases.subjects import Subjects
from visavis.vault.audit_chain import Fault, Head


@pytest.fixture
def trail(ground):
    return AuditTrail(ground)


@pytest.fixture
def subject(ground, house):
    subjects = Subjects(ground)
    for number in range(5):
        subjects.create(house.operator, reference=str(number))
    return subjects.create(house.operator, reference="last").id


@pytest.fixture
def tamper(ground):
    """Give a function that changes the rows as somebody does who has the database's password."""
    engine = open_engine(ground.settings.store, ground.settings.data)

    def change(statement):
        with engine.begin() as connection:
            connection.exec_driver_sql(statement)

    yield change
    engine.dispose()


def test_entries_come_newest_first_and_in_parts(trail, house, subject):
    newest = trail.page(house.admin, limit=3)
    assert [entry.seq for entry in newest] == [7, 6, 5]
    rest = trail.page(house.admin, before_seq=newest[-1].seq)
    assert [entry.seq for entry in rest] == [4, 3, 2, 1]
    assert rest[-1].action == "tenant.created"
    (about,) = trail.page(house.admin, subject_id=subject)
    assert (about.action, about.actor, about.seq) == ("subject.created", house.operator.id, 7)
    with pytest.raises(InvalidInput, match="1 to 200"):
        trail.page(house.admin, limit=201)


def test_only_those_who_may_read_their_own_log_do(ground, trail, house, subject):
    stranger = make_house(ground, "another")
    assert trail.page(stranger.admin, subject_id=subject) == ()
    assert [entry.action for entry in trail.page(stranger.admin)] == ["tenant.created"]
    for actor in (house.operator, house.viewer):
        for ask in (trail.page, trail.verify, trail.head):
            with pytest.raises(NotAllowed):
                ask(actor)


def test_a_log_that_nobody_changed_is_whole(trail, house, subject):
    assert trail.verify(house.admin) == ()
    assert trail.verify(house.admin, trail.head(house.admin)) == ()
    assert [tenant.id for tenant in trail.tenants()] == [house.tenant_id]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("UPDATE audit_entries SET actor = 'x' WHERE seq = 3", "Entry 3 was changed"),
        ("DELETE FROM audit_entries WHERE seq = 3", "before entry 4 were removed"),
        ("DELETE FROM audit_entries WHERE seq > 3", "entry 4 and whatever followed"),
        ("UPDATE audit_heads SET seq = 3", "it names entry 3"),
    ],
)
def test_each_change_is_told_in_words(trail, house, subject, tamper, change, words):
    tamper(change)
    found = trail.verify(house.admin)
    assert any(words in trouble.words for trouble in found)
    assert all(trouble.words.endswith(".") for trouble in found)


def test_a_head_that_was_kept_shows_an_older_log_put_back(trail, house, subject, tamper, ground):
    with ground.store.reading() as work:
        old = work.audit.head(house.tenant_id)
    Subjects(ground).create(house.operator)
    kept = read_head(head_as_dict(trail.head(house.admin)))
    tamper(f"DELETE FROM audit_entries WHERE seq > {old.seq}")
    tamper(
        f"UPDATE audit_heads SET seq = {old.seq}, mac = x'{old.mac.hex()}', "
        f"anchor = x'{old.anchor.hex()}'"
    )
    assert trail.verify(house.admin) == ()
    (trouble,) = trail.verify(house.admin, kept)
    assert (trouble.seq, trouble.fault) == (old.seq + 1, Fault.CUT_OFF)


def test_a_head_of_another_log_is_refused(ground, trail, house):
    stranger = make_house(ground, "another")
    with pytest.raises(InvalidInput, match="another organisation"):
        trail.verify(house.admin, trail.head(stranger.admin))


@given(
    st.text("0123456789abcdef", min_size=32, max_size=32),
    st.integers(0, 2**60),
    st.binary(max_size=40),
    st.binary(max_size=40),
)
def test_a_head_comes_back_as_it_was_told(tenant_id, seq, mac, anchor):
    head = Head(tenant_id, seq, mac, anchor)
    assert read_head(head_as_dict(head)) == head


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"tenant_id": "a", "seq": 1, "mac": "AA=="},
        {"tenant_id": "a", "seq": "x", "mac": "", "anchor": ""},
        {"tenant_id": "a", "seq": 1, "mac": 7, "anchor": ""},
        {"tenant_id": "a", "seq": 1, "mac": "é", "anchor": ""},
    ],
)
def test_what_is_no_head_is_refused(told):
    with pytest.raises(InvalidInput, match="no head"):
        read_head(told)


COLUMNS = {
    "seq": "seq + 1000",
    "at": "'2001-01-01 00:00:00.000000'",
    "actor": "actor || 'x'",
    "action": "action || 'x'",
    "subject_id": f"'{'e' * 32}'",
    "details": "'{\"a\":1}'",
    "mac": "x'00'",
}


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(sorted(COLUMNS)), st.integers(1, 7))
def test_no_column_of_any_entry_can_be_changed_unseen(trail, house, subject, tamper, column, seq):
    tamper("DROP TABLE IF EXISTS before")
    tamper("CREATE TABLE before AS SELECT * FROM audit_entries")
    tamper(f'UPDATE audit_entries SET "{column}" = {COLUMNS[column]} WHERE seq = {seq}')
    assert trail.verify(house.admin) != ()
    tamper("DELETE FROM audit_entries")
    tamper("INSERT INTO audit_entries SELECT * FROM before")
    assert trail.verify(house.admin) == ()
