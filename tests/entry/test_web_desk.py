"""The desk of one page: what stays, what goes, what is said."""

import numpy as np
import pytest

from visavis.core.types import Faces
from visavis.entry.web.desk import SHOWN_NOTICES, Desk, Picture
from visavis.entry.web.gallery import JSON, Gallery, url
from visavis.entry.web.look import Look
from visavis.usecases.analysis import Analysis, Failure


def seen(name: str = "a.jpg") -> Look:
    return Look(Analysis(name, "0" * 64, 10, 10, Faces.none(), "default", 1.0), b"view", b"thumb")


@pytest.fixture
def desk() -> Desk:
    return Desk(3, "ada")


def laid(desk: Desk, name: str) -> Picture:
    """Put an analysed picture on the desk."""
    picture = desk.open(name)
    desk.settle(picture, seen(name))
    return picture


def test_the_first_good_picture_is_shown_and_stays_shown(desk: Desk) -> None:
    desk.expect(3)
    bad, good, later = (desk.open(name) for name in ("bad.txt", "good.jpg", "later.jpg"))

    desk.settle(bad, Failure("bad.txt", "unsupported", "it is no picture."))
    desk.settle(later, seen())
    desk.settle(good, seen())

    assert desk.pictures == [good, later]
    assert desk.current is later
    assert not desk.busy
    assert [(n.subject, n.sentence) for n in desk.notices] == [
        ("bad.txt", "could not be used: it is no picture.")
    ]


def test_taking_a_picture_away_shows_its_neighbour(desk: Desk) -> None:
    first, middle, last = (laid(desk, name) for name in "abc")
    desk.current = middle

    desk.remove(middle)
    assert desk.current is last
    desk.remove(last)
    assert desk.current is first
    desk.remove(first)
    assert desk.current is None


def test_an_answer_that_comes_after_starting_over_changes_nothing(desk: Desk) -> None:
    desk.expect(1)
    slow = desk.open("slow.jpg")
    desk.clear()

    desk.settle(slow, seen())

    assert (desk.pictures, desk.current, desk.busy) == ([], None, False)


def test_notices_are_said_once_and_old_ones_make_room(desk: Desk) -> None:
    for i in (0, *range(SHOWN_NOTICES + 2)):
        desk.refuse(f"{i}.jpg", "is too large.")

    subjects = [notice.subject for notice in desk.notices]
    assert subjects == [f"{i}.jpg" for i in range(2, SHOWN_NOTICES + 2)]


def test_progress_counts_every_file_whatever_becomes_of_it(desk: Desk) -> None:
    desk.expect(2)
    desk.refuse("huge.jpg", "is too large.")
    assert (desk.busy, desk.settled, desk.expected) == (True, 1, 2)
    laid(desk, "a.jpg")
    assert not desk.busy
    desk.expect(1)
    assert (desk.settled, desk.expected) == (0, 1)


def test_the_gallery_knows_pictures_only_while_they_lie_on_a_desk() -> None:
    gallery, desk, other = Gallery(frozenset()), Desk(3, "ada"), Desk(3, "ada")
    gallery.add(desk)
    gallery.add(other)
    mine, theirs = laid(desk, "mine.jpg"), laid(other, "theirs.jpg")

    assert gallery.find(mine.token, "ada") is mine
    assert gallery.find(theirs.token, "ada") is theirs
    assert gallery.find("", "ada") is None
    assert gallery.find(mine.token, "somebody else") is None
    assert mine.token != theirs.token
    assert len(mine.token) >= 32
    desk.clear()
    assert gallery.find(mine.token, "ada") is None
    del other
    assert gallery.find(theirs.token, "ada") is None
    assert url(mine, JSON) == f"pictures/{mine.token}/analysis.json"


def test_faces_are_kept_as_they_were_found(desk: Desk) -> None:
    picture = laid(desk, "a.jpg")

    assert picture.look is not None
    assert np.array_equal(picture.look.analysis.faces.boxes, np.zeros((0, 4)))
