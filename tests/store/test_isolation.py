"""No tenant reads or changes a row of another, whatever ids it names."""

import inspect
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from datetime import datetime
from itertools import groupby
from typing import Any, Self

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, select

from tests.store.filling import LATER, MINUTE, NEW_RESULT, NOW, SOON, Filled, fill
from visavis.core.errors import VisavisError
from visavis.core.roles import Role
from visavis.store.audit import NewEntry
from visavis.store.errors import NotThere
from visavis.store.jobs import NewJob
from visavis.store.kinds import CodePurpose, ConsentMethod, JobState, Mode, UserState
from visavis.store.log_lines import Wanted
from visavis.store.page import Page
from visavis.store.repository import Repository
from visavis.store.results import Sought
from visavis.store.sealed import NewSealed
from visavis.store.tables import metadata
from visavis.store.templates import Moved
from visavis.store.work import Work

WITHOUT_A_TENANT = {
    *("tenants.add", "tenants.page", "tenants.first", "tenants.pretend"),
    *("users.find_by_email", "sessions.find_by_token", "sessions.rotate", "api_keys.find_by_hash"),
    *("standings.of_token", "standings.of_key", "standings.of_key_id", "users.oldest"),
    *("keys.add_deployment_key", "keys.deployment_keys", "keys.hold_deployment_keys"),
    *("keys.rewrap_deployment_key", "blob_rows.names"),
    *("log_lines.add", "log_lines.page_of_all", "log_lines.forget_before"),
    *("job_queues.take", "job_queues.renew", "job_queues.abandoned", "job_queues.untold"),
    *("job_queues.states", "job_queues.waiting", "job_queues.hold", "job_queues.let_go"),
}
"""The only ways to a row that do not begin with whose it is."""

OF_ALL = {"deployment_keys", "held_queues"}
"""Tables of what all tenants share."""

FIXED: dict[str, list[Any]] = {
    **{
        name: [LATER + MINUTE, NOW, SOON]
        for name in ("now", "at", "made", "until", "since", "before", "given_at", "open_at")
    },
    **{name: [SOON, LATER] for name in ("expires_at",)},
    **{name: ["x"] for name in ("full_name", "name", "because", "by", "given_by", "recorded_by")},
    **{name: ["x"] for name in ("evidence", "user_agent", "address", "text", "password_hash")},
    **{name: ["x", "code"] for name in ("old_hash", "new_hash", "sent_to", "code_hash", "action")},
    **{name: [b"x"] for name in ("data", "wrapped", "signature", "totp_sealed", "resealed")},
    "sealed_secret": [b"x"],
    "skip": [0, 1],
    "most": [1, 200],
    "but": ["", "login"],
    "called": [True, False],
    **{name: [1, 2] for name in ("version", "key_version", "tenant_key_version", "step")},
    **{name: [1, 5] for name in ("size", "attempts", "days", "seq", "before_seq")},
    **{name: [1, 200] for name in ("limit",)},
    **{name: [0] for name in ("after_seq",)},
    **{name: [""] for name in ("after",)},
    "embedder": ["", None],
    **{name: [{"a": 1}] for name in ("settings", "meta", "body")},
    **{name: [("x",)] for name in ("scopes", "purposes")},
    "adult": [True, False],
    "asked": [(NewJob("test", "pictures"),)],
    **{name: [1, 2] for name in ("progress", "total")},
    **{name: [""] for name in ("error",)},
    "result": [{"a": 1}],
    "due_at": [SOON],
    "queue": ["pictures"],
    "part": ["boxes", "detect"],
    "states": [(), tuple(JobState)],
    "cursor": [None],
    "code_hashes": [["x", "y"]],
    "kind": ["erasure"],
    "wanted": [Wanted(), Wanted(text="of theirs")],
    "language": ["en", "de"],
    "make": [lambda seq, before: (NewEntry(NOW, "x", "did"), b"mac")],
    "media_type": ["image/png"],
    "method": [*ConsentMethod],
    "mode": [*Mode],
    "own_id": ["ab" * 16],
    "owner_id": ["1", "2"],
    "owner_kind": ["photo"],
    "role": [*Role],
    "root_id": ["root", "other"],
    "sha256": ["ab" * 32, "cd" * 32],
    "state": [*UserState],
    "what": ["visits", "photos"],
    "new": [NEW_RESULT],
    "sought": [Sought(), Sought(oldest=40)],
    "sizes": [{"0e" * 32: 5}],
}


def calls() -> dict[str, list[inspect.Parameter]]:
    """Return every public method of every repository with its parameters."""
    found = {}
    for noun, repository in vars(Work(None)).items():  # type: ignore[arg-type]  # only looked at
        assert isinstance(repository, Repository)
        for name, method in inspect.getmembers(repository, inspect.ismethod):
            if not name.startswith("_"):
                found[f"{noun}.{name}"] = list(inspect.signature(method).parameters.values())
    return found


