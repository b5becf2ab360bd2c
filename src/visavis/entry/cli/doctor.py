"""`visavis doctor`: what this machine has, what is missing and what to do about it."""

import os
import platform
import shutil
import socket
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from visavis import __version__
from visavis.core.errors import VisavisError
from visavis.entry.cli.console import DONE, FAILED, printable

if TYPE_CHECKING:
    from visavis.core.settings import Settings

GIB = 1024**3
LEAST_DISK = GIB
"""Below this much free space weights (about 120 MiB with their raw files) and data get tight."""
LEAST_MEMORY = 2 * GIB
"""Below this much memory large pictures on several cores may not fit."""


class Status(StrEnum):
    """How a check came out."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the report.

    Attributes:
        name: What was looked at.
        status: `warn` works but not as it should, `fail` does not work.
        found: What is there.
        todo: What to do; empty when all is well.
    """

    name: str
    status: Status
    found: str
    todo: str = ""


def doctor(
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Check Python, weights, machine, disk, port, policy and heads; exit with 1 when one fails."""
    from visavis.core.settings import load_settings

    checks = [Check("visavis", Status.OK, __version__), _python()]
    try:
        settings = load_settings()
    except VisavisError as exc:
        checks.append(Check("settings", Status.FAIL, str(exc), "correct what it names"))
    else:
        checks += [check for look in LOOKS for check in _guarded(look, settings)]
    failed = any(check.status is Status.FAIL for check in checks)
    if json:
        import orjson

        lines = [asdict(check) for check in checks]
        typer.echo(orjson.dumps({"ok": not failed, "checks": lines}, option=orjson.OPT_INDENT_2))
    else:
        _show(checks)
    raise typer.Exit(FAILED if failed else DONE)


def _show(checks: list[Check]) -> None:
    """Print one line a check, and below it what to do."""
    colours = {Status.OK: "green", Status.WARN: "yellow", Status.FAIL: "red"}
    for check in checks:
        mark = typer.style(f"{check.status:<4}", fg=colours[check.status])
        typer.echo(f"{mark}  {check.name:<22} {printable(check.found)}")
        if check.todo:
            typer.echo(f"      → {printable(check.todo)}")


def _guarded(
    look: "Callable[[Settings], Iterator[Check]]", settings: "Settings"
) -> Iterator[Check]:
    """Yield the checks of `look`; an expected error becomes a failed check."""
    try:
        yield from look(settings)
    except (VisavisError, OSError) as exc:
        yield Check(look.__name__.strip("_"), Status.FAIL, str(exc), "correct what it names")


def _python() -> Check:
    found = f"{platform.python_version()} at {sys.executable} ({platform.platform(terse=True)})"
    return Check("python", Status.OK, found)


def _weights(settings: "Settings") -> Iterator[Check]:
    """Hash the weights of the pack, without fetching any."""
    from visavis.vision.weights.catalog import find_pack
    from visavis.vision.weights.shelf import State, WeightShelf

    verdicts = {
        State.READY: (Status.OK, ""),
        State.UNVERIFIED: (Status.WARN, "its SHA-256 is unknown; compare it with a trusted copy"),
        State.ABSENT: (Status.WARN, "run `visavis models pull`, or let the first use fetch it"),
        State.NEEDS_LICENCE: (Status.FAIL, "read its licence, then run `visavis models accept`"),
    }
    shelf = WeightShelf(settings.cache)
    for name in find_pack(settings.pack).weights:
        state = shelf.state(name)
        status, todo = verdicts[state]
        found = f"{name}: {state}"
        if faults := shelf.verify(name):
            status, todo = Status.FAIL, "run `visavis models pull` to repair it"
            found = f"{name}: {'; '.join(faults)}"
        yield Check("weights", status, found, todo)


def _providers(settings: "Settings") -> Iterator[Check]:
    from visavis.vision.engines.onnx_engine import usable_providers

    used = usable_providers(settings.runtime)
    yield Check("onnxruntime providers", Status.OK, f"in order of use: {', '.join(used)}")


def _machine(settings: "Settings") -> Iterator[Check]:
    from visavis.vision.engines.onnx_engine import usable_cores, worker_count

    workers = worker_count(settings.runtime)
    yield Check("cores", Status.OK, f"{usable_cores()} usable, {workers} pictures at a time")
    if memory := _memory_bytes():
        few = memory < LEAST_MEMORY
        todo = "analyse fewer pictures at a time: VISAVIS_RUNTIME__WORKERS=1" if few else ""
        status = Status.WARN if few else Status.OK
        yield Check("memory", status, f"{memory / GIB:.1f} GiB", todo)


def _memory_bytes() -> int | None:
    """Return the machine's memory, or None where the system does not tell."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return None


def _disk(settings: "Settings") -> Iterator[Check]:
    for name, folder in (("data", settings.data), ("cache", settings.cache)):
        absolute = folder.absolute()
        there = next(path for path in (absolute, *absolute.parents) if path.exists())
        free = shutil.disk_usage(there).free
        found = f"{folder} ({free / GIB:.1f} GiB free)"
        setting = f"VISAVIS_{name.upper()}"
        if not (there.is_dir() and os.access(there, os.W_OK | os.X_OK)):
            todo = f"{there} cannot be written; set {setting} to a folder that can"
            yield Check(f"disk, {name}", Status.FAIL, found, todo)
        elif free < LEAST_DISK:
            yield Check(f"disk, {name}", Status.WARN, found, f"make room, or set {setting}")
        else:
            yield Check(f"disk, {name}", Status.OK, found)


def _port(settings: "Settings") -> Iterator[Check]:
    host, port = settings.server.host, settings.server.port
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        if os.name == "posix":  # else a connection just closed would look like a busy port
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as exc:
            todo = "end what listens there, or choose another with `visavis serve --port`"
            found = f"{host}:{port} is not free: {exc.strerror}"
            yield Check("port", Status.WARN, found, todo)
        else:
            yield Check("port", Status.OK, f"{host}:{port} is free")


def _policy(settings: "Settings") -> Iterator[Check]:
    """Say which sensitive features are on, and what for."""
    from visavis.usecases.policy import NEEDS_PURPOSE, Policy

    policy = Policy.of(settings.policy)
    for feature in sorted(NEEDS_PURPOSE):
        purpose = policy.purpose(feature)
        found = "off" if purpose is None else f"on, for: {purpose}"
        yield Check(f"policy, {feature}", Status.OK, found)


def _heads(settings: "Settings") -> Iterator[Check]:
    """Load the heads and say which file answers what."""
    from visavis.entry.wiring import build_heads

    shelf = build_heads(settings)
    for problem in shelf.problems():
        yield Check("heads", Status.FAIL, problem)
    versions = shelf.current().versions
    found = ", ".join(f"{head}: {version}" for head, version in versions.items())
    yield Check("heads", Status.OK if found else Status.WARN, found or "none")


LOOKS: "tuple[Callable[[Settings], Iterator[Check]], ...]" = (
    _weights,
    _providers,
    _machine,
    _disk,
    _port,
    _policy,
    _heads,
)
