"""What the export of a subject holds: collected in one unit, written out without one."""

import base64
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

import orjson

from visavis.store.blob_rows import PICTURE, BlobRow
from visavis.store.blobs.base import Blobs
from visavis.store.blobs.errors import BlobNotFound
from visavis.store.consents import Consent
from visavis.store.notices import Notice
from visavis.store.page import MOST
from visavis.store.sealed import TEMPLATE, SealedData
from visavis.store.subjects import Subject
from visavis.store.work import Work
from visavis.usecases.consent_records import as_record, evidence_of
from visavis.usecases.export_archive import ExportArchive
from visavis.usecases.export_parts import all_of, audit_entries, named
from visavis.usecases.export_words import ABOUT_SUBJECT
from visavis.usecases.ground import Ground
from visavis.usecases.notices import notice_of
from visavis.usecases.portraits import open_portrait
from visavis.usecases.seen import KeptPicture
from visavis.usecases.subject_profiles import PROFILE, known
from visavis.usecases.templates import Template, open_templates
from visavis.vault.keyring import Keyring
from visavis.vault.sealing import Context

_ENDINGS = {"image/jpeg": "jpg", "application/json": "json", "application/zip": "zip"}
_UNFIT = re.compile("[^A-Za-z0-9_-]")


@dataclass(frozen=True, slots=True)
class SubjectFiles:
    """Everything that is kept of a subject, open, but for the content of files.

    Attributes:
        row: The subject.
        now: When it was collected.
        about: Who they are; `subject.json`.
        consents: What they agreed to.
        notices: What they had been told.
        templates: Vectors of their face.
        others: Whatever else is sealed.
        blobs: Files that show them.
        pictures: Those that are kept with templates, by the template's id.
    """

    row: Subject
    now: datetime
    about: dict[str, Any]
    consents: list[dict[str, Any]]
    notices: tuple[Notice, ...]
    templates: list[dict[str, Any]]
    others: list[dict[str, Any]]
    blobs: tuple[BlobRow, ...]
    pictures: dict[str, KeptPicture] = field(repr=False)

    @staticmethod
    def collected(ground: Ground, work: Work, row: Subject, now: datetime) -> "SubjectFiles":
        """Collect what is kept of a held subject."""
        ring, ids = ground.keyring, (row.tenant_id, row.id)
        consents = all_of(lambda at: work.consents.page(row.tenant_id, MOST, at, row.id))
        notices = {each.notice_id: notice_of(work, ids[0], each.notice_id) for each in consents}
        templates = open_templates(ring, work, *ids)
        return SubjectFiles(
            row,
            now,
            _about(ring, work, row, now),
            [_record(ring, work, each, notices[each.notice_id], now) for each in consents],
            tuple(notices.values()),
            [_template(each) for each in templates],
            [_other(ring, work, each) for each in work.sealed.of_subject(*ids) if _is_other(each)],
            _blobs(work, row),
            {each.id: each.picture for each in templates if each.picture},
        )

    def pieces(self, ground: Ground, blobs: Blobs) -> Iterator[bytes]:
        """Yield the zip of all that."""
        archive = ExportArchive(self.now)
        yield from archive.add_text("README.txt", ABOUT_SUBJECT)
        yield from archive.add_json("subject.json", self.about)
        yield from archive.add_json("consents.json", {"consents": self.consents})
        yield from self._notices(archive)
        yield from archive.add_json("templates.json", {"templates": self.templates})
        yield from archive.add_json("attributes.json", {"attributes": self.others})
        for row in self.blobs:
            yield from _file(archive, blobs, row)
        for template_id, kept in self.pictures.items():
            yield from _picture(archive, blobs, self.row.tenant_id, template_id, kept)
        entries = audit_entries(ground.store, self.row.tenant_id, subject_id=self.row.id)
        yield from archive.add("audit.json", entries)
        yield from archive.end()

    def face_pieces(self, archive: ExportArchive) -> Iterator[bytes]:
        """Write what is kept of who stands for a user into the zip of that user."""
        yield from archive.add_json("face.json", {"face": self.others, "consents": self.consents})
        yield from self._notices(archive)

    def _notices(self, archive: ExportArchive) -> Iterator[bytes]:
        for notice in self.notices:
            yield from archive.add_text(_notice_name(notice), notice.text)


