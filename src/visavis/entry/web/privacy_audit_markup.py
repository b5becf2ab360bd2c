"""The audit log as HTML: entries in words, and whether the log is whole.

Ids and words of others go through `escape`; all else is ours.
"""

import re
from collections.abc import Mapping, Sequence
from html import escape

from visavis.entry.web.privacy_frame import AUDIT, PEOPLE, PERSON
from visavis.entry.web.words import count, moment
from visavis.store.audit import AuditEntry
from visavis.usecases.audit_trail import Trouble

_ID = re.compile("[0-9a-f]{32}")


def verdict(troubles: Sequence[Trouble], last: int) -> str:
    """Say whether a log is whole.

    Args:
        troubles: What is wrong with it.
        last: Number of its last entry.
    """
    if not troubles:
        return (
            "<p class='vo-verdict'><span class='vo-state' data-state='good'>The log is whole: "
            f"{count(last, 'entry', 'entries')}, none was changed, removed or moved.</span></p>"
        )
    told = "".join(f"<li>{escape(trouble.words)}</li>" for trouble in troubles)
    return (
        "<div class='vo-verdict vo-bad'><p><strong>The log is not whole.</strong> Keep a copy of "
        f"the database as it is, and find out who could write to it.</p><ul>{told}</ul></div>"
    )


def drawn(entries: Sequence[AuditEntry], names: Mapping[str, str]) -> str:
    """Return entries of the log.

    Args:
        entries: Newest first.
        names: What those who act are called, by their ids.
    """
    if not entries:
        return "<p class='vo-empty'>Nothing is written about this.</p>"
    rows = "".join(_entry(entry, names) for entry in entries)
    columns = ("No.", "What", "About", "Who", "When (UTC)")
    heads = "".join(f'<th scope="col">{name}</th>' for name in columns)
    return (
        '<table class="vo-table vo-log"><caption class="vv-hidden">Entries, the newest first'
        f"</caption><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"
    )


def _entry(entry: AuditEntry, names: Mapping[str, str]) -> str:
    person, about = entry.subject_id, "–"
    if person:
        link = f"{AUDIT.path}?{PERSON}={escape(person)}"
        about = (
            f'<a href="{link}"><span class="vv-hidden">person </span>{escape(_short(person))}</a>'
        )
    return (
        f'<tr><td class="vo-seq">{entry.seq}</td>'
        f'<th scope="row">{escape(what(entry.action))}{_details(entry, names)}</th>'
        f'<td data-label="About">{about}</td>'
        f'<td data-label="Who">{escape(_named(entry.actor, names))}</td>'
        f'<td data-label="When">{moment(entry.at)}</td></tr>'
    )


def what(action: str) -> str:
    """Say what was done: `user.role_changed` is `User role changed`."""
    words = action.replace(".", " ").replace("_", " ")
    return words.replace("subject", "person").capitalize()


def _details(entry: AuditEntry, names: Mapping[str, str]) -> str:
    """Return the details in small print."""
    told = "; ".join(
        f"{name.removesuffix('_id').replace('_', ' ')}: {_value(value, names)}"
        for name, value in entry.details.items()
    )
    return f"<small>{escape(told)}</small>" if told else ""


def _value(value: object, names: Mapping[str, str]) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_value(inner, names)}" for name, inner in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(_value(inner, names) for inner in value) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return _named("nothing" if value is None else str(value), names)


def _named(text: str, names: Mapping[str, str]) -> str:
    """Return what an id stands for, its beginning where nobody knows, and words as they are."""
    return names.get(text) or _short(text).replace("_", " ")


def _short(text: str) -> str:
    """Return the first characters of an id, enough to tell it from others; words as they are."""
    return text[:8] if _ID.fullmatch(text) else text


def only(person: str) -> str:
    """Say that only what concerns one person is shown; nothing where everything is."""
    if not person:
        return ""
    return (
        "<p class='vo-back'>Only what concerns one person: "
        f'<a href="{PEOPLE.path}?{PERSON}={escape(person)}">the person</a>, '
        f'<a href="{AUDIT.path}">the whole log</a></p>'
    )
