"""The history of what served: one line for each promotion and rollback, only ever added to."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from visavis.core.attributes import Head
from visavis.core.errors import WeightsCorrupt


class Action(StrEnum):
    """What happened."""

    PROMOTE = "promote"
    ROLLBACK = "rollback"


@dataclass(frozen=True, slots=True)
class Event:
    """One change of what serves.

    Attributes:
        when: UTC.
        action: What happened.
        by: Who did it.
        reason: Why, in their words.
        heads: Which heads changed.
        before: The version that answered each of them; None where nobody did.
        after: The version that answers each of them since; None where nobody does.
        bundled: Those of these versions that come with the package. What is restored is then the
            bundled file, also when the package brings a newer one.
        gate: What the gate said, by head; None for rollbacks.
        forced: Whether it was promoted although it did not pass.
    """

    when: datetime
    action: Action
    by: str
    reason: str
    heads: tuple[Head, ...]
    before: Mapping[Head, str | None]
    after: Mapping[Head, str | None]
    bundled: tuple[str, ...] = ()
    gate: Mapping[str, Any] | None = None
    forced: bool = False

    @property
    def to(self) -> str:
        """Return the versions that answer since, mostly one; empty where nobody does."""
        return ", ".join(sorted({version for version in self.after.values() if version}))

    def pointer(self, version: str | None) -> str | None:
        """Return how the choice names a version of this event: None = whatever is bundled."""
        return None if version in self.bundled else version

    def parts(self) -> "list[Event]":
        """Return the event as several of one version each."""
        return [
            replace(self, heads=tuple(heads), before=self._of(self.before, heads), after=after)
            for version in sorted(set(self.after.values()), key=str)
            if (heads := [head for head in self.heads if self.after[head] == version])
            if (after := self._of(self.after, heads))
        ]

    def as_json(self) -> dict[str, Any]:
        """Return the event as one object."""
        return {
            "when": self.when.isoformat(),
            "action": self.action.value,
            "by": self.by,
            "reason": self.reason,
            "heads": [head.value for head in self.heads],
            "from": {head.value: version for head, version in self.before.items()},
            "to": {head.value: version for head, version in self.after.items()},
            "bundled": list(self.bundled),
            "gate": self.gate,
            "forced": self.forced,
        }

    @staticmethod
    def _of(versions: Mapping[Head, str | None], heads: Iterable[Head]) -> dict[Head, str | None]:
        return {head: versions[head] for head in heads}


def read_event(line: str) -> Event:
    """Return the event that a line of the history holds.

    Raises:
        WeightsCorrupt: it holds none.
    """
    try:
        found = json.loads(line)
        return Event(
            when=datetime.fromisoformat(found["when"]),
            action=Action(found["action"]),
            by=found["by"],
            reason=found["reason"],
            heads=tuple(map(Head, found["heads"])),
            before={Head(head): version for head, version in found["from"].items()},
            after={Head(head): version for head, version in found["to"].items()},
            bundled=tuple(found["bundled"]),
            gate=found["gate"],
            forced=bool(found["forced"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as exc:
        raise WeightsCorrupt(
            f"a line of the history of heads cannot be read ({exc!r}); restore the file from a "
            "copy, or move it away to begin a new one"
        ) from exc


def standing(events: Sequence[Event]) -> dict[Head, list[Event]]:
    """Return the promotions of each head that were not rolled back, oldest first."""
    stacks: dict[Head, list[Event]] = {head: [] for head in Head}
    for event in events:
        for head in event.heads:
            if event.action is Action.PROMOTE:
                stacks[head].append(event)
            elif stacks[head]:
                stacks[head].pop()
    return stacks


def to_undo(events: Sequence[Event], head: Head | None) -> tuple[Event, list[Head]] | None:
    """Return the last promotion that still stands, of one head or of any, and the heads to undo.

    Of a promotion of several heads those are left out that were promoted or rolled back since.

    Args:
        events: The history, oldest first.
        head: Whose promotion to undo; None = the last one.
    """
    last = {h: stack[-1] for h, stack in standing(events).items() if stack}
    if head is not None:
        return (last[head], [head]) if head in last else None
    newest = next((event for event in reversed(events) if event in last.values()), None)
    if newest is None:
        return None
    return newest, [h for h in newest.heads if last.get(h) is newest]


def choice(events: Iterable[Event]) -> dict[Head, str]:
    """Return the promoted version of each head as the history tells it."""
    chosen: dict[Head, str | None] = {}
    for event in events:
        chosen |= {head: event.pointer(event.after[head]) for head in event.heads}
    return {head: version for head, version in chosen.items() if version is not None}
