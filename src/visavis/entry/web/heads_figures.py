"""The figures of a head file in plain words: what was measured, how sure that is, for whom."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from visavis.core.attributes import Head
from visavis.entry.web.heads_reports import FullReport
from visavis.lab.attribute_measures import ENOUGH, accuracy_name, worst_gap
from visavis.lab.heads.report import Group as GroupFigures
from visavis.lab.intervals import Interval, wilson
from visavis.vision.heads.card import HeadCard


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure.

    Attributes:
        value: A share 0..1, or years.
        ends: Its 95 % interval; None where the file does not say.
    """

    value: float
    ends: Interval | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """How often a head is right about one group of faces.

    Attributes:
        name: As in reports: `race=black`, or `age=20-29,gender=female,race=black`.
        faces: How many were measured.
        right: Share answered rightly, 0..1, with its interval.
    """

    name: str
    faces: int
    right: Figure

    @property
    def kinds(self) -> tuple[str, ...]:
        """What the group is told apart by: `("race",)`, or several for a mixture."""
        return tuple(part.partition("=")[0] for part in self.name.split(","))


@dataclass(frozen=True, slots=True)
class Measured:
    """What is known of how well a file answers one head.

    Attributes:
        head: Which.
        figures: By name, as reports call them; empty when never measured.
        unknown: Share of faces answered `unknown`, 0..1; None when not stated.
        ms_per_face: Cost of cutting out and answering; None when not stated.
        faces: How many were measured; None when not stated.
        groups: By group, in the order of the report.
    """

    head: Head
    figures: Mapping[str, Figure]
    unknown: float | None = None
    ms_per_face: float | None = None
    faces: int | None = None
    groups: tuple[Group, ...] = ()


def measured(card: HeadCard, head: Head, report: FullReport | None) -> Measured:
    """Return the figures of a report, else those of the file's card, which have no intervals.

    Args:
        card: What the file says of itself.
        head: Which of its heads.
        report: One that measured the file on this head; None where there is none.
    """
    stated = {name: Figure(value) for name, value in card.heads[head].metrics.items()}
    found = report.figures(head) if report else None
    if report is None or found is None:
        return Measured(head, stated)
    given = {n: v for n, v in found.model_dump().items() if isinstance(v, float)}
    return Measured(
        head,
        stated | {n: Figure(v, found.intervals.get(n)) for n, v in given.items()},
        unknown=found.unknown.share if found.unknown else None,
        ms_per_face=report.ms_per_face.get(card.version),
        faces=found.faces or report.faces,
        groups=tuple(_group(name, g) for name, g in report.groups.get(head, {}).items()),
    )


def _group(name: str, found: GroupFigures) -> Group:
    """Return a group with Wilson's interval, which is also what reports state."""
    ends = wilson(round(found.accuracy * found.faces), found.faces)
    return Group(name, found.faces, Figure(found.accuracy, ends))


def sentences(found: Measured) -> Iterator[str]:
    """Yield what the figures say, the most important first."""
    right = found.figures.get(accuracy_name(found.head))
    what = "the age group" if found.head is Head.AGE else found.head.value
    if right:
        yield f"Right about {what} for {of_100(right.value)} faces{_between(right.ends)}."
    if near := found.figures.get("within_one_bin"):
        yield f"At most one age group off for {of_100(near.value)} faces{_between(near.ends)}."
    if years := found.figures.get("mae_years"):
        ends = f", {years.ends[0]:.1f}–{years.ends[1]:.1f}" if years.ends else ""
        yield f"{years.value:.1f} years off on average{ends}."
    if found.unknown is not None:
        yield f"Answers “unknown” for {of_100(found.unknown)} faces."
    if ece := found.figures.get("ece"):
        yield f"Its percentages are {100 * ece.value:.1f} points off on average."
    if found.ms_per_face is not None:
        yield f"Costs {found.ms_per_face:.2f} ms a face."


def gap_said(found: Measured) -> str:
    """Name the groups that fare best and worst; empty where too few are large enough."""
    stated = {g.name: {"faces": g.faces, "accuracy": g.right.value} for g in found.groups}
    gap = worst_gap(stated)
    if gap is None:
        return ""
    best, worst = (stated[gap[side]]["accuracy"] for side in ("best", "worst"))
    return (
        f"Most often right about {group_words(gap['best'])} ({of_100(best)}), least about "
        f"{group_words(gap['worst'])} ({of_100(worst)}): the widest gap between groups of at least "
        f"{ENOUGH} faces."
    )


def group_words(name: str) -> str:
    """Return what people call a group: `20–29, female, black`."""
    return ", ".join(class_words(part.partition("=")[2]) for part in name.split(","))


def class_words(name: str) -> str:
    """Return what people call a class: `east asian`, `20–29`."""
    return name.replace("_", " ").replace("-", "–")


def of_100(share: float) -> str:
    """Say a share 0..1 as a number of faces: `93 of 100`."""
    return f"{100 * share:.0f} of 100"


def points(difference: float) -> str:
    """Say a difference of shares, −1..1: `+1.2`, `−0.4`, of 100 faces."""
    return f"{100 * difference:+.1f}".replace("-", "−")


def heads_words(heads: Iterable[Head]) -> str:
    """List heads in words: `age, gender and race`."""
    names = [head.value for head in heads]
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))


def _between(ends: Interval | None) -> str:
    return f", {100 * ends[0]:.0f}–{100 * ends[1]:.0f}" if ends else ""
