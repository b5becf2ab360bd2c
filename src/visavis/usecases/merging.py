"""Merging: templates that turn out to be somebody else's move there, and keep their ids.

Whose a template is decides which key seals it and with whom it is erased. So everything happens in
one unit that holds all concerned: it is opened under the old key and sealed under the new one, and
the feed says whose it is from now on.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace

from visavis.core.errors import InvalidInput
from visavis.credentials.roles import Permission
from visavis.store.collections import LOGIN
from visavis.store.consents import Consent
from visavis.store.page import MOST as MOST_OF_PAGE
from visavis.store.sealed import TEMPLATE, SealedData
from visavis.store.subjects import Subject
from visavis.store.work import Work
from visavis.usecases.actor import Actor
from visavis.usecases.consent_records import State, evidence_of, seal_evidence, state_of
from visavis.usecases.erasure import Begun, Erasure, Reason
from visavis.usecases.errors import NotFound
from visavis.usecases.export_parts import all_of
from visavis.usecases.ground import Ground
from visavis.usecases.subject_making import CREATED, make_subject
from visavis.usecases.subject_profiles import (
    Known,
    Profile,
    clean_name,
    clean_notes,
    clean_reference,
    keep_profile,
    known,
    new_index,
    subject_of,
)
from visavis.usecases.template_copies import with_copies
from visavis.usecases.template_forms import MOST
from visavis.usecases.template_moves import (
    found_templates,
    move_templates,
    note_moves,
    of_same_faces,
    require_one_collection,
)

MERGED, SPLIT = "subject.merged", "subject.split"
"""What the audit log calls it."""


@dataclass(frozen=True, slots=True)
class Merged:
    """Two subjects that were one person.

    Attributes:
        into: The subject that is left.
        template_ids: Those that came from the other one.
        gone: What the other one was called.
        kept: What the subject that is left was called before.
    """

    into: Known
    template_ids: tuple[str, ...]
    gone: Profile = field(repr=False)
    kept: Profile = field(repr=False)


class Merging:
    """Moves templates between subjects; safe to use from several threads and processes.

    Args:
        ground: Of the deployment.
        erasure: Erases whoever was merged into somebody else.
    """

    def __init__(self, ground: Ground, erasure: Erasure) -> None:
        self._ground, self._erasure = ground, erasure

    def move(
        self, actor: Actor, template_ids: Collection[str], to_subject_id: str
    ) -> tuple[str, ...]:
        """Give templates to another subject of the same collection.

        Args:
            actor: Who moves them.
            template_ids: Which, 1..100, of any subjects of the tenant.
            to_subject_id: Whose they will be.

        Returns:
            Those that moved, sorted, copies for another embedder too; others were theirs already.

        Raises:
            NotFound: there is no such subject or template, or they were erased.
            ConsentMissing: the subject, or whose a template is now, does not agree to what it was
                made for.
            InvalidInput: they have no room for so many, or are in another collection.
        """
        actor.require(Permission.PEOPLE_WRITE)
        wanted = _checked(template_ids)

        def move(work: Work) -> tuple[str, ...]:
            work.tenants.hold(actor.tenant_id)  # nobody else moves templates, or changes the mode
            rows = found_templates(work, actor.tenant_id, wanted)
            owners = {row.subject_id for row in rows}
            to = self._held(work, actor, {to_subject_id, *owners})[to_subject_id]
            others = of_same_faces(work, actor.tenant_id, owners - {to.id}, wanted)
            move_templates(self._ground, work, others, to)
            note_moves(self._ground, work, actor, others, to)
            return tuple(row.id for row in others)

        return self._ground.store.run(move)

    def merge(self, actor: Actor, subject_id: str, into_id: str) -> Merged:
        """Give all that is known of a subject to another one, and erase the first.

        What the other one is not called yet is taken over, and so are files that show the subject.
        Consents are not: the other one has to have agreed.

        Args:
            actor: Who merges them.
            subject_id: Who is erased.
            into_id: Who is left.

        Raises:
            NotFound: there is no such subject, or they were erased.
            ConsentMissing: one of them does not agree to what a template was made for.
            InvalidInput: it is the same subject, they have no room, or another collection.
            ErasureIncomplete: they are merged, but something of the first is left.
            Unavailable: they are merged, but the search index cannot be asked; the rest follows.
        """
        actor.require(Permission.PEOPLE_WRITE)
        actor.require(Permission.PEOPLE_ERASE)
        if subject_id == into_id:
            raise InvalidInput("a subject cannot be merged into itself; name another one")

        def merge(work: Work) -> tuple[Merged, Begun]:
            merged = self._merge(work, actor, subject_id, into_id)
            told = actor.tenant_id, subject_id, actor.id, Reason.OTHER
            return merged, self._erasure.begin(work, *told)

        merged, begun = self._ground.store.run(merge)
        self._erasure.finish(begun)
        return merged

    def split(
        self,
        actor: Actor,
        subject_id: str,
        template_ids: Collection[str],
        *,
        reference: str | None = None,
        name: str | None = None,
        notes: str | None = None,
    ) -> Known:
        """Make somebody new of some of a subject's templates; they agreed as the subject did.

        Args:
            actor: Who splits them.
            subject_id: Who stays with the rest.
            template_ids: Which templates are the new subject's; not all of them.
            reference: The tenant's own name or number for the new one.
            name: What people call them.
            notes: Whatever else.

        Raises:
            NotFound: there is no such subject, or a template is none of theirs.
            ConsentMissing: the subject does not agree any more to what a template was made for.
            InvalidInput: no template would be left, or a text is too long.
            AlreadyThere: somebody else has this reference.
        """
        actor.require(Permission.PEOPLE_WRITE)
        wanted = _checked(template_ids)
        profile = Profile(clean_reference(reference), clean_name(name), clean_notes(notes))
        return self._ground.store.run(
            lambda work: self._split(work, actor, subject_id, wanted, profile)
        )

    def undo(self, actor: Actor, merged: Merged) -> Known:
        """Make somebody again of whom was merged, called as before; they agreed as `into` did.

        What was changed about `into` since then stays.

        Args:
            actor: Who does it.
            merged: What `merge` answered.

        Raises:
            NotFound: who was left is gone, or a template is not theirs any more.
            ConsentMissing: they do not agree any more to what a template was made for.
            AlreadyThere: somebody else has the reference of the other one by now.
            InvalidInput: no template came from the other one.
        """
        actor.require(Permission.PEOPLE_WRITE)
        wanted = _checked(merged.template_ids)

        def undo(work: Work) -> Known:
            row, moving, _ = self._of(work, actor, merged.into.id, wanted)
            self._give_back(work, row, merged)
            return self._split_off(work, actor, row, moving, wanted, merged.gone)

        return self._ground.store.run(undo)

    def free(self, actor: Actor, template_id: str, subject_id: str) -> Known:
        """Make somebody of a template who is called nothing; they agreed as its subject did.

        Args:
            actor: Who does it.
            template_id: Which; its copies for another embedder move with it.
            subject_id: Whose it is.

        Raises:
            NotFound: there is no such template, or it is somebody else's.
            ConsentMissing: the subject does not agree any more to what it was made for.
        """
        actor.require(Permission.PEOPLE_WRITE)

        def free(work: Work) -> Known:
            work.tenants.hold(actor.tenant_id)  # nobody else moves templates
            row = self._held(work, actor, {subject_id})[subject_id]
            moving = of_same_faces(work, actor.tenant_id, (row.id,), (template_id,))
            if not moving:
                raise NotFound("template")
            return self._parted(work, actor, row, moving, Profile())

        return self._ground.store.run(free)

    def _merge(self, work: Work, actor: Actor, subject_id: str, into_id: str) -> Merged:
        tenant_id = actor.tenant_id
        work.tenants.hold(tenant_id)  # nobody else moves templates, or takes the reference
        held = self._held(work, actor, {subject_id, into_id})
        ring, old = self._ground.keyring, held[subject_id]
        gone, kept = (known(ring, work, row).profile for row in (old, held[into_id]))
        into = self._named(work, old, held[into_id])
        rows = work.sealed.of_subject(tenant_id, old.id, TEMPLATE)
        move_templates(self._ground, work, rows, into)
        work.blob_rows.move_uses_of_subject(tenant_id, old.id, into.id)
        note_moves(self._ground, work, actor, rows, into)
        ids = tuple(sorted(row.id for row in rows))
        self._note(work, actor, MERGED, into.id, {"from": old.id, "template_ids": ids})
        return Merged(known(ring, work, into), ids, gone, kept)

    def _named(self, work: Work, old: Subject, into: Subject) -> Subject:
        """Let a subject take over what it is not called yet; return its row as it is then."""
        ring, now, tenant_id = self._ground.keyring, self._ground.clock(), into.tenant_id
        given, kept = known(ring, work, old).profile, known(ring, work, into).profile
        after = Profile(
            kept.reference or given.reference, kept.name or given.name, kept.notes or given.notes
        )
        if kept.reference is None and after.reference is not None:
            work.subjects.set_reference(tenant_id, old.id, None)  # nobody else has it
            told = tenant_id, after.reference, now, into.collection_id
            index = new_index(ring, work, *told)
            work.subjects.set_reference(tenant_id, into.id, index)
        if into.adult is None and old.adult is not None:
            work.subjects.set_adult(tenant_id, into.id, old.adult)
            into = replace(into, adult=old.adult)
        keep_profile(ring, work, into, after, now)
        return into

    def _split(
        self,
        work: Work,
        actor: Actor,
        subject_id: str,
        template_ids: frozenset[str],
        profile: Profile,
    ) -> Known:
        row, moving, stay = self._of(work, actor, subject_id, template_ids)
        if not stay:
            raise InvalidInput("these are all their templates; leave at least one of them")
        return self._split_off(work, actor, row, moving, template_ids, profile)

    def _of(
        self, work: Work, actor: Actor, subject_id: str, template_ids: frozenset[str]
    ) -> tuple[Subject, list[SealedData], int]:
        """Hold a subject; return them, templates of theirs with copies, and how many others stay.

        Raises:
            NotFound: there is no such subject, or a template is none of theirs.
        """
        tenant_id = actor.tenant_id
        work.tenants.hold(tenant_id)  # nobody else moves templates, or takes the reference
        row = subject_of(work, tenant_id, subject_id, hold=True)
        theirs = work.sealed.of_subject(tenant_id, row.id, TEMPLATE)
        if not template_ids <= {each.id for each in theirs}:
            raise NotFound("template")
        moving = with_copies(theirs, template_ids)
        return row, moving, len(theirs) - len(moving)

    def _give_back(self, work: Work, row: Subject, merged: Merged) -> None:
        """Let a held subject be called again as before a merge, but for what was changed since."""
        ring, now = self._ground.keyring, self._ground.clock()
        is_now = known(ring, work, row).profile
        after, before = asdict(merged.into.profile), asdict(merged.kept)
        back = {
            what: before[what] if told == after[what] else told
            for what, told in asdict(is_now).items()
        }
        if back["reference"] != is_now.reference:  # a merge takes over one where there was none
            work.subjects.set_reference(row.tenant_id, row.id, None)
        keep_profile(ring, work, row, Profile(**back), now)

    def _split_off(
        self,
        work: Work,
        actor: Actor,
        row: Subject,
        moving: Sequence[SealedData],
        template_ids: frozenset[str],
        profile: Profile,
    ) -> Known:
        made = self._parted(work, actor, row, moving, profile)
        told = {"to": made.id, "template_ids": sorted(template_ids)}
        self._note(work, actor, SPLIT, row.id, told)
        return made

    def _parted(
        self,
        work: Work,
        actor: Actor,
        row: Subject,
        moving: Sequence[SealedData],
        profile: Profile,
    ) -> Known:
        """Make somebody of some templates of a held subject, who agrees to what they agree to."""
        made = make_subject(
            self._ground,
            work,
            row.tenant_id,
            profile,
            adult=row.adult,
            collection=row.collection_id,
        )
        new = subject_of(work, row.tenant_id, made.id)
        copies = self._copied_consents(work, actor, row, new)
        move_templates(self._ground, work, moving, new)
        self._note(work, actor, CREATED, new.id, {})
        for copy in copies:
            given = {"consent_id": copy.id, "purpose": copy.purpose, "copied_from": row.id}
            self._note(work, actor, "consent.given", new.id, given)
        note_moves(self._ground, work, actor, moving, new)
        return made

    def _copied_consents(
        self, work: Work, actor: Actor, old: Subject, new: Subject
    ) -> list[Consent]:
        """Let somebody new agree to what somebody else agrees to now, in the same words."""
        now = self._ground.clock()
        said = all_of(lambda at: work.consents.page(old.tenant_id, MOST_OF_PAGE, at, old.id))
        holding = [each for each in said if state_of(each, now) is State.GIVEN]
        return [self._copied(work, actor, each, new) for each in holding]

    def _copied(self, work: Work, actor: Actor, consent: Consent, new: Subject) -> Consent:
        ring, ids = self._ground.keyring, (new.tenant_id, new.id)
        proof = evidence_of(ring, work, consent)
        return work.consents.add(
            *ids,
            consent.purpose,
            consent.notice_id,
            consent.method,
            given_at=consent.given_at,
            given_by=consent.given_by,
            recorded_by=actor.id,
            evidence=seal_evidence(ring.subject_key(work.keys, *ids), *ids, proof),
            now=self._ground.clock(),
            expires_at=consent.expires_at,
        )

    def _held(self, work: Work, actor: Actor, subject_ids: set[str]) -> dict[str, Subject]:
        """Hold several subjects in the order of their ids; nobody erases them meanwhile."""
        rows = work.subjects.hold_all(actor.tenant_id, subject_ids)
        held = {row.id: row for row in rows if row.erased_at is None and _is_open(row)}
        if len(held) < len(subject_ids):
            raise NotFound("subject")
        require_one_collection(held.values())
        return held

    def _note(
        self, work: Work, actor: Actor, action: str, subject_id: str, told: Mapping[str, object]
    ) -> None:
        now, ids = self._ground.clock(), (actor.tenant_id, actor.id)
        self._ground.audit.note(work, *ids, action, now, subject_id, told)


def _is_open(row: Subject) -> bool:
    """Return whether templates may come and go: nobody gives a face to another one's account."""
    return row.collection_id != LOGIN


def _checked(template_ids: Collection[str]) -> frozenset[str]:
    """Return the ids of templates, each once.

    Raises:
        InvalidInput: there is none, or there are more than somebody may have.
    """
    if not 1 <= len(wanted := frozenset(template_ids)) <= MOST:
        raise InvalidInput(f"name 1 to {MOST} templates, not {len(wanted)}")
    return wanted
