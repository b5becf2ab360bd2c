"""The tree of errors is whole, drawn in the docstring, and tells whose fault it was."""

import inspect
import re

from visavis.core import errors
from visavis.core.errors import ImageFault, InvalidImage, InvalidInput, VisavisError

DEFINED = [
    kind
    for _, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, Exception) and kind.__module__ == errors.__name__
]


def drawn() -> dict[str, int]:
    """Return name → depth of each error in the docstring's tree."""
    tree = re.findall(r"^(.*?)([A-Z]\w+)", errors.__doc__.split("\n\n")[1], re.MULTILINE)
    return {name: (len(lead) - 4) // 4 for lead, name in tree}


def test_every_error_is_a_visavis_error_and_has_a_docstring():
    assert all(issubclass(kind, VisavisError) and kind.__doc__ for kind in DEFINED)


def test_the_docstring_draws_every_error_at_its_depth():
    def depth(kind: type) -> int:
        return kind.__mro__.index(VisavisError)

    assert drawn() == {kind.__name__: depth(kind) for kind in DEFINED}


def test_a_refused_picture_says_why_and_is_the_callers_fault():
    error = InvalidImage(ImageFault.TRUNCATED, "the file ends early; send it again")
    assert isinstance(error, InvalidInput)
    assert (error.category, str(error)) == ("truncated", "the file ends early; send it again")
