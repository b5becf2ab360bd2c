"""Results: what was found on pictures, kept for as long as a tenant wants, sealed.

A picture has one result: whoever sends it again replaces it as a whole. Its files are put first,
outside of any unit; the rows that make them a result come in the unit of whoever finishes the job.
A process that is killed in between leaves files that no row knows, which the sweep finds.
"""

import threading
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from visavis.core.errors import NotAllowed
from visavis.core.types import Feature
from visavis.credentials.roles import Permission
from visavis.store.blobs.base import SHA256, Blobs, Stored
from visavis.store.blobs.errors import BlobNotFound
from visavis.store.blobs.quota import require_room
from visavis.store.kinds import Mode
from visavis.store.page import DEFAULT, Page, check_limit
from visavis.store.results import EVERYTHING, OF_RESULT, SEALED, NewResult, Result, Sought
from visavis.store.work import Work
from visavis.usecases import results_json
from visavis.usecases.actor import Actor
from visavis.usecases.analysis import Analysis
from visavis.usecases.blob_removal import BlobRemoval
from visavis.usecases.errors import NotFound
from visavis.usecases.ground import Ground
from visavis.usecases.privacy import Rules, rules_of
from visavis.usecases.results_sealing import Part, ResultFiles

REMOVED = "results.removed"
"""What the audit log calls it."""


@dataclass(frozen=True, slots=True)
class ReadyResult:
    """A result whose files are kept and whose rows are not yet.

    Attributes:
        tenant_id: Whose.
        sha256: Of the picture as it came in.
        stored: Its files.
        new: Its rows.
    """

    tenant_id: str
    sha256: str
    stored: Mapping[Part, Stored]
    new: NewResult

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(each.size for each in self.stored.values())


