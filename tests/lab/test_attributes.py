"""Measuring heads on real portraits, with made heads of which the figures are known."""

import cv2
import numpy as np
import onnx
import orjson
import pytest
from onnx import numpy_helper

from tests.lab.portrait_files import piece, text_of, with_heads
from tests.vision.heads.making import even, make_head
from visavis.core.attributes import CLASSES, Head
from visavis.core.errors import InvalidInput, WeightsError
from visavis.core.settings import ImageOptions, RuntimeOptions
from visavis.lab.attributes import compare, evaluate_attributes
from visavis.lab.labels import read_labels
from visavis.lab.roots import open_root
from visavis.vision.heads.shelf import HeadSet, load_net
from visavis.vision.images import decode


def sure(head, word, share=0.8):
    """Return the probabilities of one who believes in `word`."""
    rest = (1 - share) / (len(CLASSES[head]) - 1)
    return tuple(share if name == word else rest for name in CLASSES[head])


@pytest.fixture
def faces(shared_data, tmp_path):
    """Twenty faces of FairFace: the root and the rows of the list."""
    folder, rows = piece(shared_data, "fairface", tmp_path, 20)
    return open_root(folder, ImageOptions().max_bytes), rows


@pytest.fixture
def portrait_heads(tmp_path):
    """Give a folder with one file that says male, 20–29 and white whatever it sees."""
    folder = tmp_path / "heads"
    folder.mkdir()
    answers = {
        Head.AGE: sure(Head.AGE, "20-29"),
        Head.GENDER: (0.3, 0.7),
        Head.RACE: sure(Head.RACE, "white", 0.4),
    }
    make_head(folder / "portrait.onnx", "portrait-1", answers, unknown_below=0.5)
    return folder


def evaluate(analyzer, root, labelled, heads=None):
    ticks: list[int] = []
    report = evaluate_attributes(
        analyzer, root, labelled, ImageOptions(), 2, heads, lambda: ticks.append(1)
    )
    assert len(ticks) == report.pictures
    return report


def share(rows, column, word):
    return np.mean([row[column] == word for row in rows[1:]])


def test_a_head_that_always_says_the_same_is_right_as_often_as_that_is_so(
    analyzer, faces, portrait_heads
):
    root, rows = faces
    report = evaluate(with_heads(analyzer, portrait_heads), root, read_labels(text_of(rows)))

    assert (report.pictures, report.faces, report.failures) == (20, 20, 0)
    assert report.heads["age"]["bin_accuracy"] == pytest.approx(share(rows, 1, "20-29"))
    assert report.heads["gender"]["accuracy"] == pytest.approx(share(rows, 2, "Male"))
    assert report.heads["race"]["accuracy"] == pytest.approx(share(rows, 3, "White"))
    assert report.heads["gender"]["ece"] == pytest.approx(abs(0.7 - share(rows, 2, "Male")))
    assert report.versions == dict.fromkeys(["age", "gender", "race"], "portrait-1")
    assert report.groups["gender"]["gender=male"]["accuracy"] == 1
    assert report.groups["gender"]["gender=female"]["accuracy"] == 0
    assert report.pack == "default"
    assert report.ms_per_face["portrait-1"] > 0


def test_unknown_is_counted_by_the_limit_of_the_file(analyzer, faces, portrait_heads):
    root, rows = faces
    report = evaluate(with_heads(analyzer, portrait_heads), root, read_labels(text_of(rows)))

    assert report.heads["gender"]["unknown"]["share"] == 0
    assert report.heads["race"]["unknown"]["share"] == 1
    assert report.heads["race"]["unknown"]["accuracy"] is None


def test_the_report_as_json_names_each_measured_head(analyzer, faces, portrait_heads):
    root, rows = faces
    report = evaluate(with_heads(analyzer, portrait_heads), root, read_labels(text_of(rows)))
    figures = orjson.loads(orjson.dumps(report.as_json()))

    assert set(figures) == {
        *("pictures", "faces", "failures", "assumed", "data", "pack", "versions", "age", "gender"),
        *("race", "groups", "worst_gap", "ms_per_face", "measured", "unreadable"),
    }
    assert set(figures["age"]) == {
        *("faces", "bin_accuracy", "within_one_bin", "mae_years", "mae_of_bin", "ece"),
        *("ece_by_chance", "intervals", "unknown"),
    }
    assert figures["worst_gap"] == {"age": None, "gender": None, "race": None}


def test_pictures_that_cannot_be_read_are_left_out_and_listed(analyzer, faces, portrait_heads):
    root, rows = faces
    labelled = read_labels(text_of([*rows, ["gone.webp", "3-9", "Male", "White"]]))
    report = evaluate(with_heads(analyzer, portrait_heads), root, labelled)

    assert (report.pictures, report.faces, report.failures) == (21, 20, 1)
    assert report.heads["gender"]["faces"] == 20
    assert [failure.name for failure in report.unreadable] == ["gone.webp"]


