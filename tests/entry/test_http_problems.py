"""Every error is one problem document, by one table; forced by faults, on a real server."""

import logging
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

import httpx
import pytest
import structlog

from tests.entry.http_running import faulty_services, running_private
from visavis.core import log
from visavis.core.errors import (
    DeadlineExceeded,
    ImageFault,
    InvalidImage,
    InvalidInput,
    LicenceNotAccepted,
    NotAllowed,
    Overloaded,
    Unavailable,
    WeightsUnavailable,
)
from visavis.core.settings import Settings
from visavis.entry.http_api.schemas import Problem

SECRET = "a traceback's secret"


def raising(error: Exception) -> Callable[[], NoReturn]:
    def act() -> NoReturn:
        raise error

    return act


def analyze(error: Exception) -> httpx.Response:
    """Send one picture to a server whose engine raises `error`."""
    with running_private(faulty_services(raising(error), Settings())) as client:
        return client.post("/api/v1/analyze", files={"file": ("private-name.jpg", b"x")})


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (InvalidImage(ImageFault.UNSUPPORTED, "because"), 415),
        (InvalidImage(ImageFault.TOO_LARGE, "because"), 413),
        (InvalidImage(ImageFault.TRUNCATED, "because"), 400),
        (InvalidImage(ImageFault.CORRUPT, "because"), 400),
        (InvalidInput("because"), 422),
        (NotAllowed("because"), 403),
        (Overloaded("because"), 429),
        (DeadlineExceeded("because"), 504),
        (Unavailable("because"), 503),
        (WeightsUnavailable("because"), 503),
        (LicenceNotAccepted("because"), 503),
    ],
)
def test_an_expected_error_has_its_status_and_its_sentence(error: Exception, status: int) -> None:
    answer = analyze(error)

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    found = Problem.model_validate(answer.json())
    assert (found.status, found.detail) == (status, "because")
    assert found.category == getattr(error, "category", None)
    assert ("Retry-After" in answer.headers) == (status == 429)


@pytest.fixture
def _logging() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    log.configure(json=True)
    yield
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


@pytest.mark.usefixtures("_logging")
def test_an_unexpected_error_is_logged_but_not_told(capsys: pytest.CaptureFixture[str]) -> None:
    answer = analyze(RuntimeError(SECRET))

    assert answer.status_code == 500
    found = Problem.model_validate(answer.json())
    assert found.instance in found.detail
    assert SECRET not in answer.text
    assert "Traceback" not in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"
    logged = capsys.readouterr().err
    assert found.instance in logged
    assert SECRET in logged
    assert "private-name" not in logged


@pytest.mark.parametrize(
    ("method", "path", "status", "says"),
    [
        ("GET", "/nothing/here", 404, "/nothing/here"),
        ("GET", "/api/v1/nothing", 404, "/api/v1/nothing"),
        ("POST", "/api/", 404, "/docs"),
        ("GET", "/api/v1/analyze", 405, "POST"),
        ("DELETE", "/readyz", 405, "GET"),
    ],
)
def test_an_unknown_route_or_method_is_a_problem(
    method: str, path: str, status: int, says: str
) -> None:
    with running_private(faulty_services(raising(AssertionError()), Settings())) as client:
        answer = client.request(method, path)

    assert answer.status_code == status
    assert says in Problem.model_validate(answer.json()).detail
    assert (answer.headers.get("Allow") is not None) == (status == 405)


def test_the_openapi_document_describes_every_error_as_a_problem() -> None:
    with running_private(faulty_services(raising(AssertionError()), Settings())) as client:
        document: dict[str, Any] = client.get("/openapi.json").json()

    analyze = document["paths"]["/api/v1/analyze"]["post"]
    errors = {status: answer for status, answer in analyze["responses"].items() if status != "200"}
    known = "400 401 403 408 413 415 422 429 500 503 504"
    assert set(errors) == set(known.split())
    for answer in errors.values():
        reference = answer["content"]["application/problem+json"]["schema"]["$ref"]
        assert reference == "#/components/schemas/Problem"
    schemas = document["components"]["schemas"]
    assert {"Problem", "Results", "Picture", "Face"} <= set(schemas)
    assert all(schema.get("description") for schema in schemas.values())
    assert "files" in analyze["requestBody"]["content"]["multipart/form-data"]["schema"]["required"]
