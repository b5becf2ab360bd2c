"""Mail into a folder: whole, private, found again, and said once."""

import stat
from concurrent.futures import ThreadPoolExecutor
from email import message_from_bytes
from email.policy import SMTP
from pathlib import Path

import pytest
import structlog

from visavis.core.errors import Unavailable
from visavis.mail.errors import MailNotSent
from visavis.mail.message import Message
from visavis.mail.outbox import OutboxMailer


def mail(number=0):
    return Message("ann@firm.com", f"Letter {number}", f"code-{number}\n", f"<p>code-{number}</p>")


def subjects(folder):
    files = sorted(folder.glob("*.eml"))
    return [message_from_bytes(file.read_bytes(), policy=SMTP)["Subject"] for file in files]


def test_one_file_a_mail_that_a_mail_program_opens(tmp_path):
    box = OutboxMailer(tmp_path / "data" / "outbox")
    assert box.newest() is None

    for number in range(3):
        box.send(mail(number))

    assert subjects(tmp_path / "data" / "outbox") == ["Letter 0", "Letter 1", "Letter 2"]
    newest = box.newest()
    assert newest
    found = message_from_bytes(newest.read_bytes(), policy=SMTP)
    assert (found["Subject"], found["To"]) == ("Letter 2", "ann@firm.com")
    assert [part.get_content().strip() for part in found.iter_parts()] == [
        "code-2",
        "<p>code-2</p>",
    ]


def test_only_the_owner_may_read_and_the_name_says_nothing(tmp_path):
    folder = tmp_path / "outbox"
    OutboxMailer(folder).send(mail())

    (file,) = folder.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert "ann" not in file.name
    assert "Letter" not in file.name


def test_a_mail_that_cannot_be_finished_leaves_nothing(tmp_path, monkeypatch):
    box = OutboxMailer(tmp_path)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(MailNotSent, match="No space left") as raised:
        box.send(mail())
    assert list(tmp_path.iterdir()) == []
    assert "ann@firm.com" not in str(raised.value)


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(Unavailable, match="set VISAVIS_DATA") as raised:
        OutboxMailer(tmp_path / "file" / "outbox").send(mail())
    assert str(tmp_path) in str(raised.value)


def test_many_at_once_all_arrive(tmp_path):
    box = OutboxMailer(tmp_path)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(box.send, map(mail, range(60))))
    assert sorted(subjects(tmp_path)) == sorted(f"Letter {number}" for number in range(60))


def test_where_mail_goes_is_logged_once_and_nothing_of_it(tmp_path):
    box = OutboxMailer(tmp_path)
    with structlog.testing.capture_logs() as lines:
        for number in range(3):
            box.send(mail(number))
    assert lines == [
        {"event": "mail_goes_to_a_folder", "folder": str(tmp_path), "log_level": "warning"}
    ]
