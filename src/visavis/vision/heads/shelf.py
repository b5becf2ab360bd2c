"""The heads that serve: the bundled ones, or those the operator promoted; exchanged live."""

import json
import os
import threading
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import structlog

from visavis.core.attributes import CLASSES, Head
from visavis.core.errors import WeightsCorrupt, WeightsError
from visavis.core.settings import RuntimeOptions
from visavis.vision.engines.onnx_engine import OnnxEngine
from visavis.vision.heads.card import HeadCard, read_card

log = structlog.get_logger(__name__)

BUNDLED = Path(__file__).parent / "bundled"
"""The head files that ship with the package."""

CHAMPIONS = "champions.json"
"""Names which file answers which head, `{"gender": "portrait-…"}`; heads not in it are bundled."""

LOOK_EVERY_S = 1.0
"""How often a serving process looks whether another file was promoted."""


@dataclass(frozen=True, slots=True)
class HeadNet:
    """One head file, loaded.

    Attributes:
        card: What it says of itself.
        engine: Runs it.
        outputs: Place of each head among the graph's outputs.
    """

    card: HeadCard
    engine: OnnxEngine
    outputs: Mapping[Head, int]


@dataclass(frozen=True, slots=True)
class HeadSet:
    """The files that answer now; never changes, a promotion makes a new set.

    Attributes:
        nets: The file that answers each head.
    """

    nets: Mapping[Head, HeadNet]

    def for_heads(self, heads: Collection[Head]) -> list[tuple[HeadNet, list[Head]]]:
        """Return each file needed for `heads` once, with those of them that it answers.

        Raises:
            WeightsError: no file answers one of them.
        """
        if missing := sorted(set(heads) - set(self.nets)):
            raise WeightsError(f"no head answers {', '.join(missing)}; train one and promote it")
        needed: dict[str, tuple[HeadNet, list[Head]]] = {}
        for head in sorted(heads):
            net = self.nets[head]
            needed.setdefault(net.card.version, (net, []))[1].append(head)
        return list(needed.values())


class HeadShelf:
    """Gives the heads that serve; safe to use from several threads.

    Promotion replaces `champions.json` in the heads folder; every process that serves notices
    within a second of its next request and loads the new files while the old ones go on answering.

    Args:
        folder: Where promoted files lie, `<data>/heads`; it need not exist.
        options: Threads and providers of the graphs.
        bundled: The folder of the files that ship.
    """

    def __init__(self, folder: Path, options: RuntimeOptions, bundled: Path = BUNDLED) -> None:
        self._folder = folder
        self._options = options
        self._bundled = bundled
        self._lock = threading.Lock()
        self._loaded: dict[Path, HeadNet] = {}
        self._set: HeadSet | None = None
        self._stamp: tuple[int, int, int] | None = None
        self._looked = 0.0

    def current(self) -> HeadSet:
        """Return the set that serves now.

        Raises:
            WeightsError: no set could be loaded yet. Once one was, a broken promotion is logged
                and the old set goes on serving.
        """
        if self._set is None:
            with self._lock:
                if self._set is None:
                    self._stamp = self._stamp_now()
                    self._set = self._load()
        elif time.monotonic() - self._looked > LOOK_EVERY_S and self._lock.acquire(blocking=False):
            try:
                self._refresh()
            finally:
                self._lock.release()
        return self._set

    def _refresh(self) -> None:
        """Load anew when the champions changed; the caller holds the lock."""
        self._looked = time.monotonic()
        stamp = self._stamp_now()
        if stamp == self._stamp:
            return
        self._stamp = stamp
        try:
            self._set = self._load()
        except WeightsError as exc:
            log.error("heads_not_loaded", reason=str(exc))  # noqa: TRY400  # no trace needed
        else:
            versions = {head.value: net.card.version for head, net in self._set.nets.items()}
            log.info("heads_loaded", **versions)

    def _stamp_now(self) -> tuple[int, int, int] | None:
        try:
            found = os.stat(self._folder / CHAMPIONS)  # noqa: PTH116  # called every second
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino

    def _load(self) -> HeadSet:
        nets: dict[Head, HeadNet] = {}
        for path in sorted(self._bundled.glob("*.onnx")):
            net = self._net(path)
            nets.update(dict.fromkeys(net.card.heads, net))
        for head, version in read_champions(self._folder).items():
            net = self._net(self._folder / f"{version}.onnx")
            if head not in net.card.heads:
                raise WeightsCorrupt(f"{version} does not answer {head}; promote another file")
            nets[head] = net
        self._loaded = {path: net for path, net in self._loaded.items() if net in nets.values()}
        return HeadSet(nets)

    def _net(self, path: Path) -> HeadNet:
        if path not in self._loaded:
            self._loaded[path] = load_net(path, self._options)
        return self._loaded[path]


def load_net(path: Path, options: RuntimeOptions) -> HeadNet:
    """Load one head file and check that its graph does what its card says.

    Raises:
        WeightsCorrupt: it is missing, damaged, or its outputs are not those of its heads.
    """
    if not path.is_file():
        raise WeightsCorrupt(f"the head file {path.name} is missing; promote another or roll back")
    card = read_card(path)
    engine = OnnxEngine(path, options)
    for head in card.heads:
        if engine.outputs.get(head) != len(CLASSES[head]):
            raise WeightsCorrupt(
                f"{path.name} has no output {head} of {len(CLASSES[head])} classes"
            )
    places = {head: list(engine.outputs).index(head) for head in card.heads}
    return HeadNet(card, engine, places)


def read_champions(folder: Path) -> dict[Head, str]:
    """Return the promoted version of each head; empty when none was ever promoted.

    Raises:
        WeightsCorrupt: the file cannot be understood.
    """
    try:
        found = json.loads((folder / CHAMPIONS).read_text("utf-8"))
        return {Head(head): str(version) for head, version in found.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, AttributeError) as exc:
        raise WeightsCorrupt(
            f"{folder / CHAMPIONS} cannot be read ({exc}); roll back or remove it"
        ) from exc
