"""Head files as MLflow's registered models: one model a head, one version a file."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from visavis.core.attributes import Head
from visavis.lab.tracking.store import Store
from visavis.vision.heads.card import read_card

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion

CHAMPION = "champion"
CHALLENGER = "challenger"
VERSION_TAG = "head_version"


def model_name(head: Head) -> str:
    """Return the name of a head's registered model."""
    return f"visavis-{head}"


def register(store: Store, file: Path, run_id: str | None = None) -> None:
    """Keep a head file and register it, as challenger, for each head that it answers.

    A version that is registered already stays as it is, so this may be repeated.

    Args:
        store: Where to.
        file: The head file.
        run_id: The run that trained it; None makes a run that holds nothing but the file.

    Raises:
        Unavailable: the store cannot be used.
        WeightsCorrupt: it is no head file.
    """
    card = read_card(file)
    experiment, client = store.experiment_id, store.client
    with store.translated():
        missing = [head for head in card.heads if find(store, head, card.version) is None]
        if not missing:
            return
        run = run_id or client.create_run(experiment, run_name=card.version).info.run_id
        folder = f"heads/{card.version}"
        client.log_artifact(run, str(file), folder)
        if run_id is None:
            client.set_terminated(run)
        source = f"{client.get_run(run).info.artifact_uri}/{folder}"
        tags = {
            VERSION_TAG: card.version,
            "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
            "licence": card.licence,
        }
        for head in missing:
            _add(client, model_name(head), source, run, tags, card.provenance)


def crown(store: Store, head: Head, version: str, tags: Mapping[str, str]) -> bool:
    """Make a registered version the champion of its head.

    Args:
        store: Where it is registered.
        head: Which head it now serves.
        version: Name of the head file.
        tags: What to note on the version: who, why.

    Returns:
        Whether the version is registered; where not, nobody is champion afterwards.

    Raises:
        Unavailable: the store cannot be used.
    """
    client, name = store.client, model_name(head)
    with store.translated():
        found = find(store, head, version)
        if found is None:
            _drop_alias(client, name, CHAMPION)
            return False
        client.set_registered_model_alias(name, CHAMPION, found.version)
        if client.get_registered_model(name).aliases.get(CHALLENGER) == found.version:
            client.delete_registered_model_alias(name, CHALLENGER)
        for key, value in tags.items():
            client.set_model_version_tag(name, found.version, key, value)
    return True


def find(store: Store, head: Head, version: str) -> "ModelVersion | None":
    """Return the registered version of a head file, or None where it is not registered."""
    wanted = f"name = '{model_name(head)}' and tags.{VERSION_TAG} = '{version}'"
    found = store.client.search_model_versions(wanted, max_results=1)
    return found[0] if found else None


def _add(
    client: "MlflowClient",
    name: str,
    source: str,
    run_id: str,
    tags: Mapping[str, str],
    description: str,
) -> None:
    """Register one version and make it the challenger."""
    if not client.search_registered_models(f"name = '{name}'"):
        client.create_registered_model(name)
    made = client.create_model_version(
        name, source, run_id, dict(tags), description=description, await_creation_for=0
    )
    client.set_registered_model_alias(name, CHALLENGER, made.version)


def _drop_alias(client: "MlflowClient", name: str, alias: str) -> None:
    for model in client.search_registered_models(f"name = '{name}'"):
        if alias in model.aliases:
            client.delete_registered_model_alias(name, alias)