def _about(ring: Keyring, work: Work, row: Subject, now: datetime) -> dict[str, Any]:
    tenant = work.tenants.find(row.tenant_id)
    where = work.collections.find(row.tenant_id, row.collection_id)
    return {
        **named(known(ring, work, row), "id", "reference", "name", "notes", "adult", "created_at"),
        "collection": where.name if where else row.collection_id or None,
        "organisation": {"id": row.tenant_id, "name": tenant.name if tenant else None},
        "exported_at": now,
    }


def _record(
    ring: Keyring, work: Work, consent: Consent, notice: Notice, now: datetime
) -> dict[str, Any]:
    told = as_record(consent, notice, now, evidence_of(ring, work, consent))
    return told | {"notice_file": _notice_name(notice)}


def _template(template: Template) -> dict[str, Any]:
    return {
        **named(template, "id", "embedder", "quality", "created_at"),
        "seen": asdict(template.seen) if template.seen else None,
        "dimension": len(template.vector),
        "vector": base64.b64encode(template.vector.astype("<f4").tobytes()).decode(),
    }


def _is_other(value: SealedData) -> bool:
    return value.purpose not in {PROFILE, TEMPLATE}


def _other(ring: Keyring, work: Work, value: SealedData) -> dict[str, Any]:
    """Return a sealed value, open: what is JSON as JSON, anything else in base64."""
    ids = value.tenant_id, value.subject_id
    key = ring.subject_key(work.keys, *ids, value.key_version)
    plain = key.unseal(value.data, Context(*ids, value.purpose))
    told = {**named(value, "id", "purpose", "created_at"), "meta": dict(value.meta)}
    try:
        return told | {"value": orjson.loads(plain)}
    except orjson.JSONDecodeError:
        return told | {"base64": base64.b64encode(plain).decode()}


def _blobs(work: Work, row: Subject) -> tuple[BlobRow, ...]:
    uses = work.blob_rows.uses_of_subject(row.tenant_id, row.id)
    names = sorted({use.sha256 for use in uses})
    found = (work.blob_rows.find(row.tenant_id, sha256) for sha256 in names)
    return tuple(blob for blob in found if blob and blob.media_type != PICTURE)


def _file(archive: ExportArchive, blobs: Blobs, row: BlobRow) -> Iterator[bytes]:
    """Write a file; one that was removed since it was listed is left out."""
    try:
        content = blobs.open(row.tenant_id, row.sha256)
    except BlobNotFound:
        return
    name = f"files/{row.sha256}.{_ending(row.media_type)}"
    yield from archive.add(name, content, row.size)


def _picture(
    archive: ExportArchive, blobs: Blobs, tenant_id: str, template_id: str, kept: KeptPicture
) -> Iterator[bytes]:
    """Write the picture of a template as it was sent; one that is gone is left out."""
    try:
        picture = open_portrait(blobs, tenant_id, kept)
    except BlobNotFound:
        return
    name = f"pictures/{template_id}.{_ending(picture.media_type)}"
    yield from archive.add(name, (picture.data,), len(picture.data))


def _ending(media_type: str) -> str:
    kind = media_type.partition("/")[2]
    return _ENDINGS.get(media_type) or _UNFIT.sub("", kind) or "bin"


def _notice_name(notice: Notice) -> str:
    parts = (notice.purpose, f"v{notice.version}", notice.language)
    return f"notices/{'-'.join(_UNFIT.sub('_', part) for part in parts)}.txt"
