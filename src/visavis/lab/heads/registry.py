"""The life of head files: added, promoted, rolled back."""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import structlog

from visavis.core.attributes import Head
from visavis.core.errors import GateNotPassed, InvalidInput, WeightsCorrupt
from visavis.lab.heads.catalogue import Catalogue, HeadVersion, entry, look, report_in
from visavis.lab.heads.folder import HeadFolder
from visavis.lab.heads.gate import Rules, Verdict, judge, refusal
from visavis.lab.heads.history import Action, Event, to_undo
from visavis.lab.heads.intake import checked_card, checked_reports, require_usable
from visavis.lab.heads.mirror import Mirror, tell_added, tell_event
from visavis.lab.heads.report import Report
from visavis.vision.heads.card import HeadCard
from visavis.vision.heads.shelf import BUNDLED
from visavis.vision.weights.slot import sha256_of

__all__ = ["HeadRegistry", "HeadVersion", "Mirror"]

log = structlog.get_logger(__name__)


class HeadRegistry:
    """Keeps head files and says which serve; safe to use from several processes.

    Args:
        folder: Where files are kept, `<data>/heads`.
        bundled: The folder of the files that ship.
        mirror: Repeats what happens elsewhere.
        rules: How strict the gate is.
    """

    def __init__(
        self,
        folder: Path,
        bundled: Path = BUNDLED,
        mirror: Mirror | None = None,
        rules: Rules | None = None,
    ) -> None:
        self._folder = HeadFolder(folder)
        self._bundled = bundled
        self._mirror = mirror
        self._rules = rules or Rules()

    def versions(self) -> list[HeadVersion]:
        """Return all files, the newest first, bundled ones last; unreadable ones are logged."""
        oldest = datetime.min.replace(tzinfo=UTC)

        def age(found: HeadVersion) -> tuple[bool, datetime, str]:
            return not found.bundled, found.added or oldest, found.version

        return sorted(self._look().versions.values(), key=age, reverse=True)

    def find(self, version: str) -> HeadVersion:
        """Return one file.

        Raises:
            UnknownWeights: there is none of that name.
        """
        return self._look().find(version)

    def champions(self) -> dict[Head, str]:
        """Return the version that is to answer each head, bundled ones included."""
        there = self._look()
        return {head: version for head in Head if (version := there.champion(head))}

    def history(self) -> list[Event]:
        """Return every promotion and rollback, oldest first.

        Raises:
            WeightsCorrupt: the history cannot be understood.
        """
        return self._folder.events()

    def add(
        self,
        path: Path,
        report: Mapping[str, Any] | None = None,
        baseline: Mapping[str, Any] | None = None,
    ) -> HeadVersion:
        """Keep a copy of a head file, as a challenger; what serves stays as it is.

        Args:
            path: The file.
            report: Its figures, as `visavis evaluate attributes --json` gives them.
            baseline: Those of the files that serve, on the same faces.

        Raises:
            InvalidInput: the file is not there, another has its name, or a report is none of it.
            WeightsCorrupt: it is no usable head file.
            Unavailable: the folder or the mirror cannot be written; nothing was added.
        """
        if not path.is_file():
            raise InvalidInput(f"there is no file {path}")
        with self._folder.changing(), self._folder.staged(path) as staged:
            card = checked_card(staged, path.name)
            given = checked_reports(card, report, baseline)
            there = self._look().versions.get(card.version)
            if there is None:
                self._keep(staged, card, {**given, "added": datetime.now(UTC).isoformat()})
            elif sha256_of(there.path) != sha256_of(staged):
                raise InvalidInput(
                    f"another file is called {card.version} already; give this one another version"
                )
            elif given:
                self._folder.note(card.version, self._folder.record(card.version) | given)
        return self.find(card.version)

    def judge(
        self,
        version: str,
        heads: Collection[Head] | None = None,
        measured: Sequence[Report] | None = None,
    ) -> list[Verdict]:
        """Say whether a file would pass the gate; changes nothing.

        Args:
            version: The file.
            heads: Which of its heads; None = all that it does not answer already.
            measured: Figures of it and of what serves on the same faces; None = those that were
                given when it was added, as long as they are about what serves now.

        Raises:
            UnknownWeights: there is no such file.
            InvalidInput: it does not answer one of the heads, or answers them already.
        """
        return self._judge(self._look(), version, heads, measured)

    def promote(
        self,
        version: str,
        heads: Collection[Head] | None = None,
        *,
        reason: str,
        by: str,
        force: bool = False,
        measured: Sequence[Report] | None = None,
    ) -> Event:
        """Let a file answer some or all of its heads, if it passes the gate for each of them.

        Args:
            version: The file.
            heads: Which of its heads; None = all that it does not answer already.
            reason: Why; forcing needs one.
            by: Who.
            force: Promote it even if it does not pass; the history says so.
            measured: See `judge`.

        Raises:
            GateNotPassed: it is not shown to be better; nothing was changed.
            UnknownWeights: there is no such file.
            InvalidInput: it does not answer one of the heads, or answers them already; or it is
                forced without a reason.
            WeightsCorrupt: the file is damaged.
            Unavailable: the folder or the mirror cannot be written; nothing was changed.
        """
        if force and not reason.strip():
            raise InvalidInput("promoting without passing the gate needs a reason; give --reason")
        with self._folder.changing():
            there = self._look()
            verdicts = self._judge(there, version, heads, measured)
            passed = all(verdict.passed for verdict in verdicts)
            if not (passed or force):
                raise GateNotPassed(refusal(version, verdicts))
            self._require_usable(there, version)
            gate = {verdict.head.value: verdict.as_json() for verdict in verdicts}
            event = _event(
                there,
                Action.PROMOTE,
                {verdict.head: version for verdict in verdicts},
                (by, reason),
                gate=gate,
                forced=not passed,
            )
            self._commit(event, there)
        log.info("head_promoted", version=version, heads=sorted(event.after), forced=event.forced)
        return event

    def rollback(self, head: Head | None = None, *, reason: str, by: str) -> Event:
        """Let what served before the last promotion serve again; repeated, go back further.

        Args:
            head: Of which head; None = all heads of the last promotion that still stands.
            reason: Why.
            by: Who.

        Raises:
            InvalidInput: no promotion stands.
            WeightsCorrupt: the file that served before is missing or damaged.
            Unavailable: the folder or the mirror cannot be written; nothing was changed.
        """
        with self._folder.changing():
            found = to_undo(self.history(), head)
            if found is None:
                what = f"of {head} " if head else ""
                raise InvalidInput(f"there is no promotion {what}to roll back")
            undone, heads = found
            there = self._look()
            after = {each: self._restored(there, undone, each) for each in heads}
            event = _event(there, Action.ROLLBACK, after, (by, reason))
            self._commit(event, there)
        log.info("head_rolled_back", version=event.to, heads=sorted(event.after))
        return event

    def _look(self) -> Catalogue:
        return look(self._folder, self._bundled)

    def _judge(
        self,
        there: Catalogue,
        version: str,
        heads: Collection[Head] | None,
        measured: Sequence[Report] | None,
    ) -> list[Verdict]:
        wanted = there.not_yet(version, heads)
        if measured is None:
            record = self._folder.record(version)
            stored = (report_in(record, name) for name in ("report", "baseline"))
            measured = [report for report in stored if report]
        return [
            judge(head, version, there.champion(head), measured, self._rules) for head in wanted
        ]

    def _keep(self, staged: Path, card: HeadCard, record: Mapping[str, Any]) -> None:
        """Put a new file into its place, once the mirror has it."""
        named = staged.rename(staged.with_name(f"{card.version}.onnx"))
        record = {**record, "sha256": sha256_of(named)}
        tell_added(self._mirror, entry(card, named, record, {}, (), bundled=False))
        self._folder.keep(named, card.version, record)
        log.info("head_added", version=card.version, heads=sorted(card.heads))

    def _commit(self, event: Event, there: Catalogue) -> None:
        """Make a change, once the mirror has it."""
        for version in {v for v in event.after.values() if event.pointer(v)}:
            found = there.find(str(version))
            if found.bundled:  # serving looks for chosen files in the folder only
                with self._folder.staged(found.path) as staged:
                    self._folder.keep(staged, found.version, self._folder.record(found.version))
        tell_event(self._mirror, event)
        self._folder.commit(event)

    def _restored(self, there: Catalogue, undone: Event, head: Head) -> str | None:
        """Return what answered a head before an event, tried again; None where nobody did."""
        version = undone.pointer(undone.before[head])
        if version is None:
            return there.bundled.get(head)
        if version not in there.versions:
            raise WeightsCorrupt(
                f"{version}, which answered {head} before, is missing or damaged; promote another"
            )
        self._require_usable(there, version)
        return version

    def _require_usable(self, there: Catalogue, version: str) -> None:
        require_usable(there.find(version).path, self._folder.record(version).get("sha256"))


def _event(
    there: Catalogue,
    action: Action,
    after: Mapping[Head, str | None],
    who_and_why: tuple[str, str],
    *,
    gate: Mapping[str, Any] | None = None,
    forced: bool = False,
) -> Event:
    by, reason = who_and_why
    before = {head: there.champion(head) for head in after}
    unnamed = {version for head, version in before.items() if head not in there.chosen}
    unnamed |= {v for head, v in after.items() if v == there.bundled.get(head)}
    return Event(
        when=datetime.now(UTC),
        action=action,
        by=by,
        reason=reason.strip(),
        heads=tuple(after),
        before=before,
        after=after,
        bundled=tuple(sorted(filter(None, unnamed))),
        gate=gate,
        forced=forced,
    )
