"""Walking over a data set with the real engine."""

import shutil

import pytest

from visavis.core.errors import InvalidInput, Unavailable
from visavis.entry.cli.demo import portrait
from visavis.lab.roots import open_root
from visavis.lab.subjects import Survey


@pytest.fixture
def survey(tmp_path, services):
    shutil.copy(portrait("skimage"), tmp_path / "eileen.png")
    (tmp_path / "text.jpg").write_text("no picture")
    ticks = []
    return Survey(
        services.analyses, open_root(tmp_path, 10_000_000), lambda: ticks.append(1)
    ), ticks


def test_bad_pictures_are_listed_and_stop_nothing(survey):
    walk, ticks = survey

    walk.warm_up(["text.jpg", "gone.jpg", "eileen.png"], ())
    found = list(walk.run(["text.jpg", "gone.jpg", "eileen.png"], ()))

    assert [(analysis.name, len(analysis.faces)) for analysis in found] == [("eileen.png", 1)]
    assert sorted((f.name, f.category) for f in walk.failures) == [
        ("gone.jpg", "unreadable"),
        ("text.jpg", "unsupported"),
    ]
    assert len(ticks) == 3


def test_a_walk_that_yields_nothing_is_an_error(survey):
    walk, _ = survey

    with pytest.raises(InvalidInput, match="none of the listed"):
        list(walk.run(["gone.jpg"], ()))
    with pytest.raises(Unavailable, match="no picture could be analysed"):
        list(walk.run(["text.jpg"], ()))
