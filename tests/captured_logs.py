"""Every line that the tests log, written as the server writes it, kept for a last look.

Ours are kept from DEBUG on, those of libraries from INFO on, whatever a test sets up for itself.
"""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from visavis.core import log

MOST_BYTES = 256 * 1024 * 1024
"""The file ends here: what is logged without end fails by its size, not by filling the disk."""

_TOOLS = (
    "httpx",
    "httpcore",
    "moto",
    "mail.log",
    "werkzeug",
    "hypothesis",
    "urllib3",
    "schemathesis",
)
"""Programs of the tests themselves, which log what they ask for; the server runs none of them."""


class KeptLogs(logging.Handler):
    """Writes each record to a file.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self.bytes = 0
        self._file = path.open("a", encoding="utf-8", errors="backslashreplace", buffering=1)
        self._shared = log._shared_processors()
        self.setFormatter(
            structlog.stdlib.ProcessorFormatter(
                foreign_pre_chain=self._shared, processors=log._render(as_json=True)
            )
        )

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one record."""
        try:
            self.keep(self.format(record))
        except Exception:  # noqa: BLE001  # as every handler: it tells, and the program goes on
            self.handleError(record)

    def keep(self, text: str) -> None:
        """Keep one line."""
        if self.bytes < MOST_BYTES:
            self.bytes += self._file.write(text + "\n")

    def listen(self) -> None:
        """Hear every logger, also after a test has set up logging in its own way."""
        structlog.configure(
            processors=[*self._shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
            wrapper_class=structlog.stdlib.BoundLogger,
            logger_factory=structlog.stdlib.LoggerFactory(),
            cache_logger_on_first_use=False,
        )
        root = logging.getLogger()
        # The command line adds its own when a test runs it; the next test did not ask for it.
        root.handlers = [h for h in root.handlers if not isinstance(h, log._Stderr)]
        if self not in root.handlers:
            root.addHandler(self)
        root.setLevel(logging.INFO)
        logging.getLogger("visavis").setLevel(logging.DEBUG)
        for name in _TOOLS:
            logging.getLogger(name).setLevel(logging.WARNING)

    def close(self) -> None:
        """Close the file."""
        logging.getLogger().removeHandler(self)
        self._file.close()
        super().close()


_OPEN: list[KeptLogs] = []


@pytest.fixture(scope="session")
def kept_logs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KeptLogs]:
    """Give all that was logged since the tests began."""
    kept = KeptLogs(tmp_path_factory.mktemp("logs") / "all.log")
    _OPEN.append(kept)
    yield kept
    _OPEN.remove(kept)
    kept.close()


def keep_logs_of(said: str) -> None:
    """Keep what another process has logged, out of what it wrote to standard error."""
    for line in said.splitlines():
        if line.startswith("{"):  # what it tells whoever started it is no log
            for kept in _OPEN:
                kept.keep(line)


@pytest.fixture(autouse=True)
def _logs_are_kept(kept_logs: KeptLogs) -> None:
    kept_logs.listen()


def put_last(items: list[pytest.Item], module: str) -> None:
    """Let the tests of one module run after all others."""
    items.sort(key=lambda item: item.nodeid.split("::")[0].endswith(module))
