"""What every use case about accounts, people and privacy stands on."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from visavis.core.settings import Settings
from visavis.mail.layout import Foot
from visavis.mail.message import Message
from visavis.store.work import Store
from visavis.throttle.throttle import Throttle
from visavis.usecases.audit import AuditLog
from visavis.usecases.background import Background
from visavis.vault.keyring import Keyring

PEPPER = "pepper"
"""Purpose of the deployment's key under which short secrets are hashed; it is never rotated, or
every recovery code would be lost."""


def utc_now() -> datetime:
    """Return the time, aware, UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Ground:
    """Shared by the use cases of one deployment.

    Attributes:
        settings: Of the deployment.
        store: Its rows.
        keyring: Its keys.
        audit: Its audit logs.
        throttle: Counts tries.
        send: Sends a mail at once; raises MailNotSent.
        background: Does what nobody waits for.
        pepper: 32 bytes under which short secrets are hashed.
        site: Address of the deployment for letters and links, without a slash at the end.
        clock: Tells the time, aware, UTC.
    """

    settings: Settings
    store: Store
    keyring: Keyring
    audit: AuditLog
    throttle: Throttle
    send: Callable[[Message], None]
    background: Background
    pepper: bytes
    site: str
    clock: Callable[[], datetime] = utc_now

    @property
    def foot(self) -> Foot:
        """What stands below every letter."""
        return Foot(self.site, self.settings.mail.contact)

    def post(self, message: Message) -> None:
        """Send a mail without waiting for it: how long it takes would tell who has an account."""
        self.background.do("mail", lambda: self.send(message))
