"""What the routes of jobs and queues ask of whoever calls them; see `http_samples`."""

from tests.entry.http_sample import FORM, PICTURE, Sample
from tests.entry.http_scene import Asked, Scene

PICTURES = {"name": "pictures"}


def a_job(scene: Scene) -> Asked:
    return Asked(path={"job_id": scene.job()})


def a_job_that_is_over(scene: Scene) -> Asked:
    return Asked(path={"job_id": scene.cancelled_job()})


def a_batch(scene: Scene) -> Asked:
    return Asked(path={"batch_id": scene.cancelled_batch()})


def some_pictures(scene: Scene) -> Asked:
    scene.keep_pictures()
    return Asked(content=PICTURE, headers=FORM)


def of_jobs() -> dict[str, Sample]:
    one, batch, queue = "/api/v1/jobs/{job_id}", "/api/v1/jobs/batches/{batch_id}", "/api/v1/queues"
    a_queue = f"{queue}/{{name}}"
    return {
        "GET /api/v1/jobs": Sample("jobs:read"),
        "POST /api/v1/jobs": Sample("jobs:write", some_pictures, also=("analyse",)),
        f"GET {one}": Sample("jobs:read", a_job),
        f"GET {one}/events": Sample("jobs:read", a_job_that_is_over),
        f"POST {one}/cancel": Sample("jobs:write", a_job),
        f"POST {one}/retry": Sample("jobs:write", a_job_that_is_over),
        f"GET {batch}": Sample("jobs:read", a_batch),
        f"GET {batch}/events": Sample("jobs:read", a_batch),
        f"POST {batch}/cancel": Sample("jobs:write", a_batch),
        f"GET {queue}": Sample("settings:read"),
        f"POST {a_queue}/pause": Sample("settings:write", lambda _: Asked(path=PICTURES)),
        f"POST {a_queue}/resume": Sample("settings:write", lambda _: Asked(path=PICTURES)),
    }
