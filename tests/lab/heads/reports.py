"""Reports as `visavis evaluate attributes --json` gives them, of accuracies that a test chooses."""

from collections.abc import Mapping
from typing import Any

from visavis.core.attributes import Head
from visavis.lab.intervals import wilson

FACES = 2000
Json = dict[str, Any]


def report(
    version: str,
    accuracies: Mapping[Head, float],
    *,
    ece: float = 0.02,
    data: str = "0123abcd",
    groups: Mapping[str, tuple[int, float]] | None = None,
) -> Json:
    """Return the figures of one file.

    Args:
        version: It answered all heads.
        accuracies: Of each head, 0..1.
        ece: Of each head.
        data: What it was measured on.
        groups: Faces and accuracy by group, for every head; None = two groups as good as all.
    """
    made: Json = {"faces": FACES, "failures": 0, "data": data, "pack": "default"}
    made["versions"] = {head.value: version for head in accuracies}
    made["groups"] = {}
    for head, accuracy in accuracies.items():
        name = "bin_accuracy" if head is Head.AGE else "accuracy"
        ends = wilson(round(accuracy * FACES), FACES)
        made[head.value] = {"faces": FACES, "ece": ece, name: accuracy, "intervals": {name: ends}}
        sizes = groups or {"gender=female": (900, accuracy), "gender=male": (1100, accuracy)}
        made["groups"][head.value] = {
            group: {
                "faces": faces,
                "accuracy": share,
                "interval": wilson(round(share * faces), faces),
            }
            for group, (faces, share) in sizes.items()
        }
    return made
