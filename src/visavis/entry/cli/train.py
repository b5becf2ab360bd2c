"""`visavis train`: learn from your own pictures."""

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from visavis.entry.cli.console import say
from visavis.entry.cli.figures import text_of
from visavis.entry.cli.pipeline import heads_named, load_pipeline
from visavis.entry.cli.train_embedder import embedder
from visavis.entry.cli.training_bar import training_bar

if TYPE_CHECKING:
    from collections.abc import Collection

    from visavis.core.attributes import Head
    from visavis.lab.training.course import Course, Made
    from visavis.lab.training.recipes import Recipe

app = typer.Typer(no_args_is_help=True, help="Learn from your own pictures.")

app.command("embedder")(embedder)

MAIN_FIGURES = {
    "age": ("bin_accuracy", "within_one_bin", "mae_years", "ece"),
    "gender": ("accuracy", "ece"),
    "race": ("accuracy", "ece"),
    "emotion": ("accuracy", "ece"),
}
"""What is told of each head when it is trained; `visavis evaluate attributes` tells all."""


@app.callback()
def train() -> None:
    """Learn from your own pictures (needs the extra `train`)."""


@app.command()
def attributes(
    data: Annotated[
        Path, typer.Option(metavar="DIR", help="Folder or .zip with pictures of one face each.")
    ],
    labels: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="csv: file, and any of age, gender, race, emotion. (default: DIR's name + .csv)",
        ),
    ] = None,
    head: Annotated[
        list[str] | None,
        typer.Option(
            help="age, gender, race or emotion; repeat it or separate by commas. "
            "(default: all that are labelled)"
        ),
    ] = None,
    epochs: Annotated[
        int | None, typer.Option(min=1, help="Times that every picture is seen; fewer = sooner.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Where chance starts.")] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Use only so many pictures, for a trial.")
    ] = None,
    provenance: Annotated[
        str, typer.Option(help="Who collected and labelled the pictures, for the model card.")
    ] = "trained on this deployment's own pictures",
    licence: Annotated[
        str, typer.Option(help="Under which licence the trained file may be used.")
    ] = "for this deployment only",
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Also put head file, figures and model card there."),
    ] = None,
    json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object and nothing else.")
    ] = False,
) -> None:
    """Train the heads that answer age, gender, race or emotion.

    The trained file becomes a challenger: it serves nobody until `visavis models promote`. One
    picture in sixteen is held out to measure it by. A run that was interrupted goes on where it
    stopped when the same command is given again.
    """
    from visavis.lab.training.needs import require_torch

    require_torch()
    from visavis.lab.training.run import Origin

    wanted = heads_named(head)
    course = _course(data, labels or _beside(data), limit)
    made = []
    for recipe in _recipes(course.answerable(wanted), epochs, seed):
        say(f"training {', '.join(recipe.heads)} on {len(course.labelled)} pictures")
        with training_bar(recipe.name) as tell:
            made.append(course.run(recipe, Origin(provenance, licence), tell=tell, note=say))
    _give(made, out, as_json=json)


def _course(data: Path, labels: Path, limit: int | None) -> "Course":
    """Load what a course needs; an ended process ends its run in the record too."""
    import signal

    from visavis.core.settings import load_settings
    from visavis.entry.wiring import build_registry
    from visavis.lab.tracking.opening import open_tracking
    from visavis.lab.training.course import open_course

    settings = load_settings()
    tracking = open_tracking(settings.tracking, settings.data)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    text, registry = text_of(labels), build_registry(settings)
    return open_course(settings, load_pipeline(settings), registry, tracking, data, text, limit)


def _beside(data: Path) -> Path:
    """Return where the labels lie when nothing is said: beside a .zip, or in the folder."""
    return data / "labels.csv" if data.is_dir() else data.with_suffix(".csv")


def _recipes(heads: "Collection[Head]", epochs: int | None, seed: int | None) -> "list[Recipe]":
    """Return the recipes that make the heads, changed as asked."""
    from visavis.entry.cli.analysis import stated
    from visavis.lab.training.recipes import recipes_for

    changes = stated({"epochs": epochs, "seed": seed})
    return [recipe.model_copy(update=changes) for recipe in recipes_for(heads)]


def _give(made: "list[Made]", out: Path | None, *, as_json: bool) -> None:
    """Copy the files where they are wanted, and say what was made and what to do with it."""
    if out is not None:
        for each in made:
            _copy(each, out)
    if as_json:
        import orjson

        typer.echo(orjson.dumps([_facts(each) for each in made]))
        return
    for each in made:
        _tell(each)


def _copy(made: "Made", out: Path) -> None:
    """Put the head file, its figures and its model card into a folder."""
    import orjson

    out.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(made.path, out / made.path.name)
    (out / f"{made.version}.json").write_bytes(orjson.dumps(made.report))
    (out / f"{made.version}.md").write_text(made.page, "utf-8")


def _tell(made: "Made") -> None:
    for head, names in MAIN_FIGURES.items():
        for name in names if head in made.report else ():
            typer.echo(f"{head} {name.replace('_', ' ')}: {made.report[head][name]:.3f}")
    say(f"{made.version} is kept; `visavis models promote {made.version}` lets it serve")
    for line in made.unrecorded:
        say(f"not recorded: {line}", "yellow")


def _facts(made: "Made") -> dict[str, Any]:
    return {
        "version": made.version,
        "path": str(made.path),
        "seconds": round(made.seconds, 1),
        "report": made.report,
    }
