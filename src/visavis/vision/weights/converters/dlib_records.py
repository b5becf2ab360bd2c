"""Read the layers of dlib's serialised networks.

A network nests: each layer's version, then the layer beneath it, then its own record. So the file
starts with the versions from the outermost layer in, reaches the input layer, and goes on with the
records from the innermost layer out. Layers that hold nothing (tags, skips) leave only a version.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from visavis.core.errors import ConversionRefused
from visavis.vision.weights.converters.dlib_stream import Reader

MARKER = "tag or skip"
"""Name of a record without content: dlib keeps tags and skips in types, not in the file."""

_MAX_LAYERS = 10_000
_MARKER_VERSION = 1
_LAYER_VERSION = 2
_INPUT_LAYER_VERSIONS = (2, 3)
_HIGHEST_VERSION = 3
"""Names are longer than this, so a number above it starts a name."""

_LOSSES = {
    "loss_metric_2": 2,
    "loss_binary_log_": 0,
    "loss_multiclass_log_": 0,
    "loss_mean_squared_": 0,
}
"""Loss layers by how many numbers their record holds; a loss does nothing when embedding."""


@dataclass(frozen=True, slots=True)
class Record:
    """One layer as the file states it.

    Attributes:
        name: dlib's own name, for example `con_4`; `MARKER` for tags and skips.
        fields: Numbers by name.
        params: Learned numbers, flat float32; empty for most layers.
    """

    name: str
    fields: dict[str, float] = field(default_factory=dict)
    params: NDArray[np.float32] = field(default_factory=lambda: np.zeros(0, np.float32))

    def whole(self, *names: str) -> list[int]:
        """Return fields that count something."""
        return [int(self.fields[name]) for name in names]


def read_network(raw: bytes) -> list[Record]:
    """Return the layers from the input outwards; the first record is the input layer.

    Raises:
        ConversionRefused: the bytes end early or hold a layer that is not known; it is named.
    """
    reader = Reader(raw)
    headers, name = _read_headers(reader)
    if headers == [_MARKER_VERSION] and name.startswith("loss_"):
        _skip_loss(reader, name)
        headers, name = _read_headers(reader)
    if not headers or headers[-1] not in _INPUT_LAYER_VERSIONS:
        raise ConversionRefused(f"the dlib layer on top of {name} is of a kind that is not known")
    records = [_read_input(reader, name), _read_layer(reader, input_version=headers.pop())]
    records += [_read_next(reader, version) for version in reversed(headers)]
    if reader.left:
        raise ConversionRefused(
            f"{reader.left} bytes follow the dlib network; it is another kind of file"
        )
    return records


def _read_headers(reader: Reader) -> tuple[list[int], str]:
    """Read layer versions up to the first name, which is a loss or the input layer."""
    headers: list[int] = []
    while (value := reader.integer()) <= _HIGHEST_VERSION:
        if value < _MARKER_VERSION or len(headers) == _MAX_LAYERS:
            raise ConversionRefused("the dlib file does not start with a network's layers")
        headers.append(value)
    return headers, reader.name_of(value)


def _skip_loss(reader: Reader, name: str) -> None:
    if name not in _LOSSES:
        raise ConversionRefused(f"the dlib layer {name} is not known to the converter")
    for _ in range(_LOSSES[name]):
        reader.number()


def _read_input(reader: Reader, name: str) -> Record:
    """Read the input layer: means of red, green and blue, and the size where it is fixed."""
    if name not in {"input_rgb_image", "input_rgb_image_sized"}:
        raise ConversionRefused(f"the dlib layer {name} is not known to the converter")
    fields = {colour: reader.number() for colour in ("red", "green", "blue")}
    if name == "input_rgb_image_sized":
        fields |= _whole(reader, "nr", "nc")
    return Record(name, fields)


def _read_next(reader: Reader, version: int) -> Record:
    if version == _MARKER_VERSION:
        return Record(MARKER)
    if version != _LAYER_VERSION:
        raise ConversionRefused(f"a dlib layer has version {version}; {_LAYER_VERSION} is known")
    return _read_layer(reader)


def _read_layer(reader: Reader, input_version: int | None = None) -> Record:
    """Read a layer's record and pass over what training left behind (flags, gradients, caches)."""
    name = reader.name_of(reader.integer())
    if name not in _READERS:
        raise ConversionRefused(f"the dlib layer {name} is not known to the converter")
    record = _READERS[name](reader, name)
    for _ in range(3):
        reader.flag()
    for _ in range(3):
        reader.tensor()
    if input_version == _HIGHEST_VERSION:
        reader.integer()
    return record


def _whole(reader: Reader, *names: str) -> dict[str, float]:
    return {name: reader.integer() for name in names}


def _skip_views(reader: Reader) -> None:
    """Pass over how the parameters are cut into two views; the other fields imply it."""
    reader.alias()
    reader.alias()


def _skip_multipliers(reader: Reader) -> None:
    """Pass over learning rate and weight decay, for weights and biases."""
    for _ in range(4):
        reader.number()


def _con(reader: Reader, name: str) -> Record:
    params = reader.tensor()
    fields = _whole(reader, "filters", "nr", "nc", "stride_y", "stride_x", "padding_y", "padding_x")
    _skip_views(reader)
    _skip_multipliers(reader)
    fields["bias"] = reader.flag() if name in {"con_5", "con_6"} else True
    fields["relu"] = reader.flag() if name == "con_6" else False
    return Record("con_", fields, params)


def _fc(reader: Reader, name: str) -> Record:
    fields = _whole(reader, "outputs", "inputs")
    params = reader.tensor()
    _skip_views(reader)
    fields["bias"] = reader.integer() == 0
    _skip_multipliers(reader)
    if name == "fc_3" and not reader.flag():
        fields["bias"] = False
    return Record("fc_", fields, params)


def _affine(reader: Reader, name: str) -> Record:
    params = reader.tensor()
    _skip_views(reader)
    return Record(name, _whole(reader, "mode"), params)


def _pool(reader: Reader, name: str) -> Record:
    fields = _whole(reader, "nr", "nc", "stride_y", "stride_x", "padding_y", "padding_x")
    return Record(name.removesuffix("2"), fields)


def _plain(_reader: Reader, name: str) -> Record:
    return Record(name)


_READERS: dict[str, Callable[[Reader, str], Record]] = {
    "con_4": _con,
    "con_5": _con,
    "con_6": _con,
    "fc_2": _fc,
    "fc_3": _fc,
    "affine_": _affine,
    "max_pool_2": _pool,
    "avg_pool_2": _pool,
    "relu_": _plain,
    "add_prev_": _plain,
}
