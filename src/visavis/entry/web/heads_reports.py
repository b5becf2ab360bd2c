"""Reports as the page reads them: what the gate needs, and the figures that people ask for."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field, ValidationError

from visavis.core.attributes import Head
from visavis.lab.heads.catalogue import HeadVersion
from visavis.lab.heads.folder import HeadFolder
from visavis.lab.heads.report import Figures, Report, Share


class UnknownFigures(BaseModel):
    """How often a head gives no answer.

    Attributes:
        share: Of all faces, 0..1.
    """

    share: Share


class FullFigures(Figures):
    """How one head does on all faces, in full.

    Attributes:
        faces: How many were answered about.
        within_one_bin: Share of ages at most one bin off; None for other heads.
        mae_years: Mean absolute error of the expected age; None for other heads.
        unknown: How often it gives no answer.
    """

    faces: int | None = None
    within_one_bin: Share | None = None
    mae_years: float | None = Field(None, ge=0)
    unknown: UnknownFigures | None = None


class FullReport(Report):
    """What `visavis evaluate attributes --json` says, in full.

    Attributes:
        ms_per_face: Cost of cutting out and answering, by head file.
        measured: When, ISO 8601.
    """

    age: FullFigures | None = None
    gender: FullFigures | None = None
    race: FullFigures | None = None
    emotion: FullFigures | None = None
    ms_per_face: Mapping[str, float] = {}
    measured: str = ""

    def figures(self, head: Head) -> FullFigures | None:
        """Return the figures of a head; None where not measured."""
        found: FullFigures | None = getattr(self, head.value)
        return found


class Reports:
    """The reports that lie on this machine.

    Args:
        files: The head files.
        folder: Of the heads; each file's record holds the reports that came with it. Those of
            bundled files lie beside them, under the same name with `.json`.
    """

    def __init__(self, files: Sequence[HeadVersion], folder: Path) -> None:
        records = HeadFolder(folder)
        self._own = {file.version: list(_read(file, records)) for file in files}
        self._all = [report for found in self._own.values() for report in found]

    def of(self, version: str, head: Head) -> FullReport | None:
        """Return a report that measured a file on a head, its own first."""
        known = [*self._own.get(version, ()), *self._all]
        return next((r for r in known if _measures(r, version, head)), None)

    def pair(
        self, challenger: str, champion: str, head: Head
    ) -> tuple[FullReport | None, FullReport | None]:
        """Return reports of both files, on the same faces if there are such."""
        after = self.of(challenger, head)
        before = [
            report
            for report in [*self._own.get(challenger, ()), *self._all]
            if _measures(report, champion, head)
        ]
        same = [report for report in before if after and report.data == after.data]
        return after, next(iter([*same, *before]), None)


def _measures(report: FullReport, version: str, head: Head) -> bool:
    return report.versions.get(head) == version and report.figures(head) is not None


def _read(file: HeadVersion, records: HeadFolder) -> Iterator[FullReport]:
    """Yield the usable reports that came with a file."""
    record = _beside(file.path) if file.bundled else records.record(file.version)
    for name in ("report", "baseline"):
        try:
            if record.get(name):
                yield FullReport.model_validate(record[name])
        except ValidationError:  # the registry has logged it, and goes on without likewise
            continue


def _beside(path: Path) -> dict[str, Any]:
    try:
        return {"report": json.loads(path.with_suffix(".json").read_text("utf-8"))}
    except (OSError, ValueError):
        return {}
