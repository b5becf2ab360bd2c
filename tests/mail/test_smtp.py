"""Mail by a real SMTP server on loopback: protected, logged in, and what is said when it fails."""

import socket

import pytest
from pydantic import SecretStr

from tests.mail.smtp_running import (
    PASSWORD,
    USER,
    Mailbox,
    certificate,
    free_port,
    smtp_server,
)
from visavis.core.errors import InvalidSettings, Unavailable
from visavis.core.settings import MailOptions
from visavis.mail.errors import MailNotSent
from visavis.mail.message import Message
from visavis.mail.smtp import SmtpMailer

pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")

MESSAGE = Message("Ann.Lee@firm.com", "Ünlock your code", "Grüße\n\n    123456\n", "<p>123456</p>")


@pytest.fixture
def mailbox():
    return Mailbox()


@pytest.fixture
def trusted(tmp_path, monkeypatch):
    """Give a certificate that clients of this test trust."""
    made = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(made.file))
    return made


def mailer(port, security="none", **more):
    options = {"host": "127.0.0.1", "port": port, "security": security, "timeout_s": 20, **more}
    return SmtpMailer(MailOptions(sender="visavis@firm.com", **options))


def login(password=PASSWORD):
    return {"user": USER, "password": SecretStr(password)}


def refused(sender, said, message=MESSAGE):
    """Send, expect a refusal that says what is wrong, and nothing that is nobody's business."""
    with pytest.raises(MailNotSent, match=said) as raised:
        sender.send(message)
    text = str(raised.value)
    assert "the mail server 127.0.0.1:" in text
    for private in (PASSWORD, "wrong-word", "ann.lee", "123456"):
        assert private not in text.lower()
    assert raised.value.__cause__ is raised.value.__context__ is None
    assert isinstance(raised.value, Unavailable)
    return True


def test_a_mail_arrives(mailbox):
    with smtp_server(mailbox) as port:
        mailer(port).send(MESSAGE)
        mailer(port).send(MESSAGE)

    mail, again = mailbox.mails
    assert mailbox.envelopes == [("visavis@firm.com", ["Ann.Lee@firm.com"])] * 2
    assert (mail["To"], mail["Subject"]) == ("Ann.Lee@firm.com", "Ünlock your code")
    text, html = mail.iter_parts()
    assert text.get_content().splitlines() == ["Grüße", "", "    123456"]
    assert html.get_content().strip() == "<p>123456</p>"
    assert mail["Message-ID"] != again["Message-ID"]


def test_lines_that_begin_with_a_dot_arrive(mailbox):
    with smtp_server(mailbox) as port:
        mailer(port).send(Message("ann@firm.com", "dots", ".\n..\n.\nend\n", "."))
    text, _ = mailbox.mails[0].iter_parts()
    assert text.get_content().splitlines() == [".", "..", ".", "end"]


def test_starttls_with_log_in(mailbox, trusted):
    how = {"tls_context": trusted.context, "require_starttls": True, "auth_required": True}
    with smtp_server(mailbox, **how, authenticator=mailbox.authenticate) as port:
        mailer(port, "starttls", **login()).send(MESSAGE)
    assert (mailbox.protected, mailbox.logins) == ([True], [USER.encode()])


def test_tls_from_the_first_byte_with_log_in(mailbox, trusted):
    how = {"ssl_context": trusted.context, "auth_required": True, "auth_require_tls": False}
    with smtp_server(mailbox, **how, authenticator=mailbox.authenticate) as port:
        mailer(port, "tls", **login()).send(MESSAGE)
    assert (len(mailbox.mails), mailbox.logins) == (1, [USER.encode()])


def test_log_in_without_protection_on_loopback(mailbox):
    how = {"auth_required": True, "auth_require_tls": False}
    with smtp_server(mailbox, **how, authenticator=mailbox.authenticate) as port:
        mailer(port, **login()).send(MESSAGE)
    assert mailbox.logins == [USER.encode()]


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_nobody_vouches_for_is_refused(mailbox, tmp_path, security):
    context = certificate(tmp_path).context
    how = {"tls_context": context} if security == "starttls" else {"ssl_context": context}
    with smtp_server(mailbox, **how, authenticator=mailbox.authenticate) as port:
        refused(mailer(port, security, **login()), "certificate that is not trusted")
    assert (mailbox.mails, mailbox.logins) == ([], [])


