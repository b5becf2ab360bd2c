"""Templates: the vectors of enrolled people, sealed under each one's own key.

Every call that writes or opens one passes the gate of `consent`; a vector is open only in what
`unseal` returns, and never in a log, in the audit or in a text form of an object.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from visavis.core.errors import InvalidInput, VisavisError
from visavis.core.purposes import Comparison, Purpose
from visavis.core.types import Floats
from visavis.credentials.roles import Permission
from visavis.store.galleries import lineage
from visavis.store.page import DEFAULT, Page
from visavis.store.sealed import TEMPLATE, SealedData
from visavis.store.work import Work
from visavis.usecases.actor import Actor
from visavis.usecases.blob_removal import BlobRemoval
from visavis.usecases.consent import require_consent
from visavis.usecases.errors import NotFound
from visavis.usecases.ground import Ground
from visavis.usecases.portraits import note_picture
from visavis.usecases.seen import SEEN, Details, KeptPicture, Seen, details_of
from visavis.usecases.subject_keys import opened_keys
from visavis.usecases.subject_profiles import subject_of
from visavis.usecases.template_batches import AT_ONCE, Batch
from visavis.usecases.template_copies import faces_of, with_copies
from visavis.usecases.template_forms import MOST, NewTemplate, meta_of, open_form, stored_form
from visavis.vault.keyring import Keyring
from visavis.vault.sealing import Context, DataKey


@dataclass(frozen=True, slots=True, eq=False)
class Template:
    """A template, open.

    Attributes:
        id: Its own.
        subject_id: Whose face it is.
        embedder: What made the vector; only vectors of the same one can be compared.
        vector: (d,) float32.
        quality: Of the face it was made of, 0..100; None = not known.
        created_at: When it was sealed.
        seen: Where its face was seen; None = nobody said.
        picture: The picture, where it is kept.
        source: The embedder that it was brought over from; empty = it was made of a picture.
        copy_of: The template that it was brought over from, as long as that is there; else empty.
    """

    id: str
    subject_id: str
    embedder: str
    vector: Floats = field(repr=False)
    quality: float | None
    created_at: datetime
    seen: Seen | None = None
    picture: KeptPicture | None = None
    source: str = ""
    copy_of: str = ""


@dataclass(frozen=True, slots=True)
class Kept:
    """What is known of a template without opening its vector.

    Attributes:
        id: Its own.
        subject_id: Whose face it is.
        embedder: What made it.
        quality: Of the face it was made of, 0..100; None = not known.
        created_at: When it was sealed.
        seen: Where its face was seen; None = nobody said.
        has_picture: Whether the picture is kept with it.
    """

    id: str
    subject_id: str
    embedder: str
    quality: float | None
    created_at: datetime
    seen: Seen | None = None
    has_picture: bool = False


class Templates:
    """Seals, opens and removes templates.

    Args:
        ground: Of the deployment.
        removal: Removes the pictures of templates that went; None = those wait for the schedule.
    """

    def __init__(self, ground: Ground, removal: BlobRemoval | None = None) -> None:
        self._ground, self._removal = ground, removal

    def seal(
        self,
        actor: Actor,
        subject_id: str,
        vector: Floats,
        *,
        purpose: Purpose,
        embedder: str,
        quality: float | None = None,
        seen: Seen | None = None,
        picture: KeptPicture | None = None,
        replace: bool = False,
    ) -> str:
        """Keep a template and return its id.

        Args:
            actor: Who enrols.
            subject_id: Whose face it is.
            vector: (d,) float32, 1..4096 finite numbers that are not all 0.
            purpose: What it is made for.
            embedder: What made it, such as `dlib_resnet@1`; at most 100 characters.
            quality: Of the face, 0..100; None = not known.
            seen: Where the face was seen; sealed with it.
            picture: The picture, which was put aside before; see `portraits`.
            replace: Remove all others of the subject in the same unit.

        Raises:
            NotFound: there is no such subject, or they were erased.
            ConsentMissing: a rule does not allow it; the message says which.
            InvalidInput: the vector is none, or the subject has 100 templates.
            QuotaExceeded: there is no room for the picture.
        """
        actor.require(Permission.PEOPLE_WRITE)
        plain = stored_form(vector)
        meta = meta_of(embedder, len(vector), quality, purpose)

        def seal(work: Work) -> str:
            now, ids = self._ground.clock(), (actor.tenant_id, subject_id)
            work.tenants.hold(actor.tenant_id)  # nobody changes the mode meanwhile
            row = subject_of(work, *ids, hold=True)  # nor erases them
            require_consent(work, actor.tenant_id, row, purpose, now)
            gone = work.sealed.remove_of_subject(*ids, TEMPLATE) if replace else 0
            require_room(work, *ids, 1)
            key = self._ground.keyring.subject_key(work.keys, *ids)
            data = key.seal(plain, Context(*ids, TEMPLATE))
            known = meta | Details(seen, picture).sealed(key, *ids)
            kept = work.sealed.add(*ids, TEMPLATE, key.version, data, now, known)
            if picture is not None:
                note_picture(self._ground, work, *ids, kept.id, picture)
            told: dict[str, Any] = {"template_id": kept.id, "embedder": embedder}
            told |= {"purpose": purpose.value} | ({"replaced": gone} if gone else {})
            self._note(work, actor, "template.sealed", subject_id, told)
            return kept.id

        made = self._ground.store.run(seal)
        if replace:
            self._remove_pictures(actor.tenant_id)
        return made

    def seal_many(
        self,
        actor: Actor,
        items: Sequence[NewTemplate],
        *,
        purpose: Purpose,
        embedder: str,
    ) -> list[str | VisavisError]:
        """Keep many templates, as `seal` keeps one; what cannot be kept stops nothing else.

        The audit log gets one entry for each 500 of them: all of those are kept, or none.

        Args:
            actor: Who enrols.
            items: The templates.
            purpose: What they are made for.
            embedder: What made them all.

        Returns:
            For each item its id, or the error that `seal` would raise.

        Raises:
            NotAllowed: the actor may not.
            ConsentMissing: mode or purposes do not allow it with anybody.
            InvalidInput: the embedder's id is none.
        """
        actor.require(Permission.PEOPLE_WRITE)
        batch = Batch(self._ground, actor, purpose, embedder)
        told: list[str | VisavisError] = []
        for start in range(0, len(items), AT_ONCE):
            told += batch.seal(items[start : start + AT_ONCE])
        return told

    def unseal(
        self, actor: Actor, subject_id: str, *, purpose: Purpose, comparison: Comparison
    ) -> list[Template]:
        """Return a subject's templates, open, oldest first.

        Args:
            actor: Who compares.
            subject_id: Whose.
            purpose: What for.
            comparison: Whether the face is compared with this one person or with everybody.

        Raises:
            NotFound: there is no such subject, or they were erased.
            ConsentMissing: a rule does not allow it; the message says which.
        """
        actor.require(Permission.RECOGNISE)
        with self._ground.store.reading() as work:
            row = subject_of(work, actor.tenant_id, subject_id)
            now = self._ground.clock()
            require_consent(work, actor.tenant_id, row, purpose, now, comparison)
            return open_templates(self._ground.keyring, work, actor.tenant_id, subject_id)

    def page(self, actor: Actor, subject_id: str) -> tuple[Kept, ...]:
        """Return what is known of a subject's templates, never a vector, oldest first.

        Raises:
            NotFound: there is no such subject, or they were erased.
        """
        actor.require(Permission.PEOPLE_READ)
        with self._ground.store.reading() as work:
            subject_of(work, actor.tenant_id, subject_id)
            rows = work.sealed.of_subject(actor.tenant_id, subject_id, TEMPLATE)
            return self._kept(work, actor, rows)

    def kept(
        self,
        actor: Actor,
        *,
        collection: str | None = "",
        subject_id: str | None = None,
        limit: int = DEFAULT,
        cursor: str | None = None,
    ) -> Page[Kept]:
        """Return a part of what is known of the templates of many people, newest first.

        Args:
            actor: Who asks.
            collection: Id of the collection they are in; None = of all.
            subject_id: Only of this subject.
            limit: Most templates, 1..200.
            cursor: Where the part before ended.

        Raises:
            InvalidInput: the limit is not 1..200, or the cursor none of ours.
        """
        actor.require(Permission.PEOPLE_READ)
        which = {"collection": collection, "subject_id": subject_id}
        with self._ground.store.reading() as work:
            page = work.templates.page(actor.tenant_id, limit, cursor, **which)
            return Page(self._kept(work, actor, page.items), page.next)

    def whose(
        self, actor: Actor, *, collection: str = "", skip: int = 0, most: int = DEFAULT
    ) -> dict[str, str]:
        """Return the ids of a part of the templates, newest first, each with its subject's id.

        Nothing is opened for it.

        Args:
            actor: Who asks.
            collection: Id of the collection they are in.
            skip: Templates before the part.
            most: Of the part.
        """
        actor.require(Permission.PEOPLE_READ)
        with self._ground.store.reading() as work:
            return work.templates.whose(actor.tenant_id, collection, skip, most)

    def count(self, actor: Actor, collection: str = "") -> int:
        """Return how many templates a collection has."""
        actor.require(Permission.PEOPLE_READ)
        with self._ground.store.reading() as work:
            return work.templates.count(actor.tenant_id, collection)

    def some(self, actor: Actor, template_ids: Collection[str]) -> dict[str, Kept]:
        """Return what is known of some templates, by id; those that are not there are left out."""
        actor.require(Permission.PEOPLE_READ)
        with self._ground.store.reading() as work:
            rows = work.templates.some(actor.tenant_id, template_ids)
            return {each.id: each for each in self._kept(work, actor, rows)}

    def of_many(self, actor: Actor, subject_ids: Collection[str]) -> dict[str, list[Kept]]:
        """Return what is known of the templates of several subjects, oldest first.

        Who has none, or is not here, has an empty list.
        """
        actor.require(Permission.PEOPLE_READ)
        found: dict[str, list[Kept]] = {subject_id: [] for subject_id in subject_ids}
        with self._ground.store.reading() as work:
            rows = work.sealed.of_subjects(actor.tenant_id, subject_ids, TEMPLATE)
            told = self._kept(work, actor, rows) if rows else ()
        for each in sorted(told, key=lambda kept: (kept.created_at, kept.id)):
            found[each.subject_id].append(each)
        return found

    def remove(self, actor: Actor, template_id: str, subject_id: str | None = None) -> None:
        """Remove one template, with its copy for another embedder; the subject's others stay.

        Args:
            actor: Who removes it.
            template_id: Which.
            subject_id: Whose it is said to be; None = nobody says.

        Raises:
            NotFound: there is none of this id, or it is somebody else's.
        """
        actor.require(Permission.PEOPLE_WRITE)

        def remove(work: Work) -> bool:
            kept = work.sealed.find(actor.tenant_id, template_id)
            if kept is None or kept.purpose != TEMPLATE:
                raise NotFound("template")
            if subject_id is not None and kept.subject_id != subject_id:
                raise NotFound("template")
            work.subjects.hold(actor.tenant_id, kept.subject_id)  # nobody copies or moves it
            theirs = work.sealed.of_subject(actor.tenant_id, kept.subject_id, TEMPLATE)
            if not (gone := with_copies(theirs, {template_id})):
                raise NotFound("template")
            work.sealed.remove_all(actor.tenant_id, [row.id for row in gone])
            told = {"template_id": template_id}
            self._note(work, actor, "template.removed", kept.subject_id, told)
            return any(SEEN in row.meta for row in gone)

        if self._ground.store.run(remove):  # there may have been a picture
            self._remove_pictures(actor.tenant_id)

    def _kept(self, work: Work, actor: Actor, rows: Sequence[SealedData]) -> tuple[Kept, ...]:
        """Return what is known of templates; only what is sealed of their pictures is opened."""
        told = [row for row in rows if SEEN in row.meta]
        keys = opened_keys(self._ground.keyring, work, actor.tenant_id, told)
        found = {row.id: details_of(row, keys[row.subject_id, row.key_version]) for row in told}
        return tuple(_kept(row, found.get(row.id, Details())) for row in rows)

    def _remove_pictures(self, tenant_id: str) -> None:
        if self._removal is not None:
            self._removal.remove_pictures(tenant_id)

    def _note(
        self, work: Work, actor: Actor, action: str, subject_id: str, told: dict[str, Any]
    ) -> None:
        now = self._ground.clock()
        self._ground.audit.note(work, actor.tenant_id, actor.id, action, now, subject_id, told)


def open_templates(keyring: Keyring, work: Work, tenant_id: str, subject_id: str) -> list[Template]:
    """Return a subject's templates without asking the gate, to hand them to that subject.

    Raises:
        KeyDestroyed: they were erased.
    """
    rows = work.sealed.of_subject(tenant_id, subject_id, TEMPLATE)
    keys = opened_keys(keyring, work, tenant_id, rows)
    return [_template(row, keys[subject_id, row.key_version]) for row in rows]


def require_room(work: Work, tenant_id: str, subject_id: str, new: int) -> None:
    """Refuse templates beyond those that one held subject may have.

    Raises:
        InvalidInput: there would be more than 100.
    """
    if faces_of(work.sealed.of_subject(tenant_id, subject_id, TEMPLATE)) + new > MOST:
        raise InvalidInput(f"there is room for {MOST} templates; remove one of them first")


def _template(row: SealedData, key: DataKey) -> Template:
    context = Context(row.tenant_id, row.subject_id, TEMPLATE)
    vector, details = open_form(key.unseal(row.data, context)), details_of(row, key)
    embedder, quality = row.meta["embedder"], row.meta["quality"]
    told = row.id, row.subject_id, embedder, vector, quality, row.created_at
    origin = lineage(row.id, row.subject_id, row.meta)
    return Template(*told, details.seen, details.picture, origin.source, origin.copy_of)


def _kept(row: SealedData, details: Details) -> Kept:
    told = row.meta["embedder"], row.meta["quality"], row.created_at
    return Kept(row.id, row.subject_id, *told, details.seen, details.picture is not None)
