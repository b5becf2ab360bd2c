"""Attributes over HTTP, on a real server: what is answered, refused, described and counted."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from tests.entry.http_running import portraits, running_private
from tests.entry.promoted import PURPOSES, VERSION, promote
from tests.entry.test_http_analysis import refusal, results, send
from tests.entry.test_http_health import figures
from tests.vision.pictures import jpeg
from visavis.core.settings import BatchOptions, ImageOptions, RuntimeOptions, load_settings
from visavis.core.types import Feature, Source
from visavis.entry.http_api.routes.analysis_openapi import EXAMPLE
from visavis.entry.http_api.schemas import Results
from visavis.entry.services import Services
from visavis.entry.wiring import build
from visavis.lab.heads.registry import HeadRegistry
from visavis.usecases.analysis import Analyses
from visavis.usecases.drift import LEAST_FACES, Drift
from visavis.usecases.policy import NEEDS_PURPOSE, Policy
from visavis.vision.analyzer import Analyzer
from visavis.vision.heads.shelf import HeadShelf
from visavis.vision.stages.attributes import Attributes

BARE = {"face_index", "box", "score"}


@pytest.fixture(scope="module")
def data(weights: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return promote(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def client(data: Path) -> Iterator[httpx.Client]:
    """Give a server that states a purpose for everything."""
    services = build(load_settings(data=data, policy=PURPOSES))
    with closing(services.analyses), running_private(services) as client:
        yield client


@pytest.fixture(scope="module")
def strict(data: Path) -> Iterator[httpx.Client]:
    """Give a server that states none."""
    services = build(load_settings(data=data))
    with closing(services.analyses), running_private(services) as client:
        yield client


@pytest.fixture(scope="module")
def portrait(shared_data: Path) -> bytes:
    return portraits(shared_data, 1)[0].read_bytes()


def face(client: httpx.Client, portrait: bytes, features: str) -> dict[str, Any]:
    (entry,) = results(send(client, ("me.jpg", portrait), params={"features": features}))
    (found,) = entry["faces"]
    return dict(found)


@pytest.mark.parametrize("feature", sorted(Feature))
def test_every_feature_alone(client: httpx.Client, portrait: bytes, feature: Feature) -> None:
    assert set(face(client, portrait, feature)) - BARE - {"mesh_score"} == {feature}


def test_all_is_everything_but_the_long_lists(client: httpx.Client, portrait: bytes) -> None:
    found = face(client, portrait, "all")
    assert set(found) == BARE | set(Feature) - {Feature.MESH, Feature.EMBEDDING}
    assert found["gender"] == {
        "value": "female",
        "confidence": 0.97,
        "probabilities": {"female": 0.97, "male": 0.03},
        "version": VERSION,
    }
    assert (found["emotion"]["value"], found["race"]["value"]) == ("happy", "white")


@pytest.mark.parametrize("feature", sorted(NEEDS_PURPOSE))
@pytest.mark.parametrize("where", ["params", "data"])
def test_what_is_off_is_a_403_that_says_who_can_turn_it_on(
    strict: httpx.Client, portrait: bytes, feature: Feature, where: str
) -> None:
    asked: dict[str, Any] = {where: {"features": f"age,{feature}"}}
    answer = send(strict, ("me.jpg", portrait), **asked)

    found = refusal(answer)
    assert (answer.status_code, found.type) == (403, "urn:visavis:problem:not-allowed")
    assert found.detail.startswith(f"{feature} is off here: the operator turns it on")
    assert f"VISAVIS_POLICY__{feature.upper()}_PURPOSE" in found.detail


def test_all_leaves_out_what_is_off(strict: httpx.Client, portrait: bytes) -> None:
    assert not NEEDS_PURPOSE & set(face(strict, portrait, "all"))


def test_a_picture_without_faces_is_answered_all_the_same(client: httpx.Client) -> None:
    wall = jpeg(np.full((300, 300, 3), 180, np.uint8))
    (entry,) = results(send(client, ("wall.jpg", wall), params={"features": "all"}))
    assert entry["faces"] == []


def test_the_description_is_true(client: httpx.Client) -> None:
    document = client.get("/openapi.json").json()
    operation = document["paths"]["/api/v1/analyze"]["post"]
    listed = next(p for p in operation["parameters"] if p["name"] == "features")

    assert listed["schema"]["items"]["enum"] == ["all", *Feature]
    assert "403" in operation["responses"]
    Results.model_validate(EXAMPLE)
    assert operation["responses"]["200"]["content"]["application/json"]["example"] == EXAMPLE
    shown = EXAMPLE["results"][0]["faces"][0]
    for name in ("age", "gender"):
        assert sum(shown[name]["probabilities"].values()) == pytest.approx(1, abs=1e-3)
        assert shown[name]["confidence"] == max(shown[name]["probabilities"].values())


def test_heads_that_nobody_answers_are_a_503_that_says_so(
    analyzer: Analyzer, portrait: bytes, tmp_path: Path
) -> None:
    nobody = Attributes(HeadShelf(tmp_path, RuntimeOptions(), bundled=tmp_path))
    headless = replace(analyzer, attributes=nobody)
    analyses = Analyses(headless, ImageOptions(), BatchOptions(), workers=1)
    registry = HeadRegistry(tmp_path / "heads")
    services = Services(load_settings(), analyses, Policy(), Drift(dict), registry)
    with closing(analyses), running_private(services) as client:
        answer = send(client, ("me.jpg", portrait), params={"features": "age"})

    assert answer.status_code == 503
    assert "age" in refusal(answer).detail


def test_drift_is_told_once_it_stands_on_enough_faces(data: Path, shared_data: Path) -> None:
    services = build(load_settings(data=data))
    (path,) = portraits(shared_data, 1)
    with closing(services.analyses), running_private(services) as client:
        face(client, path.read_bytes(), "age,gender,quality")
        early = figures(client)
        (outcome,) = services.analyses.analyze(
            [Source("me.jpg", path.read_bytes())], {Feature.GENDER}
        )
        for _ in range(2 * LEAST_FACES):
            services.drift.count(outcome.faces)  # type: ignore[union-attr]  # it has a face
        late = figures(client)

    assert early["visavis_head_info", "gender", VERSION] == 1
    assert early["visavis_drift_faces", "age"] == 1
    assert early["visavis_drift_faces", "race"] == 0
    assert ("visavis_drift_psi", "gender") not in early
    assert late["visavis_drift_faces", "gender"] > LEAST_FACES
    assert late["visavis_drift_psi", "gender"] >= 0
    assert -1 <= late["visavis_drift_shift", "gender"] <= 1
    assert ("visavis_drift_psi", "age") not in late