def test_faces_without_a_label_for_a_head_do_not_count_for_it(analyzer, faces, portrait_heads):
    root, (header, *rows) = faces
    rows = [
        header,
        *([*row[:2], "unknown" if i < 5 else row[2], row[3]] for i, row in enumerate(rows)),
    ]
    report = evaluate(with_heads(analyzer, portrait_heads), root, read_labels(text_of(rows)))

    assert report.heads["gender"]["faces"] == 15
    assert report.heads["age"]["faces"] == 20
    assert report.groups["gender"].keys() <= report.groups["age"].keys()


def test_without_a_choice_the_heads_that_serve_and_are_labelled_are_measured(
    analyzer, shared_data, tmp_path, portrait_heads
):
    folder, (header, *rows) = piece(shared_data, "fer2013", tmp_path, 10)
    root = open_root(folder, ImageOptions().max_bytes)
    labelled = read_labels(text_of([[*header, "gender"], *([*row, "f"] for row in rows)]))
    report = evaluate(with_heads(analyzer, portrait_heads), root, labelled)
    assert list(report.heads) == ["gender"]

    make_head(portrait_heads / "e.onnx", "e-1", {Head.EMOTION: even(Head.EMOTION)})
    report = evaluate(with_heads(analyzer, portrait_heads), root, labelled)
    assert report.versions == {"gender": "portrait-1", "emotion": "e-1"}
    assert set(report.ms_per_face) == {"portrait-1", "e-1"}


def test_heads_that_nobody_answers_or_labels_are_refused(analyzer, faces, portrait_heads):
    root, rows = faces
    labelled = read_labels(text_of(rows))
    pipeline = with_heads(analyzer, portrait_heads)

    with pytest.raises(WeightsError, match="no head answers emotion"):
        evaluate(pipeline, root, labelled, {Head.EMOTION})
    make_head(portrait_heads / "e.onnx", "e-1", {Head.EMOTION: even(Head.EMOTION)})
    with pytest.raises(InvalidInput, match="the labels say nothing about emotion"):
        evaluate(with_heads(analyzer, portrait_heads), root, labelled, {Head.EMOTION})


def test_files_are_compared_on_the_same_faces_read_once(analyzer, faces, portrait_heads, tmp_path):
    root, rows = faces
    always_female = make_head(tmp_path / "f.onnx", "female-1", {Head.GENDER: (0.9, 0.1)})
    sets = [
        HeadSet.of(load_net(path, RuntimeOptions()))
        for path in (portrait_heads / "portrait.onnx", always_female)
    ]
    ticks: list[int] = []
    champion, challenger = compare(
        analyzer,
        root,
        read_labels(text_of(rows)),
        sets,
        ImageOptions(),
        2,
        {Head.GENDER},
        lambda: ticks.append(1),
    )

    assert len(ticks) == 20
    assert champion.data == challenger.data
    assert list(champion.heads) == list(challenger.heads) == ["gender"]
    both = champion.heads["gender"]["accuracy"] + challenger.heads["gender"]["accuracy"]
    assert both == pytest.approx(1)
    assert challenger.versions == {"gender": "female-1"}


def test_a_file_that_answers_none_of_the_heads_is_refused(analyzer, faces, tmp_path):
    root, rows = faces
    path = make_head(tmp_path / "e.onnx", "e-1", {Head.EMOTION: even(Head.EMOTION)})

    with pytest.raises(InvalidInput, match="e-1 does not answer age, gender, race"):
        compare(
            analyzer,
            root,
            read_labels(text_of(rows)),
            [HeadSet.of(load_net(path, RuntimeOptions()))],
            ImageOptions(),
            2,
        )


def test_an_answer_is_about_the_picture_it_belongs_to(analyzer, faces, tmp_path):
    """Faces that are not seen come last, so that answers come in another order than the list."""
    root, (_, *rows) = faces
    mixed = tmp_path / "mixed"
    mixed.mkdir()
    lines = ["file,gender"]
    for i, row in enumerate(rows):
        pixels = decode(root.read(row[0]), ImageOptions())
        if i % 7 == 0:
            pixels = np.full_like(pixels, 100)
        tone = pixels // 4 if i % 3 else 255 - (255 - pixels) // 4
        cv2.imwrite(str(mixed / f"{i}.png"), tone)
        lines.append(f"{i}.png,{'female' if i % 3 else 'male'}")
    (tmp_path / "heads").mkdir()
    tells_dark_from_bright(tmp_path / "heads" / "tone.onnx")
    report = evaluate(
        with_heads(analyzer, tmp_path / "heads"),
        open_root(mixed, 10**6),
        read_labels("\n".join(lines)),
    )

    assert report.assumed >= 3
    assert report.heads["gender"]["accuracy"] == 1


def tells_dark_from_bright(path):
    """Write a head that says female of dark faces and male of bright ones."""
    model = onnx.load(make_head(path, "tone-1", {Head.GENDER: even(Head.GENDER)}))
    weights = {part.name: part for part in model.graph.initializer}
    slope = np.array([[-0.1, 0.1]] * 3, np.float32)
    weights["gender_weight"].CopyFrom(numpy_helper.from_array(slope, "gender_weight"))
    level = np.array([30, -30], np.float32)
    weights["gender_bias"].CopyFrom(numpy_helper.from_array(level, "gender_bias"))
    onnx.save(model, path)
