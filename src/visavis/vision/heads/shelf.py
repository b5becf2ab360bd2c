"""The heads that serve: the bundled ones, or those the operator promoted; exchanged live."""

import json
import os
import threading
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import structlog

from visavis.core.attributes import CLASSES, Head
from visavis.core.errors import VisavisError, WeightsCorrupt, WeightsError
from visavis.core.settings import RuntimeOptions
from visavis.core.types import Floats
from visavis.vision.engines.onnx_engine import OnnxEngine
from visavis.vision.heads.card import HeadCard, read_card

log = structlog.get_logger(__name__)

BUNDLED = Path(__file__).parent / "bundled"
"""The head files that ship with the package."""

CHAMPIONS = "champions.json"
"""Names which file answers which head, `{"gender": "portrait-…"}`; heads not in it are bundled."""

LOOK_EVERY_S = 1.0
"""How often a serving process looks whether another file was promoted."""

NEAR = 0.01
"""How far the probabilities of one face may be from 1 together: sixteen-bit graphs round."""

LONGEST_REASON = 200
"""Characters of the runtime's complaint that are passed on."""

Stamp = tuple[int, int, int]
"""Time of change, size and number of a file: a file that was replaced has another."""


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
        problems: Why files that should answer do not, one sentence each.
    """

    nets: Mapping[Head, HeadNet]
    problems: tuple[str, ...] = ()

    @staticmethod
    def of(net: HeadNet) -> "HeadSet":
        """Return the set in which one file answers all its heads."""
        return HeadSet(dict.fromkeys(net.card.heads, net))

    def only(self, heads: Collection[Head]) -> "HeadSet":
        """Return those of `heads` that are in the set."""
        return HeadSet({h: self.nets[h] for h in Head if h in heads and h in self.nets})

    @property
    def versions(self) -> dict[str, str]:
        """The version that answers each head."""
        return {head.value: net.card.version for head, net in self.nets.items()}

    def for_heads(self, heads: Collection[Head]) -> list[tuple[HeadNet, list[Head]]]:
        """Return each file needed for `heads` once, with those of them that it answers.

        Raises:
            WeightsError: no file answers one of them.
        """
        if missing := sorted(set(heads) - set(self.nets)):
            why = "; ".join(self.problems) or "train one and promote it"
            raise WeightsError(f"no head answers {', '.join(missing)}; {why}")
        needed: dict[str, tuple[HeadNet, list[Head]]] = {}
        for head in sorted(heads):
            net = self.nets[head]
            needed.setdefault(net.card.version, (net, []))[1].append(head)
        return list(needed.values())


class HeadShelf:
    """Gives the heads that serve; safe to use from several threads.

    Promotion replaces `champions.json` in the heads folder; every process that serves notices
    within a second of its next request and loads the new files while the old ones go on answering.

    A file that cannot be loaded stops nobody. A serving process stays with the whole set it has:
    half a promotion was never chosen. One that starts has nothing to stay with, so the bundled file
    answers instead. Both are logged, and `problems` says so until the files or the choice are
    mended, which is noticed like a promotion.

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
        self._loaded: dict[tuple[Path, Stamp | None], HeadNet] = {}
        self._set: HeadSet | None = None
        self._problems: tuple[str, ...] = ()
        self._stamps: list[Stamp | None] = []
        self._looked = 0.0

    def current(self) -> HeadSet:
        """Return the set that serves now; heads that no usable file answers are not in it."""
        if self._set is None:
            with self._lock:
                if self._set is None:
                    self._looked, self._stamps = time.monotonic(), self._stamps_now()
                    found = self._load()
                    self._note(found.problems, found)
                    self._set = found
        elif time.monotonic() - self._looked > LOOK_EVERY_S and self._lock.acquire(blocking=False):
            try:
                self._set = self._refreshed(self._set)
            finally:
                self._lock.release()
        return self._set

    def problems(self) -> list[str]:
        """Return why what serves is not what was chosen, one sentence each; empty when it is."""
        self.current()
        return list(self._problems)

    def _refreshed(self, serving: HeadSet) -> HeadSet:
        """Return what serves from now on, after a look at the disk; the caller holds the lock."""
        self._looked = time.monotonic()
        stamps = self._stamps_now()
        if stamps == self._stamps:
            return serving
        self._stamps = stamps
        found = self._load()
        usable = set(found.problems) <= set(serving.problems)
        self._note(found.problems, found if usable else serving)
        if usable:
            log.info("heads_loaded", **found.versions)
        return found if usable else serving

    def _note(self, problems: tuple[str, ...], serving: HeadSet) -> None:
        for problem in set(problems) - set(self._problems):
            log.error("head_not_loaded", reason=problem, serving=serving.versions)
        self._problems = problems

    def _stamps_now(self) -> list[Stamp | None]:
        """Return the stamps of the choice and of the chosen files."""
        try:
            chosen = set(read_champions(self._folder).values())
        except WeightsCorrupt:
            chosen = set()
        names = [CHAMPIONS, *(f"{version}.onnx" for version in sorted(chosen))]
        return [_stamp(self._folder / name) for name in names]

    def _load(self) -> HeadSet:
        """Load what can be loaded: the bundled files, and over them the promoted ones."""
        nets: dict[Head, HeadNet] = {}
        problems: list[str] = []
        for path in sorted(self._bundled.glob("*.onnx")):
            try:
                net = self._net(path)
                nets.update(dict.fromkeys(net.card.heads, net))
            except WeightsError as exc:
                problems.append(f"{exc}; install Visavis anew")
        for version, heads in self._chosen(problems).items():
            try:
                nets.update(dict.fromkeys(heads, self._champion(version, heads)))
            except WeightsError as exc:
                problems.append(f"{exc}; roll back, or promote another file")
        kept = [*nets.values(), *(self._set.nets.values() if self._set else ())]
        self._loaded = {key: net for key, net in self._loaded.items() if net in kept}
        return HeadSet(nets, tuple(problems))

    def _chosen(self, problems: list[str]) -> dict[str, list[Head]]:
        """Return the heads of each promoted file; add to `problems` why there is no choice."""
        chosen: dict[str, list[Head]] = {}
        try:
            for head, version in read_champions(self._folder).items():
                chosen.setdefault(version, []).append(head)
        except WeightsCorrupt as exc:
            problems.append(str(exc))
        return chosen

    def _champion(self, version: str, heads: Collection[Head]) -> HeadNet:
        net = self._net(self._folder / f"{version}.onnx")
        if net.card.version != version:
            raise WeightsCorrupt(f"{version}.onnx holds {net.card.version} under another name")
        if strange := sorted(set(heads) - set(net.card.heads)):
            raise WeightsCorrupt(f"{version} does not answer {', '.join(strange)}")
        return net

    def _net(self, path: Path) -> HeadNet:
        key = path, _stamp(path)
        if key not in self._loaded:
            self._loaded[key] = load_net(path, self._options)
        return self._loaded[key]


