"""The card inside a head file: read back as written, refused with the field that is wrong."""

import json
from pathlib import Path
from typing import Any

import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.vision.heads.making import SIZE, even, head_graph, make_head
from visavis.core.attributes import Head
from visavis.core.errors import WeightsCorrupt
from visavis.vision.heads.card import CropSpec, read_card

GENDER = {Head.GENDER: even(Head.GENDER)}


def write(path: Path, card: str | None) -> Path:
    onnx.save(head_graph(GENDER, SIZE, card), path)
    return path


@pytest.fixture
def facts(tmp_path: Path) -> dict[str, Any]:
    """Return a good card as plain JSON."""
    path = make_head(tmp_path / "good.onnx", "p-1", GENDER)
    return json.loads(read_card(path).model_dump_json())  # type: ignore[no-any-return]


def test_a_card_is_read_as_it_was_written(tmp_path):
    path = make_head(
        tmp_path / "p.onnx",
        "portrait-20261121-1a2b3c4d",
        GENDER,
        unknown_below=0.6,
        crop=CropSpec(size=48, padding=0.5),
        licence="CC-BY-4.0",
        quality_shares=(0.1,) * 10,
        training={"seed": 7, "date": "2026-11-21T10:00:00+00:00"},
    )
    card = read_card(path)
    assert card.version == "portrait-20261121-1a2b3c4d"
    assert (card.crop.size, card.crop.padding) == (48, 0.5)
    assert card.heads[Head.GENDER].shares == (0.5, 0.5)
    assert card.heads[Head.GENDER].unknown_below == 0.6
    assert (card.licence, card.training["seed"]) == ("CC-BY-4.0", 7)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"format": "visavis.heads/2"}, "format"),
        ({"version": "../../etc/passwd"}, "version"),
        ({"version": "Portrait 1"}, "version"),
        ({"version": "p-1\n"}, "version"),
        ({"version": ""}, "version"),
        ({"crop": {"size": 4096, "padding": 0}}, "crop.size"),
        ({"heads": {}}, "heads"),
        ({"heads": {"height": {}}}, "heads.height"),
        ({"heads": {"gender": {"unknown_below": 2, "temperature": 1, "shares": []}}}, "gender"),
        ({"licence": None}, "licence"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_a_card_that_is_wrong_names_the_field(tmp_path, facts, change, said):
    path = write(tmp_path / "p.onnx", json.dumps(facts | change))
    with pytest.raises(WeightsCorrupt, match=rf"the card of p\.onnx is not usable: .*{said}"):
        read_card(path)


@pytest.mark.parametrize("content", [b"", b"text", b"\x08\x07garbage" * 50])
def test_what_is_no_graph_is_one_sentence(tmp_path, content):
    path = tmp_path / "p.onnx"
    path.write_bytes(content)
    with pytest.raises(WeightsCorrupt, match=r"p\.onnx"):
        read_card(path)


def test_a_graph_without_a_card_is_no_head_file(tmp_path):
    with pytest.raises(WeightsCorrupt, match="no head file of Visavis"):
        read_card(write(tmp_path / "p.onnx", None))


@given(text=st.text(max_size=200))
def test_any_text_in_its_place_is_refused_in_one_sentence(tmp_path_factory, text):
    path = write(tmp_path_factory.getbasetemp() / "any.onnx", text)
    with pytest.raises(WeightsCorrupt, match=r"the card of any\.onnx is not usable"):
        read_card(path)
