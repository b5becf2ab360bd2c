"""ONNX Runtime: one session a graph, with the thread policy and providers the settings name."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from google.protobuf.message import DecodeError
from numpy.typing import NDArray

from visavis.core.errors import InvalidSettings, WeightsCorrupt
from visavis.core.settings import RuntimeOptions

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # read when ONNX Runtime is first imported
import onnxruntime as ort

PROVIDERS = {
    "cpu": "CPUExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "openvino": "OpenVINOExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
}
_ERRORS_ONLY = 3


def usable_providers(options: RuntimeOptions) -> list[str]:
    """Return the wished providers that this installation has, in order of preference.

    Raises:
        InvalidSettings: none of the wished providers is installed.
    """
    installed = set(ort.get_available_providers())
    usable = [PROVIDERS[name] for name in options.providers if PROVIDERS[name] in installed]
    if not usable:
        wished = ", ".join(options.providers)
        raise InvalidSettings(
            f"none of the providers {wished} is installed; add cpu to VISAVIS_RUNTIME__PROVIDERS"
        )
    return usable


def worker_count(options: RuntimeOptions) -> int:
    """Return how many pictures are worked on at once: as set, else one a usable core."""
    return options.workers or usable_cores()


def usable_cores() -> int:
    """Return the cores this process may use, which containers make fewer than the machine's."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def read_metadata(path: Path) -> dict[str, str]:
    """Return what an ONNX file says of itself, without making a session of it.

    Raises:
        WeightsCorrupt: it is no ONNX file.
    """
    try:
        model = onnx.load(str(path), load_external_data=False)
    except (OSError, DecodeError) as exc:
        raise WeightsCorrupt(f"{path.name} is no readable ONNX file: {exc}") from exc
    return {entry.key: entry.value for entry in model.metadata_props}


class OnnxEngine:
    """A learned graph with one input, ready to run; safe to call from several threads.

    Args:
        path: The ONNX file.
        options: Threads and providers.

    Attributes:
        provider: The provider that runs it, as ONNX Runtime names it.
        fixed_size: Height and width of the only picture it takes, or None when any will do.
        outputs: Name and last dimension of each output, in the graph's order; 0 = not fixed.
    """

    def __init__(self, path: Path, options: RuntimeOptions) -> None:
        session = ort.InferenceSession(
            str(path), _session_options(options), providers=usable_providers(options)
        )
        self._session = session
        self._input = session.get_inputs()[0].name
        self._one_at_a_time = session.get_inputs()[0].shape[0] == 1
        self.fixed_size = _fixed_size(session.get_inputs()[0].shape)
        self.outputs = {out.name: _last(out.shape) for out in session.get_outputs()}
        self.provider: str = session.get_providers()[0]

    def run(self, batch: NDArray[Any]) -> list[NDArray[np.float32]]:
        """Run the graph on `batch` and return its outputs in the graph's order.

        A graph that takes only one item at a time is run once for each.
        """
        if self._one_at_a_time and len(batch) > 1:
            runs = [self.run(batch[i : i + 1]) for i in range(len(batch))]
            return [np.concatenate(parts) for parts in zip(*runs, strict=True)]
        outputs: list[NDArray[np.float32]] = self._session.run(None, {self._input: batch})
        return outputs


def _last(shape: list[int | str | None]) -> int:
    return shape[-1] if shape and isinstance(shape[-1], int) else 0


def _fixed_size(shape: list[int | str | None]) -> tuple[int, int] | None:
    """Return the height and width of an (n, c, h, w) input when the graph fixes both."""
    height, width = shape[-2:] if len(shape) == 4 else (None, None)
    return (height, width) if isinstance(height, int) and isinstance(width, int) else None


def _session_options(options: RuntimeOptions) -> ort.SessionOptions:
    """Translate our options.

    Memory patterns are off: they reserve one block for every new input shape, which for pictures of
    many shapes means fresh pages (measured: the second run of a shape 2× slower) and no gain after.
    """
    session_options = ort.SessionOptions()
    session_options.intra_op_num_threads = options.intra_op_threads
    session_options.inter_op_num_threads = 1
    session_options.enable_mem_pattern = False
    session_options.log_severity_level = _ERRORS_ONLY
    return session_options
