"""Which way mail leaves: by the server that is set, else into the folder."""

import pytest

from tests.mail.smtp_running import Mailbox, smtp_server
from visavis.core.errors import InvalidSettings
from visavis.core.settings import MailOptions
from visavis.mail.message import Message
from visavis.mail.opening import open_mailer

MESSAGE = Message("ann@firm.com", "Hello", "Hello\n", "<p>Hello</p>")


def test_with_a_server_mail_goes_there(tmp_path):
    mailbox = Mailbox()
    with smtp_server(mailbox) as port:
        options = MailOptions(host="127.0.0.1", port=port, security="none")
        open_mailer(options, tmp_path / "outbox").send(MESSAGE)
    assert mailbox.envelopes == [("visavis@localhost", ["ann@firm.com"])]
    assert not (tmp_path / "outbox").exists()


def test_without_one_it_goes_into_the_folder(tmp_path):
    mailer = open_mailer(MailOptions(sender="faces@firm.com"), tmp_path / "outbox")
    assert not (tmp_path / "outbox").exists()

    mailer.send(MESSAGE)

    (file,) = (tmp_path / "outbox").iterdir()
    assert b"From: Visavis <faces@firm.com>\r\n" in file.read_bytes()


def test_settings_that_cannot_work_are_refused_before_the_first_mail(tmp_path):
    with pytest.raises(InvalidSettings, match="SENDER"):
        open_mailer(MailOptions(sender="nobody"), tmp_path)
    with pytest.raises(InvalidSettings, match="SECURITY"):
        open_mailer(MailOptions(host="mail.firm.com", security="none"), tmp_path)
