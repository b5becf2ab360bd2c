"""The page's HTML about head files: who answers, how well and for whom; what else there is.

What files, reports and people bring in goes through `escape`; all else is ours or a number.
"""

from collections.abc import Mapping, Sequence
from html import escape
from itertools import groupby

from visavis.core.attributes import Head
from visavis.entry.web.heads_figures import (
    Group,
    Measured,
    gap_said,
    group_words,
    heads_words,
    measured,
    sentences,
)
from visavis.entry.web.heads_state import State
from visavis.lab.attribute_measures import ENOUGH
from visavis.lab.card_words import QUESTIONS
from visavis.lab.heads.history import Action, Event
from visavis.vision.heads.card import HeadCard

WEAKEST = 5
"""Mixtures of age, gender and race that are listed, of those where the head is right least."""
SHOWN_EVENTS = 20
FOLDED = ("age",)
"""Groups that are shown only when asked for: nine rows."""

DRIFT = (
    "Do the faces seen here look like those that the files were trained on? If not, the people or "
    "the camera differ; the answers may be as good as ever, but nobody has measured it."
)
NO_DRIFT = "No file answers anything yet, so there is nothing to compare with."
PACKS = (
    "What finds, places and recognises faces. Another pack serves with "
    "<code>VISAVIS_PACK</code> and a restart."
)
NOBODY = (
    "Nothing answers this yet. Train a file with <code>visavis train attributes</code>, or add one "
    "with <code>visavis models add</code>, and let it serve."
)
NO_CHALLENGERS = (
    "No other file waits to serve. Train one with <code>visavis train attributes</code>; it "
    "appears here with its figures."
)
NO_HISTORY = (
    "Nothing was promoted yet: what comes with Visavis answers. What you let serve is written down "
    "here, with the reason."
)
ONLY_ADMINS = (
    "Which files serve is decided by the admins of the organisation that runs this server: here, "
    "or with <code>visavis models promote</code> and <code>visavis models rollback</code>."
)


def answer(state: State, head: Head, *, off: bool) -> str:
    """Return the card of one question: the file that answers it, and how well.

    Args:
        state: What serves.
        head: The question.
        off: Whether the policy forbids asking it here.
    """
    title = f"<h3>{head.value.capitalize()}{_chip('off here') if off else ''}</h3>"
    asks = f'<p class="vh-quiet">{_sentence(QUESTIONS[head])}</p>'
    setting = f"VISAVIS_POLICY__{head.upper()}_PURPOSE"
    why = (
        '<p class="vh-quiet">It is not asked about anybody here until the operator states what '
        f"for in <code>{setting}</code>; the figures are of many faces.</p>"
        if off
        else ""
    )
    card = state.serving.get(head)
    if card is None:
        return f"{title}{asks}<p>{NOBODY}</p>"
    report = state.reports.of(card.version, head)
    return title + asks + _file(card, state, head) + why + _figures(measured(card, head, report))


def _file(card: HeadCard, state: State, head: Head) -> str:
    bundled = any(file.bundled and file.version == card.version for file in state.files)
    chosen = state.chosen.get(head)
    late = (
        f"<p>{escape(chosen)} is chosen and not loaded yet; until then this file answers.</p>"
        if chosen and chosen != card.version
        else ""
    )
    return (
        f'<p class="vh-version"><code>{escape(card.version)}</code>'
        f"{_chip('comes with Visavis') if bundled else ''}</p>{late}{origin(card)}"
    )


def origin(card: HeadCard) -> str:
    """Return who trained a file on what and when, and under which licence."""
    date = str(card.training.get("date", ""))[:10]
    when = f"<dt>Trained</dt><dd>{escape(date)}</dd>" if date else ""
    return (
        f'<dl class="vh-facts">{when}<dt>From</dt><dd>{escape(card.provenance)}</dd>'
        f"<dt>Licence</dt><dd>{escape(card.licence)}</dd></dl>"
    )


def _figures(found: Measured) -> str:
    said = list(sentences(found))
    if not said:
        return (
            "<p>Never measured. <code>visavis evaluate attributes</code> measures it on your own "
            "pictures.</p>"
        )
    rest = "".join(f"<li>{escape(line)}</li>" for line in said[1:])
    main = f'<p class="vh-main">{escape(said[0])}</p>'
    small = f'<ul class="vh-also">{rest}</ul>' if rest else ""
    return main + small + _groups(found)


