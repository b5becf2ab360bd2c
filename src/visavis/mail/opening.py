"""Which way mail leaves this deployment."""

from pathlib import Path

from visavis.core.settings import MailOptions
from visavis.mail.base import Mailer
from visavis.mail.outbox import OutboxMailer
from visavis.mail.smtp import SmtpMailer, sender_of


def open_mailer(options: MailOptions, folder: Path) -> Mailer:
    """Return what sends mail; nothing is contacted or written yet.

    Args:
        options: The group `mail` of the settings.
        folder: The outbox, used where no server is set.

    Raises:
        InvalidSettings: the settings cannot work.
    """
    return SmtpMailer(options) if options.host else OutboxMailer(folder, sender_of(options))
