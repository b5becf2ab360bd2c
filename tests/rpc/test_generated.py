"""The messages are those of proto/, as `make generate` makes them."""

from pathlib import Path

from scripts.generate_rpc import OUT, generate


def test_the_messages_are_made_from_the_proto_files(tmp_path: Path) -> None:
    generate(tmp_path)
    made = {path.name: path.read_text() for path in tmp_path.iterdir()}
    kept = {path.name: path.read_text() for path in OUT.glob("*_pb2.py*")}
    assert made == kept, "run `make generate` and commit what it writes"
