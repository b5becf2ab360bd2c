"""A folder per person, in folders and archives as people really have them."""

import zipfile

import pytest

from visavis.core.errors import InvalidInput
from visavis.lab.people import read_people


def write(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"-")


def packed(path, *names):
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, b"-")
    return path


NAMES = ("ada/1.jpg", "ada/2.PNG", "ben/front/1.webp", "ben/side/1.webp")
PEOPLE = {"ada": NAMES[:2], "ben": NAMES[2:]}


def test_the_topmost_folder_is_the_person_however_deep_a_picture_lies(tmp_path):
    write(tmp_path / "set", *reversed(NAMES))

    assert read_people(tmp_path / "set") == PEOPLE
    assert read_people(packed(tmp_path / "set.zip", *reversed(NAMES))) == PEOPLE


@pytest.mark.parametrize("around", ["lfw", "data/lfw"])
def test_a_folder_around_everything_is_no_person(tmp_path, around):
    names = [f"{around}/{name}" for name in NAMES]

    people = read_people(packed(tmp_path / "set.zip", *names))

    assert people == {"ada": tuple(names[:2]), "ben": tuple(names[2:])}


def test_one_folder_of_pictures_is_one_person(tmp_path):
    assert read_people(packed(tmp_path / "a.zip", "ada/1.jpg", "ada/2.jpg")) == {
        "ada": ("ada/1.jpg", "ada/2.jpg")
    }


def test_what_is_no_picture_or_hidden_or_belongs_to_nobody_is_passed_over(tmp_path):
    more = ("read.me", "group.jpg", "ada/notes.txt", "ada/.3.jpg", ".cache/x.jpg")
    write(tmp_path / "set", *NAMES, *more)
    archive = packed(tmp_path / "set.zip", *NAMES, *more, "__MACOSX/ada/._1.jpg", "empty/")

    assert read_people(tmp_path / "set") == PEOPLE
    assert read_people(archive) == PEOPLE


def test_links_to_folders_are_not_followed(tmp_path):
    write(tmp_path / "set", *NAMES)
    write(tmp_path / "outside", "1.jpg")
    (tmp_path / "set" / "eve").symlink_to(tmp_path / "outside")

    assert read_people(tmp_path / "set") == PEOPLE


def test_a_name_that_no_list_can_hold_is_refused(tmp_path):
    write(tmp_path, *NAMES, "ada/\udcff.jpg")

    with pytest.raises(InvalidInput, match="UTF-8"):
        read_people(tmp_path)


def test_what_holds_nobody_is_refused_with_a_sentence(tmp_path):
    with pytest.raises(InvalidInput, match="one folder a person"):
        read_people(tmp_path)
    with pytest.raises(InvalidInput, match="does not exist"):
        read_people(tmp_path / "gone")
    (tmp_path / "text.zip").write_text("no archive")
    with pytest.raises(InvalidInput, match="neither a folder"):
        read_people(tmp_path / "text.zip")
    with pytest.raises(InvalidInput, match="one folder a person"):
        read_people(packed(tmp_path / "flat.zip", "1.jpg", "2.jpg"))
