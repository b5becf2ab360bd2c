"""TFLite float graphs as ONNX graphs.

TFLite keeps pictures as rows × columns × channels, ONNX as channels × rows × columns. All values of
rank 4 are kept the ONNX way from the input to the last operator that can work so; only an operator
that depends on the order (a reshape, a mean that drops axes) gets a transposition in front.
"""

from collections.abc import Mapping, Sequence
from math import prod

from visavis.core.errors import ConversionRefused
from visavis.vision.weights.converters.graph import GraphBuilder, refusing
from visavis.vision.weights.converters.tflite_file import Operator, TfliteFile
from visavis.vision.weights.converters.tflite_ops import OPERATORS
from visavis.vision.weights.converters.tflite_values import Values

Outputs = Mapping[str, Sequence[int]]


@refusing("a TFLite model")
def convert(raw: bytes, outputs: Outputs | None = None) -> bytes:
    """Return the graph in `raw` as ONNX.

    The graph's one input is `image`: (N, C, H, W) float32 for a picture. Outputs keep TFLite's
    order of axes.

    Args:
        raw: A TFLite file: float32 arithmetic, constants in float32 or float16, batch of one.
        outputs: Lasting names of the outputs in the file's order, each with its shape without the
            batch; None names them `output_0` … with the shapes that the file states.

    Raises:
        ConversionRefused: the bytes are no such file, or hold an operator that is not understood.
    """
    file = TfliteFile(raw)
    graph = GraphBuilder(len(raw))
    values = Values(file, graph)
    inputs = _add_input(file, values)
    for operator in file.operators():
        _add(operator, file, values)
    shapes = outputs or {
        f"output_{i}": file.shape(number)[1:] for i, number in enumerate(file.outputs)
    }
    _name_outputs(file, values, shapes)
    return graph.build(inputs, {name: ("N", *shape) for name, shape in shapes.items()})


def _add_input(file: TfliteFile, values: Values) -> dict[str, Sequence[int | str]]:
    if len(file.inputs) != 1:
        raise ConversionRefused(
            f"the TFLite model has {len(file.inputs)} inputs; one is understood"
        )
    number = file.inputs[0]
    file.require_float(number, "input")
    shape = file.shape(number)
    if shape[:1] != (1,):
        raise ConversionRefused(f"the TFLite input has shape {shape}; a batch of one is understood")
    values.set(number, "image")
    sizes = (shape[3], shape[1], shape[2]) if len(shape) == 4 else shape[1:]
    return {"image": ("N", *sizes)}


def _add(operator: Operator, file: TfliteFile, values: Values) -> None:
    """Add one operator; half float constants pass through their DEQUANTIZE untouched."""
    if len(operator.outputs) != 1:
        raise ConversionRefused(f"the TFLite operator {operator.name} has several outputs")
    number = operator.outputs[0]
    if operator.name == "DEQUANTIZE":
        values.alias(number, operator.inputs[0])
        return
    if operator.name not in OPERATORS:
        raise ConversionRefused(
            f"the TFLite operator {operator.name} is not known to the converter"
        )
    file.require_float(number, f"operator {operator.name}")
    if file.shape(number)[:1] != (1,):
        raise ConversionRefused(
            f"the TFLite operator {operator.name} gives {file.shape(number)}, not a batch of one"
        )
    values.set(number, OPERATORS[operator.name](operator, values))


def _name_outputs(file: TfliteFile, values: Values, shapes: Outputs) -> None:
    """Give the outputs their names, and other shapes where the catalog asks for them."""
    if len(shapes) != len(file.outputs):
        raise ConversionRefused(
            f"the TFLite model has {len(file.outputs)} outputs, not {len(shapes)}; get the file "
            "that the catalog names"
        )
    for (name, wanted), number in zip(shapes.items(), file.outputs, strict=True):
        has = file.shape(number)[1:]
        if prod(wanted) != prod(has):
            raise ConversionRefused(
                f"the TFLite output {name} has shape {has}, not {tuple(wanted)}"
            )
        value = values.rows_first(number)
        if tuple(wanted) != has:
            value = values.reshape(value, wanted)
        values.graph.name_output(value, name)
