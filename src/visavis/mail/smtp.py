"""Mail by an SMTP server.

The certificate of the server is checked against those the system trusts; for one's own authority,
`SSL_CERT_FILE` names a file with its certificate. Without protection mail goes to this machine
only, and there is no setting to change that: who reads a code that resets a password has the
account.
"""

import smtplib
import ssl
from contextlib import closing, suppress
from datetime import UTC, datetime
from email.message import EmailMessage
from ipaddress import ip_address

from visavis.core.errors import InvalidSettings
from visavis.core.settings import MailOptions
from visavis.mail.addresses import address
from visavis.mail.errors import InvalidMail, MailNotSent
from visavis.mail.message import Message, as_email

_REFUSED: tuple[tuple[type[Exception], str], ...] = (  # the first that fits
    (
        smtplib.SMTPAuthenticationError,
        "refused the log-in; check VISAVIS_MAIL__USER and VISAVIS_MAIL__PASSWORD",
    ),
    (smtplib.SMTPSenderRefused, "refused the sender; check VISAVIS_MAIL__SENDER"),
    (Exception, "refused the mail; its log says why"),
)
_FAILED: tuple[tuple[type[Exception], str], ...] = (
    (
        smtplib.SMTPNotSupportedError,
        "offers no such protection or log-in; check VISAVIS_MAIL__SECURITY and VISAVIS_MAIL__USER",
    ),
    (ssl.SSLError, "does not speak TLS here; check VISAVIS_MAIL__SECURITY and VISAVIS_MAIL__PORT"),
    (
        Exception,
        "cannot be reached; check VISAVIS_MAIL__HOST and VISAVIS_MAIL__PORT, or try again later",
    ),
)


class SmtpMailer:
    """Sends each mail over a connection of its own; mails are few, and nothing has to be kept open.

    Args:
        options: The group `mail` of the settings, with a host.

    Raises:
        InvalidSettings: they cannot work; nothing was contacted yet.
    """

    def __init__(self, options: MailOptions) -> None:
        if options.security == "none" and not _is_loopback(options.host):
            raise InvalidSettings(
                "VISAVIS_MAIL__SECURITY=none works with a server on this machine only, as mail "
                "would be readable on its way; use starttls or tls"
            )
        # smtplib can say nothing else, and its error would quote the password.
        if not (options.user + options.password.get_secret_value()).isascii():
            raise InvalidSettings(
                "VISAVIS_MAIL__USER and VISAVIS_MAIL__PASSWORD may have ASCII characters only"
            )
        self._options = options
        self._sender = sender_of(options)

    def send(self, message: Message) -> None:
        """Hand a mail to the server; see `Mailer.send`."""
        mail = as_email(message, self._sender, datetime.now(UTC))
        try:
            self._deliver(mail, message.to)
        except (smtplib.SMTPException, OSError, ValueError) as exc:  # ValueError: a host with ..
            fault = self._explain(exc)
        else:
            return
        # Outside of the handler: the server's words may hold the recipient, and a chain is logged.
        raise MailNotSent(f"the mail server {self._options.host}:{self._options.port} {fault}")

    def _deliver(self, mail: EmailMessage, to: str) -> None:
        with closing(self._connected()) as server:
            if self._options.user:
                server.login(self._options.user, self._options.password.get_secret_value())
            server.send_message(mail, self._sender, [to])
            with suppress(smtplib.SMTPException, OSError):  # the mail has left already
                server.quit()

    def _connected(self) -> smtplib.SMTP:
        """Return a connection that is protected as the settings say."""
        where = (self._options.host, self._options.port, self._sender.rpartition("@")[2])
        timeout = self._options.timeout_s
        if self._options.security == "tls":
            return smtplib.SMTP_SSL(*where, timeout=timeout, context=ssl.create_default_context())
        server = smtplib.SMTP(*where, timeout=timeout)
        if self._options.security == "starttls":
            try:
                server.starttls(context=ssl.create_default_context())
            except BaseException:
                server.close()
                raise
        return server

    def _explain(self, error: Exception) -> str:
        """Say what went wrong in our words; the server's may hold an address."""
        match error:
            case smtplib.SMTPRecipientsRefused():
                codes = {str(code) for code, _ in error.recipients.values()}
                return f"refused the recipient ({', '.join(sorted(codes))})"
            case smtplib.SMTPResponseException():
                advice = next(said for kind, said in _REFUSED if isinstance(error, kind))
                return f"{advice} (it answered {error.smtp_code})"
            case ssl.SSLCertVerificationError():
                return f"has a certificate that is not trusted ({error.verify_message})"
            case _ if TimeoutError in (type(error), type(error.__context__)):  # smtplib wraps some
                return f"did not answer within {self._options.timeout_s:g} s; try again later"
            case _:
                return next(said for kind, said in _FAILED if isinstance(error, kind))


def sender_of(options: MailOptions) -> str:
    """Return the address that mail comes from.

    Raises:
        InvalidSettings: it is no address.
    """
    try:
        return address(options.sender)
    except InvalidMail as exc:
        raise InvalidSettings(f"VISAVIS_MAIL__SENDER cannot be used: {exc}") from exc


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"
