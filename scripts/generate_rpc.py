"""Make the Python messages of proto/: `make generate`, after a change of any .proto file.

protoc names a module after the folder of its file; ours lie in the package `visavis.rpc.generated`,
so the imports among them are put right. Services need no generated code: the server reads their
descriptors, and so does the client.
"""

from importlib.resources import files
from pathlib import Path

from grpc_tools import protoc

REPO = Path(__file__).resolve().parent.parent
PROTO = REPO / "proto"
OUT = REPO / "src" / "visavis" / "rpc" / "generated"
FOLDER = "visavis/v1"


def generate(out: Path) -> None:
    """Write the messages of every .proto file into a folder.

    Raises:
        SystemExit: a file is not valid; protoc has said why.
    """
    names = sorted(path.relative_to(PROTO).as_posix() for path in PROTO.rglob("*.proto"))
    known = files("grpc_tools") / "_proto"  # what comes with protoc, such as empty.proto
    made = out / FOLDER
    out.mkdir(parents=True, exist_ok=True)
    options = [f"--proto_path={PROTO}", f"--proto_path={known}"]
    options += [f"--python_out={out}", f"--pyi_out={out}"]
    if status := protoc.main(["protoc", *options, *names]):
        raise SystemExit(status)
    for path in sorted(made.iterdir()):
        (out / path.name).write_text(_ours(path.read_text()), newline="\n")
        path.unlink()
    made.rmdir()
    made.parent.rmdir()


def _ours(text: str) -> str:
    """Return a module with its imports put right."""
    package = FOLDER.replace("/", ".")
    return text.replace(f"from {package} import", "from visavis.rpc.generated import")


if __name__ == "__main__":
    generate(OUT)
