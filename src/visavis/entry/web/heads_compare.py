"""A file beside the one that serves: what it does better, and for whom it does worse."""

import re
from collections.abc import Collection, Sequence
from html import escape

from visavis.core.attributes import Head
from visavis.entry.web.heads_figures import (
    group_words,
    heads_words,
    measured,
    points,
    sentences,
)
from visavis.entry.web.heads_markup import origin
from visavis.entry.web.heads_state import State, open_heads
from visavis.lab.attribute_measures import ENOUGH
from visavis.lab.heads.catalogue import HeadVersion
from visavis.lab.heads.gate import Check, Loss, Verdict, losses_of

SHOWN_LOSSES = 4
LEAST_LOSS = 0.0005
"""A group that loses less, as a share, rounds to nothing."""

CHECKS = {
    "data": "Same faces",
    "metric": "Surely better",
    "groups": "Fair to groups",
    "calibration": "Calibrated",
}
"""What the gate's checks ask for."""
GROUP_NAME = re.compile(r"\b(?:\w+=[\w+-]+,?)+")
"""How reports name groups: `age=20-29,gender=female`."""


def challenger(file: HeadVersion, state: State) -> str:
    """Return what a file could answer, compared with what answers it now."""
    served = [head for head in open_heads(file) if head not in file.challenger_of]
    before = f"<p>Served {heads_words(served)} before.</p>" if served else ""
    added = f", added {file.added:%Y-%m-%d %H:%M UTC}" if file.added else ""
    heads = "".join(_head(file, head, state) for head in open_heads(file))
    return (
        f'<h3><code>{escape(file.version)}</code></h3><p class="vh-quiet">Could answer '
        f"{heads_words(open_heads(file))}{added}.</p>{before}{origin(file.card)}"
        f'<dl class="vh-versus">{heads}</dl>'
    )


def _head(file: HeadVersion, head: Head, state: State) -> str:
    return f"<dt>{head.value.capitalize()}</dt><dd>{_compared(file, head, state)}</dd>"


def _compared(file: HeadVersion, head: Head, state: State) -> str:
    champion = state.chosen.get(head, "")
    after, before = state.reports.pair(file.version, champion, head)
    said = escape(next(sentences(measured(file.card, head, after)), "Never measured."))
    if not champion:
        return f"{said} Nobody answers this now."
    if after is None:
        return f"{said} It cannot be compared with {escape(champion)}."
    old, new = (report.metric(head) if report else None for report in (before, after))
    if before is None or old is None or new is None:
        return f"{said} There are no figures of {escape(champion)} to compare with."
    now = f"<strong>{_difference(new - old)}</strong> {said} What serves: {100 * old:.1f}."
    if before.data != after.data:
        return f"{now} They were measured on different faces, which says little."
    return now + _losses(losses_of(head, before, after, ENOUGH), after.groups.get(head, {}))


def _difference(change: float) -> str:
    return "No difference." if abs(change) < LEAST_LOSS else f"{points(change)} of 100."


def _losses(losses: Sequence[Loss], known: Collection[str]) -> str:
    """Name the groups for which it is right less often, those that lose most first."""
    worse = [one for one in losses if one.loss > LEAST_LOSS and one.group in known]
    named = sorted(worse, key=lambda one: -one.loss)[:SHOWN_LOSSES]
    said = "; ".join(map(_loss, named))
    if more := len(worse) - len(named):
        said += f"; and {more} more groups"
    told = f"Worse for {said}." if worse else f"No group of at least {ENOUGH} faces gets worse."
    if missing := sum(one.group not in known for one in losses):
        told += f" {missing} groups were measured only for the file that serves."
    return f'<p class="vh-quiet">{told}</p>'


def _loss(one: Loss) -> str:
    chance = "" if one.certain > 0 else ", may be chance"
    return f"{escape(group_words(one.group))} {points(-one.loss)} ({one.faces} faces{chance})"


def verdict(found: Verdict) -> str:
    """Return what the gate says of one head, check by check."""
    return f'<ul class="vh-checks">{"".join(map(_check, found.checks))}</ul>'


def _check(check: Check) -> str:
    said = GROUP_NAME.sub(lambda name: group_words(name[0]), check.said).replace(" -", " −")
    sign = "✓" if check.passed else "✕"
    words = "passed" if check.passed else "not passed"
    return (
        f'<li data-passed="{str(check.passed).lower()}"><strong><span aria-hidden="true">{sign}'
        f'</span><span class="vv-hidden">{words}:</span> {CHECKS.get(check.name, check.name)}'
        f"</strong> <span>{escape(said)}</span></li>"
    )