CALLS = calls()
OF_TENANTS = {name: told for name, told in CALLS.items() if name not in WITHOUT_A_TENANT}
OF_TENANTS["tenants.purge"] = OF_TENANTS.pop("tenants.purge")  # the last: nothing is there then


def test_every_way_to_a_row_begins_with_whose_it_is():
    assert {
        name for name, told in CALLS.items() if not told or told[0].name != "tenant_id"
    } == WITHOUT_A_TENANT


def values(call: str, parameter: str, one: Filled, rows: dict[str, Any]) -> list[Any]:
    """Return what one tenant would say for a parameter."""
    if (call, parameter) == ("jobs.end", "state"):
        return [JobState.DONE, JobState.PARKED]
    if parameter == "job_id":
        return [one.job, one.parked]
    if parameter == "old" and call != "users.rehash":
        return [rows[call]]
    if (call, parameter) == ("subjects.add", "collection_id"):
        return ["", "login"]  # any would be taken: whoever calls it has asked for the collection
    if call == "collections.find_by_name":
        return [f"wing of {one.name}"]
    if parameter == "anchor":
        return [b"mine" if call == "audit.set_anchor" else lambda seq, mac: b"mine"]
    if parameter == "purpose":
        return [*CodePurpose] if call.startswith("codes.") else ["visits", "template", "templates"]
    own: dict[str, Any] = {
        "email": f"{one.name}@example.org",
        "reference": f"customer of {one.name}",
        "token_hash": one.hashed("token"),
        "secret_hash": one.hashed("secret"),
        "code_hash": one.hashed("recovery"),
        "keep": one.session,
    }
    own |= {f"{noun}_id": getattr(one, noun) for noun in _NOUNS}
    own |= {"job_ids": (one.job, one.parked), "parent_id": one.job, "lease": one.lease}
    own |= {"batch_id": one.batch, "once": f"key of {one.name}"}
    own["subject_ids"] = (one.subject,)
    own["collection_ids"] = (one.collection,)
    own["template_ids"] = own["sealed_ids"] = (one.sealed,)
    own["moved"] = (Moved(rows["sealed.reseal"], 1, b"x", {}),)
    own["to"], own["collection"] = one.subject, one.collection
    own["values"] = (NewSealed(one.subject, 1, b"x"),)
    own["actors"] = (one.user,)
    return [own[parameter]] if parameter in own else FIXED[parameter]


_NOUNS = ["user", "code", "session", "key", "subject", "sealed", "notice", "consent", "receipt"]
_NOUNS += ["collection", "job", "parked", "lease", "batch"]


@st.composite
def sequences(draw: st.DrawFn, sides: list[tuple[Filled, dict[str, Any]]]) -> list[Any]:
    """Draw calls by the first tenant that name things of either."""
    drawn = []
    for call in draw(st.lists(st.sampled_from(sorted(OF_TENANTS)), min_size=1, max_size=12)):
        told = {}
        for parameter in OF_TENANTS[call][1:]:
            if parameter.default is inspect.Parameter.empty or draw(st.booleans()):
                possible = [v for side in sides for v in values(call, parameter.name, *side)]
                told[parameter.name] = draw(st.sampled_from(possible))
        drawn.append((call, told))
    return drawn


def everything_of(connection: Connection, tenant: str) -> dict[str, Any]:
    """Return all rows of a tenant by table."""
    found = {}
    for table in metadata.sorted_tables:
        if table.name in OF_ALL:
            continue
        column = table.c.id if table.name == "tenants" else table.c.tenant_id
        rows = select(table).where(column == tenant).order_by(*table.primary_key)
        found[table.name] = connection.execute(rows).all()
    return found


def parts(result: Any) -> Iterator[Any]:
    """Yield all that an answer holds."""
    if isinstance(result, Page):
        yield from parts(result.items)
    elif is_dataclass(result):
        for field in fields(result):
            yield from parts(getattr(result, field.name))
    elif isinstance(result, (tuple, list, frozenset, Iterator)):
        for item in result:
            yield from parts(item)
    else:
        assert isinstance(result, (str, bytes, int, dict, datetime, type(None))), type(result)
        yield result


def rows_of(work: Work, one: Filled) -> dict[str, Any]:
    """Return the rows that methods take whole."""
    return {
        "keys.rewrap_tenant_key": work.keys.tenant_key(one.tenant, "templates"),
        "keys.rewrap_subject_key": work.keys.subject_key(one.tenant, one.subject),
        "sealed.reseal": work.sealed.find(one.tenant, one.sealed),
    }


@pytest.fixture
def sides(store) -> list[tuple[Filled, dict[str, Any]]]:
    """Give two tenants with one of everything: who asks, and whose things are named.

    Those of the other come first, as a query that forgets whose rows it wants would find them.
    """
    with store.work() as work:
        theirs, mine = fill(work, "theirs"), fill(work, "mine")
        for one in (theirs, mine):
            work.blob_rows.add(one.tenant, "ef" * 32, 5, "image/png", NOW)  # nothing needs it
        return [(mine, rows_of(work, mine)), (theirs, rows_of(work, theirs))]


