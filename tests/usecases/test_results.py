"""Results: one for each picture, sealed, private modes kept apart, gone without a trace."""

from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.store.databases import KINDS
from tests.usecases.conftest import PASSWORD, make_house
from tests.usecases.deployments import deployment, make, opened, restore
from tests.usecases.enrolled import portrait
from tests.usecases.kept_results import FEATURES, analysis, keep, kept, picture
from tests.usecases.somebody import blobs_of
from visavis.core.errors import InvalidInput, NotAllowed
from visavis.core.types import Feature, Source
from visavis.store.blobs.errors import QuotaExceeded
from visavis.store.kinds import Mode
from visavis.store.results import Sought
from visavis.usecases.ageing import Ageing
from visavis.usecases.audit_trail import AuditTrail
from visavis.usecases.blob_removal import BlobRemoval
from visavis.usecases.erasure import Erasure
from visavis.usecases.errors import NotFound
from visavis.usecases.privacy import Privacy, Rules
from visavis.usecases.results import Results
from visavis.usecases.results_sealing import Part
from visavis.usecases.retention_rules import What
from visavis.usecases.tenants import Tenants
from visavis.vault.errors import SealBroken


@pytest.fixture
def blobs(ground):
    return blobs_of(ground)


@pytest.fixture
def results(ground, blobs):
    return Results(ground, blobs)


@pytest.fixture
def office(ground):
    """Give a tenant that knows nobody."""
    return make_house(ground, mode=Mode.ANONYMOUS)


def undone(ground, results, ready):
    """Add a result in a unit that comes to nothing."""
    with ground.store.work() as work:
        results.add(work, ready)
        raise ZeroDivisionError


def files(blobs, tenant_id):
    return [each.sha256 for each in blobs.names(tenant_id)]


def rows(ground, tenant_id):
    with ground.store.reading() as work:
        return [sha256 for whose, sha256 in work.blob_rows.names() if whose == tenant_id]


def test_a_real_picture_gives_the_keys_of_the_older_system_and_all_of_ours(
    results, office, services, shared_data
):
    source = portrait(shared_data, 3)
    asked = FEATURES | {Feature.QUALITY, Feature.POSE, Feature.EMBEDDING}
    found = services.analyses.submit(Source("anna.jpg", source.data), asked, annotate=True).result()
    kept_ = keep(results, office.tenant_id, found, source.data, job_id="ab" * 16, features=asked)
    told = results.document(office.viewer, kept_.sha256)
    assert set(told) == {"timestamp", "image_path", "redis_key", "num_faces", "faces", "visavis"}
    assert told["redis_key"] == found.sha256 == kept_.sha256
    assert told["image_path"] == f"/api/v1/results/{kept_.sha256}/picture"
    face = told["faces"][0]
    assert set(face) == {"face_index", "box", "landmarks", "agegender"}
    assert set(face["box"]) == {"x1", "y1", "x2", "y2"}
    assert len(face["landmarks"]) == 468
    assert set(face["landmarks"][0]) == {"x", "y"}
    assert 0 < face["agegender"]["age"] < 90
    assert face["agegender"]["gender"] in {"man", "woman", None}
    ours = told["visavis"]
    assert (ours["schema"], ours["job_id"]) == ("visavis.result/1", "ab" * 16)
    assert ours["analysis"]["schema"] == "visavis.analysis/1"
    assert ours["analysis"]["faces"][0]["quality"]["overall"] > 0
    assert "embedding" not in str(ours)
    assert results.open(office.viewer, kept_.sha256, Part.PICTURE)[1] == source.data
    assert results.open(office.viewer, kept_.sha256, Part.ANNOTATED)[1] == found.annotated


def test_the_same_picture_again_replaces_its_result(ground, blobs, results, office, clock):
    data = picture()
    first = keep(results, office.tenant_id, analysis(data), data)
    clock.move(minutes=1)
    again = keep(results, office.tenant_id, analysis(data, ages=("3-9",)), data, batch_id="c" * 32)
    assert (again.sha256, again.faces) == (first.sha256, 1)
    assert results.page(office.viewer).items == (again,)
    assert sorted(files(blobs, office.tenant_id)) == sorted(again.blobs)
    assert sorted(rows(ground, office.tenant_id)) == sorted(again.blobs)
    with ground.store.reading() as work:
        has = results.has
        told = office.tenant_id, again.sha256
        assert has(work, *told, {Feature.AGE}, "default") == again
        assert has(work, *told, FEATURES, "default") == again
        assert has(work, *told, {Feature.EMBEDDING}, "default") is None
        assert has(work, *told, {Feature.AGE}, "lite") is None
        assert has(work, office.tenant_id, "ab" * 32, (), "default") is None


