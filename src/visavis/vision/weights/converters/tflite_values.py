"""The values of a TFLite graph under conversion: where each one is and how its axes lie."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visavis.core.errors import ConversionRefused
from visavis.vision.weights.converters.graph import GraphBuilder
from visavis.vision.weights.converters.tflite_file import TfliteFile

TO_CHANNELS_FIRST = (0, 3, 1, 2)
TO_ROWS_FIRST = (0, 2, 3, 1)
ONNX_AXIS = (0, 2, 3, 1)
"""Where TFLite's axis i of a value of rank 4 lies in ONNX."""


class Values:
    """Maps TFLite tensor numbers to ONNX values; rank 4 lies channels first, others as they are.

    Attributes:
        file: The file that is read.
        graph: The graph that is built.
    """

    def __init__(self, file: TfliteFile, graph: GraphBuilder) -> None:
        self.file = file
        self.graph = graph
        self._names: dict[int, str] = {}
        self._aliases: dict[int, int] = {}

    def set(self, number: int, name: str) -> None:
        """Say that the computed tensor `number` is the ONNX value `name`."""
        self._names[number] = name

    def alias(self, number: int, source: int) -> None:
        """Say that the tensor `number` is the constant `source` in another type."""
        self._aliases[number] = source

    def shape(self, number: int) -> tuple[int, ...]:
        """Return the TFLite shape."""
        return self.file.shape(number)

    def stored(self, number: int) -> NDArray[Any] | None:
        """Return a constant in TFLite's order of axes, or None for a computed tensor."""
        if number in self._names:
            return None
        return self.file.constant(self._aliases.get(number, number))

    def constant(self, number: int, what: str) -> NDArray[Any]:
        """Return a constant that an operator cannot do without."""
        array = self.stored(number)
        if array is None:
            raise ConversionRefused(
                f"the TFLite operator {what} computes its parameters; they must be stored"
            )
        return array

    def get(self, number: int) -> str:
        """Return the ONNX value of a computed tensor, channels first where of rank 4."""
        if number not in self._names:
            raise ConversionRefused(f"the TFLite model reads tensor {number} before it is computed")
        return self._names[number]

    def rows_first(self, number: int) -> str:
        """Return the ONNX value in TFLite's order of axes; a single pixel is not transposed."""
        name, shape = self.get(number), self.shape(number)
        if len(shape) < 4:
            return name
        if shape[1] == shape[2] == 1:
            return self.reshape(name, shape[1:])
        return self.graph.node("Transpose", [name], perm=TO_ROWS_FIRST)

    def channels_first(self, name: str, rank: int) -> str:
        """Return a value that has TFLite's order of axes in ours."""
        return self.graph.node("Transpose", [name], perm=TO_CHANNELS_FIRST) if rank == 4 else name

    def reshape(self, name: str, sizes: Sequence[int]) -> str:
        """Return the value in another shape; the batch, which `sizes` leaves out, stays."""
        return self.graph.node("Reshape", [name, self.graph.shape([0, *sizes])])

    def operand(self, number: int, rank: int) -> str:
        """Return a computed tensor or a constant that broadcasts against a value of `rank`."""
        array = self.stored(number)
        if array is None:
            if len(self.shape(number)) != rank:
                raise ConversionRefused("a TFLite operator broadcasts values of different ranks")
            return self.get(number)
        if array.ndim > rank or array.dtype != np.float32:
            raise ConversionRefused("a TFLite operator has an operand that is not understood")
        array = array.reshape((1,) * (rank - array.ndim) + array.shape)
        if rank == 4:
            array = array.transpose(TO_CHANNELS_FIRST)
        return self.graph.constant(array, "operand")
