"""Files, folders and globs become one list: stable, without doubles, without surprises."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.core.errors import InvalidInput
from visavis.entry.cli.inputs import gather


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """Make a small tree and stand in it."""
    for name in ("a.jpg", "sub/b.jpg", "sub/deep/c.png", ".hidden.jpg", "sub/.dir/d.jpg", "e.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def names(*paths, **options):
    return [item.name for item in gather(paths, **options)]


def test_a_folder_is_searched_to_the_bottom_in_order_without_hidden_files(tree):
    assert names(".") == ["a.jpg", "e.txt", "sub/b.jpg", "sub/deep/c.png"]


def test_names_are_as_the_person_gave_them_and_places_are_below_the_folder(tree):
    (item, _) = gather(["sub"])
    assert (item.name, item.place, item.chosen) == ("sub/b.jpg", Path("b.jpg"), False)
    (item,) = gather([str(tree / "sub" / "b.jpg")])
    assert (item.name, item.place, item.chosen) == (
        (tree / "sub" / "b.jpg").as_posix(),
        Path("b.jpg"),
        True,
    )


def test_of_several_folders_each_keeps_its_name(tree):
    places = [item.place for item in gather(["sub", "sub/deep/../../a.jpg", "."])]
    assert places[0] == Path("sub/b.jpg")
    assert Path(tree.name, "e.txt") in places


def test_a_hidden_file_is_taken_when_it_is_named(tree):
    assert names(".hidden.jpg") == [".hidden.jpg"]


def test_a_file_given_twice_is_worked_on_once(tree):
    assert names("a.jpg", ".", "./a.jpg", "*.jpg").count("a.jpg") == 1


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("*.jpg", ["a.jpg"]),
        ("**/*.jpg", ["a.jpg", "sub/b.jpg"]),
        ("s*/[a-c].jpg", ["sub/b.jpg"]),
    ],
)
def test_a_glob_that_the_shell_left_alone_is_expanded(tree, pattern, found):
    assert names(pattern) == found
    assert [item.place.as_posix() for item in gather([pattern])] == found


def test_a_glob_below_a_folder_has_its_places_below_that_folder(tree):
    (item,) = gather([str(tree / "sub" / "*" / "*.png")])
    assert item.place == Path("deep/c.png")


def test_a_file_with_wildcards_in_its_name_is_that_file(tree):
    (tree / "[1].jpg").write_bytes(b"x")
    assert names("[1].jpg") == ["[1].jpg"]


def test_our_own_output_is_never_input(tree):
    (tree / "out").mkdir()
    (tree / "out" / "a.jpg").write_bytes(b"x")
    for given_path in (".", "**/*.jpg"):
        assert "out/a.jpg" not in names(given_path, leave_out=Path("out"))


def test_a_folder_may_be_input_and_output_at_once(tree):
    assert names("sub", leave_out=Path("sub")) == ["sub/b.jpg", "sub/deep/c.png"]
    assert names("sub/*.jpg", leave_out=Path("sub")) == ["sub/b.jpg"]


@pytest.mark.parametrize("path", ["missing.jpg", "missing/", "no*.match", "sub/empty", os.devnull])
def test_what_cannot_be_worked_on_is_refused_by_name(tree, path):
    (tree / "sub" / "empty").mkdir()
    with pytest.raises(InvalidInput) as refused:
        gather([path])
    assert path in str(refused.value)


def test_a_loop_of_links_ends(tree):
    (tree / "sub" / "loop").symlink_to(tree, target_is_directory=True)
    assert names(".") == ["a.jpg", "e.txt", "sub/b.jpg", "sub/deep/c.png"]


def test_a_name_that_is_not_text_is_shown_and_still_read(tmp_path):
    raw = os.fsencode(tmp_path) + b"/caf\xe9.jpg"
    try:
        Path(os.fsdecode(raw)).write_bytes(b"x")
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    (item,) = gather([str(tmp_path)])
    assert item.name.endswith("caf\N{REPLACEMENT CHARACTER}.jpg")
    assert item.path.read_bytes() == b"x"


@given(st.lists(st.sampled_from(["..", "*", "sub", "deep", "."]), max_size=5))
def test_no_place_leads_out_of_the_output_folder(tmp_path_factory, parts):
    top = tmp_path_factory.mktemp("top")
    (top / "sub" / "deep").mkdir(parents=True)
    for folder in (top, top / "sub", top / "sub" / "deep"):
        (folder / "x.jpg").write_bytes(b"x")
    try:
        items = gather([str(top.joinpath("sub", *parts, "*.jpg"))])
    except InvalidInput:
        return  # nothing matched
    assert items
    assert all(not i.place.is_absolute() and ".." not in i.place.parts for i in items)
