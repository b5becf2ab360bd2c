"""After an erasure: looking everywhere whether anything of the person is left.

What was erased must not be found, and what was copied before must not open. So the probe counts
rows, files and what other places hold, and tries to open values that were read before.
"""

from base64 import b64decode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from visavis.store.blobs.base import Blobs
from visavis.store.blobs.errors import BlobNotFound
from visavis.store.consents import Consent
from visavis.store.sealed import SealedData
from visavis.store.work import Work
from visavis.usecases.consent_records import EVIDENCE
from visavis.usecases.ground import Ground
from visavis.usecases.seen import SEEN
from visavis.vault.errors import KeyDestroyed, SealBroken
from visavis.vault.sealing import Context, version_of


class Place(Protocol):
    """Where something about subjects is kept beside rows and files, such as a search index."""

    @property
    def name(self) -> str:
        """What receipts call it."""
        ...

    def forget(self, tenant_id: str, subject_id: str) -> None:
        """Remove all about a subject; nothing there is no error."""
        ...

    def holds(self, tenant_id: str, subject_id: str) -> int:
        """Return how much there still is about a subject."""
        ...


@dataclass(frozen=True, slots=True)
class Witness:
    """A sealed value that was read before its key was destroyed.

    Attributes:
        purpose: What it was for.
        data: The sealed bytes.
    """

    purpose: str
    data: bytes = field(repr=False)


def witnesses(values: Iterable[SealedData], consents: Iterable[Consent]) -> tuple[Witness, ...]:
    """Return one of the sealed values, proofs of consents among them, for each purpose and key."""
    read = tuple(values)
    found = {(value.purpose, value.key_version): value.data for value in read}
    for seen in (b64decode(value.meta[SEEN]) for value in read if SEEN in value.meta):
        found[SEEN, version_of(seen)] = seen
    for proof in (b64decode(consent.evidence) for consent in consents if consent.evidence):
        found[EVIDENCE, version_of(proof)] = proof
    return tuple(Witness(purpose, data) for (purpose, _version), data in found.items())


@dataclass(frozen=True, slots=True)
class Probe:
    """What was looked at, and what was found.

    Attributes:
        left: How much is left, by where it was looked for; all of it 0 after a good erasure.
        opened: How many of the values that were read before still open.
        tried: How many of them were tried.
        files_gone: How many files went.
        files_needed: How many stay, because something that shows somebody else needs them.
    """

    left: dict[str, int]
    opened: int
    tried: int
    files_gone: int
    files_needed: int

    @property
    def is_clean(self) -> bool:
        """Whether nothing was found."""
        return not self.opened and not any(self.left.values())

    def as_dict(self) -> dict[str, Any]:
        """Return what a receipt says of it."""
        opening = {"tried": self.tried, "opened": self.opened}
        return {"clean": self.is_clean, "left": self.left, "sealed_values": opening}


def probe(
    ground: Ground,
    blobs: Blobs,
    places: Sequence[Place],
    subject: tuple[str, str],
    values: Iterable[Witness],
    files: Iterable[str],
) -> Probe:
    """Look for anything of a subject.

    Args:
        ground: Of the deployment.
        blobs: Its files.
        places: Where else to ask.
        subject: Ids of tenant and subject.
        values: Read before the erasure.
        files: SHA-256 of those that showed the subject.
    """
    tenant_id, _subject_id = subject
    tried = tuple(values)
    with ground.store.reading() as work:
        left = _rows(work, *subject)
        opened = sum(_opens(ground, work, subject, value) for value in tried)
        gone, needed = [], 0
        for sha256 in files:
            if work.blob_rows.find(tenant_id, sha256):
                needed += 1
            else:
                gone.append(sha256)
    left["files"] = sum(_is_there(blobs, tenant_id, sha256) for sha256 in gone)
    left |= {place.name: place.holds(*subject) for place in places}
    return Probe(left, opened, len(tried), len(gone) - left["files"], needed)


def _rows(work: Work, tenant_id: str, subject_id: str) -> dict[str, int]:
    row = work.subjects.find(tenant_id, subject_id)
    named = row is not None and (row.reference is not None or row.adult is not None)
    return {
        "keys": len(work.keys.subject_keys(tenant_id, subject_id)),
        "sealed": len(work.sealed.of_subject(tenant_id, subject_id)),
        "consents": len(work.consents.page(tenant_id, subject_id=subject_id).items),
        "file_uses": len(work.blob_rows.uses_of_subject(tenant_id, subject_id)),
        "profile": int(named),
    }


def _opens(ground: Ground, work: Work, subject: tuple[str, str], value: Witness) -> bool:
    """Return whether a value still opens."""
    try:
        key = ground.keyring.subject_key(work.keys, *subject, version_of(value.data))
        key.unseal(value.data, Context(*subject, value.purpose))
    except (KeyDestroyed, SealBroken):
        return False
    return True


def _is_there(blobs: Blobs, tenant_id: str, sha256: str) -> bool:
    try:
        blobs.size(tenant_id, sha256)
    except BlobNotFound:
        return False
    return True
