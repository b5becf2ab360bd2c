"""`visavis evaluate identification`: is the right person found among many, and nobody wrong?"""

from typing import TYPE_CHECKING, Annotated

import typer

from visavis.entry.cli.analysis import stated
from visavis.entry.cli.figures import Json, Pack, Root, ends_shown, shown, table_of
from visavis.entry.cli.surveys import give, surveyed

if TYPE_CHECKING:
    from rich.table import Table

    from visavis.lab.identification import IdentificationReport


def identification(
    ctx: typer.Context,
    root: Root,
    pack: Pack = None,
    json: Json = False,
    enroll: Annotated[int, typer.Option(min=1, help="Pictures of each person to enrol.")] = 1,
) -> None:
    """1:N, open set, on one folder a person: rank 1, and FNIR at FPIR.

    Half of the people with enough pictures are enrolled, the same ones in every run; the other
    pictures of them must find them, and those of everybody else must find nobody.
    """
    from visavis.core.settings import load_settings
    from visavis.lab.identification import evaluate_identification
    from visavis.lab.people import read_people

    people = read_people(root)
    settings = load_settings(**stated({"pack": pack}))
    with surveyed(ctx.obj, settings, root, sum(map(len, people.values()))) as survey:
        report = evaluate_identification(survey, people, settings.pack, enroll)
    give(report, _table, as_json=json)


def _table(report: "IdentificationReport") -> "Table":
    """Show the figures; the stated size of the gallery belongs to each of them."""
    table = table_of(f"Identification among {report.gallery} people, pack {report.pack}")
    ends = report.intervals
    note = f"{report.mated} probes of people in the gallery"
    table.add_row("rank 1", shown(report.rank1), ends_shown(ends["rank1"]), note)
    for fpir, fnir in report.fnir_at_fpir.items():
        threshold = report.thresholds[fpir]
        note = "" if threshold is None else f"at a cosine of {threshold:.4f}"
        if fnir is None:
            note = f"needs {1 / float(fpir):,.0f} probes of other people"
        table.add_row(
            f"FNIR at FPIR {fpir}", shown(fnir), ends_shown(ends["fnir_at_fpir"][fpir]), note
        )
    for fpir, point in (report.as_calibrated or {}).items():
        note = f"cosine {point['threshold']:.4f}, measured FPIR {shown(point['fpir'])}"
        table.add_row(f"FNIR as calibrated for {fpir}", shown(point["fnir"]), "", note)
    note = f"templates of {report.gallery} people, {report.non_mated} probes of others"
    table.add_row("gallery", str(report.templates), "", note)
    note = (
        f"pictures of {report.probes + report.gallery * report.enrolled_pictures}; count as misses"
    )
    table.add_row("failures to acquire", str(report.failures_to_acquire), "", note)
    return table
