"""What people fill in and choose in the pages, as our own HTML: inputs, choices, buttons in lists.

Everything a person brings in goes through `escape`; all else is ours.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape


def line(
    name: str,
    label: str,
    *,
    kind: str = "text",
    value: str = "",
    hint: str = "",
    longest: int = 200,
    required: bool = False,
    more: str = "",
) -> str:
    """Return one line to fill in, with its label.

    Args:
        name: What it is sent as.
        label: What it asks for.
        kind: The type of the input.
        value: What stands there already.
        hint: A sentence below the label.
        longest: Most characters.
        required: Whether it may not be left empty.
        more: Further attributes, our own.
    """
    marks = f' maxlength="{longest}"' if kind in {"text", "email", "password"} else ""
    marks += f' value="{escape(value)}"' if value else ""
    marks += " required" if required else ""
    return (
        f'<label for="{name}">{escape(label)}{_optional(required=required)}</label>'
        f'{_hint(name, hint)}<input id="{name}" name="{name}" type="{kind}"{marks}'
        f"{_described(name, hint)} {more}>"
    )


def area(
    name: str,
    label: str,
    *,
    value: str = "",
    hint: str = "",
    longest: int = 2000,
    shortest: int = 0,
    rows: int = 4,
    required: bool = False,
) -> str:
    """Return several lines to fill in; as `line`."""
    needed = f' minlength="{shortest}"' if shortest else ""
    needed += " required" if required else ""
    return (
        f'<label for="{name}">{escape(label)}{_optional(required=required)}</label>'
        f'{_hint(name, hint)}<textarea id="{name}" name="{name}" rows="{rows}" '
        f'maxlength="{longest}"{needed}{_described(name, hint)}>\n{escape(value)}</textarea>'
    )


def select(
    name: str,
    label: str,
    options: Iterable[tuple[str, str]],
    chosen: str = "",
    *,
    hint: str = "",
) -> str:
    """Return a list to choose one thing from.

    Args:
        name: What it is sent as.
        label: What it asks for.
        options: What is sent, and what people read.
        chosen: What is chosen already; the first one unless it is among them.
        hint: A sentence below the label.
    """
    drawn = "".join(
        f'<option value="{escape(value)}"{" selected" if value == chosen else ""}>'
        f"{escape(text)}</option>"
        for value, text in options
    )
    return (
        f'<label for="{name}">{escape(label)}</label>{_hint(name, hint)}'
        f'<select id="{name}" name="{name}"{_described(name, hint)}>{drawn}</select>'
    )


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing that may be chosen.

    Attributes:
        value: What is sent.
        label: What it is called.
        about: What it means; text.
        chosen: Whether it is.
        change: What would change with it; shown as long as it is chosen and was not before.
        note: What else there is to know, on a line of its own; text.
        off: Whether it cannot be chosen.
    """

    value: str
    label: str
    about: str = ""
    chosen: bool = False
    change: str = ""
    note: str = ""
    off: bool = False


def choices(
    name: str, legend: str, offered: Iterable[Choice], *, many: bool = False, fixed: bool = False
) -> str:
    """Return a group to choose from.

    Args:
        name: What the chosen ones are sent as.
        legend: What the group asks for; text.
        offered: What there is.
        many: Whether several may be chosen.
        fixed: Whether nobody who looks at it may choose.
    """
    kind = "checkbox" if many else "radio"
    drawn = "".join(_choice(name, kind, choice, fixed=fixed) for choice in offered)
    return f'<fieldset class="vo-choices"><legend>{escape(legend)}</legend>{drawn}</fieldset>'


def _choice(name: str, kind: str, choice: Choice, *, fixed: bool) -> str:
    marks = " checked" if choice.chosen else ""
    marks += " disabled" if fixed or choice.off else ""
    told = escape(choice.about)
    if choice.note:
        told += f' <em class="vo-off">{escape(choice.note)}</em>'
    told = f"<small>{told}</small>" if told else ""
    if choice.change and not choice.chosen:
        told += f'<small class="vo-change">{escape(choice.change)}</small>'
    return (
        f'<label class="vo-choice"><input type="{kind}" name="{name}" '
        f'value="{escape(choice.value)}"{marks}><span><strong>{escape(choice.label)}</strong>'
        f"{told}</span></label>"
    )


def act(do: str, label: str, of: str = "", whose: str = "", kind: str = "vv-plain") -> str:
    """Return a button of a list; `acting` hears it.

    Args:
        do: What it does.
        label: What it says.
        of: The id of what it does it to.
        whose: The same for people, told to those who do not see the list.
        kind: How it looks.
    """
    told = f'<span class="vv-hidden"> {escape(whose)}</span>' if whose else ""
    return (
        f'<button type="button" class="{kind}" data-do="{do}" data-of="{escape(of)}">'
        f"{escape(label)}{told}</button>"
    )


def _optional(*, required: bool) -> str:
    return "" if required else ' <span class="vo-optional">(optional)</span>'


def _hint(name: str, hint: str) -> str:
    return f'<p class="vo-hint" id="{name}-hint">{escape(hint)}</p>' if hint else ""


def _described(name: str, hint: str) -> str:
    return f' aria-describedby="{name}-hint"' if hint else ""
