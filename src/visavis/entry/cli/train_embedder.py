"""`visavis train embedder`: a small embedder that learns from the large one, without any names."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from visavis.entry.cli.analysis import stated
from visavis.entry.cli.console import say
from visavis.entry.cli.pipeline import load_pipeline
from visavis.entry.cli.training_bar import training_bar

if TYPE_CHECKING:
    from visavis.core.settings import Settings
    from visavis.lab.training.distilling import Distilled
    from visavis.lab.training.lesson import Lesson

DEFAULT_PACK = "default"
"""Whatever pack serves: its embedder is the teacher."""

FILE = "visavis_lite.onnx"


def embedder(
    root: Annotated[
        Path, typer.Option(metavar="DIR", help="Folder or .zip with pictures of one face each.")
    ],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where the ONNX file goes.")],
    epochs: Annotated[
        int | None, typer.Option(min=1, help="Times that every face is seen; fewer = sooner.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Where chance starts.")] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Use only so many pictures, for a trial.")
    ] = None,
    provenance: Annotated[
        str, typer.Option(help="Who collected the pictures, as the file will say.")
    ] = "trained on this deployment's own pictures",
    licence: Annotated[
        str, typer.Option(help="Under which licence the trained file may be used.")
    ] = "for this deployment only",
    json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object and nothing else.")
    ] = False,
) -> None:
    """Train a small embedder, several times faster than the default one, in a space of its own.

    Names and labels are not needed: the default embedder says what each face is. One picture in
    sixteen is held out to measure it by. A run that was interrupted goes on where it stopped when
    the same command is given again.
    """
    from visavis.lab.training.needs import require_torch

    require_torch()
    made = _made(root, out, limit, stated({"epochs": epochs, "seed": seed}), (provenance, licence))
    if json:
        import orjson

        typer.echo(orjson.dumps({"path": str(made.path), **made.facts}))
        return
    typer.echo(f"cosine to the teacher: {made.facts['cosine_to_teacher']:.4f}, on held-out faces")
    say(f"{made.path} holds the embedder")


def _made(
    root: Path, out: Path, limit: int | None, changes: dict[str, object], origin: tuple[str, str]
) -> "Distilled":
    """Prepare the lesson, and teach."""
    from visavis.core.settings import load_settings
    from visavis.lab.training.course import EMBEDDER
    from visavis.lab.training.distilling import distil
    from visavis.lab.training.pupil import PupilRecipe
    from visavis.lab.training.run import Origin
    from visavis.vision.engines.onnx_engine import worker_count
    from visavis.vision.weights.shelf import WeightShelf

    settings = load_settings(pack=DEFAULT_PACK)
    recipe = PupilRecipe.model_validate(changes)
    lesson, folder = _lesson(settings, root, limit), settings.cache / "training"
    say(f"teaching {int((~lesson.held_out).sum())} faces")
    teacher = WeightShelf(settings.cache).ensure(EMBEDDER)
    with training_bar(recipe.name) as tell:
        return distil(
            lesson, recipe, teacher, Origin(*origin), folder, out / FILE,
            threads=worker_count(settings.runtime), tell=tell, note=say,
        )  # fmt: skip


def _lesson(settings: "Settings", root: Path, limit: int | None) -> "Lesson":
    """Find the faces and ask the teacher, unless that was done before."""
    from visavis.lab.labels import spread
    from visavis.lab.people import read_pictures
    from visavis.lab.portraits import PortraitReader, for_portraits
    from visavis.lab.roots import open_root
    from visavis.lab.training.lesson import load_lesson
    from visavis.vision.engines.onnx_engine import worker_count

    place = open_root(root, settings.images.max_bytes)
    pipeline = for_portraits(load_pipeline(settings))
    reader = PortraitReader(pipeline, place, settings.images, worker_count(settings.runtime))
    names = spread(read_pictures(root), limit)
    return load_lesson(reader, names, settings.cache / "training", note=say)
