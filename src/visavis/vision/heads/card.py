"""The card of a head file: what the file says of itself, kept inside the ONNX file.

A head file is one ONNX graph with input `image` (n, size, size, 3) uint8 RGB and one output a head,
named after it: (n, classes) float32, calibrated probabilities. One file may answer several heads
with one run. Its metadata entry `visavis.heads` holds the card as JSON.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from visavis.core.attributes import Head
from visavis.core.errors import WeightsCorrupt
from visavis.vision.engines.onnx_engine import read_metadata

METADATA_KEY = "visavis.heads"
FORMAT = "visavis.heads/1"


class _Part(BaseModel):
    """Part of a card: frozen, nothing beyond what is described."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class CropSpec(_Part):
    """How the face is cut out for this file.

    Attributes:
        size: Side of the square crop, pixels.
        padding: Room around dlib's unit face, in face widths: 0.25 is the embedder's own chip.
    """

    size: int = Field(ge=16, le=512)
    padding: float = Field(ge=0, le=2)


class HeadFacts(_Part):
    """What is known about one head of the file.

    Attributes:
        unknown_below: Below this probability of the best class the answer is `unknown`.
        temperature: With `power`, how the logits became honest probabilities (already in the
            graph): the softmax of −(−log softmax)^power / temperature.
        power: See `temperature`; 1 leaves the logits to the temperature alone.
        shares: Mean calibrated probability of each class over the training data held out: what
            drift is measured against.
        metrics: Figures measured by `visavis evaluate attributes` when the file was made, such as
            `{"accuracy": 0.93, "ece": 0.01}`; empty when never measured.
    """

    unknown_below: float = Field(ge=0, le=1)
    temperature: float = Field(gt=0)
    power: float = Field(1.0, gt=0)
    shares: tuple[float, ...]
    metrics: Mapping[str, float] = {}


class HeadCard(_Part):
    """Everything a head file says of itself.

    Attributes:
        format: Name and version of this format.
        version: Unique name of the file, such as `portrait-20261121-1a2b3c4d`.
        crop: What it wants to see.
        heads: What it answers.
        quality_shares: Share of held-out training faces in each tenth of overall quality (0–10,
            10–20, …, 90–100); None when not measured.
        licence: SPDX identifier or plain words.
        provenance: Who trained it on what, one sentence.
        training: Seed, data hash, config, date and figures of the run, for the record.
    """

    format: Literal["visavis.heads/1"] = "visavis.heads/1"
    version: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,79}$")
    crop: CropSpec
    heads: Mapping[Head, HeadFacts] = Field(min_length=1)
    quality_shares: tuple[float, ...] | None = None
    licence: str
    provenance: str
    training: Mapping[str, Any] = {}


def read_card(path: Path) -> HeadCard:
    """Return the card of a head file.

    Raises:
        WeightsCorrupt: it is no ONNX file or carries no card that this version understands.
    """
    text = read_metadata(path).get(METADATA_KEY)
    if text is None:
        raise WeightsCorrupt(f"{path.name} is no head file of Visavis: it carries no card")
    try:
        return HeadCard.model_validate_json(text)
    except ValidationError as exc:
        fault = exc.errors()[0]
        where = ".".join(map(str, fault["loc"]))
        raise WeightsCorrupt(
            f"the card of {path.name} is not usable: {where}: {fault['msg']}"
        ) from exc
