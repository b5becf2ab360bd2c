"""A small builder of ONNX graphs, and the guard that every converter stands behind."""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, ParamSpec, TypeAlias

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from visavis.core.errors import ConversionRefused

P = ParamSpec("P")
Attribute: TypeAlias = int | float | str | Sequence[int]

OPSET = 18
"""First opset whose Resize takes axes; every ONNX Runtime since 1.14 runs it."""

IR_VERSION = 8
"""The IR that came with opset 18; newer ones are refused by older runtimes."""

_SPARE_BYTES = 1 << 20
_GROWTH = 4
"""Half floats double and one weight may serve two layers; beyond this a file is hostile."""


def refusing(kind: str) -> Callable[[Callable[P, bytes]], Callable[P, bytes]]:
    """Turn whatever a parser raises on bytes that make no sense into `ConversionRefused`.

    Args:
        kind: What the bytes should have been, for the message.
    """

    def decorate(convert: Callable[P, bytes]) -> Callable[P, bytes]:
        @wraps(convert)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> bytes:
            try:
                return convert(*args, **kwargs)
            except ConversionRefused:
                raise
            except Exception as exc:
                raise ConversionRefused(
                    f"the file is not {kind} that can be read ({type(exc).__name__}: {exc}); "
                    "pull it again or get it from another place"
                ) from exc

        return guarded

    return decorate


class GraphBuilder:
    """Collects nodes and constants; every value gets a name of its own.

    Args:
        raw_bytes: Size of the file that is read. Constants may not outgrow it by much, so that a
            hostile file cannot make us fill the memory.
    """

    def __init__(self, raw_bytes: int) -> None:
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []
        self._budget = _GROWTH * raw_bytes + _SPARE_BYTES

    def constant(self, array: NDArray[Any], hint: str) -> str:
        """Store `array` and return its name."""
        self._budget -= array.nbytes
        if self._budget < 0:
            raise ConversionRefused(
                "the graph's constants are much larger than the file; it is hostile"
            )
        name = f"{hint}_{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def shape(self, values: Sequence[int]) -> str:
        """Store a list of integers, as Reshape, Pad and Resize want it, and return its name."""
        return self.constant(np.asarray(values, np.int64), "shape")

    def node(self, op: str, inputs: Sequence[str], **attributes: Attribute) -> str:
        """Add a node with one output and return the output's name."""
        name = f"{op.lower()}_{len(self._nodes)}"
        node = helper.make_node(op, list(inputs), [name], name=name)
        in_order = sorted(attributes.items())
        node.attribute.extend(helper.make_attribute(key, value) for key, value in in_order)
        self._nodes.append(node)
        return name

    def name_output(self, value: str, name: str) -> None:
        """Give `value` the lasting name of a graph output."""
        self._nodes.append(helper.make_node("Identity", [value], [name], name=f"name_{name}"))

    def build(
        self, inputs: dict[str, Sequence[int | str]], outputs: dict[str, Sequence[int | str]]
    ) -> bytes:
        """Return the checked graph, serialised.

        Args:
            inputs: Name → shape of the float32 inputs; strings are symbolic dimensions.
            outputs: Name → shape of the float32 outputs, named with `name_output`.

        Raises:
            ConversionRefused: ONNX finds shapes that do not fit together.
        """
        graph = helper.make_graph(
            self._nodes, "visavis", _values(inputs), _values(outputs), self._constants
        )
        model = helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="visavis"
        )
        model.ir_version = IR_VERSION
        return serialise(model)


def serialise(model: onnx.ModelProto) -> bytes:
    """Check `model` and return its bytes; the same model always gives the same bytes.

    Raises:
        ConversionRefused: the graph is not consistent.
    """
    try:
        onnx.checker.check_model(model)
        onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True)
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as exc:
        reason = str(exc).strip().splitlines()[0]
        raise ConversionRefused(f"the file's layers do not fit together: {reason}") from exc
    data: bytes = model.SerializeToString(deterministic=True)
    return data


def _values(shapes: dict[str, Sequence[int | str]]) -> list[onnx.ValueInfoProto]:
    return [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, list(shape))
        for name, shape in shapes.items()
    ]
