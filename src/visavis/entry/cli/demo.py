"""`visavis demo`: analyse two portraits that ship with scikit-image and matplotlib."""

import importlib.util
from pathlib import Path
from typing import Annotated

import typer

from visavis.core.errors import VisavisError
from visavis.entry.cli.analysis import DEFAULT_OUT
from visavis.entry.cli.console import Roof, say

PORTRAITS = {
    "skimage": "data/astronaut.png",
    "matplotlib": "mpl-data/sample_data/grace_hopper.jpg",
}
"""Package to a picture inside it: Eileen Collins and Grace Hopper, both in the public domain."""


class DemoMissing(VisavisError):
    """The packages that ship the sample portraits are not installed."""


def demo(
    ctx: typer.Context,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where the results are written.")] = Path(
        DEFAULT_OUT
    ),
) -> None:
    """Analyse two sample portraits and say where the results are."""
    from visavis.core.settings import load_settings
    from visavis.core.types import Feature
    from visavis.entry.cli import batch, inputs

    roof: Roof = ctx.obj
    items = inputs.gather([str(portrait(package)) for package in PORTRAITS])
    targets = batch.Targets(folder=out)
    code = batch.run(roof, load_settings(), items, targets, frozenset({Feature.POINTS}))
    for item in items:
        say(f"look at {out / item.place.stem}.jpg and {item.place.stem}.json")
    raise typer.Exit(code)


def portrait(package: str) -> Path:
    """Return the path of the portrait that `package` ships, without importing the package.

    Raises:
        DemoMissing: the package is not there, or has no such picture.
    """
    spec = importlib.util.find_spec(package)
    for folder in (spec.submodule_search_locations or []) if spec else []:
        if (path := Path(folder) / PORTRAITS[package]).is_file():
            return path
    raise DemoMissing(
        f"the sample portrait of {package} is not installed; install it with "
        "`pip install 'visavis[demo]'` (`make` does)"
    )