def test_no_call_reaches_what_another_tenant_has(engine, sides):
    (mine, _), (theirs, rows) = sides
    with Watch(engine, theirs) as watch:
        for noun, group in groupby(OF_TENANTS.items(), lambda item: item[0].split(".")[0]):
            for call, told in group:
                every = [(p.name, values(call, p.name, theirs, rows)) for p in told[1:]]
                needed = {p.name for p in told if p.default is inspect.Parameter.empty}
                for turn in range(max([1, *(len(possible) for _, possible in every)])):
                    full = {name: possible[turn % len(possible)] for name, possible in every}
                    watch.call(call, mine.tenant, full)
                    watch.call(
                        call, mine.tenant, {name: full[name] for name in full if name in needed}
                    )
            assert watch.nothing_changed(), noun


def test_nothing_crosses_in_any_order(engine, sides):
    @settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
    @given(sequences(sides))
    def nothing_crosses(drawn):
        with Watch(engine, sides[1][0]) as watch:
            for call, told in drawn:
                watch.call(call, sides[0][0].tenant, told)
            assert watch.nothing_changed()

    nothing_crosses()


class Watch:
    """A unit, undone afterwards, in which the rows of one tenant must neither show nor change."""

    def __init__(self, engine: Engine, one: Filled) -> None:
        self._connection = engine.connect()
        self._one = one
        self._secret = {getattr(one, noun) for noun in _NOUNS} | {one.tenant}

    def __enter__(self) -> Self:
        self._before = everything_of(self._connection, self._one.tenant)
        assert all(self._before.values())  # one of everything
        return self

    def __exit__(self, *_exc: object) -> None:
        self._connection.close()

    def call(self, call: str, tenant: str, told: dict[str, Any]) -> None:
        """Let another tenant call, and look at the answer."""
        said = answer(self._connection, Work(self._connection), call, tenant, told)
        assert not self._secret & {part for part in said if isinstance(part, str)}, call

    def nothing_changed(self) -> bool:
        return everything_of(self._connection, self._one.tenant) == self._before


def answer(
    connection: Connection, work: Work, call: str, tenant: str, told: dict[str, Any]
) -> list[Any]:
    """Return all that a call answers; nothing where it is refused."""
    noun, name = call.split(".")
    nested = connection.begin_nested()
    try:
        said = list(parts(getattr(getattr(work, noun), name)(tenant, **told)))
    except VisavisError:
        nested.rollback()
        return []
    nested.commit()
    return said


def test_sums_are_of_one_tenant(store, sides):
    mine = sides[0][0]
    with store.reading() as work:
        assert work.blob_rows.used_bytes(mine.tenant) == 7 + 5
        assert work.sealed.count(mine.tenant, "template") == 1
        assert work.users.count(mine.tenant, Role.OWNER, UserState.UNVERIFIED) == 1


def test_chains_are_of_one_tenant(store, sides):
    before = []

    def make(seq, mac):
        before.append((seq, mac))
        return NewEntry(NOW, "x", "did"), b"mac"

    with store.work() as work:
        for one, _ in sides:
            work.audit.append(one.tenant, make)
    assert before == [(2, b"mac of mine"), (2, b"mac of theirs")]


def test_the_database_itself_refuses_rows_across_tenants(store):
    """Should a use case mix ids up, the foreign keys still hold."""
    with store.work() as work:
        mine, theirs = fill(work, "mine"), fill(work, "theirs")
    mixed = [
        lambda work: work.sealed.add(mine.tenant, theirs.subject, "template", 1, b"", NOW),
        lambda work: work.keys.add_subject_key(mine.tenant, theirs.subject, 2, 1, b"", NOW),
        lambda work: work.api_keys.add(mine.tenant, theirs.user, "x", "x", (), NOW),
        lambda work: work.sessions.start(mine.tenant, theirs.user, "x", LATER, NOW),
        lambda work: work.recovery_codes.replace(mine.tenant, theirs.user, ["x"]),
        lambda work: work.blob_rows.add_use(
            mine.tenant, "ab" * 32, "photo", "2", NOW, theirs.subject
        ),
    ]
    for act in mixed:
        with pytest.raises(NotThere), store.work() as work:
            act(work)


def test_a_row_of_another_tenant_in_hand_is_no_way_to_it(store):
    with store.work() as work:
        mine, theirs = fill(work, "mine"), fill(work, "theirs")
        sealed = work.sealed.find(theirs.tenant, theirs.sealed)
        assert not work.sealed.reseal(mine.tenant, sealed, 2, b"x")
        forged = replace(sealed, tenant_id=mine.tenant)
        assert not work.sealed.reseal(mine.tenant, forged, 2, b"x")
        assert work.sealed.find(theirs.tenant, theirs.sealed) == sealed