@pytest.mark.parametrize("fault", [{"name": "mail.firm.com"}, {"days": -1}])
def test_a_certificate_of_somebody_else_or_of_the_past_is_refused(
    mailbox, tmp_path, monkeypatch, fault
):
    made = certificate(tmp_path, **fault)
    monkeypatch.setenv("SSL_CERT_FILE", str(made.file))
    with smtp_server(mailbox, tls_context=made.context) as port:
        refused(mailer(port, "starttls"), "certificate that is not trusted")
    assert mailbox.mails == []


def test_a_server_without_starttls_gets_neither_mail_nor_password(mailbox):
    how = {"auth_require_tls": False, "authenticator": mailbox.authenticate}
    with smtp_server(mailbox, **how) as port:
        refused(mailer(port, "starttls", **login()), "no such protection")
    assert (mailbox.mails, mailbox.logins) == ([], [])


def test_tls_where_the_server_speaks_plain_text(mailbox):
    with smtp_server(mailbox) as port:
        refused(mailer(port, "tls"), "does not speak TLS here")


def test_a_wrong_password_is_not_repeated(mailbox):
    how = {"auth_required": True, "auth_require_tls": False}
    with smtp_server(mailbox, **how, authenticator=mailbox.authenticate) as port:
        refused(mailer(port, **login("wrong-word")), "refused the log-in.*535")
    assert mailbox.mails == []


def test_a_server_that_knows_no_log_in(mailbox):
    with smtp_server(mailbox) as port:
        refused(mailer(port, **login()), "no such protection or log-in")


@pytest.mark.parametrize(
    ("command", "answer", "said"),
    [
        ("RCPT", "550 no such user {}", r"refused the recipient \(550\)"),
        ("RCPT", "451 try later, {}", r"refused the recipient \(451\)"),
        ("RCPT", "421 {} go away", r"refused the recipient \(421\)"),
        ("MAIL", "550 {} is not yours", "check VISAVIS_MAIL__SENDER .*550"),
        ("DATA", "554 spam for {}", "refused the mail; .*554"),
        ("DATA", "452 no room for {}", "refused the mail; .*452"),
    ],
)
def test_what_the_server_says_of_the_recipient_is_not_passed_on(mailbox, command, answer, said):
    mailbox.refuse[command] = answer
    with smtp_server(mailbox) as port:
        refused(mailer(port), said)
    assert mailbox.mails == []


def test_nobody_listens():
    refused(mailer(free_port()), "cannot be reached; check VISAVIS_MAIL__HOST")


def test_a_server_that_never_answers_is_not_waited_for():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        refused(mailer(silent.getsockname()[1], timeout_s=0.2), "did not answer within 0.2 s")


@pytest.mark.parametrize("host", ["mail..firm.com", "x" * 300, "."])
def test_a_host_that_is_no_name(host):
    options = MailOptions(host=host, security="tls", sender="visavis@firm.com")
    with pytest.raises(MailNotSent, match="cannot be reached"):
        SmtpMailer(options).send(MESSAGE)


class HangsUp(Mailbox):
    """Takes the mail and hangs up instead of saying good-bye."""

    async def handle_QUIT(self, server, session, envelope):  # noqa: N802
        return "500 what"


def test_a_mail_that_left_is_no_failure_whatever_comes_after():
    mailbox = HangsUp()
    with smtp_server(mailbox) as port:
        mailer(port).send(MESSAGE)
    assert len(mailbox.mails) == 1


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "127.0.0.1", "127.8.8.8", "::1"])
def test_without_protection_mail_goes_to_this_machine(host):
    assert SmtpMailer(MailOptions(host=host, security="none"))


@pytest.mark.parametrize("host", ["mail.firm.com", "10.0.0.1", "192.168.1.2", "localhost.x.com"])
def test_without_protection_mail_goes_nowhere_else(host):
    with pytest.raises(InvalidSettings, match=r"VISAVIS_MAIL__SECURITY=none .* this machine only"):
        SmtpMailer(MailOptions(host=host, security="none"))


@pytest.mark.parametrize("more", [{"user": "jürgen"}, {"password": SecretStr("gehéim-7731")}])
def test_what_smtp_cannot_say_is_refused_and_not_repeated(more):
    with pytest.raises(InvalidSettings, match="ASCII") as raised:
        SmtpMailer(MailOptions(host="mail.firm.com", **more))
    assert "7731" not in str(raised.value)


@pytest.mark.parametrize("sender", ["", "visavis", "Visavis <a@b.com>", "a@b.com\nBcc: c@d.com"])
def test_a_sender_that_is_no_address_is_refused(sender):
    with pytest.raises(InvalidSettings, match="VISAVIS_MAIL__SENDER"):
        SmtpMailer(MailOptions(host="mail.firm.com", sender=sender))
