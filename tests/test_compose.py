"""The containers of compose.yaml are what `visavis` knows, and may do as little as they need."""

import re
from typing import Any

import pytest
import typer
import yaml

from tests.conftest import REPO
from visavis.core.settings import Settings
from visavis.entry.cli import app

KNOWN = {
    *("image", "pull_policy", "build", "env_file", "user", "init", "read_only", "tmpfs"),
    *("cap_drop", "security_opt", "volumes", "restart", "stop_grace_period", "command", "ports"),
    *("environment", "depends_on", "healthcheck", "profiles"),
}
"""Keys of a service in the compose specification, as far as they are used."""

CONDITIONS = {"service_started", "service_healthy", "service_completed_successfully"}
HEALTH = {"test", "interval", "timeout", "retries", "start_period"}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((REPO / "compose.yaml").read_text())
    return found


def services(compose: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = compose["services"]
    return found


def ours(compose: dict[str, Any]) -> dict[str, Any]:
    return {name: one for name, one in services(compose).items() if one["image"] == "visavis"}


def test_it_says_only_what_compose_knows(compose):
    assert {key for key in compose if not key.startswith("x-")} == {"name", "services", "volumes"}
    named = set(compose["volumes"])
    for name, one in services(compose).items():
        assert set(one) <= KNOWN, name
        for other, told in one.get("depends_on", {}).items():
            assert told["condition"] in CONDITIONS
            waited = services(compose)[other]
            assert told["condition"] != "service_healthy" or "healthcheck" in waited
        assert set(one.get("healthcheck", {})) <= HEALTH
        assert {volume.split(":")[0] for volume in one.get("volumes", [])} <= named


def test_every_service_is_there(compose):
    assert set(ours(compose)) == {
        *("weights", "api", "grpc", "worker", "log", "detect", "describe", "store")
    }
    assert set(services(compose)) - set(ours(compose)) == {"postgres", "redis"}
    queues = {one["command"][-1] for one in ours(compose).values() if "worker" in one["command"]}
    assert queues == {"pictures", "log", "detect", "describe", "store"}


def test_commands_are_ours(compose):
    root = typer.main.get_command(app)
    for one in ours(compose).values():
        words = [word for word in one["command"] if not word.startswith("-")]
        options = [word for word in one["command"] if word.startswith("--")]
        found: Any = root
        for word in words:  # one that is no command is an option's value
            found = getattr(found, "commands", {}).get(word, found)
        known = {opt for parameter in found.params for opt in parameter.opts}
        assert set(options) <= known, one["command"]


def test_variables_are_settings_and_hold_no_secret(compose):
    for one in ours(compose).values():
        for name, value in one["environment"].items():
            group, _, key = name.removeprefix("VISAVIS_").lower().partition("__")
            field = Settings.model_fields[group]
            assert key in type(field.default).model_fields, name
            if re.search("token|key|password", key):
                assert re.fullmatch(r"\$\{\w+:\?[^}]+\}", value), name
        assert re.search(
            r":\$\{POSTGRES_PASSWORD:\?[^}]+\}@", one["environment"]["VISAVIS_STORE__URL"]
        )


def test_containers_may_do_as_little_as_they_need(compose):
    for name, one in services(compose).items():
        assert one["read_only"] is True, name
        assert one["cap_drop"] == ["ALL"], name
        assert one["security_opt"] == ["no-new-privileges:true"], name
        assert one["user"] not in {"root", "0", "0:0"}, name
        assert all(port.startswith("127.0.0.1:") for port in one.get("ports", [])), name
    for name in ("api", "grpc", "postgres", "redis"):
        assert "healthcheck" in services(compose)[name]


def test_the_image_is_not_rooted_and_holds_the_source_only():
    told = (REPO / "Dockerfile").read_text()
    last = told.rpartition("\nFROM ")[2]
    assert "USER 10001:10001" in last
    assert 'ENTRYPOINT ["visavis"]' in last
    sent = [
        word
        for line in re.findall(r"^COPY (?!--)(.+)$", told, re.MULTILINE)
        for word in line.split()[:-1]
    ]
    ignored = (REPO / ".dockerignore").read_text().split("\n")
    assert "*" in ignored
    for path in sent:
        assert (REPO / path).exists(), path
        assert f"!{path}" in ignored
