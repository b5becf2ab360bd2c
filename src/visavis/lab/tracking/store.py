"""MLflow's client, kept short: bounded waits, no usage reports, errors in our words."""

import importlib
import importlib.util
import logging
import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from visavis.core.errors import InvalidSettings, Unavailable
from visavis.core.settings import TrackingOptions

if TYPE_CHECKING:
    from mlflow import MlflowClient

_BEFORE_IMPORT = {
    "MLFLOW_DISABLE_TELEMETRY": "true",  # 3.2 and newer report on their user unless told not to
    "MLFLOW_CONFIGURE_LOGGING": "false",  # logging is configured by our roof alone
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",  # standard output is our caller's
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",  # seconds; 120 by default
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",  # 7 by default: minutes for a server that is down
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "AWS_MAX_ATTEMPTS": "2",  # 5 by default, each of up to a minute
}
"""Read by MLflow and boto3; a value that the operator has set stands."""

_LOUD = {
    "mlflow": logging.WARNING,  # these two tell of every table that they make
    "alembic": logging.WARNING,
    "urllib3.connectionpool": logging.ERROR,  # each retry; what came of it is ours to say
}

LONGEST_REASON = 300
"""Characters of a server's answer that are passed on."""


class NoAnswer(Unavailable):
    """The server does not answer at all, so asking again at once is no use."""


def installed() -> bool:
    """Return whether the extra `mlops` is here."""
    try:
        return all(map(importlib.util.find_spec, ("mlflow", "sqlalchemy", "alembic")))
    except ValueError:  # a module that was blocked or half imported has no spec
        return False


class Store:
    """One MLflow store: a server, or a SQLite file with a folder.

    Args:
        options: Where it is.
        data: The data folder, for what the options leave empty.

    Raises:
        InvalidSettings: the options name a store that cannot be used.
    """

    def __init__(self, options: TrackingOptions, data: Path) -> None:
        self.uri = options.uri or f"sqlite:///{(data / 'mlflow.db').absolute()}"
        if not self.uri.startswith(("http://", "https://", "sqlite:///")):
            raise InvalidSettings(
                f"VISAVIS_TRACKING__URI {shown(self.uri)} is neither http(s):// nor sqlite:///; "
                "start `mlflow server` on other databases and name its address"
            )
        self._experiment = options.experiment
        self._artifacts = _place(options.artifacts)
        if not self._artifacts and self.uri.startswith("sqlite:"):
            self._artifacts = (data / "mlflow-artifacts").absolute().as_uri()

    @cached_property
    def client(self) -> "MlflowClient":
        """Return the client, connected on the first call.

        Raises:
            Unavailable: the store cannot be used.
            InvalidSettings: MLflow is not installed, or the experiment's files lie elsewhere.
        """
        mlflow = _mlflow()
        if self.uri.startswith("sqlite:"):
            self._probe()
        with self.translated():
            client: MlflowClient = mlflow.MlflowClient(self.uri, registry_uri=self.uri)
            return client

    @cached_property
    def experiment_id(self) -> str:
        """Return the id of our experiment, made on the first call; raises as `client` does."""
        client = self.client
        with self.translated():
            found = client.get_experiment_by_name(self._experiment)
            if found is None:
                return client.create_experiment(self._experiment, self._artifacts or None)
        if found.lifecycle_stage != "active":
            raise InvalidSettings(
                f"the experiment {self._experiment} was deleted from {shown(self.uri)}; restore it "
                "or choose another VISAVIS_TRACKING__EXPERIMENT"
            )
        if self._artifacts.startswith("s3:") and found.artifact_location != self._artifacts:
            raise InvalidSettings(
                f"the experiment {self._experiment} keeps its files at {found.artifact_location}, "
                f"not {self._artifacts}; choose another VISAVIS_TRACKING__EXPERIMENT for that place"
            )
        return found.experiment_id

    @contextmanager
    def translated(self) -> Iterator[None]:
        """Turn what MLflow and its libraries raise into one sentence.

        Raises:
            NoAnswer: nobody answers at the uri.
            Unavailable: the store refused.
        """
        try:
            yield
        except _faults() as exc:
            where = shown(self.uri)
            if _unanswered(exc):
                raise NoAnswer(
                    f"the tracking server at {where} does not answer; start it, or correct or "
                    "unset VISAVIS_TRACKING__URI"
                ) from exc
            raise Unavailable(f"nothing was recorded at {where}: {_reason(exc)}") from exc

    def _probe(self) -> None:
        """Open the SQLite file once: MLflow would try a broken one for minutes."""
        path = Path(self.uri.removeprefix("sqlite:///").partition("?")[0])
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with closing(sqlite3.connect(path)) as database:
                database.execute("PRAGMA schema_version")
        except (OSError, sqlite3.Error) as exc:
            raise Unavailable(
                f"the record of training {path} cannot be opened ({exc}); move it away to begin a "
                "new one"
            ) from exc


def shown(text: str) -> str:
    """Return `text` without the passwords of addresses in it."""
    return re.sub(r"(?<=://)[^/@\s]+@", "", text)


def _place(artifacts: str) -> str:
    """Return the place for files as a URI, or nothing where none is named."""
    if not artifacts:
        return ""
    if not artifacts.startswith("s3://"):
        if "://" in artifacts:
            raise InvalidSettings(
                f"VISAVIS_TRACKING__ARTIFACTS {shown(artifacts)} is neither a folder nor s3://…"
            )
        return Path(artifacts).absolute().as_uri()
    if importlib.util.find_spec("boto3") is None:
        raise InvalidSettings(f"{artifacts} needs one more library: pip install 'visavis[s3]'")
    return artifacts.rstrip("/")


def _mlflow() -> ModuleType:
    """Import MLflow, told beforehand how to behave.

    Raises:
        InvalidSettings: it is not installed.
    """
    for name, value in _BEFORE_IMPORT.items():
        os.environ.setdefault(name, value)
    try:
        module = importlib.import_module("mlflow")
    except ImportError as exc:
        raise InvalidSettings(
            f"tracking needs libraries that are not here ({exc}): pip install 'visavis[mlops]'"
        ) from exc
    for library, level in _LOUD.items():
        logging.getLogger(library).setLevel(level)
    return module


def _faults() -> tuple[type[Exception], ...]:
    """Return what MLflow and the libraries below it raise when a store cannot be used."""
    from mlflow.exceptions import MlflowException
    from requests import RequestException
    from sqlalchemy.exc import SQLAlchemyError

    faults: list[type[Exception]] = [MlflowException, RequestException, SQLAlchemyError, OSError]
    if importlib.util.find_spec("boto3"):
        from boto3.exceptions import Boto3Error
        from botocore.exceptions import BotoCoreError, ClientError

        faults += [Boto3Error, BotoCoreError, ClientError]
    return tuple(faults)


def _reason(exc: Exception) -> str:
    """Return in one line why a store refused."""
    text = str(exc)
    if "Invalid Host header" in text:
        return "it does not know itself by that name; start it with `--allowed-hosts` naming it"
    return shown((text.splitlines() or [type(exc).__name__])[0])[:LONGEST_REASON]


def _unanswered(exc: BaseException | None) -> bool:
    """Return whether the tracking server itself never answered."""
    from requests import ConnectionError as NoConnection
    from requests import Timeout

    while exc is not None:
        if isinstance(exc, (NoConnection, Timeout)):
            return True
        exc = exc.__cause__ or exc.__context__
    return False
