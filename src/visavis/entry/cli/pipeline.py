"""What the commands of the lab share: the pipeline without a policy, and heads by their names."""

from typing import TYPE_CHECKING

from visavis.core.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterable

    from visavis.core.attributes import Head
    from visavis.core.settings import Settings
    from visavis.vision.analyzer import Analyzer


def load_pipeline(settings: "Settings") -> "Analyzer":
    """Fetch weights that are missing, saying so, and load the pipeline.

    The use cases are not built: their policy would refuse what is only measured here.
    """
    from visavis.entry.cli.weights_progress import ensure_pack
    from visavis.entry.wiring import build_analyzer
    from visavis.vision.weights.shelf import WeightShelf

    ensure_pack(settings)
    return build_analyzer(settings, WeightShelf(settings.cache))


def heads_named(names: "Iterable[str] | None") -> "frozenset[Head] | None":
    """Return the heads that comma-separated lists name, or None when none is named.

    Raises:
        InvalidInput: one of them is unknown.
    """
    from visavis.core.attributes import Head

    words = {word.strip() for text in names or () for word in text.split(",")} - {""}
    if unknown := sorted(words - set(Head)):
        known = ", ".join(Head)
        raise InvalidInput(f"there is no head {unknown[0][:50]!r}; choose from {known}")
    return frozenset(map(Head, words)) or None
