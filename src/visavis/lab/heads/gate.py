"""The gate: is a head file shown to be better than the one that serves? Pure functions.

A head passes when both files were measured on the same faces, the lower 95 % end of the
challenger's metric lies above the champion's value, no group of faces is shown to lose more than
the margin, and its probabilities are honest. docs/decisions/0010-promotion-gate.md says why.
"""

import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from visavis.core.attributes import Head
from visavis.lab.attribute_measures import ENOUGH, accuracy_name
from visavis.lab.heads.report import Group, Report
from visavis.lab.intervals import wilson

NO_FIGURES = (
    "no figures of both files on the same faces; give --root and --labels to measure them, or add "
    "the file with both reports"
)


@dataclass(frozen=True, slots=True)
class Rules:
    """How strict the gate is.

    Attributes:
        group_margin: What a group may lose of its accuracy, 0..1.
        fewest_faces: Smaller groups are not looked at.
        most_ece: A calibration error that is always good enough, 0..1.
    """

    group_margin: float = 0.02
    fewest_faces: int = ENOUGH
    most_ece: float = 0.05


@dataclass(frozen=True, slots=True)
class Check:
    """One of the conditions.

    Attributes:
        name: `data`, `metric`, `groups` or `calibration`.
        passed: Whether it holds.
        said: What was compared, for people.
    """

    name: str
    passed: bool
    said: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the gate says of one head.

    Attributes:
        head: Which.
        challenger: The file that wants to answer it.
        champion: The file that answers it now; None where nobody does.
        checks: The conditions, in order.
        figures: What they were judged by.
    """

    head: Head
    challenger: str
    champion: str | None
    checks: tuple[Check, ...]
    figures: dict[str, Any] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        """Whether every condition holds."""
        return all(check.passed for check in self.checks)

    def as_json(self) -> dict[str, Any]:
        """Return the verdict as one object."""
        checks = [
            {"check": check.name, "passed": check.passed, "said": check.said}
            for check in self.checks
        ]
        sides = {"challenger": self.challenger, "champion": self.champion}
        return {"passed": self.passed, **sides, **self.figures, "checks": checks}


@dataclass(frozen=True, slots=True)
class Loss:
    """What a group loses between two files.

    Attributes:
        group: Its name.
        faces: How many there were before.
        loss: Accuracy before minus after, 0..1; negative when it gains.
        certain: The least loss that chance does not explain: lower 95 % end of `loss`.
    """

    group: str
    faces: int
    loss: float
    certain: float


def judge(
    head: Head,
    challenger: str,
    champion: str | None,
    reports: Collection[Report],
    rules: Rules | None = None,
) -> Verdict:
    """Say whether `challenger` may answer `head` instead of `champion`.

    Args:
        head: Which head.
        challenger: Version of the file that wants to answer it.
        champion: Version of the file that answers it; None where nobody does.
        reports: Measured figures of both, in any order.
        rules: How strict.
    """
    rules = rules or Rules()
    after = _report_of(head, challenger, reports)
    if champion is None:
        return Verdict(
            head, challenger, None, tuple(_first(head, after, rules)), _facts(head, after)
        )
    before = _report_of(head, champion, reports)
    if after is None or before is None:
        return Verdict(head, challenger, champion, (Check("data", False, NO_FIGURES),))
    losses = losses_of(head, before, after, rules.fewest_faces)
    checks = (
        _same_data(before, after),
        _metric(head, before, after),
        _groups(losses, rules),
        _calibration(head, before, after, rules),
    )
    facts = _facts(head, after) | {
        "champion_value": before.metric(head),
        "group_margin": rules.group_margin,
        "worst_group": _worst(losses),
    }
    return Verdict(head, challenger, champion, checks, facts)


def refusal(version: str, verdicts: Sequence[Verdict]) -> str:
    """Say in one sentence why a file does not pass, and what can be done."""
    faults = "; ".join(
        f"{verdict.head}: {check.said}"
        for verdict in verdicts
        for check in verdict.checks
        if not check.passed
    )
    good = [verdict.head.value for verdict in verdicts if verdict.passed]
    rest = f"; it passes for {', '.join(good)} alone: --head" if good else ""
    return f"{version} does not pass the gate ({faults}){rest}"


def losses_of(head: Head, before: Report, after: Report, fewest_faces: int) -> list[Loss]:
    """Return what each large group loses, the surest loss first.

    A group that only the first report knows lost all.
    """
    old, new = before.groups.get(head, {}), after.groups.get(head, {})
    large = [name for name in old if old[name].faces >= fewest_faces]
    losses = [_loss(name, old[name], new.get(name) or _lost(old[name])) for name in large]
    return sorted(losses, key=lambda loss: -loss.certain)


def _lost(group: Group) -> Group:
    return Group(faces=group.faces, accuracy=0)


def _loss(name: str, old: Group, new: Group) -> Loss:
    """Compare two proportions by Newcombe's hybrid score interval of their difference.

    R. G. Newcombe, Statistics in Medicine 17 (1998), method 10, for two separate samples. Here both
    files see the same faces and mostly err on the same ones, so the true interval is narrower: what
    this calls certain is certain.
    """
    floor = wilson(round(old.accuracy * old.faces), old.faces)[0]
    ceiling = wilson(round(new.accuracy * new.faces), new.faces)[1]
    loss = old.accuracy - new.accuracy
    spread = math.hypot(old.accuracy - floor, ceiling - new.accuracy)
    return Loss(name, old.faces, loss, loss - spread)


def _report_of(head: Head, version: str, reports: Collection[Report]) -> Report | None:
    """Return the report that measured this file on this head."""
    return next(
        (
            report
            for report in reports
            if report.versions.get(head) == version
            and report.metric(head) is not None
            and report.lower(head) is not None
        ),
        None,
    )


def _first(head: Head, report: Report | None, rules: Rules) -> Iterator[Check]:
    """Judge a head that nobody answers yet: any honest answer is better than none."""
    yield Check("data", True, "nobody answers this yet, so there is nothing to compare with")
    figures = report.figures(head) if report else None
    if figures is not None:
        said = f"ECE {figures.ece:.3f}, at most {rules.most_ece:g}"
        yield Check("calibration", figures.ece <= rules.most_ece, said)


def _same_data(before: Report, after: Report) -> Check:
    same = before.data == after.data
    said = f"{after.faces} faces" if same else "measured on other faces; measure both again"
    return Check("data", same, said)


def _metric(head: Head, before: Report, after: Report) -> Check:
    value, lower, champion = after.metric(head), after.lower(head), before.metric(head)
    if value is None or lower is None or champion is None:  # `_report_of` gives no such report
        return Check("metric", False, NO_FIGURES)
    name = accuracy_name(head).replace("_", " ")
    said = f"{name} {value:.4f}, at least {lower:.4f} for sure; the champion's is {champion:.4f}"
    return Check("metric", min(lower, value) > champion, said)


def _groups(losses: list[Loss], rules: Rules) -> Check:
    if not losses:
        least = rules.fewest_faces
        return Check("groups", False, f"no group of {least} faces was measured; label more faces")
    worse = [loss for loss in losses if loss.certain > rules.group_margin]
    shown = worse[0] if worse else max(losses, key=lambda loss: loss.loss)
    said = f"{shown.group} ({shown.faces} faces) changes by {-shown.loss:+.4f}"
    if worse:
        said += f", at least {-shown.certain:+.4f} for sure; {-rules.group_margin:g} is allowed"
        if len(worse) > 1:
            said += f"; {len(worse) - 1} more groups likewise"
    return Check("groups", not worse, said)


def _calibration(head: Head, before: Report, after: Report, rules: Rules) -> Check:
    old, new = before.figures(head), after.figures(head)
    if old is None or new is None:
        return Check("calibration", False, NO_FIGURES)
    said = f"ECE {new.ece:.3f}, at most {rules.most_ece:g} or the champion's {old.ece:.3f}"
    return Check("calibration", new.ece <= max(rules.most_ece, old.ece), said)


def _facts(head: Head, report: Report | None) -> dict[str, Any]:
    """Return the figures worth keeping in the history."""
    figures = report.figures(head) if report else None
    if report is None or figures is None:
        return {}
    return {
        "metric": accuracy_name(head),
        "value": report.metric(head),
        "lower": report.lower(head),
        "ece": figures.ece,
        "faces": report.faces,
        "data": report.data,
    }


def _worst(losses: list[Loss]) -> dict[str, Any] | None:
    if not losses:
        return None
    worst = max(losses, key=lambda loss: loss.loss)
    return {"group": worst.group, "faces": worst.faces, "loss": worst.loss}
