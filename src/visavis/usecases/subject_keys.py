"""Keys of many subjects at once: read in one query, opened one by one."""

from collections.abc import Iterable
from typing import cast

from visavis.store.keys import Keys
from visavis.store.sealed import SealedData
from visavis.store.work import Work
from visavis.vault.key_rows import Rows, SubjectKeyRow
from visavis.vault.keyring import Keyring
from visavis.vault.sealing import DataKey


class _KnownKeys:
    """Keys that were read before: the ring asks them as it would ask the rows."""

    def __init__(self, keys: Keys, found: Iterable[SubjectKeyRow]) -> None:
        self._found: dict[tuple[str, int | None], SubjectKeyRow] = {}
        for key in found:
            self._found[key.subject_id, key.version] = key
            newest = self._found.setdefault((key.subject_id, None), key)
            if key.version > newest.version:
                self._found[key.subject_id, None] = key
        self.tenant_key = keys.tenant_key

    def subject_key(
        self, _tenant_id: str, subject_id: str, version: int | None = None
    ) -> SubjectKeyRow | None:
        return self._found.get((subject_id, version))


def opened_keys(
    keyring: Keyring, work: Work, tenant_id: str, rows: Iterable[SealedData]
) -> dict[tuple[str, int], DataKey]:
    """Return the keys that open sealed values, by subject and version; read in one query.

    Raises:
        KeyDestroyed: somebody of them was erased.
    """
    wanted = {(row.subject_id, row.key_version) for row in rows}
    people = {subject_id for subject_id, _ in wanted}
    known = known_keys(work.keys, work.keys.subject_keys_of(tenant_id, people) if people else ())
    return {who: keyring.subject_key(known, tenant_id, *who) for who in wanted}


def known_keys(keys: Keys, found: Iterable[SubjectKeyRow]) -> Rows:
    """Return what the ring of keys asks for subjects' keys, without a query for each.

    Args:
        keys: Of the unit, for the keys of tenants.
        found: All that may be asked for; of one tenant.
    """
    return cast("Rows", _KnownKeys(keys, found))
