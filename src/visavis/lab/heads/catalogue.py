"""Which head files there are, and which of them answer what, at one moment."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import structlog

from visavis.core.attributes import Head
from visavis.core.errors import InvalidInput, UnknownWeights, WeightsCorrupt
from visavis.lab.heads.folder import HeadFolder
from visavis.lab.heads.history import Event
from visavis.lab.heads.report import Report, read_report
from visavis.vision.heads.card import HeadCard, read_card

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class HeadVersion:
    """One head file.

    Attributes:
        version: Its unique name.
        path: Where it lies.
        card: What it says of itself.
        champion_of: The heads it answers now.
        challenger_of: The heads it could answer and never did.
        bundled: Whether it comes with the package.
        report: Its figures as given when it was added; None where none were.
        added: When, UTC; None for bundled files and those put there by hand.
    """

    version: str
    path: Path
    card: HeadCard
    champion_of: tuple[Head, ...]
    challenger_of: tuple[Head, ...]
    bundled: bool
    report: Report | None
    added: datetime | None


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The head files at one moment.

    Attributes:
        versions: All that can be read, by name.
        bundled: The bundled version that answers each head where none is promoted.
        chosen: The promoted version of each head.
    """

    versions: Mapping[str, HeadVersion]
    bundled: Mapping[Head, str]
    chosen: Mapping[Head, str]

    def champion(self, head: Head) -> str | None:
        """Return the version that is to answer a head; None where there is none."""
        return self.chosen.get(head) or self.bundled.get(head)

    def find(self, version: str) -> HeadVersion:
        """Return one file.

        Raises:
            UnknownWeights: there is none of that name.
        """
        if version not in self.versions:
            raise UnknownWeights(
                f"there is no head file {version}; `visavis models heads` lists those there are"
            )
        return self.versions[version]

    def not_yet(self, version: str, heads: Collection[Head] | None) -> list[Head]:
        """Return the heads that a file is to answer and does not yet.

        Args:
            version: The file.
            heads: Those it is to answer; None = all it can.

        Raises:
            UnknownWeights: there is no such file.
            InvalidInput: it cannot answer one of them, or answers them already.
        """
        found = self.find(version)
        if strange := sorted(set(heads or ()) - set(found.card.heads)):
            raise InvalidInput(
                f"{version} does not answer {', '.join(strange)}, only "
                f"{', '.join(sorted(found.card.heads))}"
            )
        wanted = [head for head in Head if head in (heads or found.card.heads)]
        open_ = [head for head in wanted if self.champion(head) != version]
        if not open_:
            raise InvalidInput(f"{version} answers {', '.join(wanted)} already")
        return open_


def look(folder: HeadFolder, bundled: Path) -> Catalogue:
    """Look at all files; those that cannot be read are logged and left out."""
    chosen, events = folder.champions(), folder.events()
    added = dict(_cards(folder.files()))
    shipped = dict(_cards(sorted(bundled.glob("*.onnx"))))
    fallback = {head: card.version for card in shipped.values() for head in card.heads}
    champions = fallback | chosen
    versions = {
        card.version: entry(
            card, path, folder.record(card.version), champions, events, bundled=path in shipped
        )
        for path, card in (added | shipped).items()
        if path in shipped or path.stem == card.version
    }
    return Catalogue(versions, fallback, chosen)


def entry(
    card: HeadCard,
    path: Path,
    record: Mapping[str, Any],
    champions: Mapping[Head, str],
    events: Sequence[Event],
    *,
    bundled: bool,
) -> HeadVersion:
    """Put together what is known of a file."""
    served = {head for event in events for head in event.heads if event.after[head] == card.version}
    champion_of = tuple(head for head in card.heads if champions.get(head) == card.version)
    never = [head for head in card.heads if head not in served and head not in champion_of]
    return HeadVersion(
        version=card.version,
        path=path,
        card=card,
        champion_of=champion_of,
        challenger_of=() if bundled else tuple(never),
        bundled=bundled,
        report=report_in(record, "report"),
        added=None if bundled else _when(record),
    )


def report_in(record: Mapping[str, Any], name: str) -> Report | None:
    """Return the `report` or `baseline` of a record; None where it holds no usable one."""
    try:
        return read_report(record[name]) if record.get(name) else None
    except InvalidInput as exc:
        log.warning("report_not_readable", reason=str(exc))
        return None


def _cards(paths: Sequence[Path]) -> Iterator[tuple[Path, HeadCard]]:
    for path in paths:
        try:
            yield path, read_card(path)
        except WeightsCorrupt as exc:
            log.warning("head_file_not_readable", reason=str(exc))


def _when(record: Mapping[str, Any]) -> datetime | None:
    try:
        return datetime.fromisoformat(record["added"]).astimezone(UTC)
    except (KeyError, TypeError, ValueError):
        return None
