"""`visavis analyze`: pictures in; JSON, CSV and annotated pictures out."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from visavis.entry.cli.console import Roof

DEFAULT_OUT = Path("visavis-out")


def analyze(
    ctx: typer.Context,
    paths: Annotated[
        list[str], typer.Argument(metavar="PATH...", help="Pictures, folders (recursive) or globs.")
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Write `<name>.json` and an annotated `<name>.jpg` there. "
            f"(default: {DEFAULT_OUT} unless --json or --csv is given)",
        ),
    ] = None,
    json: Annotated[
        str | None, typer.Option(metavar="FILE", help="Write one JSON document; - is stdout.")
    ] = None,
    csv: Annotated[
        str | None, typer.Option(metavar="FILE", help="Write one row a face; - is stdout.")
    ] = None,
    features: Annotated[
        str,
        typer.Option(
            metavar="LIST",
            help="What to find beside boxes and scores, comma-separated: points, age, gender, "
            "pose, quality, expression; mesh, embedding; emotion, race (off until a purpose is "
            "stated, see above). all is everything allowed but mesh and embedding; '' is nothing.",
        ),
    ] = "all",
    pack: Annotated[str | None, typer.Option(help="Which set of weights to use.")] = None,
    jobs: Annotated[
        int | None, typer.Option(help="Pictures worked on at the same time. (default: one a core)")
    ] = None,
    score: Annotated[float | None, typer.Option(help="Lowest confidence kept, 0 to 1.")] = None,
    max_faces: Annotated[int | None, typer.Option(help="Most faces kept a picture.")] = None,
    min_size: Annotated[
        float | None, typer.Option(help="Smallest box side kept, pixels of the picture.")
    ] = None,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Say nothing but errors on stderr.")
    ] = False,
) -> None:
    """Find the faces on pictures; write JSON, CSV and annotated pictures.

    Each face gets a box, a score and what --features asks for. Answers are estimates with their
    probability; below a threshold of each head the answer is `unknown`.

    Emotion and race stay off until the operator states what they are for, in the environment or
    in visavis.toml: VISAVIS_POLICY__EMOTION_PURPOSE, VISAVIS_POLICY__RACE_PURPOSE.

    `visavis analyze photos --csv faces.csv --features age,gender,quality` makes a table;
    `visavis analyze photos --json - --features all,mesh` prints all there is.

    Files that cannot be used are listed at the end and do not stop the others. Exit code: 0 when
    a picture was analysed, 2 when no input was usable or the policy forbids a feature, 1 when
    something else failed.
    """
    from visavis.core.settings import load_settings
    from visavis.entry.cli import batch, inputs
    from visavis.usecases.policy import Policy

    roof: Roof = ctx.obj
    folder = out or (None if json or csv else DEFAULT_OUT)
    detect = {"score_threshold": score, "max_faces": max_faces, "min_size_px": min_size}
    given = {"pack": pack, "detect": stated(detect), "runtime": stated({"workers": jobs})}
    settings = load_settings(**stated(given))
    code = batch.run(
        roof,
        settings,
        inputs.gather(paths, leave_out=folder),
        batch.Targets(folder, json, csv),
        Policy.of(settings.policy).parse([features]),
        quiet=quiet,
    )
    raise typer.Exit(code)


def stated(options: Mapping[str, object]) -> dict[str, object]:
    """Return the options a person gave; the others are left to environment and file."""
    return {name: value for name, value in options.items() if value not in (None, {})}
