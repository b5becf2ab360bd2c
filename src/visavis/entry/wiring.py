"""Wiring: the only place that chooses and builds back ends from the settings."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from visavis.core.attributes import Head
from visavis.core.memory import keep_flat
from visavis.core.settings import Settings
from visavis.entry.services import Services
from visavis.lab.heads.registry import HeadRegistry
from visavis.lab.tracking.opening import open_mirror
from visavis.usecases.analysis import Analyses
from visavis.usecases.drift import Drift
from visavis.usecases.policy import Policy
from visavis.vision.analyzer import Analyzer
from visavis.vision.decoders.arcface import ArcFace
from visavis.vision.decoders.base import DetectorDecoder, EmbedderDecoder
from visavis.vision.decoders.centerface import CenterFaceDecoder
from visavis.vision.decoders.dlib_resnet import DlibResnet
from visavis.vision.decoders.scrfd import ScrfdDecoder
from visavis.vision.decoders.yunet import YuNetDecoder
from visavis.vision.engines.onnx_engine import OnnxEngine, worker_count
from visavis.vision.heads.card import HeadCard
from visavis.vision.heads.shelf import HeadShelf
from visavis.vision.opencv import one_thread_a_call
from visavis.vision.stages.attributes import Attributes
from visavis.vision.stages.detect import Detect
from visavis.vision.stages.embed import Embed
from visavis.vision.stages.mesh import Mesh
from visavis.vision.weights.catalog import find_pack, find_weight
from visavis.vision.weights.shelf import WeightShelf

DETECTORS: dict[str, Callable[[], DetectorDecoder]] = {
    "centerface": CenterFaceDecoder,
    "scrfd": ScrfdDecoder,
    "yunet": YuNetDecoder,
}
EMBEDDERS: dict[str, Callable[[], EmbedderDecoder]] = {
    "dlib_resnet": DlibResnet,
    "arcface": ArcFace,
    "sface": lambda: ArcFace(mean=0.0, scale=1.0),
}


def build(settings: Settings) -> Services:
    """Load the pack's weights and start the workers.

    Raises:
        WeightsError: a weight is missing and cannot be had, or may not be used.
        InvalidSettings: no usable provider, or a store for tracking that cannot be used.
    """
    keep_flat()
    analyzer = build_analyzer(settings, WeightShelf(settings.cache))
    policy = Policy.of(settings.policy)
    drift = Drift(partial(_cards, analyzer.attributes.shelf))
    analyses = Analyses(
        analyzer,
        settings.images,
        settings.batch,
        worker_count(settings.runtime),
        policy,
        drift,
        settings.quality,
    )
    return Services(settings, analyses, policy, drift, build_registry(settings))


def build_analyzer(settings: Settings, shelf: WeightShelf) -> Analyzer:
    """Load the graphs of the settings' pack."""
    one_thread_a_call()
    pack = find_pack(settings.pack)
    detector, embedder = find_weight(pack.detector), find_weight(pack.embedder)

    def engine(name: str) -> OnnxEngine:
        path: Path = shelf.ensure(name)
        return OnnxEngine(path, settings.runtime)

    return Analyzer(
        pack=pack.name,
        detect=Detect(engine(detector.name), DETECTORS[detector.family](), settings.detect),
        mesh=Mesh(engine(pack.mesh)),
        embed=Embed(engine(embedder.name), EMBEDDERS[embedder.family](), settings.embed),
        attributes=Attributes(build_heads(settings)),
    )


def build_registry(settings: Settings) -> HeadRegistry:
    """Return the head files of this deployment; the mirror is contacted when something changes.

    Raises:
        InvalidSettings: a store for tracking is named but cannot be used.
    """
    mirror = open_mirror(settings.tracking, settings.data)
    return HeadRegistry(settings.data / "heads", mirror=mirror)


def _cards(shelf: HeadShelf) -> dict[Head, HeadCard]:
    """Return the card of the file that answers each head now."""
    return {head: net.card for head, net in shelf.current().nets.items()}


def build_heads(settings: Settings) -> HeadShelf:
    """Return the heads that serve in this deployment; they are loaded when first asked for."""
    return HeadShelf(settings.data / "heads", settings.runtime)
