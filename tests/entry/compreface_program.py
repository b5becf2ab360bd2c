"""A program that was written for CompreFace: its own Python SDK does what standard input lists.

Run with the SDK on the path. Standard input is JSON: `{"domain", "port", "key", "calls": [[what,
arguments, options], …]}`; standard output is a list of what each call returned.
"""

import importlib
import json
import sys
from collections.abc import Callable, Mapping
from typing import Any


def operations(domain: str, port: str, key: str) -> Mapping[str, Callable[..., Any]]:
    """Return all that the SDK can do, by name."""
    sdk: Any = importlib.import_module("compreface")
    program = sdk.CompreFace(domain, port)
    recognition = program.init_face_recognition(key)
    faces, subjects = recognition.get_face_collection(), recognition.get_subjects()
    return {
        "detect": program.init_face_detection(key).detect,
        "verify": program.init_face_verification(key).verify,
        "recognize": recognition.recognize,
        "subjects.list": subjects.list,
        "subjects.add": subjects.add,
        "subjects.update": subjects.update,
        "subjects.delete": subjects.delete,
        "subjects.delete_all": subjects.delete_all,
        "faces.list": faces.list,
        "faces.add": faces.add,
        "faces.verify": faces.verify,
        "faces.delete": faces.delete,
        "faces.delete_all": faces.delete_all,
    }


def main() -> None:
    asked = json.load(sys.stdin)
    can = operations(asked["domain"], asked["port"], asked["key"])
    json.dump([can[what](*given, **told) for what, given, told in asked["calls"]], sys.stdout)


if __name__ == "__main__":
    main()