class Results:
    """Keeps, finds and removes results; safe to use from several threads and processes.

    Args:
        ground: Of the deployment.
        blobs: Its files.
    """

    def __init__(self, ground: Ground, blobs: Blobs) -> None:
        self._ground = ground
        self._files = ResultFiles(ground, blobs)
        self._removal = BlobRemoval(ground.store, blobs)
        self._lock = threading.Lock()
        self._left: dict[str, set[str]] = defaultdict(set)

    @staticmethod
    def keeps(rules: Rules) -> bool:
        """Return whether a tenant's results may be kept.

        Where faces are verified or identified people are known, and their pictures are kept only
        where the tenant says so.
        """
        return rules.mode is Mode.ANONYMOUS or rules.keep_pictures

    def ready(
        self,
        tenant_id: str,
        analysis: Analysis,
        picture: bytes,
        *,
        job_id: str | None,
        batch_id: str | None,
        features: Collection[Feature],
    ) -> ReadyResult:
        """Seal and keep the files of a result; call it outside of any unit.

        Args:
            tenant_id: Whose.
            analysis: What was found, with the annotated picture.
            picture: The picture as it came in.
            job_id: Which job found it; None = none.
            batch_id: Which batch that is part of; None = none.
            features: What was asked for; embeddings are not kept.

        Raises:
            QuotaExceeded: the tenant has no room for it.
            ValueError: the analysis has no annotated picture.
        """
        if analysis.annotated is None:
            raise ValueError("a result needs the annotated picture; analyse with annotate=True")
        kept = frozenset(features) - results_json.NEVER_KEPT
        told = results_json.found(analysis, kept)
        parts = {
            Part.PICTURE: picture,
            Part.ANNOTATED: analysis.annotated,
            Part.DOCUMENT: results_json.pack(told),
        }
        with self._ground.store.reading() as work:
            self._require_room(work, tenant_id, sum(map(len, parts.values())))
        stored = self._files.put(tenant_id, analysis.sha256, parts)
        new = NewResult(
            width=analysis.width,
            height=analysis.height,
            pack=analysis.pack,
            features=tuple(sorted(feature.value for feature in kept)),
            faces=results_json.searchable(told),
            job_id=job_id or "",
            batch_id=batch_id or "",
            picture=stored[Part.PICTURE].sha256,
            annotated=stored[Part.ANNOTATED].sha256,
            document=stored[Part.DOCUMENT].sha256,
        )
        return ReadyResult(tenant_id, analysis.sha256, stored, new)

    def add(self, work: Work, ready: ReadyResult) -> Result:
        """Make files a result, in place of the one that the picture has; `settle` after the commit.

        The tenant is held until the unit ends, so the unit should begin with that.

        Args:
            work: The unit of whoever finishes the job.
            ready: The files.

        Raises:
            NotFound: the tenant has left.
            NotAllowed: results may not be kept any more; see `keeps`.
            QuotaExceeded: others have filled the room meanwhile.
        """
        tenant_id, sha256 = ready.tenant_id, ready.sha256
        work.tenants.hold(tenant_id)
        if not self.keeps(rules_of(work, tenant_id)):
            raise NotAllowed(
                "results are not kept in this mode; an admin can have pictures kept in the privacy "
                "rules"
            )
        if before := work.results.find(tenant_id, sha256):
            if before.document == ready.new.document:  # it is told again what was done
                return before
            self._drop(work, before)
        self._require_room(work, tenant_id, ready.size)
        now = self._ground.clock()
        sizes = {each.sha256: each.size for each in ready.stored.values()}
        # What is sealed is never the same twice: no other file has one of these names.
        work.blob_rows.add_new(tenant_id, sizes, SEALED, OF_RESULT, sha256, now)
        return work.results.add(tenant_id, sha256, ready.new, now)

    def discard(self, ready: ReadyResult) -> None:
        """Remove the files of a result that came to nothing."""
        self._files.take_back(ready.tenant_id, ready.stored)

    def has(
        self, work: Work, tenant_id: str, sha256: str, features: Collection[Feature], pack: str
    ) -> Result | None:
        """Return the result of a picture that answers what is asked, found by the same weights."""
        found = work.results.find(tenant_id, sha256)
        if found is None or found.pack != pack:
            return None
        return found if {feature.value for feature in features} <= set(found.features) else None

    def settle(self, tenant_id: str) -> int:
        """Remove the files that this process left without a result; return how many.

        Call it once a unit with `add` is committed. What a killed process leaves is removed as any
        file that nothing needs.
        """
        with self._lock:
            left = self._left.pop(tenant_id, set())
        return self._removal.forget(tenant_id, left)

    def find(self, actor: Actor, sha256: str) -> Result:
        """Return the result of a picture.

        Raises:
            NotAllowed: the actor may not.
            NotFound: there is none.
        """
        actor.require(Permission.RESULTS_READ)
        with self._ground.store.reading() as work:
            return _found(work, actor.tenant_id, sha256)

    def page(
        self,
        actor: Actor,
        sought: Sought = EVERYTHING,
        limit: int = DEFAULT,
        cursor: str | None = None,
    ) -> Page[Result]:
        """Return a part of the results that match, newest first.

        Raises:
            NotAllowed: the actor may not.
            InvalidInput: the limit is not 1..200, or the cursor none of ours.
        """
        actor.require(Permission.RESULTS_READ)
        with self._ground.store.reading() as work:
            return work.results.page(actor.tenant_id, sought, limit, cursor)

    def count(self, actor: Actor, sought: Sought = EVERYTHING) -> int:
        """Return how many results match."""
        actor.require(Permission.RESULTS_READ)
        with self._ground.store.reading() as work:
            return work.results.count(actor.tenant_id, sought)

    def features(self, actor: Actor, sought: Sought = EVERYTHING) -> frozenset[Feature]:
        """Return all that was asked for of any of the results that match."""
        actor.require(Permission.RESULTS_READ)
        with self._ground.store.reading() as work:
            names = work.results.features(actor.tenant_id, sought)
        return frozenset(feature for feature in Feature if feature in names)

    def beside(
        self, actor: Actor, sha256: str, sought: Sought = EVERYTHING
    ) -> tuple[str | None, str | None]:
        """Return the names of the next newer and the next older result among those that match."""
        actor.require(Permission.RESULTS_READ)
        with self._ground.store.reading() as work:
            return work.results.beside(actor.tenant_id, sha256, sought)

    def are_kept(self, actor: Actor) -> bool:
        """Return whether results of the actor's tenant are kept now; see `keeps`."""
        actor.require(Permission.RESULTS_READ)
        with self._ground.store.reading() as work:
            return self.keeps(rules_of(work, actor.tenant_id))

    def document(self, actor: Actor, sha256: str) -> dict[str, Any]:
        """Return the JSON of a result; raises as `open`."""
        result, data = self.open(actor, sha256, Part.DOCUMENT)
        return results_json.document(result, results_json.unpack(data))

    def open(self, actor: Actor, sha256: str, part: Part) -> tuple[Result, bytes]:
        """Return a file of a result.

        Raises:
            NotFound: there is no such result, or its file is gone.
            SealBroken: the file was changed.
        """
        result = self.find(actor, sha256)
        try:
            return result, self._files.open(result, part)
        except BlobNotFound:
            renewed = self.find(actor, sha256)
        if renewed.id == result.id:
            raise NotFound("result")
        return renewed, self._files.open(renewed, part)  # it was replaced a moment ago

    def remove(self, actor: Actor, hashes: Sequence[str]) -> int:
        """Remove results of pictures, with all files; return how many there were.

        Args:
            actor: Who removes them.
            hashes: Which, at most 200.

        Raises:
            NotAllowed: the actor may not.
            NotFound: there is none of them.
            InvalidInput: there are too many.
        """
        actor.require(Permission.RESULTS_WRITE)
        check_limit(len(hashes))
        removed = self._ground.store.run(lambda work: self._remove(work, actor, hashes))
        self.settle(actor.tenant_id)
        return removed

    def _remove(self, work: Work, actor: Actor, hashes: Sequence[str]) -> int:
        tenant_id = actor.tenant_id
        work.tenants.hold(tenant_id)
        found = [work.results.find(tenant_id, each) for each in dict.fromkeys(hashes)]
        gone = [result for result in found if result is not None]
        if not gone:
            raise NotFound("result")
        for result in gone:
            self._drop(work, result)
        now, told = self._ground.clock(), {"count": len(gone)}
        self._ground.audit.note(work, tenant_id, actor.id, REMOVED, now, details=told)
        return len(gone)

    def _drop(self, work: Work, result: Result) -> None:
        """Remove the rows of a result; its files wait for `settle`."""
        drop(work, result)
        with self._lock:
            self._left[result.tenant_id].update(result.blobs)

    def _require_room(self, work: Work, tenant_id: str, new: int) -> None:
        quota = self._ground.settings.blobs.quota_bytes
        require_room(work.blob_rows.used_bytes(tenant_id) if quota else 0, new, quota)


def drop(work: Work, result: Result) -> None:
    """Remove the rows of a result; nothing needs its files any more."""
    work.blob_rows.drop_uses_of_owner(result.tenant_id, OF_RESULT, result.sha256)
    work.results.remove(result.tenant_id, result.sha256)


def _found(work: Work, tenant_id: str, sha256: str) -> Result:
    found = work.results.find(tenant_id, sha256) if SHA256.fullmatch(sha256) else None
    if found is None:
        raise NotFound("result")
    return found
