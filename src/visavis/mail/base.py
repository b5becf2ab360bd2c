"""What sends mail."""

from typing import Protocol

from visavis.mail.message import Message


class Mailer(Protocol):
    """Sends mail; safe to use from several threads."""

    def send(self, message: Message) -> None:
        """Hand a mail over; it has left when this returns.

        Raises:
            MailNotSent: it did not leave.
        """
        ...
