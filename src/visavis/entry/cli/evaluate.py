"""`visavis evaluate`: how good the engine is on your own labelled pictures."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from visavis.entry.cli.analysis import stated
from visavis.entry.cli.evaluate_attributes import attributes
from visavis.entry.cli.evaluate_identification import identification
from visavis.entry.cli.figures import Json, Pack, Root, ends_shown, shown, table_of, text_of
from visavis.entry.cli.surveys import give, surveyed

if TYPE_CHECKING:
    from rich.table import Table

    from visavis.lab.detection import DetectionReport
    from visavis.lab.verification import VerificationReport

app = typer.Typer(no_args_is_help=True, help="Measure accuracy on labelled pictures.")

app.command("attributes")(attributes)
app.command("identification")(identification)


@app.command()
def verification(
    ctx: typer.Context,
    root: Root,
    pairs: Annotated[
        Path, typer.Option(metavar="FILE", help="LFW's pairs.txt, or a csv with a,b,same.")
    ],
    pack: Pack = None,
    json: Json = False,
    limit: Annotated[
        int | None, typer.Option(min=2, help="Judge only so many pairs, spread over the list.")
    ] = None,
) -> None:
    """1:1: are two pictures the same person? Accuracy by folds, TAR at FAR, EER."""
    from visavis.core.settings import load_settings
    from visavis.lab.pairs import read_pairs
    from visavis.lab.verification import evaluate_verification, names_of

    listed = read_pairs(text_of(pairs)).spread(limit)
    settings = load_settings(**stated({"pack": pack}))
    with surveyed(ctx.obj, settings, root, len(names_of(listed))) as survey:
        report = evaluate_verification(survey, listed, settings.pack)
    give(report, _verification_table, as_json=json)


@app.command()
def detection(
    ctx: typer.Context,
    root: Root,
    boxes: Annotated[
        Path, typer.Option(metavar="FILE", help="Marked faces in the text format of WIDER FACE.")
    ],
    pack: Pack = None,
    json: Json = False,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Use only so many pictures, spread over the list.")
    ] = None,
) -> None:
    """Are all faces found? Average precision and recall at an overlap of 0.5, by face height."""
    from visavis.core.settings import load_settings
    from visavis.lab.boxes import read_boxes, spread
    from visavis.lab.detection import evaluate_detection, evaluation_settings

    pictures = spread(read_boxes(text_of(boxes)), limit)
    settings = load_settings(**stated({"pack": pack}))
    threshold = settings.detect.score_threshold
    with surveyed(ctx.obj, evaluation_settings(settings), root, len(pictures)) as survey:
        report = evaluate_detection(survey, pictures, settings.pack, threshold)
    give(report, _detection_table, as_json=json)


def _verification_table(report: "VerificationReport") -> "Table":
    kinds = f"{report.genuine} of one person, {report.impostor} of two"
    table = table_of(f"Verification, {report.pairs} pairs ({kinds}), pack {report.pack}")
    ends = report.intervals
    folds = f"{report.folds} folds, standard deviation {report.accuracy_std:.4f}"
    table.add_row("accuracy", shown(report.accuracy), ends_shown(ends["accuracy"]), folds)
    for far, tar in report.tar_at_far.items():
        note = "" if tar is not None else f"needs {1 / float(far):,.0f} pairs of two people"
        table.add_row(f"TAR at FAR {far}", shown(tar), ends_shown(ends["tar_at_far"][far]), note)
    table.add_row("EER", shown(report.eer), ends_shown(ends["eer"]), "")
    table.add_row("threshold", f"{report.threshold:.4f}", "", "cosine, best over all pairs")
    note = f"pictures of {report.pictures}; spoil {report.failed_pairs} pairs"
    table.add_row("failures to acquire", str(report.failures_to_acquire), "", note)
    return table


def _detection_table(report: "DetectionReport") -> "Table":
    table = table_of(f"Detection, {report.images} pictures, {report.faces} faces, {report.pack}")
    kept = report.at_threshold
    for key, ap in report.ap.items():
        recall, precision = (shown(kept[name][key]) for name in ("recall", "precision"))
        note = f"at {kept['score']:g}: recall {recall}, precision {precision}"
        table.add_row(f"AP {key}", shown(ap), ends_shown(report.intervals["ap"][key]), note)
        table.add_row(f"recall {key}", shown(report.recall[key]), "", "at any score")
    table.add_row("ms a picture", f"{report.ms_per_image:.1f}", "", "wall time, all workers")
    return table