def _stamp(path: Path) -> Stamp | None:
    try:
        found = os.stat(path)  # noqa: PTH116  # called every second
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def load_net(path: Path, options: RuntimeOptions) -> HeadNet:
    """Load one head file and check that its graph does what its card says.

    Raises:
        WeightsCorrupt: it is missing, damaged, or its answers are not those of its heads.
    """
    if not path.is_file():
        raise WeightsCorrupt(f"the head file {path.name} is missing")
    card = read_card(path)
    blank = np.zeros((2, card.crop.size, card.crop.size, 3), np.uint8)
    try:
        engine = OnnxEngine(path, options)
        answers = dict(zip(engine.outputs, engine.run(blank), strict=True))
    except VisavisError:
        raise
    except Exception as exc:  # the runtime's errors have no root of their own
        reason = str(exc).splitlines()[0][:LONGEST_REASON]
        raise WeightsCorrupt(f"{path.name} cannot be run: {reason}") from exc
    for head in card.heads:
        if not _is_answer(answers.get(head), len(CLASSES[head])):
            raise WeightsCorrupt(
                f"{path.name} has no output {head} with probabilities of {len(CLASSES[head])} "
                "classes"
            )
    places = {head: list(engine.outputs).index(head) for head in card.heads}
    return HeadNet(card, engine, places)


def _is_answer(answer: Floats | None, classes: int) -> bool:
    """Return whether a graph answered two pictures with probabilities."""
    if answer is None or answer.shape != (2, classes) or not np.isfinite(answer).all():
        return False
    return bool((answer >= 0).all() and (np.abs(answer.sum(axis=1) - 1) <= NEAR).all())


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
