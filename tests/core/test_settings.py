"""Settings come from arguments, environment and file, and refuse what they do not know."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from visavis.core.errors import InvalidSettings
from visavis.core.settings import Settings, load_settings


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_environment_reaches_nested_groups(monkeypatch):
    monkeypatch.setenv("VISAVIS_DETECT__SCORE_THRESHOLD", "0.7")
    monkeypatch.setenv("VISAVIS_DATA", "elsewhere")
    settings = load_settings()
    assert settings.detect.score_threshold == pytest.approx(0.7)
    assert settings.data == Path("elsewhere")


def test_arguments_win_over_environment_and_environment_over_file(tmp_path, monkeypatch):
    (tmp_path / "visavis.toml").write_text(
        'pack = "from_file"\n[server]\nhost = "file"\nport = 1\nmax_files = 3\n'
    )
    monkeypatch.setenv("VISAVIS_SERVER__HOST", "environment")
    monkeypatch.setenv("VISAVIS_SERVER__PORT", "2")
    settings = load_settings(server={"port": 4})
    assert settings.pack == "from_file"
    assert (settings.server.port, settings.server.host, settings.server.max_files) == (
        4,
        "environment",
        3,
    )


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"detect": {"score_threshold": 2}}, "detect.score_threshold"),
        ({"detect": {"typo": 1}}, "detect.typo"),
        ({"runtime": {"providers": ["abacus"]}}, "runtime.providers"),
        ({"typo": 1}, "typo"),
    ],
)
def test_a_wrong_argument_is_refused_by_name(given, said):
    with pytest.raises(InvalidSettings, match=said):
        load_settings(**given)


@pytest.mark.parametrize("name", ["VISAVIS_TYPO", "VISAVIS_DETECT__TYPO", "VISAVIS_DETECTT__X"])
def test_a_typo_in_the_environment_is_refused(monkeypatch, name):
    monkeypatch.setenv(name, "1")
    with pytest.raises(InvalidSettings, match=r"(?i)typo|detectt"):
        load_settings()


def test_a_typo_in_the_file_is_refused(tmp_path):
    (tmp_path / "visavis.toml").write_text("[detect]\ntypo = 1\n")
    with pytest.raises(InvalidSettings, match=r"detect\.typo"):
        load_settings()


def test_variables_for_tests_are_not_settings(monkeypatch):
    monkeypatch.setenv("VISAVIS_TEST_REQUIRE", "weights")
    assert load_settings().pack == "default"


def test_settings_are_frozen():
    settings = load_settings()
    with pytest.raises(ValidationError, match="frozen"):
        settings.pack = "other"  # type: ignore[misc]  # this is what must not work
    with pytest.raises(ValidationError, match="frozen"):
        settings.detect.max_faces = 1  # type: ignore[misc]  # nor this


def test_every_option_says_what_it_is():
    groups = [field.default for field in Settings.model_fields.values()]
    silent = [
        f"{type(group).__name__}.{name}"
        for group in groups
        for name, field in getattr(type(group), "model_fields", {}).items()
        if not field.description
    ]
    assert silent == []
