"""Names that people give to themselves and their things: one line that can be shown."""

from visavis.core.errors import InvalidInput

LONGEST = 200


def one_line(text: str, what: str, most: int = LONGEST) -> str:
    """Return a name with single blanks.

    Args:
        text: As typed.
        what: What it is the name of, such as `key`.
        most: Most characters.

    Raises:
        InvalidInput: it is empty, too long, or has characters that cannot be shown.
    """
    name = " ".join(text.split())
    if not name:
        raise InvalidInput(f"the {what} needs a name; give one")
    if len(name) > most:
        raise InvalidInput(f"the name of the {what} is too long: at most {most} characters")
    if not name.isprintable():
        raise InvalidInput(
            f"the name of the {what} has characters that cannot be shown; take them out"
        )
    return name
