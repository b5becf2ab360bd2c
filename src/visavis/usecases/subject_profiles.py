"""What a tenant calls a subject: sealed under the subject's own key, found by a blind index.

Destroying the key erases it in every copy of the rows. The index is an HMAC-SHA256 of the reference
under the tenant's key: who has the rows alone cannot even try references against it.
"""

import hashlib
import hmac
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime

import orjson

from visavis.core.errors import InvalidInput
from visavis.store.collections import LOGIN
from visavis.store.sealed import SealedData
from visavis.store.subjects import Subject
from visavis.store.work import Work
from visavis.usecases.errors import NotFound
from visavis.usecases.subject_keys import known_keys
from visavis.vault.key_rows import Rows
from visavis.vault.keyring import Keyring
from visavis.vault.sealing import Context, DataKey

PROFILE = "profile"
"""Purpose of the sealed row that holds what a subject is called."""

REFERENCES = "references"
"""Purpose of the tenant's key under which references are looked up."""

LONGEST_REFERENCE, LONGEST_NAME, LONGEST_NOTES = 200, 200, 2000
"""Characters."""


@dataclass(frozen=True, slots=True)
class Profile:
    """What a subject is called; checked.

    Attributes:
        reference: The tenant's own name or number for them.
        name: What people call them.
        notes: Whatever else.
    """

    reference: str | None = field(default=None, repr=False)
    name: str | None = field(default=None, repr=False)
    notes: str | None = field(default=None, repr=False)

    def sealed(self, key: DataKey, row: Subject) -> bytes:
        """Return the profile sealed under the subject's key."""
        return key.seal(orjson.dumps(asdict(self)), _context(row))


@dataclass(frozen=True, slots=True)
class Known:
    """A subject with what they are called.

    Attributes:
        id: Theirs alone.
        created_at: Since when they are known.
        adult: Whether they are of age; None = nobody has said.
        reference: The tenant's own name or number for them.
        name: What people call them.
        notes: Whatever else.
        collection: Id of the collection they are in; empty = in none.
    """

    id: str
    created_at: datetime
    adult: bool | None
    reference: str | None = field(repr=False)
    name: str | None = field(repr=False)
    notes: str | None = field(repr=False)
    collection: str = ""

    @property
    def profile(self) -> Profile:
        """What is sealed of it."""
        return Profile(self.reference, self.name, self.notes)

    @staticmethod
    def of(row: Subject, profile: Profile) -> "Known":
        """Return the subject of a row."""
        said = profile.reference, profile.name, profile.notes
        return Known(row.id, row.created_at, row.adult, *said, collection=row.collection_id)


def subject_of(
    work: Work, tenant_id: str, subject_id: str, *, hold: bool = False, of_login: bool = False
) -> Subject:
    """Return the row of a subject who was not erased.

    Who stands for a user who logs in by face is nobody's business but the user's: no id of theirs
    opens anything, unless it is asked for as such.

    Args:
        work: The unit.
        tenant_id: Whose subject.
        subject_id: Who.
        hold: Let no other unit hold or change it until this one ends.
        of_login: Also who stands for a user who logs in by face.

    Raises:
        NotFound: there is none of this id, or they were erased.
    """
    find = work.subjects.hold if hold else work.subjects.find
    row = find(tenant_id, subject_id)
    if row is None or row.erased_at is not None:
        raise NotFound("subject")
    if row.collection_id == LOGIN and not of_login:
        raise NotFound("subject")
    return row


def profile_of(keyring: Keyring, work: Work, row: Subject) -> Profile:
    """Return what a subject is called.

    Raises:
        KeyDestroyed: they were erased.
    """
    kept = work.sealed.of_subject(row.tenant_id, row.id, PROFILE)
    return _opened(keyring, work.keys, row, kept[0] if kept else None)


def known(keyring: Keyring, work: Work, row: Subject) -> Known:
    """Return a subject with what they are called; raises as `profile_of`."""
    return Known.of(row, profile_of(keyring, work, row))


