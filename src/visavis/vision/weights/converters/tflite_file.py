"""Read a TFLite flatbuffer: tensors, constants and operators, checked as they are read."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import tflite
from numpy.typing import NDArray

from visavis.core.errors import ConversionRefused

Packed: TypeAlias = Any
"""An accessor of the tflite package, which has no types."""

_MAGIC = b"TFL3"
_MAX_OPERATORS = 10_000
_MAX_TENSORS = 40_000
_MAX_OPERANDS = 64
_MAX_RANK = 4

_TYPES: dict[int, type[np.generic]] = {
    tflite.TensorType.FLOAT32: np.float32,
    tflite.TensorType.FLOAT16: np.float16,
    tflite.TensorType.INT32: np.int32,
    tflite.TensorType.INT64: np.int64,
}
_OP_NAMES: dict[int, str] = {
    code: name for name, code in vars(tflite.BuiltinOperator).items() if not name.startswith("_")
}
_TYPE_NAMES: dict[int, str] = {
    code: name for name, code in vars(tflite.TensorType).items() if not name.startswith("_")
}
_PLACEHOLDER_CODE = 127
"""Operators numbered higher live in a field added later; the old one-byte field then holds this."""


@dataclass(frozen=True, slots=True)
class Operator:
    """One operator.

    Attributes:
        name: As TFLite spells it, for example `CONV_2D`.
        inputs: Tensor numbers; −1 for an optional input that is absent.
        outputs: Tensor numbers.
        table: The operator's options, still packed; None where it has none.
    """

    name: str
    inputs: Sequence[int]
    outputs: Sequence[int]
    table: Packed

    def options(self, kind: Packed) -> Packed:
        """Unpack the options as `kind`, a class of the tflite package."""
        if self.table is None:
            raise ConversionRefused(f"the TFLite operator {self.name} has no options")
        options = kind()
        options.Init(self.table.Bytes, self.table.Pos)
        return options


class TfliteFile:
    """The one graph of a TFLite file.

    Attributes:
        inputs: Tensor numbers of the graph's inputs.
        outputs: Tensor numbers of the graph's outputs.
    """

    def __init__(self, raw: bytes) -> None:
        if raw[4:8] != _MAGIC:
            raise ConversionRefused("the file is not a TFLite model; it lacks the mark TFL3")
        self._model = tflite.Model.GetRootAsModel(raw, 0)
        if self._model.SubgraphsLength() != 1:
            raise ConversionRefused(
                f"the TFLite model has {self._model.SubgraphsLength()} graphs; one is understood"
            )
        self._graph = self._model.Subgraphs(0)
        if (
            self._graph.OperatorsLength() > _MAX_OPERATORS
            or self._graph.TensorsLength() > _MAX_TENSORS
        ):
            raise ConversionRefused(
                "the TFLite model has more operators or tensors than are believable"
            )
        self.inputs = _numbers(self._graph.InputsAsNumpy())
        self.outputs = _numbers(self._graph.OutputsAsNumpy())

    def operators(self) -> list[Operator]:
        """Return the operators in the order in which they run."""
        return [
            self._operator(self._graph.Operators(i)) for i in range(self._graph.OperatorsLength())
        ]

    def shape(self, number: int) -> tuple[int, ...]:
        """Return a tensor's shape; rows, columns and channels in that order."""
        shape = self._tensor(number).ShapeAsNumpy()
        sizes = (
            () if isinstance(shape, int) else tuple(int(size) for size in shape[: _MAX_RANK + 1])
        )
        if len(sizes) > _MAX_RANK or any(size < 0 for size in sizes):
            raise ConversionRefused(
                f"a TFLite tensor has shape {sizes}; up to {_MAX_RANK} sizes are known"
            )
        return sizes

    def constant(self, number: int) -> NDArray[Any] | None:
        """Return a tensor's stored values, half floats as float32; None where they are computed."""
        tensor = self._tensor(number)
        buffer = tensor.Buffer()
        if not 0 <= buffer < self._model.BuffersLength():
            raise ConversionRefused("a TFLite tensor names a buffer that is not in the file")
        data = self._model.Buffers(buffer).DataAsNumpy()
        if isinstance(data, int) or not len(data):
            return None
        if tensor.Type() not in _TYPES or tensor.Sparsity() is not None:
            kind = _TYPE_NAMES.get(tensor.Type(), "unknown")
            raise ConversionRefused(
                f"a TFLite constant has type {kind} or is sparse; plain floats are understood"
            )
        values = np.frombuffer(data.tobytes(), _TYPES[tensor.Type()]).reshape(self.shape(number))
        return values.astype(np.float32) if values.dtype == np.float16 else values

    def require_float(self, number: int, what: str) -> None:
        """Refuse a computed tensor that is not float32: quantised graphs need other arithmetic."""
        kind = self._tensor(number).Type()
        if kind != tflite.TensorType.FLOAT32:
            raise ConversionRefused(
                f"the TFLite {what} works on {_TYPE_NAMES.get(kind, 'unknown')}; "
                "float graphs are understood"
            )

    def _tensor(self, number: int) -> Packed:
        if not 0 <= number < self._graph.TensorsLength():
            raise ConversionRefused(f"the TFLite model has no tensor {number}")
        return self._graph.Tensors(number)

    def _operator(self, packed: Packed) -> Operator:
        code = self._model.OperatorCodes(packed.OpcodeIndex())
        number = code.DeprecatedBuiltinCode()
        if number >= _PLACEHOLDER_CODE:
            number = code.BuiltinCode()
        name = _OP_NAMES.get(number, f"number {number}")
        if name == "CUSTOM":
            name = (code.CustomCode() or b"").decode("ascii", "replace")
        return Operator(
            name,
            _numbers(packed.InputsAsNumpy()),
            _numbers(packed.OutputsAsNumpy()),
            packed.BuiltinOptions(),
        )


def _numbers(vector: Packed) -> list[int]:
    """Return a list of tensor numbers; the tflite package says 0 for an absent one."""
    if isinstance(vector, int):
        return []
    if len(vector) > _MAX_OPERANDS:
        raise ConversionRefused(
            f"a TFLite operator has {len(vector)} operands; it is not believable"
        )
    return [int(number) for number in vector]
