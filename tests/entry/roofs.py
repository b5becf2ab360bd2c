"""What commands receive from the roof, as far as a test gives it."""

from dataclasses import fields
from typing import Any, NoReturn

from visavis.entry.cli.console import Roof


def a_roof(**given: Any) -> Roof:  # functions of several kinds
    """Return a roof of some functions; whoever calls another one fails."""
    return Roof(**{field.name: given.get(field.name, never) for field in fields(Roof)})


def never(*_: object) -> NoReturn:
    raise AssertionError("not to be called here")
