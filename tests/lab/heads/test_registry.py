"""The life of head files in a folder: added, promoted, rolled back."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.lab.heads.files import AGE, BETTER, BOTH, GENDER, GOOD, WHO, add, made, serving
from tests.lab.heads.reports import report
from tests.vision.heads.making import even, make_head
from visavis.core.attributes import Head
from visavis.core.errors import (
    GateNotPassed,
    InvalidInput,
    UnknownWeights,
    WeightsCorrupt,
)
from visavis.lab.heads.history import Action
from visavis.lab.heads.registry import HeadRegistry
from visavis.lab.heads.report import read_report
from visavis.vision.heads.shelf import read_champions


def test_a_file_is_added_as_challenger_and_changes_nothing(registry, folder, bundled, tmp_path):
    path = made(tmp_path, "p-1", licence="CC-BY-4.0")
    found = registry.add(path)

    assert (found.version, found.bundled, found.report) == ("p-1", False, None)
    assert (found.champion_of, found.challenger_of) == ((), (AGE, GENDER))
    assert found.path.read_bytes() == path.read_bytes()
    assert found.card.licence == "CC-BY-4.0"
    assert found.added is not None
    assert serving(folder, bundled) == {"age": "b-1", "gender": "b-1"}
    assert registry.history() == []


def test_looking_changes_nothing(registry, folder):
    assert [found.version for found in registry.versions()] == ["b-1"]
    assert registry.champions() == {AGE: "b-1", GENDER: "b-1"}
    assert registry.history() == []
    assert not folder.exists()


def test_the_whole_life(registry, folder, bundled, tmp_path):
    add(registry, tmp_path, "p-1")
    first = registry.promote("p-1", **WHO)
    assert (first.before, first.after) == (
        {AGE: "b-1", GENDER: "b-1"},
        {AGE: "p-1", GENDER: "p-1"},
    )
    assert first.gate
    assert first.gate["gender"]["passed"] is True
    assert serving(folder, bundled) == {"age": "p-1", "gender": "p-1"}

    add(registry, tmp_path, "p-2", against="p-1")
    registry.promote("p-2", {GENDER}, **WHO)
    by_name = {found.version: found for found in registry.versions()}
    assert list(by_name) == ["p-2", "p-1", "b-1"]
    assert (by_name["p-2"].champion_of, by_name["p-2"].challenger_of) == ((GENDER,), (AGE,))
    assert (by_name["p-1"].champion_of, by_name["p-1"].challenger_of) == ((AGE,), ())
    assert (by_name["b-1"].champion_of, by_name["b-1"].challenger_of) == ((), ())

    back = registry.rollback(reason="too slow", by="bob")
    assert (back.action, back.heads, back.to) == (Action.ROLLBACK, (GENDER,), "p-1")
    assert serving(folder, bundled) == {"age": "p-1", "gender": "p-1"}
    registry.rollback(reason="again", by="bob")
    assert serving(folder, bundled) == {"age": "b-1", "gender": "b-1"}
    assert read_champions(folder) == {}
    with pytest.raises(InvalidInput, match="no promotion to roll back"):
        registry.rollback(reason="once more", by="bob")
    told = [(e.action.value, e.by, e.reason, e.to) for e in registry.history()]
    assert told == [
        ("promote", "ada", WHO["reason"], "p-1"),
        ("promote", "ada", WHO["reason"], "p-2"),
        ("rollback", "bob", "too slow", "p-1"),
        ("rollback", "bob", "again", "b-1"),
    ]


def test_one_head_is_rolled_back_and_the_others_stay(registry, folder, bundled, tmp_path):
    add(registry, tmp_path, "p-1")
    registry.promote("p-1", **WHO)
    registry.rollback(AGE, reason="children", by="bob")
    assert serving(folder, bundled) == {"age": "b-1", "gender": "p-1"}
    with pytest.raises(InvalidInput, match="no promotion of race to roll back"):
        registry.rollback(Head.RACE, reason="", by="bob")


def test_a_challenger_that_is_no_better_stays_one(registry, folder, bundled, tmp_path):
    add(registry, tmp_path, "p-1", accuracies={AGE: 0.65, GENDER: 0.901})
    with pytest.raises(GateNotPassed, match=r"gender: .*; it passes for age alone: --head") as told:
        registry.promote("p-1", **WHO)
    assert "age:" not in str(told.value)
    assert registry.history() == []
    assert serving(folder, bundled) == {"age": "b-1", "gender": "b-1"}
    assert registry.promote("p-1", [AGE], **WHO).heads == (AGE,)


def test_figures_against_a_former_champion_do_not_count(registry, tmp_path):
    add(registry, tmp_path, "p-1")
    add(registry, tmp_path, "p-2", against="b-1")
    registry.promote("p-1", **WHO)
    with pytest.raises(GateNotPassed, match="--root and --labels"):
        registry.promote("p-2", **WHO)
    measured = [read_report(report("p-2", BETTER)), read_report(report("p-1", GOOD))]
    assert registry.promote("p-2", measured=measured, **WHO).to == "p-2"


def test_new_figures_count_instead_of_those_kept(registry, tmp_path):
    add(registry, tmp_path, "p-1")
    worse = [read_report(report("p-1", GOOD)), read_report(report("b-1", BETTER))]
    with pytest.raises(GateNotPassed):
        registry.promote("p-1", measured=worse, **WHO)


def test_a_file_without_figures_can_only_be_forced_and_the_history_says_so(
    registry, folder, bundled, tmp_path
):
    registry.add(made(tmp_path, "p-1"))
    with pytest.raises(GateNotPassed, match="--root and --labels"):
        registry.promote("p-1", **WHO)
    with pytest.raises(InvalidInput, match="needs a reason"):
        registry.promote("p-1", reason=" ", by="ada", force=True)
    assert registry.promote("p-1", force=True, **WHO).forced
    assert [event.forced for event in registry.history()] == [True]
    assert serving(folder, bundled)["age"] == "p-1"


def test_forcing_what_passes_is_no_force(registry, tmp_path):
    add(registry, tmp_path, "p-1")
    assert not registry.promote("p-1", force=True, **WHO).forced


def test_the_first_answer_to_a_question_needs_no_baseline(registry, folder, bundled, tmp_path):
    registry.add(made(tmp_path, "e-1", {Head.EMOTION: even(Head.EMOTION)}))
    event = registry.promote("e-1", **WHO)
    assert (event.before, event.forced) == ({Head.EMOTION: None}, False)
    assert serving(folder, bundled)["emotion"] == "e-1"
    assert registry.rollback(reason="not yet", by="bob").after == {Head.EMOTION: None}
    assert "emotion" not in serving(folder, bundled)


def test_a_bundled_file_can_be_promoted_again(registry, folder, bundled, tmp_path):
    add(registry, tmp_path, "p-1")
    registry.promote("p-1", **WHO)
    registry.promote("b-1", [GENDER], force=True, **WHO)
    assert serving(folder, bundled) == {"age": "p-1", "gender": "b-1"}
    registry.rollback(reason="", by="bob")
    assert serving(folder, bundled) == {"age": "p-1", "gender": "p-1"}


def test_a_bundled_file_behind_another_is_copied(registry, folder, bundled):
    make_head(bundled / "c.onnx", "c-1", {GENDER: even(GENDER)})
    assert registry.champions() == {AGE: "b-1", GENDER: "c-1"}
    registry.promote("b-1", [GENDER], force=True, **WHO)
    assert serving(folder, bundled) == {"age": "b-1", "gender": "b-1"}
    registry.rollback(reason="", by="bob")
    assert serving(folder, bundled) == {"age": "b-1", "gender": "c-1"}


def test_a_rollback_to_the_bundled_takes_what_the_package_ships_by_then(
    registry, folder, bundled, tmp_path
):
    add(registry, tmp_path, "p-1")
    registry.promote("p-1", **WHO)
    (bundled / "b.onnx").unlink()
    make_head(bundled / "b.onnx", "b-2", BOTH)
    assert registry.rollback(reason="", by="bob").to == "b-2"
    assert serving(folder, bundled) == {"age": "b-2", "gender": "b-2"}


def test_a_choice_that_was_made_by_hand_is_what_a_rollback_leads_back_to(
    registry, folder, bundled, tmp_path
):
    folder.mkdir(parents=True)
    make_head(folder / "by-hand.onnx", "by-hand", BOTH)
    (folder / "champions.json").write_text(json.dumps({"gender": "by-hand"}))
    add(registry, tmp_path, "p-1", against="by-hand")
    registry.promote("p-1", [GENDER], **WHO)
    registry.rollback(reason="", by="bob")
    assert serving(folder, bundled) == {"age": "b-1", "gender": "by-hand"}


def test_the_same_file_twice_is_one_and_another_of_its_name_is_refused(registry, tmp_path):
    path = made(tmp_path, "p-1")
    content = path.read_bytes()
    first = registry.add(path)
    again = registry.add(path, report("p-1", GOOD))
    assert again.added == first.added
    assert again.report is not None
    with pytest.raises(InvalidInput, match="another file is called p-1 already"):
        registry.add(made(tmp_path, "p-1", licence="other"))
    with pytest.raises(InvalidInput, match="another file is called b-1 already"):
        registry.add(made(tmp_path, "b-1", licence="other"))
    assert registry.find("p-1").path.read_bytes() == content


def test_what_is_no_head_file_is_refused_by_its_own_name(registry, folder, tmp_path):
    whole = made(tmp_path, "p-1").read_bytes()
    broken = tmp_path / "mine.onnx"
    for content in (b"", b"no graph", whole[:-40], whole[: len(whole) // 2]):
        broken.write_bytes(content)
        with pytest.raises(WeightsCorrupt, match=r"mine\.onnx"):
            registry.add(broken)
    make_head(broken, "p-1", {GENDER: (0.2, 0.3, 0.5)})
    with pytest.raises(WeightsCorrupt, match=r"mine\.onnx has no output gender"):
        registry.add(broken)
    with pytest.raises(InvalidInput, match="there is no file"):
        registry.add(tmp_path / "missing.onnx")
    with pytest.raises(InvalidInput, match="not about p-1"):
        registry.add(made(tmp_path, "p-1"), report("p-2", GOOD))
    with pytest.raises(InvalidInput, match="no report"):
        registry.add(made(tmp_path, "p-1"), {"accuracy": 1})
    assert [found.version for found in registry.versions()] == ["b-1"]
    assert {left.name for left in folder.iterdir()} <= {"lock", "records"}, "nothing is left behind"


@pytest.mark.parametrize(
    ("version", "heads", "kind", "said"),
    [
        ("p-9", None, UnknownWeights, "no head file p-9; `visavis models heads`"),
        ("p-1", [Head.RACE], InvalidInput, "p-1 does not answer race, only age, gender"),
        ("b-1", None, InvalidInput, "b-1 answers age, gender already"),
    ],
)
def test_what_cannot_be_promoted(registry, tmp_path, version, heads, kind, said):
    add(registry, tmp_path, "p-1")
    with pytest.raises(kind, match=said):
        registry.promote(version, heads, **WHO)


def test_many_at_once_never_interleave(folder, bundled, tmp_path):
    for i in range(4):
        HeadRegistry(folder, bundled).add(made(tmp_path, f"p-{i}"))

    def promote(i: int) -> None:
        HeadRegistry(folder, bundled).promote(f"p-{i}", force=True, **WHO)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(promote, range(4)))
    events = HeadRegistry(folder, bundled).history()
    assert len(events) == 4
    assert [e.before[AGE] for e in events] == ["b-1", *[e.to for e in events[:-1]]]
    assert read_champions(folder)[AGE] == events[-1].to
