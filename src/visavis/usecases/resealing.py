"""Wrapping and sealing anew what lies under an older key, a little at a time.

Whoever reads meanwhile sees one state: the value with the key that seals it. Whoever seals holds
the subject, as is done here, so nothing is sealed under a key that is about to go.
"""

from collections.abc import Callable
from functools import partial

from visavis.store.page import MOST
from visavis.store.subjects import Subject
from visavis.store.users import User
from visavis.store.work import Work
from visavis.usecases import second_factor
from visavis.usecases.consent_records import reseal_evidence
from visavis.usecases.errors import NotFound
from visavis.usecases.ground import Ground
from visavis.usecases.reading_all import pages
from visavis.usecases.seen import resealed
from visavis.usecases.subject_profiles import new_index, profile_of, subject_of
from visavis.vault.sealing import Context, DataKey, version_of

AT_ONCE = 50
"""Rows that one unit seals anew; others wait that long."""


class Resealing:
    """Seals anew; safe to use from several threads and processes, and to be done again.

    Args:
        ground: Of the deployment.
    """

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    def wrap_subject_keys(self, tenant_id: str) -> int:
        """Wrap all keys of subjects under the tenant's newest; return how many were not."""
        ring, now = self._ground.keyring, self._ground.clock()
        total = 0
        while count := self._ground.store.run(
            lambda work: ring.rewrap_subjects(work.keys, tenant_id, now, AT_ONCE)
        ):
            total += count
        return total

    def subjects(self, tenant_id: str) -> int:
        """Give every subject a new key, and seal all there is under it; return how many values."""
        store, total = self._ground.store, 0
        for page in pages(store, lambda work, at: work.subjects.page(tenant_id, MOST, at)):
            for row in page.items:
                try:
                    total += self.subject(tenant_id, row.id)
                except NotFound:  # erased meanwhile
                    continue
        return total

    def subject(
        self, tenant_id: str, subject_id: str, note: Callable[[Work, int], object] | None = None
    ) -> int:
        """Give a subject a new key, and seal all there is under it; return how many values.

        Args:
            tenant_id: Whose subject.
            subject_id: Whose key.
            note: Writes down, in the unit, that there is a new key of this version.

        Raises:
            NotFound: there is none of this id, or they were erased.
        """

        def begin(work: Work) -> int:
            subject_of(work, tenant_id, subject_id, hold=True, of_login=True)
            now = self._ground.clock()
            key = self._ground.keyring.new_subject_key(work.keys, tenant_id, subject_id, now)
            if note is not None:
                note(work, key.version)
            return key.version

        self._ground.store.run(begin)
        total = 0
        while count := self._ground.store.run(
            lambda work: self._seal_some(work, tenant_id, subject_id)
        ):
            total += count
        return total + self._ground.store.run(
            lambda work: self._drop_older(work, tenant_id, subject_id)
        )

    def references(self, tenant_id: str) -> int:
        """Note all references under the tenant's newest key; return how many."""
        store, total = self._ground.store, 0
        for page in pages(store, lambda work, at: work.subjects.page(tenant_id, AT_ONCE, at)):
            total += store.run(partial(self._index, tenant_id, page.items))
        return total

    def second_factors(self, tenant_id: str) -> int:
        """Seal all second factors under the tenant's newest key; return how many."""
        store, total = self._ground.store, 0
        for page in pages(store, lambda work, at: work.users.page(tenant_id, AT_ONCE, at)):
            total += store.run(partial(self._seal_totps, page.items))
        return total

    def _seal_some(self, work: Work, tenant_id: str, subject_id: str) -> int:
        """Seal some values anew; 0 = there is none left."""
        subject = work.subjects.hold(tenant_id, subject_id)
        if subject is None or subject.erased_at is not None:
            return 0
        ring = self._ground.keyring
        newest = ring.subject_key(work.keys, tenant_id, subject_id)
        older = work.sealed.older(tenant_id, subject_id, newest.version, AT_ONCE)
        for value in older:
            key = ring.subject_key(work.keys, tenant_id, subject_id, value.key_version)
            context = Context(tenant_id, subject_id, value.purpose)
            data = newest.seal(key.unseal(value.data, context), context)
            meta = resealed(value, key, newest, tenant_id, subject_id)
            work.sealed.reseal(tenant_id, value, newest.version, data, meta)
        return len(older)

    def _drop_older(self, work: Work, tenant_id: str, subject_id: str) -> int:
        """Seal the proofs of consents anew, and drop the keys that nothing needs any more."""
        subject = work.subjects.hold(tenant_id, subject_id)
        if subject is None or subject.erased_at is not None:
            return 0
        newest = self._ground.keyring.subject_key(work.keys, tenant_id, subject_id).version
        if work.sealed.older(tenant_id, subject_id, newest, 1):
            return 0  # another rotation has begun, and will end with this
        count = reseal_evidence(self._ground.keyring, work, tenant_id, subject_id)
        for key in work.keys.subject_keys(tenant_id, subject_id):
            if key.version < newest:
                work.keys.drop_subject_key(tenant_id, subject_id, key.version)
        return count

    def _index(self, tenant_id: str, rows: tuple[Subject, ...], work: Work) -> int:
        work.tenants.hold(tenant_id)  # nobody takes a reference meanwhile
        ring, now, count = self._ground.keyring, self._ground.clock(), 0
        for subject_id in (row.id for row in rows):
            row = work.subjects.hold(tenant_id, subject_id)
            if row is None or row.erased_at is not None or row.reference is None:
                continue
            reference = profile_of(ring, work, row).reference
            index = new_index(ring, work, tenant_id, reference, now, row.collection_id)
            count += work.subjects.set_reference(tenant_id, subject_id, index)
        return count

    def _seal_totps(self, users: tuple[User, ...], work: Work) -> int:
        return sum(self._seal_totp(work, user) for user in users)

    def _seal_totp(self, work: Work, user: User) -> bool:
        ring, purpose = self._ground.keyring, second_factor.PURPOSE
        sealed, now = user.totp_sealed, self._ground.clock()
        newest, secret = ring.tenant_secret(work.keys, user.tenant_id, purpose, now)
        if sealed is None or version_of(sealed) == newest:
            return False
        context = Context(user.tenant_id, user.id, purpose)
        version = version_of(sealed)
        older = ring.tenant_version(work.keys, user.tenant_id, purpose, version)
        plain = DataKey.of(version, older).unseal(sealed, context)
        resealed = DataKey.of(newest, secret).seal(plain, context)
        return work.users.reseal_totp(user.tenant_id, user.id, sealed, resealed)
