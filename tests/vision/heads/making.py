"""Head files whose answers are known: made, not learned, and valid in every way."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from visavis.core.attributes import CLASSES, Head
from visavis.vision.heads.card import METADATA_KEY, CropSpec, HeadCard, HeadFacts

SIZE = 32
CHANNELS = 3
LEAST = 1e-30
"""Stands for a probability of zero, of which there is no logarithm."""


def make_head(
    path: Path,
    version: str,
    heads: Mapping[Head, Sequence[float]],
    *,
    unknown_below: float = 0.0,
    **card: Any,
) -> Path:
    """Write a head file that answers the same probabilities whatever face it is shown.

    Args:
        path: Where to; its folder exists.
        version: Name of the file on its card.
        heads: The answer of each head, one probability a class, which sum to 1.
        unknown_below: Of every head.
        card: Other fields of the card, such as `licence` or `crop`.

    Returns:
        `path`.
    """
    facts = {
        head: HeadFacts(unknown_below=unknown_below, temperature=1.0, shares=tuple(answer))
        for head, answer in heads.items()
    }
    given = {"licence": "Apache-2.0", "provenance": "made for tests, learned nothing", **card}
    given = {"crop": CropSpec(size=SIZE, padding=0.25), "heads": facts, **given}
    made = HeadCard(version=version, **given)
    onnx.save(head_graph(heads, made.crop.size, made.model_dump_json()), path)
    return path


def even(head: Head) -> tuple[float, ...]:
    """Return the answer of one who knows nothing."""
    return (1 / len(CLASSES[head]),) * len(CLASSES[head])


def head_graph(
    heads: Mapping[Head, Sequence[float]], size: int, card: str | None
) -> onnx.ModelProto:
    """Return the graph: planes, pool, flatten, one layer of nothing but bias, softmax, a head each.

    Args:
        heads: The answer of each output; as many classes as it has numbers.
        size: Side of the pictures it takes.
        card: JSON for the metadata; None leaves it out.
    """
    image = helper.make_tensor_value_info("image", TensorProto.UINT8, ["n", size, size, CHANNELS])
    nodes = [
        helper.make_node("Cast", ["image"], ["levels"], to=TensorProto.FLOAT),
        helper.make_node("Transpose", ["levels"], ["planes"], perm=[0, 3, 1, 2]),
        helper.make_node("GlobalAveragePool", ["planes"], ["pooled"]),
        helper.make_node("Flatten", ["pooled"], ["colour"]),
    ]
    weights: list[onnx.TensorProto] = []
    outputs: list[onnx.ValueInfoProto] = []
    for head, answer in heads.items():
        bias = np.log(np.maximum(np.array(answer, np.float64), LEAST)).astype(np.float32)
        nothing = np.zeros((CHANNELS, len(answer)), np.float32)
        names = [f"{head}_weight", f"{head}_bias"]
        weights += map(numpy_helper.from_array, (nothing, bias), names)
        nodes.append(helper.make_node("Gemm", ["colour", *names], [f"{head}_logits"]))
        nodes.append(helper.make_node("Softmax", [f"{head}_logits"], [head.value], axis=1))
        shape: list[str | int | None] = ["n", len(answer)]
        outputs.append(helper.make_tensor_value_info(head.value, TensorProto.FLOAT, shape))
    graph = helper.make_graph(nodes, "made", [image], outputs, weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(model)
    if card is not None:
        model.metadata_props.add(key=METADATA_KEY, value=card)
    return model
