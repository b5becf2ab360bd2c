"""CenterFace as published: an ONNX file whose fixed sizes and unused tensors are cleaned away.

It declares a 10×3×32×32 input although the network is fully convolutional, and lists its trained
tensors, many of them unused, as inputs, for which ONNX Runtime warns and skips optimisations.
"""

import onnx

from visavis.core.errors import ConversionRefused
from visavis.vision.weights.converters.graph import refusing, serialise

_INPUT = "image"
_OUTPUTS = {"heat": 1, "size": 2, "offset": 2, "points": 10}
"""Name → channels, in the order of the file."""

_OLDEST_IR_WITHOUT_INITIALISERS_AS_INPUTS = 4


@refusing("a CenterFace ONNX graph")
def convert(raw: bytes) -> bytes:
    """Return CenterFace with free batch, height and width, and nothing that it does not use.

    The graph's input is `image` (N, 3, H, W) float32, RGB 0..255, H and W multiples of 32. Its
    outputs are `heat` (N, 1, H/4, W/4), `size` and `offset` (N, 2, …) and `points` (N, 10, …).

    Raises:
        ConversionRefused: the bytes are no such graph.
    """
    model = onnx.ModelProto.FromString(raw)
    graph = model.graph
    _drop_unused(graph)
    channels = [_channels(value) for value in graph.output]
    if len(graph.input) != 1 or channels != list(_OUTPUTS.values()):
        raise ConversionRefused(
            f"the graph has {len(graph.input)} inputs and outputs of {channels} channels; "
            f"CenterFace has 1 and {list(_OUTPUTS.values())}; get the file that the catalog names"
        )
    _rename(graph)
    for value, axes in ((graph.input[0], "HW"), *((output, "hw") for output in graph.output)):
        dims = value.type.tensor_type.shape.dim
        for dim, name in zip((dims[0], dims[2], dims[3]), ("N", *axes), strict=True):
            dim.dim_param = name
    del graph.value_info[:]
    model.ir_version = max(model.ir_version, _OLDEST_IR_WITHOUT_INITIALISERS_AS_INPUTS)
    return serialise(model)


def _drop_unused(graph: onnx.GraphProto) -> None:
    """Keep the tensors that a node reads, and as inputs those that are not tensors of the file."""
    read = {name for node in graph.node for name in node.input}
    tensors = {tensor.name for tensor in graph.initializer}
    inputs = [value for value in graph.input if value.name not in tensors]
    kept = [tensor for tensor in graph.initializer if tensor.name in read]
    del graph.input[:], graph.initializer[:]
    graph.input.extend(inputs)
    graph.initializer.extend(kept)


def _channels(value: onnx.ValueInfoProto) -> int:
    dims = value.type.tensor_type.shape.dim
    return int(dims[1].dim_value) if len(dims) == 4 else 0


def _rename(graph: onnx.GraphProto) -> None:
    """Give input and outputs lasting names, here and in the nodes that read or write them."""
    names = {graph.input[0].name: _INPUT}
    names |= {value.name: name for value, name in zip(graph.output, _OUTPUTS, strict=True)}
    for node in graph.node:
        node.input[:] = [names.get(name, name) for name in node.input]
        node.output[:] = [names.get(name, name) for name in node.output]
    for value in (*graph.input, *graph.output):
        value.name = names[value.name]