def test_adding_what_was_added_changes_nothing(ground, blobs, results, office):
    data = picture()
    ready = results.ready(
        office.tenant_id, analysis(data), data, job_id=None, batch_id=None, features=FEATURES
    )
    first, again = (ground.store.run(partial(results.add, ready=ready)) for _ in range(2))
    assert (first, results.settle(office.tenant_id)) == (again, 0)
    assert sorted(files(blobs, office.tenant_id)) == sorted(first.blobs)


def test_nothing_is_left_of_a_result_that_came_to_nothing(ground, blobs, results, office):
    data = picture()
    before = kept(results, office.tenant_id, 1)
    ready = results.ready(
        office.tenant_id, analysis(data), data, job_id=None, batch_id=None, features=FEATURES
    )
    with pytest.raises(ZeroDivisionError):
        undone(ground, results, ready)
    assert results.settle(office.tenant_id) == 0
    results.discard(ready)
    assert sorted(files(blobs, office.tenant_id)) == sorted(before.blobs)
    killed = results.ready(
        office.tenant_id, analysis(data), data, job_id=None, batch_id=None, features=FEATURES
    )
    assert len(files(blobs, office.tenant_id)) == 6  # and nobody comes back for it
    swept = BlobRemoval(ground.store, blobs).sweep(ground.clock() + timedelta(days=900))
    assert {sha256 for _, sha256 in swept.removed} == {s.sha256 for s in killed.stored.values()}


ACTS = st.lists(
    st.tuples(st.sampled_from(["keep", "undone", "remove"]), st.integers(0, 2)), max_size=12
)


def test_there_is_one_result_for_each_picture_whatever_is_done(ground, blobs, results):
    house = 0

    @settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow])
    @given(ACTS)
    def holds(acts):
        nonlocal house
        house += 1
        office = make_house(ground, f"house {house}", mode=Mode.ANONYMOUS)
        there: dict[int, str] = {}
        for act, number in acts:
            data = picture(number)
            if act == "remove":
                if name := there.pop(number, None):
                    assert results.remove(office.operator, [name, name]) == 1
                continue
            ready = results.ready(
                office.tenant_id, analysis(data), data, job_id=None, batch_id=None, features=()
            )
            if act == "undone":
                with pytest.raises(ZeroDivisionError):
                    undone(ground, results, ready)
                results.discard(ready)
            else:
                there[number] = ground.store.run(partial(results.add, ready=ready)).sha256
            results.settle(office.tenant_id)
        listed = results.page(office.viewer).items
        assert sorted(each.sha256 for each in listed) == sorted(there.values())
        needed = sorted(name for each in listed for name in each.blobs)
        assert sorted(files(blobs, office.tenant_id)) == needed
        assert sorted(rows(ground, office.tenant_id)) == needed

    holds()


def test_everything_at_rest_is_sealed(ground, blobs, results, office):
    data = picture()
    found = analysis(data, name="Frau Müller im Urlaub.jpg")
    assert found.annotated
    made = keep(results, office.tenant_id, found, data)
    written = [path for path in ground.settings.data.rglob("*") if path.is_file()]
    assert len([path for path in written if path.name in made.blobs]) == 3
    for path in written:
        content = path.read_bytes()
        for secret in (data[2:34], found.annotated[2:34], b"Urlaub", b"agegender", b"landmarks"):
            assert secret not in content, path.name
        assert path.name not in made.blobs or not content.startswith(b"\xff\xd8")
    swapped = replace(made, picture=made.annotated)
    with pytest.raises(SealBroken):  # one part of a result is none of the others
        results._files.open(swapped, Part.PICTURE)
    with pytest.raises(SealBroken):  # nor of another result
        results._files.open(replace(made, sha256="ab" * 32), Part.PICTURE)


@pytest.mark.parametrize(
    ("mode", "keep_pictures", "kept_"),
    [
        (Mode.ANONYMOUS, False, True),
        (Mode.ANONYMOUS, True, True),
        (Mode.VERIFY, False, False),
        (Mode.IDENTIFY, False, False),
        (Mode.VERIFY, True, True),
        (Mode.IDENTIFY, True, True),
    ],
)
def test_private_modes_keep_nothing_unless_told_so(
    ground, blobs, results, office, mode, keep_pictures, kept_
):
    data = picture()
    assert Results.keeps(Rules(mode=mode, keep_pictures=keep_pictures)) is kept_
    ready = results.ready(
        office.tenant_id, analysis(data), data, job_id=None, batch_id=None, features=FEATURES
    )
    Privacy(ground).change(office.admin, mode=mode, keep_pictures=keep_pictures)
    assert results.are_kept(office.viewer) is kept_
    if kept_:
        ground.store.run(lambda work: results.add(work, ready))
        assert results.count(office.viewer) == 1
        return
    with pytest.raises(NotAllowed, match="not kept in this mode"):  # the rules changed meanwhile
        ground.store.run(lambda work: results.add(work, ready))
    results.discard(ready)
    assert (results.count(office.viewer), files(blobs, office.tenant_id)) == (0, [])