def known_all(keyring: Keyring, work: Work, rows: Sequence[Subject]) -> tuple[Known, ...]:
    """Return several subjects of one tenant, in three queries instead of three for each."""
    if not rows:
        return ()
    tenant_id, ids = rows[0].tenant_id, [row.id for row in rows]
    keys = known_keys(work.keys, work.keys.subject_keys_of(tenant_id, ids))
    sealed = {each.subject_id: each for each in work.sealed.of_subjects(tenant_id, ids, PROFILE)}
    profiles = (_opened(keyring, keys, row, sealed.get(row.id)) for row in rows)
    return tuple(map(Known.of, rows, profiles))


def keep_profile(
    keyring: Keyring, work: Work, row: Subject, profile: Profile, now: datetime
) -> None:
    """Seal what a held subject is called, under their newest key, in place of what was sealed."""
    key = keyring.subject_key(work.keys, row.tenant_id, row.id)
    kept = work.sealed.of_subject(row.tenant_id, row.id, PROFILE)
    for old in kept:
        work.sealed.reseal(row.tenant_id, old, key.version, profile.sealed(key, row))
    if not kept:
        add_profile(key, work, row, profile, now)


def add_profile(key: DataKey, work: Work, row: Subject, profile: Profile, now: datetime) -> None:
    """Seal what a subject is called, of whom nothing was sealed yet."""
    data = profile.sealed(key, row)
    work.sealed.add(row.tenant_id, row.id, PROFILE, key.version, data, now)


def find_called(
    keyring: Keyring, work: Work, tenant_id: str, reference: str, collection: str = ""
) -> Subject | None:
    """Return who of a collection has a reference, also where the tenant's key was rotated since."""
    for version in _versions(work, tenant_id):
        key = keyring.tenant_version(work.keys, tenant_id, REFERENCES, version)
        index = blind_index(key, reference, collection)
        if found := work.subjects.find_by_reference(tenant_id, index):
            return found
    return None


def new_index(
    keyring: Keyring,
    work: Work,
    tenant_id: str,
    reference: str | None,
    now: datetime,
    collection: str = "",
) -> str | None:
    """Return the index of a reference under the tenant's newest key; None for none."""
    if reference is None:
        return None
    _, key = keyring.tenant_secret(work.keys, tenant_id, REFERENCES, now)
    return blind_index(key, reference, collection)


def blind_index(key: bytes, reference: str, collection: str = "") -> str:
    """Return 64 hex characters that stand for a clean reference in a collection.

    No clean reference has a line break in it, so that no two of them read alike.
    """
    told = f"{collection}\n{reference}" if collection else reference
    return hmac.new(key, told.encode(), hashlib.sha256).hexdigest()


def clean_reference(text: str | None) -> str | None:
    """Return a reference without blanks around it, equal for what reads the same; None for none.

    Raises:
        InvalidInput: too long, or with characters that cannot be printed.
    """
    return _clean(text, "reference", LONGEST_REFERENCE)


def clean_name(text: str | None) -> str | None:
    """Return a name without blanks around it; raises as `clean_reference`."""
    return _clean(text, "name", LONGEST_NAME)


def clean_notes(text: str | None) -> str | None:
    """Return notes, which may have several lines; raises as `clean_reference`."""
    return _clean(text, "text of the notes", LONGEST_NOTES, breaks="\n\r\t")


def _clean(text: str | None, what: str, longest: int, breaks: str = "") -> str | None:
    if text is None:
        return None
    clean = unicodedata.normalize("NFC", text).strip()
    if any(
        unicodedata.category(letter) in {"Cc", "Cs"} and letter not in breaks for letter in clean
    ):
        raise InvalidInput(f"remove the characters from the {what} that cannot be printed")
    if len(clean) > longest:
        raise InvalidInput(
            f"the {what} may have {longest} characters, not {len(clean)}; shorten it"
        )
    return clean or None


def _opened(keyring: Keyring, keys: Rows, row: Subject, sealed: SealedData | None) -> Profile:
    if sealed is None:
        return Profile()
    key = keyring.subject_key(keys, row.tenant_id, row.id, sealed.key_version)
    return Profile(**orjson.loads(key.unseal(sealed.data, _context(row))))


def _versions(work: Work, tenant_id: str) -> Iterator[int]:
    """Yield the versions of the key for references, newest first."""
    keys = work.keys.tenant_keys(tenant_id)
    yield from sorted((key.version for key in keys if key.purpose == REFERENCES), reverse=True)


def _context(row: Subject) -> Context:
    return Context(row.tenant_id, row.id, PROFILE)
