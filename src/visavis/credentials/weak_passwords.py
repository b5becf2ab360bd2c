"""Why a new password would be guessed soon; pure functions.

No rules about capitals and signs: they make passwords hard to remember and easy to guess
(NIST SP 800-63B). What counts is length, and that it is not what an attacker tries first.
"""

import functools
import itertools
import re
import unicodedata
from collections.abc import Collection, Sequence
from importlib.resources import files

LONGEST = 256
"""Most characters of a password."""

TOO_LONG = f"the password is too long: use at most {LONGEST} characters"

SHORT_WORD = 3
"""Parts of a name or an address with fewer letters are not looked for."""

FEW_LETTERS = 3
FEW_DIGITS = 8
"""What may be left beside words that everybody can guess and add little: a year, a date, `!x`."""

FEW_KINDS = 3
"""With so many different characters at most a password has no pattern but repetition."""

MEAN_RUN = 3
"""A password whose runs (`abcd`, `4321`, `aaaa`, `qwer`) are that long on average is a pattern."""

_KEYBOARD = "1234567890  qwertyuiop  asdfghjkl  zxcvbnm"
_INSTEAD = str.maketrans("@4830157$", "aabeoists")
"""`p@ssw0rd` reads `password`, to those who guess as well."""


def why_weak(password: str, email: str, full_name: str, least: int) -> str:
    """Return in one sentence what is wrong with a password; empty when it is good enough.

    Args:
        password: As it was typed; the sentence never repeats it.
        email: Whose it will be.
        full_name: Whose it will be.
        least: Fewest characters.
    """
    if len(password) > LONGEST:
        return TOO_LONG
    typed = unicodedata.normalize("NFKC", password)
    if len(typed) < least:
        return f"the password is too short: use at least {least} characters, such as four words"
    text = typed.casefold()
    if _is_pattern(text):
        return "the password only repeats or counts up: use words that do not belong together"
    personal = _personal(email) | _personal(full_name)
    if _adds_little(text, personal):
        return "the password is little more than your name or e-mail address: use other words"
    if _adds_little(text, personal | common_passwords()):
        return "the password is among the first that are guessed: use less usual words"
    return ""


@functools.cache
def common_passwords() -> frozenset[str]:
    """Return the words that most guesses are made of, in small letters."""
    text = files(__package__).joinpath("common_passwords.txt").read_text("utf-8")
    lines = (line for line in text.splitlines() if not line.startswith("#"))
    return frozenset(word for line in lines for word in line.split())


def _is_pattern(text: str) -> bool:
    """Return whether it is made of few characters or of long runs, on the keyboard or in order."""
    if len(set(text)) <= FEW_KINDS:
        return True
    keys = [_KEYBOARD.find(letter) if letter != " " else -1 for letter in text]
    on_keyboard = -1 not in keys and _is_runs(keys)
    return on_keyboard or _is_runs([ord(letter) for letter in text])


def _is_runs(places: Sequence[int]) -> bool:
    """Return whether neighbours stand or step by one so often that runs are long on average."""
    runs, step = 1, None
    for here, there in itertools.pairwise(places):
        if abs(there - here) > 1 or step not in (None, there - here):
            runs, step = runs + 1, None
        else:
            step = there - here
    return runs * MEAN_RUN <= len(places)


def _personal(text: str) -> set[str]:
    """Return a name or an address as a whole and its parts, without signs and in small letters."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    parts = {_bare(folded), _bare(folded.partition("@")[0]), *re.split(r"[\W_]+", folded)}
    return {part for part in parts if len(part) >= SHORT_WORD}


def _adds_little(text: str, words: Collection[str]) -> bool:
    """Return whether little is left when all `words` are taken out of it, as read either way."""
    by_length = sorted(words, key=len, reverse=True)
    return any(_is_little(bare, by_length) for bare in (_bare(text), _bare(_read(text))))


def _is_little(bare: str, words: Sequence[str]) -> bool:
    """Return whether some of `words` is in `bare` and hardly anything beside them."""
    left = bare
    for word in words:
        left = left.replace(word, "")
    few = len(left) <= FEW_LETTERS or (left.isdigit() and len(left) <= FEW_DIGITS)
    return left != bare and few


def _read(text: str) -> str:
    """Return it with the letters that signs and digits stand for."""
    return text.translate(_INSTEAD)


def _bare(text: str) -> str:
    """Return only letters and digits."""
    return "".join(filter(str.isalnum, text))
