"""The heads that serve: bundled, promoted, exchanged live, and what a broken file does."""

import json
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnx
import pytest
import structlog

from tests.vision.heads.making import SIZE, even, head_graph, make_head
from visavis.core.attributes import Head
from visavis.core.errors import WeightsCorrupt, WeightsError
from visavis.core.settings import RuntimeOptions
from visavis.vision.heads import shelf as shelf_module
from visavis.vision.heads.card import read_card
from visavis.vision.heads.shelf import CHAMPIONS, HeadShelf, load_net, read_champions

AGE, GENDER = Head.AGE, Head.GENDER
BOTH = {AGE: even(AGE), GENDER: even(GENDER)}
Answer = Mapping[Head, Sequence[float]]


@pytest.fixture(autouse=True)
def look_every_time(monkeypatch):
    """Look for a promotion at every request instead of once a second."""
    monkeypatch.setattr(shelf_module, "LOOK_EVERY_S", -1.0)


@pytest.fixture
def bundled(tmp_path: Path) -> Path:
    folder = tmp_path / "bundled"
    folder.mkdir()
    make_head(folder / "b.onnx", "b-1", BOTH)
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "heads"
    folder.mkdir()
    return folder


@pytest.fixture
def shelf(folder, bundled) -> HeadShelf:
    return HeadShelf(folder, RuntimeOptions(), bundled)


def promote(folder: Path, **versions: str) -> None:
    draft = folder / "draft"
    draft.write_text(json.dumps(versions))
    draft.replace(folder / CHAMPIONS)


def put(folder: Path, version: str, heads: Answer = BOTH) -> Path:
    return make_head(folder / f"{version}.onnx", version, heads)


def test_the_bundled_serve_where_nothing_was_promoted(shelf):
    assert shelf.current().versions == {"age": "b-1", "gender": "b-1"}
    assert shelf.current() is shelf.current()
    assert shelf.problems() == []


def test_a_promotion_is_noticed_and_answers(shelf, folder):
    old = shelf.current()
    put(folder, "p-1", {GENDER: (0.3, 0.7)})
    promote(folder, gender="p-1")
    new = shelf.current()
    assert new.versions == {"age": "b-1", "gender": "p-1"}
    assert new.nets[AGE] is old.nets[AGE], "what stays is not loaded again"
    ((net, heads),) = new.for_heads([GENDER])
    (answer,) = net.engine.run(np.zeros((1, SIZE, SIZE, 3), np.uint8))
    assert heads == [GENDER]
    assert answer[0].tolist() == pytest.approx([0.3, 0.7])
    (folder / CHAMPIONS).unlink()
    assert shelf.current().versions == old.versions


def test_one_file_for_two_heads_is_run_once(shelf):
    ((net, heads),) = shelf.current().for_heads([GENDER, AGE])
    assert (net.card.version, heads) == ("b-1", [AGE, GENDER])
    with pytest.raises(WeightsError, match="no head answers race; train one"):
        shelf.current().for_heads([Head.RACE])


def truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-60])


def half(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:200])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def missing(path: Path) -> None:
    path.unlink()


def without_card(path: Path) -> None:
    onnx.save(head_graph({GENDER: even(GENDER)}, SIZE, None), path)


def without_output(path: Path) -> None:
    card = read_card(path).model_dump_json()
    onnx.save(head_graph({AGE: even(AGE)}, SIZE, card), path)


def other_classes(path: Path) -> None:
    card = read_card(path).model_dump_json()
    onnx.save(head_graph({GENDER: (0.2, 0.3, 0.5)}, SIZE, card), path)


def other_size(path: Path) -> None:
    card = read_card(path).model_dump_json()
    onnx.save(head_graph({GENDER: even(GENDER)}, 2 * SIZE, card), path)


def no_probabilities(path: Path) -> None:
    model = onnx.load(str(path))
    model.graph.node[-1].op_type = "LogSoftmax"
    onnx.save(model, path)


def unknown_operator(path: Path) -> None:
    model = onnx.load(str(path))
    model.graph.node[0].op_type = "NoSuchOperator"
    onnx.save(model, path)


def under_another_name(path: Path) -> None:
    make_head(path, "p-9", {GENDER: even(GENDER)})


def of_another_head(path: Path) -> None:
    make_head(path, path.stem, {AGE: even(AGE)})


FAULTS = [
    truncated,
    half,
    empty,
    missing,
    without_card,
    without_output,
    other_classes,
    other_size,
    no_probabilities,
    unknown_operator,
    under_another_name,
    of_another_head,
]


