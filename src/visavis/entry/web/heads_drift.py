"""Drift as the page tells it: one line a question, and the shares behind it."""

from collections.abc import Sequence
from html import escape

from visavis.core.attributes import Head
from visavis.entry.web.heads_figures import class_words, of_100
from visavis.usecases.drift import LEAST_FACES, QUALITY, Level, Reading

SAID_FROM = {Head.AGE.value: 0.5, QUALITY: 0.5}
"""Years or points below which a shift is not worth a word; for shares one of 100."""


def line(reading: Reading) -> str:
    """Return the line: the subject, how it stands, the shift in words, the index."""
    level = reading.level
    psi = "" if reading.psi is None else f'<span class="vh-psi">PSI {reading.psi:.2f}</span>'
    return (
        f"<strong>{escape(reading.subject.capitalize())}</strong>"
        f'<span class="vh-level" data-level="{level.name.lower()}">{level}</span>'
        f'<span class="vh-shift">{_said(reading)}</span>{psi}'
    )


def off_line(reading: Reading) -> str:
    """Return the line of a question that the policy forbids."""
    return (
        f"<strong>{escape(reading.subject.capitalize())}</strong>"
        '<span class="vh-level" data-level="off">off here</span>'
        '<span class="vh-shift">Nothing is counted.</span>'
    )


def shares(reading: Reading) -> str:
    """Return the table of shares with two bars a class: in training, and here."""
    seen: Sequence[float | None] = reading.seen or [None] * len(reading.classes)
    largest = max([*reading.reference, *reading.seen])
    rows = "".join(
        _row(*row, largest) for row in zip(reading.classes, reading.reference, seen, strict=True)
    )
    return (
        '<table class="vh-shares"><caption class="vv-hidden">Shares of 100 faces, '
        f"in training and here</caption><thead><tr><th>{escape(reading.subject)}</th>"
        '<td aria-hidden="true"></td><th>in training</th><th>here</th></tr></thead>'
        f"<tbody>{rows}</tbody></table><p>Compared with {escape(reading.version)}.</p>"
    )


def _row(name: str, before: float, now: float | None, largest: float) -> str:
    here = "–" if now is None else f"{100 * now:.0f}"
    widths = (100 * share / (largest or 1) for share in (before, now or 0))
    bars = "".join(f'<i style="width:{width:.1f}%"></i>' for width in widths)
    return (
        f'<tr><th scope="row">{escape(class_words(name))}</th>'
        f'<td class="vh-bars" aria-hidden="true">{bars}</td>'
        f"<td>{100 * before:.0f}</td><td>{here}</td></tr>"
    )


def _said(reading: Reading) -> str:
    """Say in words what has changed since training."""
    if reading.level is Level.TOO_FEW or reading.shift is None:
        return f"{int(reading.faces)} of {LEAST_FACES} faces; nothing can be said yet."
    size, more = abs(reading.shift), reading.shift > 0
    if size < SAID_FROM.get(reading.subject, 0.01):
        return "On average as in training."
    if reading.subject == Head.AGE:
        return (
            f"People look {_count(size, 'year')} {'older' if more else 'younger'} than in training."
        )
    if reading.subject == QUALITY:
        return (
            f"Faces are {_count(size, 'point')} {'better' if more else 'worse'} than in training."
        )
    place = list(reading.classes).index(reading.most)
    return (
        f"{'More' if more else 'Fewer'} faces look {escape(class_words(reading.most))}: "
        f"{of_100(reading.seen[place])}, in training {100 * reading.reference[place]:.0f}."
    )


def _count(number: float, unit: str) -> str:
    return f"{number:.0f} {unit}{'' if round(number) == 1 else 's'}"