def test_tenants_have_results_of_their_own(ground, blobs, results, office, clock):
    mine = kept(results, office.tenant_id)
    clock.move(seconds=1)
    other = make_house(ground, "second", mode=Mode.ANONYMOUS)
    assert results.page(other.owner).items == ()
    for act in (
        lambda: results.find(other.owner, mine.sha256),
        lambda: results.document(other.owner, mine.sha256),
        lambda: results.open(other.owner, mine.sha256, Part.PICTURE),
        lambda: results.remove(other.owner, [mine.sha256]),
        lambda: results.find(other.owner, "../../etc/passwd"),
    ):
        with pytest.raises(NotFound):
            act()
    theirs = kept(results, other.tenant_id)
    assert theirs.sha256 == mine.sha256
    assert not set(theirs.blobs) & set(mine.blobs)
    with pytest.raises(NotAllowed):
        results.remove(office.viewer, [mine.sha256])
    results.remove(other.operator, [theirs.sha256])
    assert sorted(files(blobs, office.tenant_id)) == sorted(mine.blobs)


def test_removing_is_written_down_and_leaves_nothing(ground, blobs, results, office):
    made = [kept(results, office.tenant_id, number) for number in range(3)]
    gone = [made[0].sha256, made[1].sha256, "ab" * 32]
    assert results.remove(office.operator, gone) == 2
    entry = AuditTrail(ground).page(office.owner)[0]
    assert (entry.action, entry.actor, entry.details) == (
        "results.removed",
        office.operator.id,
        {"count": 2},
    )
    assert sorted(files(blobs, office.tenant_id)) == sorted(made[2].blobs)
    for none in ([made[0].sha256], ["ab" * 32]):
        with pytest.raises(NotFound):
            results.remove(office.operator, none)
    for several in ([], ["ab" * 32] * 201):
        with pytest.raises(InvalidInput):
            results.remove(office.operator, several)


def test_there_is_only_so_much_room(ground, blobs, office):
    tight = replace(
        ground,
        settings=ground.settings.model_copy(
            update={"blobs": ground.settings.blobs.model_copy(update={"quota_bytes": 20_000})}
        ),
    )
    results, data = Results(tight, blobs), picture()
    late = results.ready(
        office.tenant_id, analysis(data), data, job_id=None, batch_id=None, features=FEATURES
    )
    kept(results, office.tenant_id, 1)
    used = sum(each.size for each in blobs.names(office.tenant_id)) - late.size
    for number in range(2, 1 + 20_000 // used):
        kept(results, office.tenant_id, number)
    with pytest.raises(QuotaExceeded):
        kept(results, office.tenant_id, 99)
    with pytest.raises(QuotaExceeded):  # others have filled the room meanwhile
        ground.store.run(lambda work: results.add(work, late))


def test_results_go_when_their_time_is_over(ground, blobs, results, office, clock):
    made = [kept(results, office.tenant_id, number) for number in range(3)]
    clock.move(days=20)
    young = kept(results, office.tenant_id, 3)
    ageing = Ageing(ground, blobs, Erasure(ground, blobs))
    assert What.RESULTS.default is None
    assert ageing.remove(office.tenant_id, What.RESULTS, clock(), 21) == 0
    assert ageing.remove(office.tenant_id, What.RESULTS, clock(), 19) == len(made)
    assert results.page(office.viewer).items == (young,)
    assert sorted(files(blobs, office.tenant_id)) == sorted(young.blobs)


def test_a_tenant_leaves_with_its_results(ground, blobs, results, office, clock):
    clock.move(seconds=1)
    other = make_house(ground, "second", mode=Mode.ANONYMOUS)
    mine, theirs = kept(results, office.tenant_id), kept(results, other.tenant_id)
    Tenants(ground, blobs).delete(other.owner, PASSWORD)
    with ground.store.reading() as work:
        assert work.results.find(other.tenant_id, theirs.sha256) is None
        assert work.results.faces(other.tenant_id, theirs.sha256) == ()
    assert files(blobs, other.tenant_id) == []
    assert results.find(office.viewer, mine.sha256) == mine


@pytest.mark.parametrize("kind", KINDS)
def test_a_backup_carries_them(tmp_path, kind):
    with (
        deployment("sqlite", tmp_path / "a") as here,
        deployment(kind, tmp_path / kind) as there,
    ):
        office = make_house(here.ground, mode=Mode.ANONYMOUS)
        made = kept(Results(here.ground, here.blobs), office.tenant_id)
        told = Results(here.ground, here.blobs).document(office.viewer, made.sha256)
        make(here, tmp_path / "backup.zip", with_keys=True)
        restore(there, tmp_path / "backup.zip", force=True)
        with opened(there.settings) as again:  # with the key that came along
            restored = Results(again.ground, again.blobs)
            assert restored.find(office.viewer, made.sha256) == made
            assert restored.document(office.viewer, made.sha256) == told
            assert restored.count(office.viewer, Sought(gender="male", oldest=50)) == 1
