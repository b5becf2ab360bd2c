import zipfile

import pytest

from visavis.core.errors import InvalidInput
from visavis.lab.roots import open_root, safe_names


@pytest.fixture(params=["folder", "zip"])
def root(request, tmp_path):
    folder = tmp_path / "pictures"
    (folder / "p").mkdir(parents=True)
    (folder / "p" / "1.jpg").write_bytes(b"first")
    (folder / "big.jpg").write_bytes(bytes(1000))
    if request.param == "folder":
        return open_root(folder, max_bytes=10)
    with zipfile.ZipFile(tmp_path / "pictures.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*.jpg")):
            archive.write(path, path.relative_to(folder).as_posix())
    return open_root(tmp_path / "pictures.zip", max_bytes=10)


def test_folder_and_zip_answer_alike(root):
    assert root.has("p/1.jpg")
    assert root.read("p/1.jpg") == b"first"
    assert not root.has("p/2.jpg")
    with pytest.raises(InvalidInput, match=r"p/2\.jpg"):
        root.read("p/2.jpg")


def test_no_more_than_one_byte_beyond_the_cap_is_read(root):
    assert len(root.read("big.jpg")) == 11


def test_links_that_lead_out_of_the_folder_are_not_followed(tmp_path):
    (tmp_path / "secret").write_bytes(b"secret")
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "link.jpg").symlink_to(tmp_path / "secret")
    root = open_root(tmp_path / "pictures", max_bytes=10)

    assert not root.has("link.jpg")
    with pytest.raises(InvalidInput, match="leads out"):
        root.read("link.jpg")


@pytest.mark.parametrize("name", ["../x.jpg", "/etc/passwd", "a/../../x", "", "a\0b"])
def test_names_that_climb_out_are_refused(name):
    with pytest.raises(InvalidInput, match="outside the root"):
        safe_names(["fine.jpg", name])


def test_a_broken_member_is_reported_not_fatal(tmp_path):
    path = tmp_path / "broken.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.jpg", b"some bytes")
    path.write_bytes(path.read_bytes().replace(b"some bytes", b"other byte"))

    with pytest.raises(InvalidInput, match=r"a\.jpg cannot be read"):
        open_root(path, max_bytes=100).read("a.jpg")


def test_what_is_no_root_is_refused(tmp_path):
    (tmp_path / "text.zip").write_text("not an archive")

    with pytest.raises(InvalidInput, match="neither a folder nor"):
        open_root(tmp_path / "text.zip", max_bytes=10)
    with pytest.raises(InvalidInput, match="does not exist"):
        open_root(tmp_path / "nowhere", max_bytes=10)
