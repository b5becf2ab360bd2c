"""Stages without a broker: the server does them all itself, and hands parts in to itself."""

from pathlib import Path

import httpx

from tests.entry.up_running import until
from tests.entry.web_browser import serving
from tests.usecases.split_house import portraits
from visavis.core.settings import load_settings


def test_one_process_does_all_stages(tmp_path: Path, weights: None, shared_data: Path):
    (picture,) = portraits(shared_data, 1)
    cache = load_settings().cache.absolute()
    with (
        serving(tmp_path, cache, VISAVIS_JOBS__SPLIT="true", VISAVIS_JOBS__SWEEP_S="1") as site,
        httpx.Client(base_url=site.url, timeout=60) as client,
    ):
        answer = client.post(
            "/api/v1/jobs",
            files={"files": (picture.name, picture.data)},
            data={"features": "mesh,age"},
        )
        (job,) = answer.json()["jobs"]
        until(lambda: client.get(f"/api/v1/jobs/{job['id']}").json()["state"] == "done")
        found = client.get(f"/api/v1/results/{job['sha256']}").json()
        (face,) = found["visavis"]["analysis"]["faces"]
        assert {"mesh", "age"} <= set(face)
