"""Write small TFLite files, so that any operator can be run by the original runtime and by us."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import flatbuffers  # type: ignore[import-untyped]
import numpy as np
import tflite

Array = np.ndarray[Any, Any]

TYPES = {
    np.dtype(np.float32): tflite.TensorType.FLOAT32,
    np.dtype(np.float16): tflite.TensorType.FLOAT16,
    np.dtype(np.int32): tflite.TensorType.INT32,
    np.dtype(np.int8): tflite.TensorType.INT8,
}


@dataclass(frozen=True)
class Op:
    """One operator: TFLite's name, tensor names in and out, and its options."""

    name: str
    inputs: Sequence[str]
    output: str = "y"
    options: str | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class File:
    """A graph: computed tensors by shape, constants by value; `x` goes in, `y` comes out."""

    ops: Sequence[Op]
    shapes: Mapping[str, Sequence[int]]
    constants: Mapping[str, Array] = field(default_factory=dict)
    outputs: Sequence[str] = ("y",)
    input_type: Any = np.float32

    def data(self) -> bytes:
        """Return the file's bytes."""
        builder = flatbuffers.Builder(1024)
        names = [*self.shapes, *self.constants]
        stored = list(self.constants)
        tensors = [
            self._tensor(builder, name, stored.index(name) + 1 if name in stored else 0)
            for name in names
        ]
        data = [_bytes(builder, self.constants[name]) for name in stored]
        buffers = [_table(builder, "Buffer"), *(_table(builder, "Buffer", Data=d) for d in data)]
        codes = [_code(builder, op.name) for op in self.ops]
        ops = [self._op(builder, names, op, i) for i, op in enumerate(self.ops)]
        graph = _table(
            builder,
            "SubGraph",
            Tensors=_offsets(builder, tensors),
            Inputs=_ints(builder, [names.index("x")]),
            Outputs=_ints(builder, [names.index(name) for name in self.outputs]),
            Operators=_offsets(builder, ops),
        )
        model = _table(
            builder,
            "Model",
            Version=3,
            OperatorCodes=_offsets(builder, codes),
            Subgraphs=_offsets(builder, [graph]),
            Buffers=_offsets(builder, buffers),
        )
        builder.Finish(model, b"TFL3")
        return bytes(builder.Output())

    def _tensor(self, builder: Any, name: str, buffer: int) -> int:
        array = self.constants.get(name)
        shape = self.shapes[name] if array is None else array.shape
        kind = array.dtype if array is not None else np.dtype(self.input_type)
        fields = {"Shape": _ints(builder, shape), "Name": builder.CreateString(name)}
        return _table(builder, "Tensor", Type=TYPES[kind], Buffer=buffer, **fields)

    def _op(self, builder: Any, names: Sequence[str], op: Op, code: int) -> int:
        fields: dict[str, Any] = {
            "Inputs": _ints(builder, [names.index(name) for name in op.inputs]),
            "Outputs": _ints(builder, [names.index(op.output)]),
        }
        if op.options:
            fields["BuiltinOptions"] = _table(builder, op.options, **op.fields)
            fields["BuiltinOptionsType"] = getattr(tflite.BuiltinOptions, op.options)
        return _table(builder, "Operator", OpcodeIndex=code, **fields)


def _code(builder: Any, name: str) -> int:
    """Add an operator code; a name that TFLite does not know becomes a custom operator."""
    number = getattr(tflite.BuiltinOperator, name, None)
    if number is None:
        custom = builder.CreateString(name)
        kind = tflite.BuiltinOperator.CUSTOM
        return _table(
            builder, "OperatorCode", DeprecatedBuiltinCode=kind, BuiltinCode=kind, CustomCode=custom
        )
    fields = {"DeprecatedBuiltinCode": min(number, 127), "BuiltinCode": number}
    return _table(builder, "OperatorCode", Version=1, **fields)


def _table(builder: Any, kind: str, **fields: Any) -> int:
    getattr(tflite, f"{kind}Start")(builder)
    for name, value in fields.items():
        getattr(tflite, f"{kind}Add{name}")(builder, value)
    offset: int = getattr(tflite, f"{kind}End")(builder)
    return offset


def _ints(builder: Any, values: Sequence[int]) -> int:
    offset: int = builder.CreateNumpyVector(np.array(values, np.int32))
    return offset


def _bytes(builder: Any, array: Array) -> int:
    data = np.ascontiguousarray(array).tobytes()
    builder.StartVector(1, len(data), 16)
    builder.head -= len(data)
    builder.Bytes[builder.head : builder.head + len(data)] = data
    offset: int = builder.EndVector()
    return offset


def _offsets(builder: Any, offsets: Sequence[int]) -> int:
    builder.StartVector(4, len(offsets), 4)
    for offset in reversed(offsets):
        builder.PrependUOffsetTRelative(offset)
    end: int = builder.EndVector()
    return end
