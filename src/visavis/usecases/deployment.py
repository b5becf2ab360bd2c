"""The deployment itself: whether its parts answer, how full it is, and a letter to try the mail."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from visavis.core.errors import VisavisError
from visavis.credentials.roles import Permission
from visavis.mail.layout import letter
from visavis.mail.message import Message
from visavis.store.blobs.base import Blobs
from visavis.store.blobs.errors import BlobNotFound
from visavis.store.urls import read_url, shown
from visavis.throttle.throttle import Kind
from visavis.usecases.actor import Actor
from visavis.usecases.errors import LogInNeeded
from visavis.usecases.ground import PEPPER, Ground

_NO_FILE = "0" * 64
"""SHA-256 of nothing that anybody keeps."""


class Part(StrEnum):
    """What a deployment stands on."""

    DATABASE = "database"
    ROOT_KEY = "root_key"
    FILES = "files"


@dataclass(frozen=True, slots=True)
class Health:
    """Whether a part answers now.

    Attributes:
        part: Which.
        fault: What is wrong and what to do, one sentence; empty = it answers.
    """

    part: Part
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Used:
    """How much a tenant keeps.

    Attributes:
        octets: Bytes of all files.
        quota: Most bytes that it may keep; 0 = no limit.
    """

    octets: int
    quota: int


class Deployment:
    """Looks at the parts of a deployment.

    Args:
        ground: Of the deployment.
        blobs: Its files.
    """

    def __init__(self, ground: Ground, blobs: Blobs) -> None:
        self._ground = ground
        self._blobs = blobs

    def health(self, actor: Actor) -> tuple[Health, ...]:
        """Ask each part and return what it says.

        Raises:
            NotAllowed: the actor may not know.
        """
        actor.require(Permission.SETTINGS_READ)
        return (
            _asked(Part.DATABASE, self._ask_database),
            _asked(Part.ROOT_KEY, self._ask_root_key),
            _asked(Part.FILES, lambda: self._ask_files(actor.tenant_id)),
        )

    def database(self, actor: Actor) -> str:
        """Return where the rows are, without user and password.

        Raises:
            NotAllowed: the actor may not know.
        """
        actor.require(Permission.SETTINGS_READ)
        return shown(read_url(self._ground.settings.store.url, self.folder))

    @property
    def folder(self) -> Path:
        """Where the deployment keeps what is its own."""
        return self._ground.settings.data.absolute()

    def used(self, actor: Actor) -> Used:
        """Return how much the actor's tenant keeps.

        Raises:
            NotAllowed: the actor is no admin.
        """
        actor.require(Permission.USERS_READ)
        with self._ground.store.reading() as work:
            octets = work.blob_rows.used_bytes(actor.tenant_id)
        return Used(octets, self._ground.settings.blobs.quota_bytes)

    def send_test(self, actor: Actor) -> str:
        """Send a letter to whoever asks, and return their address once it has left.

        Raises:
            NotAllowed: the actor may not, or is a program.
            TooManyRequests: too many letters went to this address.
            MailNotSent: it cannot be sent; the message says what to do.
        """
        actor.require(Permission.SETTINGS_READ)
        actor.require_person()
        address = self._address(actor)
        self._ground.throttle.check(Kind.MAIL, address)
        self._ground.send(self._letter(address))
        return address

    def _address(self, actor: Actor) -> str:
        with self._ground.store.reading() as work:
            user = work.users.find(actor.tenant_id, actor.user_id)
        if user is None:
            raise LogInNeeded("your account is not there any more; log in with another one")
        return user.email

    def _letter(self, to: str) -> Message:
        return letter(
            to,
            "A test letter from Visavis",
            self._ground.foot,
            "You asked for this letter on the settings page. It has come: mail works.",
        )

    def _ask_database(self) -> None:
        with self._ground.store.reading() as work:
            work.tenants.first()

    def _ask_root_key(self) -> None:
        """Open a key that only the root key opens."""
        ground = self._ground
        with ground.store.reading() as work:
            ground.keyring.deployment_secrets(work.keys, PEPPER, ground.clock())

    def _ask_files(self, tenant_id: str) -> None:
        try:
            self._blobs.size(tenant_id, _NO_FILE)
        except BlobNotFound:
            return


def _asked(part: Part, ask: Callable[[], None]) -> Health:
    try:
        ask()
    except VisavisError as exc:
        return Health(part, str(exc))
    return Health(part)
