"""Reports that the gate can compare: figures of head files on one list of labelled pictures."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from visavis.core.attributes import Head
from visavis.core.errors import InvalidInput
from visavis.lab.attribute_measures import accuracy_name

Share = Annotated[float, Field(ge=0, le=1)]


class _Part(BaseModel):
    """Part of a report: frozen; figures that the gate does not need are left out."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


class Group(_Part):
    """How one head does on a group of faces.

    Attributes:
        faces: How many, at least 1.
        accuracy: Share answered rightly (of the bin, for the age), 0..1.
    """

    faces: int = Field(ge=1)
    accuracy: Share


class Figures(_Part):
    """How one head does on all faces.

    Attributes:
        ece: Calibration error, 0..1.
        accuracy: Share answered rightly; None for the age.
        bin_accuracy: Share of ages whose bin was answered rightly; None for other heads.
        intervals: 95 % interval by name of the figure.
    """

    ece: Share
    accuracy: Share | None = None
    bin_accuracy: Share | None = None
    intervals: Mapping[str, tuple[float, float]] = {}


class Report(_Part):
    """What `visavis evaluate attributes --json` says.

    Attributes:
        faces: How many were answered about.
        data: SHA-256 of labels and pictures; equal data are comparable.
        versions: The head file that answered each head.
        age: Figures of the age; None where not measured. The others alike.
        gender: See `age`.
        race: See `age`.
        emotion: See `age`.
        groups: Figures by group of faces, by head.
    """

    faces: int = Field(ge=0)
    data: str = Field(min_length=1)
    versions: Mapping[Head, str]
    age: Figures | None = None
    gender: Figures | None = None
    race: Figures | None = None
    emotion: Figures | None = None
    groups: Mapping[Head, Mapping[str, Group]] = {}

    def figures(self, head: Head) -> Figures | None:
        """Return the figures of a head; None where not measured."""
        found: Figures | None = getattr(self, head.value)
        return found

    def metric(self, head: Head) -> float | None:
        """Return the figure by which the gate compares, 0..1."""
        figures = self.figures(head)
        value: float | None = getattr(figures, accuracy_name(head), None)
        return value

    def lower(self, head: Head) -> float | None:
        """Return the lower 95 % end of `metric`."""
        figures = self.figures(head)
        ends = figures.intervals.get(accuracy_name(head)) if figures else None
        return None if ends is None else ends[0]


def read_report(given: Mapping[str, Any]) -> Report:
    """Check a report that was read from JSON.

    Raises:
        InvalidInput: it is no report of `visavis evaluate attributes --json`.
    """
    try:
        return Report.model_validate(given)
    except ValidationError as exc:
        fault = exc.errors()[0]
        where = ".".join(map(str, fault["loc"]))
        raise InvalidInput(
            f"this is no report of `visavis evaluate attributes --json`: {where}: {fault['msg']}"
        ) from exc