@pytest.mark.parametrize("damage", FAULTS)
def test_a_broken_promotion_leaves_the_old_set_serving(shelf, folder, damage):
    put(folder, "p-1")
    promote(folder, gender="p-1", age="p-1")
    old = shelf.current()
    damage(put(folder, "p-2", {GENDER: even(GENDER)}))
    put(folder, "p-3", {AGE: even(AGE)})
    promote(folder, gender="p-2", age="p-3")
    with structlog.testing.capture_logs() as lines:
        assert [shelf.current() for _ in range(3)] == [old] * 3
    (line,) = lines
    assert (line["event"], line["log_level"]) == ("head_not_loaded", "error")
    assert "p-2" in line["reason"]
    assert line["serving"] == {"age": "p-1", "gender": "p-1"}
    assert shelf.problems() == [line["reason"]]

    put(folder, "p-2", {GENDER: even(GENDER)})
    assert shelf.current().versions == {"age": "p-3", "gender": "p-2"}, "a mended file is noticed"
    assert shelf.problems() == []


@pytest.mark.parametrize("damage", FAULTS)
def test_at_the_start_the_bundled_stands_in_for_a_broken_file(folder, bundled, damage):
    damage(put(folder, "p-2", {GENDER: even(GENDER)}))
    put(folder, "p-3", {AGE: even(AGE)})
    promote(folder, gender="p-2", age="p-3")
    shelf = HeadShelf(folder, RuntimeOptions(), bundled)
    with structlog.testing.capture_logs() as lines:
        assert shelf.current().versions == {"age": "p-3", "gender": "b-1"}
    (line,) = lines
    assert (line["event"], line["log_level"]) == ("head_not_loaded", "error")
    assert line["serving"]["gender"] == "b-1"
    assert shelf.problems() == [line["reason"]]
    assert "roll back, or promote another file" in line["reason"]

    put(folder, "p-4", {AGE: even(AGE)})
    promote(folder, gender="p-2", age="p-4")
    assert shelf.current().versions == {"age": "p-4", "gender": "b-1"}, "others are exchanged"
    promote(folder, age="p-4")
    assert shelf.problems() == []


@pytest.mark.parametrize("text", ["", "{", "[]", '{"height": "p-1"}', "\udcff"])
def test_a_choice_that_cannot_be_read_chooses_nothing(folder, bundled, text):
    (folder / CHAMPIONS).write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(WeightsCorrupt, match="roll back or remove it"):
        read_champions(folder)
    shelf = HeadShelf(folder, RuntimeOptions(), bundled)
    assert shelf.current().versions == {"age": "b-1", "gender": "b-1"}
    (problem,) = shelf.problems()
    assert CHAMPIONS in problem


def test_a_promotion_that_cannot_be_read_leaves_the_old_set_serving(shelf, folder):
    put(folder, "p-1")
    promote(folder, gender="p-1")
    old = shelf.current()
    (folder / CHAMPIONS).write_text("{")
    assert shelf.current() is old
    assert len(shelf.problems()) == 1
    promote(folder, gender="p-1")
    assert (shelf.current().versions, shelf.problems()) == (old.versions, [])


def test_a_file_that_goes_missing_goes_on_serving(shelf, folder):
    path = put(folder, "p-1")
    promote(folder, gender="p-1")
    old = shelf.current()
    path.unlink()
    assert shelf.current() is old
    assert "p-1.onnx is missing" in shelf.problems()[0]


def test_a_damaged_bundled_file_stops_no_other(shelf, bundled, folder):
    make_head(bundled / "e.onnx", "e-1", {Head.EMOTION: even(Head.EMOTION)})
    truncated(bundled / "e.onnx")
    assert shelf.current().versions == {"age": "b-1", "gender": "b-1"}
    assert "install Visavis anew" in shelf.problems()[0]
    with pytest.raises(WeightsError, match=r"no head answers emotion; .*e\.onnx"):
        shelf.current().for_heads([Head.EMOTION])
    put(folder, "p-1", {Head.EMOTION: even(Head.EMOTION)})
    promote(folder, emotion="p-1")
    assert shelf.current().versions["emotion"] == "p-1", "the known problem holds up no promotion"


def test_requests_go_on_while_files_are_exchanged(shelf, folder):
    versions = [put(folder, f"p-{i}", {GENDER: (i / 10, 1 - i / 10)}).stem for i in range(6)]
    stop = threading.Event()

    def ask() -> set[str]:
        seen = set()
        while not stop.is_set():
            ((net, _),) = shelf.current().for_heads([GENDER])
            (answer, *_) = net.engine.run(np.zeros((1, SIZE, SIZE, 3), np.uint8))
            if net.card.version != "b-1":
                assert answer[0, 0] == pytest.approx(int(net.card.version[2:]) / 10, abs=1e-5)
            seen.add(net.card.version)
        return seen

    with ThreadPoolExecutor(8) as pool:
        clients = [pool.submit(ask) for _ in range(8)]
        try:
            for version in versions:
                promote(folder, gender=version)
                while shelf.current().versions["gender"] != version:
                    assert not any(client.done() for client in clients)
        finally:
            stop.set()
        seen = set().union(*(client.result() for client in clients))
    assert versions[-1] in seen


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(WeightsCorrupt, match=r"the head file x\.onnx is missing"):
        load_net(tmp_path / "x.onnx", RuntimeOptions())
