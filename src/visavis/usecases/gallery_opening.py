"""Opening many templates at once, for an index that is built of them or a search that compares."""

from collections.abc import Sequence
from typing import NamedTuple

import structlog

from visavis.core.types import Floats
from visavis.store.galleries import SealedTemplate
from visavis.store.sealed import TEMPLATE
from visavis.store.work import Work
from visavis.usecases.template_forms import open_form
from visavis.vault.errors import SealBroken
from visavis.vault.keyring import Keyring
from visavis.vault.sealing import Context, DataKey

log = structlog.get_logger(__name__)


class Opened(NamedTuple):
    """A template, open.

    Attributes:
        id: Its own.
        subject_id: Whose face it is.
        vector: (d,) float32, read-only.
        embedder: What made it, or whose vectors it was brought to; empty = nobody said.
        source: The embedder that it was brought over from; empty = it was made of a picture.
        copy_of: The template that it was brought over from, as long as that is there; else empty.
    """

    id: str
    subject_id: str
    vector: Floats
    embedder: str = ""
    source: str = ""
    copy_of: str = ""

    def __repr__(self) -> str:
        return f"Opened(id={self.id!r}, subject_id={self.subject_id!r})"


def open_all(
    keyring: Keyring, work: Work, tenant_id: str, rows: Sequence[SealedTemplate]
) -> list[Opened]:
    """Open templates without asking the gate; the caller has, or only makes codes of them.

    One that does not open was changed by somebody, or its key is gone: it is left out and logged,
    so that it does not keep everybody else from being found.

    Args:
        keyring: Opens the keys.
        work: The unit that read the rows.
        tenant_id: Whose.
        rows: The templates, with their keys.
    """
    keys, opened = keyring.subject_keys(work.keys, rows), []
    for row in rows:
        key = keys.get((row.subject_id, row.version))
        vector = None if key is None else _opened(key, tenant_id, row)
        if vector is None:
            log.error("template_unreadable", tenant_id=tenant_id, template_id=row.template_id)
        else:
            from_where = row.lineage()
            told = from_where.embedder, from_where.source, from_where.copy_of
            opened.append(Opened(row.template_id, row.subject_id, vector, *told))
    return opened


def _opened(key: DataKey, tenant_id: str, row: SealedTemplate) -> Floats | None:
    try:
        plain = key.unseal(row.data, Context(tenant_id, row.subject_id, TEMPLATE))
    except SealBroken:
        return None
    return open_form(plain)
