"""Which record this deployment keeps."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from visavis.core.errors import InvalidSettings
from visavis.core.settings import TrackingOptions
from visavis.lab.tracking.base import NoTracking, Run, Tracking
from visavis.lab.tracking.mirroring import MlflowMirror
from visavis.lab.tracking.recording import begin
from visavis.lab.tracking.store import Store, installed


def open_store(options: TrackingOptions, data: Path) -> Store | None:
    """Return the MLflow store to write to, or None where tracking is off; nothing is contacted.

    Args:
        options: The group `tracking` of the settings.
        data: The data folder.

    Raises:
        InvalidSettings: a store is named but cannot be used.
    """
    if not options.enabled:
        return None
    if not installed():
        if options.uri:
            raise InvalidSettings(
                "VISAVIS_TRACKING__URI is set but MLflow is not installed: "
                "pip install 'visavis[mlops]', or unset it"
            )
        return None
    return Store(options, data)


def open_tracking(options: TrackingOptions, data: Path) -> Tracking:
    """Return the record that training writes to; raises as `open_store` does."""
    store = open_store(options, data)
    return NoTracking() if store is None else MlflowTracking(store)


def open_mirror(options: TrackingOptions, data: Path) -> MlflowMirror | None:
    """Return what repeats promotions in MLflow, None where tracking is off; raises likewise."""
    store = open_store(options, data)
    return None if store is None else MlflowMirror(store)


class MlflowTracking:
    """The record in an MLflow store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def run(self, name: str, config: Mapping[str, Any], data: Mapping[str, Any]) -> Run:
        """Begin a run; see `Tracking.run`."""
        return begin(self._store, name, config, data)