def _groups(found: Measured) -> str:
    """Return the charts by group: few of them at once, the others folded."""
    if not found.groups:
        return ""
    single = [group for group in found.groups if len(group.kinds) == 1]
    mixed = [g for g in found.groups if len(g.kinds) > 1 and g.faces >= ENOUGH]
    kinds = {key: list(part) for key, part in groupby(single, key=lambda g: g.kinds[0])}
    shown = {kind: part for kind, part in kinds.items() if kind not in FOLDED}
    more = {kind: part for kind, part in kinds.items() if kind in FOLDED}
    weakest = sorted(mixed, key=lambda g: g.right.value)[:WEAKEST]
    folded = "".join(_chart(f"by {kind}", part) for kind, part in more.items())
    folded += _chart("weakest mixtures", weakest) if weakest else ""
    charts = "".join(_chart(f"by {kind}", part) for kind, part in (shown or more).items())
    fold = f"<details><summary>More groups</summary>{folded}</details>" if shown and folded else ""
    gap = gap_said(found)
    return f"<p>{escape(gap)}</p>{charts}{fold}" if gap else charts + fold


def _chart(caption: str, groups: Sequence[Group]) -> str:
    """Return a table whose second column draws each share from 0 to 100, with its interval."""
    rows = "".join(map(_row, groups))
    return (
        f'<table class="vh-chart"><caption>Right of 100 faces, {escape(caption)}</caption>'
        '<thead class="vv-hidden"><tr><th>Group</th><td></td><th>Right of 100</th>'
        f"<th>95 % interval</th><th>Faces</th></tr></thead><tbody>{rows}</tbody></table>"
    )


def _row(group: Group) -> str:
    low, high = group.right.ends or (group.right.value, group.right.value)
    place = f"--at:{_percent(group.right.value)};--low:{_percent(low)};--high:{_percent(high)}"
    return (
        f'<tr><th scope="row">{escape(group_words(group.name))}</th>'
        f'<td class="vh-bar" aria-hidden="true"><span style="{place}"><i></i><b></b></span></td>'
        f"<td>{100 * group.right.value:.0f}</td>"
        f"<td>{100 * low:.0f}–{100 * high:.0f}</td><td>{group.faces} faces</td></tr>"
    )


def history(events: Sequence[Event], me: str) -> str:
    """Return what was promoted and rolled back, the newest first.

    Args:
        events: Oldest first.
        me: Id of whoever looks at it.
    """
    items = "".join(f"<li>{_event(event, me)}</li>" for event in reversed(events[-SHOWN_EVENTS:]))
    older = len(events) - SHOWN_EVENTS
    rest = f"<li>{older} older ones: <code>visavis models history</code></li>" if older > 0 else ""
    return items + rest


def _event(event: Event, me: str) -> str:
    verb = "promoted" if event.action is Action.PROMOTE else "rolled back"
    forced = _chip("without passing the gate", "vh-warn") if event.forced else ""
    why = f"“{escape(event.reason)}”" if event.reason else "no reason given"
    when = f"{event.when:%Y-%m-%d %H:%M} UTC"
    by = "you" if event.by == me else escape(event.by)
    return (
        f"<p><strong>{_capital(heads_words(event.heads))}</strong> {verb}{forced}</p>"
        f"<p><code>{_versions(event.before)}</code> → <code>{_versions(event.after)}</code></p>"
        f'<p class="vh-quiet"><time datetime="{event.when.isoformat()}">{when}</time>, by '
        f"{by}: {why}</p>"
    )


def _versions(named: Mapping[Head, str | None]) -> str:
    return escape(", ".join(sorted({version or "nobody" for version in named.values()})))


def change_said(event: Event) -> str:
    """Say who answers since an event: `Gender is now answered by portrait-2, instead of …`."""
    again = " again" if event.action is Action.ROLLBACK else ""
    told = []
    for version, part in groupby(event.heads, key=lambda head: event.after[head]):
        heads = list(part)
        is_are = "is" if len(heads) == 1 else "are"
        by = (
            f"{is_are} now answered by {version}{again}"
            if version
            else f"{is_are} not answered now"
        )
        told.append(f"{_capital(heads_words(heads))} {by}")
    before = sorted({version for version in event.before.values() if version})
    instead = f", instead of {' and '.join(before)}" if before else ""
    return "; ".join(told) + instead + "."


def _chip(text: str, kind: str = "") -> str:
    return f' <span class="vh-chip {kind}">{text}</span>'


def _sentence(text: str) -> str:
    return f"{_capital(text)}."


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _percent(share: float) -> str:
    return f"{100 * share:.1f}%"
