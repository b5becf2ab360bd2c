"""`visavis analyze`: pictures in; JSON, CSV, annotated pictures or Parquet out."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from visavis.entry.cli.console import Roof

if TYPE_CHECKING:
    from visavis.core.settings import Settings
    from visavis.core.types import Feature

DEFAULT_OUT = "visavis-out"


class Engine(StrEnum):
    """Who looks at the pictures."""

    LOCAL = "local"
    RAY = "ray"


class Format(StrEnum):
    """What `--out` holds."""

    FILES = "files"
    PARQUET = "parquet"


@dataclass(frozen=True, slots=True)
class Given:
    """What a person gave that is no setting, see `analyze`."""

    paths: list[str]
    out: str | None
    json: str | None
    csv: str | None
    quiet: bool
    engine: Engine
    kind: Format | None
    ray_address: str
    restart: bool

    @property
    def bulk(self) -> bool:
        """Whether the results are Parquet."""
        return (self.kind or (Format.PARQUET if self.engine is Engine.RAY else None)) is (
            Format.PARQUET
        )


def analyze(
    ctx: typer.Context,
    paths: Annotated[
        list[str],
        typer.Argument(
            metavar="PATH...",
            help="Pictures, folders (recursive) or globs; for Parquet also .zip files and "
            "s3://BUCKET/PREFIX.",
        ),
    ],
    out: Annotated[
        str | None,
        typer.Option(
            metavar="DIR",
            help="Write `<name>.json` and an annotated `<name>.jpg` there, or with --format "
            "parquet tables; those may go to s3://BUCKET/PREFIX. "
            f"(default: {DEFAULT_OUT} unless --json or --csv is given)",
        ),
    ] = None,
    kind: Annotated[
        Format | None,
        typer.Option(
            "--format",
            help="What --out holds: two files a picture, or Parquet and JSON lines, which a "
            "second start of the same command goes on with. (default: parquet with --engine ray, "
            "else files)",
        ),
    ] = None,
    json: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="Write one JSON document; - is stdout. With --format parquet it is a summary.",
        ),
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
    engine: Annotated[
        Engine, typer.Option(help="Who looks at the pictures: this process, or a Ray cluster.")
    ] = Engine.LOCAL,
    ray_address: Annotated[
        str,
        typer.Option(
            metavar="HOST:PORT",
            help="Head of the Ray cluster; local starts one of this machine alone.",
        ),
    ] = "local",
    restart: Annotated[
        bool,
        typer.Option(
            "--restart", help="With --format parquet: begin anew, remove what is in --out."
        ),
    ] = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Say nothing but errors on stderr.")
    ] = False,
) -> None:
    """Find the faces on pictures; write JSON, CSV, annotated pictures or Parquet.

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
    from visavis.usecases.policy import Policy

    given = Given(paths, out, json, csv, quiet, engine, kind, ray_address, restart)
    detect = {"score_threshold": score, "max_faces": max_faces, "min_size_px": min_size}
    options = {"pack": pack, "detect": stated(detect), "runtime": stated({"workers": jobs})}
    settings = load_settings(**stated(options))
    wanted = Policy.of(settings.policy).parse([features])
    code = _in_bulk(settings, given, wanted) if given.bulk else _each(ctx, settings, given, wanted)
    raise typer.Exit(code)


def _each(
    ctx: typer.Context, settings: "Settings", given: Given, features: "frozenset[Feature]"
) -> int:
    """Write two files a picture, one JSON document or one table; return the exit code."""
    from visavis.core.errors import InvalidInput
    from visavis.entry.cli import batch, inputs

    roof: Roof = ctx.obj
    if given.engine is Engine.RAY or given.restart or any(map(_is_address, given.paths)):
        raise InvalidInput("--engine ray, --restart and s3:// are for --format parquet; add it")
    out = given.out or (None if given.json or given.csv else DEFAULT_OUT)
    folder = None if out is None else Path(out)
    return batch.run(
        roof,
        settings,
        inputs.gather(given.paths, leave_out=folder),
        batch.Targets(folder, given.json, given.csv),
        features,
        quiet=given.quiet,
    )


def _in_bulk(settings: "Settings", given: Given, features: "frozenset[Feature]") -> int:
    """Write Parquet and JSON lines; return the exit code."""
    from visavis.core.errors import InvalidInput
    from visavis.entry.cli import bulk

    if given.csv:
        raise InvalidInput("--csv is for --format files; a table of faces is in the Parquet files")
    order = bulk.Order(
        paths=given.paths,
        out=given.out or DEFAULT_OUT,
        features=features,
        engine=given.engine.value,
        ray_address=given.ray_address,
        json=given.json,
        restart=given.restart,
        quiet=given.quiet,
    )
    return bulk.run(settings, order)


def _is_address(path: str) -> bool:
    return path.startswith("s3://")


def stated(options: Mapping[str, object]) -> dict[str, object]:
    """Return the options a person gave; the others are left to environment and file."""
    return {name: value for name, value in options.items() if value not in (None, {})}
