"""What the page about models shows, read at one moment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from visavis.core.attributes import Head
from visavis.entry.services import Services
from visavis.entry.web.heads_reports import Reports
from visavis.lab.heads.catalogue import HeadVersion
from visavis.lab.heads.history import Event
from visavis.lab.heads.registry import HeadRegistry
from visavis.vision.heads.card import HeadCard


@dataclass(frozen=True, slots=True)
class State:
    """The head files at one moment.

    Attributes:
        serving: The card of the file that answers each head in this process.
        chosen: The version that is to answer each head.
        files: All files, the newest first.
        reports: Their figures.
        events: What was promoted and rolled back, oldest first.
    """

    serving: Mapping[Head, HeadCard]
    chosen: Mapping[Head, str]
    files: Sequence[HeadVersion]
    reports: Reports
    events: Sequence[Event]

    @property
    def waiting(self) -> list[HeadVersion]:
        """The added files that do not answer all of their heads."""
        return [file for file in self.files if not file.bundled and open_heads(file)]


def open_heads(file: HeadVersion) -> list[Head]:
    """Return the heads that a file could answer and does not."""
    return [head for head in Head if head in file.card.heads and head not in file.champion_of]


def read(services: Services, registry: HeadRegistry) -> State:
    """Look at what serves and at what lies in the folder; reads every file's card.

    Raises:
        WeightsCorrupt: the history or what serves cannot be understood.
    """
    files = registry.versions()
    return State(
        serving=services.drift.cards(),
        chosen={head: file.version for file in files for head in file.champion_of},
        files=files,
        reports=Reports(files, services.settings.data / "heads"),
        events=registry.history(),
    )
