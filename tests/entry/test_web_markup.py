"""The page's own HTML: well formed, escaped, in the right place."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.core.types import MESH_POINTS, Faces
from visavis.entry.web import markup
from visavis.entry.web.desk import Notice, Picture
from visavis.entry.web.look import Look
from visavis.usecases.analysis import Analysis

LAYERS = (markup.BOXES, markup.POINTS, markup.MESH)


def two_faces() -> Analysis:
    """Return an analysis of a 200 × 100 picture; the second face has no mesh."""
    mesh = np.zeros((2, MESH_POINTS, 3), np.float32)
    mesh[1] = np.nan
    faces = Faces(
        boxes=np.array([[20, 10, 60, 50], [100, 0, 120, 25]], np.float32),
        scores=np.array([0.95, 0.5], np.float32),
        points=np.full((2, 5, 2), 30, np.float32),
        mesh=mesh,
        mesh_scores=np.array([1, 0], np.float32),
    )
    return Analysis("a.jpg", "0" * 64, 200, 100, faces, "default", 1.0)


class Seen(HTMLParser):
    """Collects tags and text, and checks that what is opened is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""
        self.attributes: list[dict[str, str | None]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes.append(dict(attrs))

    def handle_data(self, data: str) -> None:
        self.text += data


@given(st.text())
def test_a_name_is_only_ever_text(name: str) -> None:
    analysis = two_faces()
    shown = Picture(name, look=Look(analysis, b"", b""))
    waiting = Picture(name)
    pieces = {
        "image": markup.picture(shown, analysis),
        "links": markup.downloads(shown),
        "thumb": markup.thumb(shown),
        "waiting": markup.thumb(waiting),
        "notice": markup.notice(Notice(name, name)),
    }
    plain = {key: value(Picture("plain.jpg", look=shown.look)) for key, value in PLAIN.items()}

    for key, piece in pieces.items():
        assert Seen(piece).tags == Seen(plain[key]).tags, key
        assert [set(a) for a in Seen(piece).attributes] == [
            set(a) for a in Seen(plain[key]).attributes
        ]


PLAIN = {
    "image": lambda shown: markup.picture(shown, two_faces()),
    "links": markup.downloads,
    "thumb": markup.thumb,
    "waiting": lambda shown: markup.thumb(Picture(shown.name)),
    "notice": lambda shown: markup.notice(Notice(shown.name, shown.name)),
}


def test_boxes_lie_in_percent_of_the_picture_and_show_their_number() -> None:
    drawn = Seen(markup.overlay(two_faces(), {markup.BOXES}))

    styles = [a["style"] for a in drawn.attributes if "style" in a]
    assert styles == [
        "left:10.000%;top:10.000%;width:20.000%;height:40.000%",
        "left:50.000%;top:0.000%;width:10.000%;height:25.000%",
    ]
    assert drawn.text == "12"


@pytest.mark.parametrize("layers", [set(), {markup.POINTS}, {markup.MESH}, set(LAYERS)])
def test_only_the_chosen_layers_are_drawn_and_unknown_points_never(layers: set[str]) -> None:
    drawn = markup.overlay(two_faces(), layers)

    assert ("vv-box" in drawn) == (markup.BOXES in layers)
    assert ("vv-points" in drawn) == (markup.POINTS in layers)
    dots = [path.count("M") for path in re.findall(r'vv-mesh"[^>]* d="([^"]*)"', drawn)]
    assert dots == ([MESH_POINTS, 0] if markup.MESH in layers else [])
    assert "nan" not in drawn


def test_the_list_says_certainty_size_and_a_missing_mesh() -> None:
    text = Seen(markup.face_list("view.jpg", two_faces())).text

    assert "Face 1Very sure it is a faceFacevery sure it is one, 95 % 40 × 40 px" in text
    assert "Face 2Not sure it is a faceFacenot sure it is one, 50 % 20 × 25 px, no mesh" in text


@pytest.mark.parametrize(("chosen", "opened"), [([0], [True]), ([0, 1], [False, False])])
def test_a_face_that_is_alone_stands_open(chosen: list[int], opened: list[bool]) -> None:
    analysis = replace(two_faces(), faces=two_faces().faces.select(chosen))
    seen = Seen(markup.face_list("view.jpg", analysis))

    buttons = [a for a in seen.attributes if "aria-expanded" in a]
    lists = {a["id"]: "hidden" not in a for a in seen.attributes if a.get("class") == "vv-about"}
    assert [a["aria-expanded"] == "true" for a in buttons] == opened
    assert [lists[a["aria-controls"]] for a in buttons] == opened
