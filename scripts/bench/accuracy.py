"""Accuracy on the labelled development sets, as `visavis evaluate` measures it."""

from collections.abc import Iterator
from dataclasses import asdict

from scripts.bench.figures import Figure
from scripts.bench.ground import Ground
from scripts.bench.timing import take_turns
from visavis.entry.wiring import build
from visavis.lab.detection import evaluate_detection, evaluation_settings
from visavis.lab.pairs import read_pairs
from visavis.lab.subjects import Survey
from visavis.lab.verification import evaluate_verification

PAIRS = (
    ("LFW", "lfw_dev", "pairs.txt", 0.990),
    ("CFP frontal–frontal", "cfp_dev", "pairs_ff.csv", 0.985),
    ("CFP frontal–profile", "cfp_dev", "pairs_fp.csv", None),
)
LEAST_AP = {"h30": 0.90, "h10": 0.70}
MOST_MS = 45.0


def verification(ground: Ground) -> Iterator[Figure]:
    """Judge the pairs of LFW and CFP."""
    for title, folder, listing, least in PAIRS:
        pairs = read_pairs(ground.path(folder, listing).read_text())
        survey = Survey(ground.analyses, ground.root(folder, "images.zip"))
        report = evaluate_verification(survey, pairs, ground.settings.pack)
        low, high = report.intervals["accuracy"]
        yield Figure(
            f"{title}, {report.pairs} pairs: accuracy",
            f"≥ {least:.3f}" if least else "",
            f"{report.accuracy:.4f} (95 %: {low:.4f} – {high:.4f}), EER {report.eer:.4f}, TAR at "
            f"FAR 0.01 {report.tar_at_far['0.01']:.4f}, failures to acquire "
            f"{report.failures_to_acquire} of {report.pictures}",
            report.accuracy >= least if least else None,
            asdict(report),
        )


def detection(ground: Ground) -> Iterator[Figure]:
    """Measure AP on the whole curve, and the time with the default settings."""
    analyses = build(evaluation_settings(ground.settings)).analyses
    survey = Survey(analyses, ground.root("wider_dev", "images.zip"))
    threshold = ground.settings.detect.score_threshold
    report = evaluate_detection(survey, ground.crowd, ground.settings.pack, threshold)
    analyses.close()
    sources = ground.crowd_sources
    times = take_turns({"ours": lambda: list(ground.analyses.analyze(sources, ()))})
    ms = 1000 * times["ours"] / len(sources)
    reached = all((report.ap[key] or 0) >= least for key, least in LEAST_AP.items())
    ends = report.intervals["ap"]
    said = ", ".join(
        f"{key} {report.ap[key]:.3f} (95 %: {ends[key][0]:.3f} – {ends[key][1]:.3f})"
        for key in ("h30", "h10", "all", "h60")
    )
    yield Figure(
        "detection AP on wider_dev, faces ≥ 30 px / ≥ 10 px, default settings, all cores",
        f"≥ {LEAST_AP['h30']:.2f} / ≥ {LEAST_AP['h10']:.2f} at ≤ {MOST_MS:g} ms a picture",
        f"{said}; {ms:.1f} ms",
        reached and ms <= MOST_MS,
        asdict(report) | {"ms_per_image_default": ms},
    )
