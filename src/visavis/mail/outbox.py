"""Mail into a folder, where no server is set: one `.eml` file a mail, for who sits at the machine.

Names begin with the time, so the last one in the list is the newest: any mail program opens it, and
so does `less`.
"""

import os
import tempfile
import threading
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import structlog

from visavis.mail.errors import MailNotSent
from visavis.mail.message import Message, as_email

log = structlog.get_logger(__name__)

SENDER = "visavis@localhost"


class OutboxMailer:
    """Writes mails into a folder that only its owner may read.

    Args:
        folder: Where to; it is made with the first mail.
        sender: Address that mail comes from, as `addresses.address` gives it.
    """

    def __init__(self, folder: Path, sender: str = SENDER) -> None:
        self._folder = folder
        self._sender = sender
        self._said = False
        self._lock = threading.Lock()

    def send(self, message: Message) -> None:
        """Write a mail, whole or not at all; see `Mailer.send`."""
        sent = datetime.now(UTC)
        content = as_email(message, self._sender, sent).as_bytes()
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            _write(self._folder / f"{sent:%Y%m%dT%H%M%S.%fZ}-{uuid4().hex[:8]}.eml", content)
        except OSError as exc:
            raise MailNotSent(
                f"the mail cannot be written to {self._folder} ({exc.strerror}); make room, or set "
                "VISAVIS_DATA to a folder that can be written"
            ) from exc
        self._say_where()

    def newest(self) -> Path | None:
        """Return the file of the last mail, None where there is none."""
        return max(self._folder.glob("*.eml"), default=None)

    def _say_where(self) -> None:
        """Log once where mail goes; never what is in it, nor to whom."""
        with self._lock:
            said, self._said = self._said, True
        if not said:
            log.warning("mail_goes_to_a_folder", folder=str(self._folder.absolute()))


def _write(path: Path, content: bytes) -> None:
    """Write a private file (mode 0600) that is there whole or not at all."""
    handle, made = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(made).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(made).unlink()
        raise
