"""`visavis serve`: says where it is, answers, and ends well when it is told to."""

import re
import signal
import socket
import subprocess
import sys
import webbrowser
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from typer.testing import CliRunner

from tests.entry.roofs import a_roof
from tests.entry.web_browser import serving
from visavis.core.errors import InvalidSettings
from visavis.core.settings import Settings, load_settings
from visavis.entry.cli import app
from visavis.entry.main import require_loopback

MAIN = [sys.executable, "-c", "from visavis.entry.main import main; main()"]


@pytest.mark.parametrize("told", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_the_page_and_the_api_until_it_is_told_to_stop(tmp_path, weights, told):
    command = [*MAIN, "serve", "--port", "0", "--data", str(tmp_path / "data")]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=tmp_path) as server:
        assert server.stderr is not None
        try:
            assert "it works once" in server.stderr.readline()
            address = re.search(r"http://\S+", server.stderr.readline())
            assert address
            with httpx.Client(base_url=address[0], timeout=60) as client:
                assert client.get("/healthz").status_code == 200
                assert client.get("/readyz").status_code == 200
                page = client.get("/", headers={"Accept": "text/html"}, follow_redirects=True)
                assert (page.status_code, page.url.path) == (200, "/login")
            server.send_signal(told)
            said = server.stderr.read()
        finally:
            if server.poll() is None:
                server.send_signal(told)
    assert (server.returncode, said) == (0, "stopped\n")


def test_options_reach_the_settings_and_the_browser(tmp_path, monkeypatch):
    seen: list[Settings] = []
    opened: list[str] = []

    def run(settings, listening):
        seen.append(settings)
        listening("http://somewhere:1")

    monkeypatch.setattr(webbrowser, "open", opened.append)
    monkeypatch.setattr(signal, "signal", lambda *_: None)  # the test keeps its own handlers
    options = ["--host", "0.0.0.0", "--port", "9", "--data", str(tmp_path), "--open"]
    result = CliRunner().invoke(app, ["serve", *options], obj=a_roof(serve=run))
    assert result.exit_code == 0
    assert "http://somewhere:1" in result.stderr
    assert opened == ["http://somewhere:1"]
    (settings,) = seen
    assert (settings.server.host, settings.server.port, settings.data) == ("0.0.0.0", 9, tmp_path)


def test_a_taken_port_is_one_sentence(tmp_path, weights):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = subprocess.run(
            [*MAIN, "serve", "--port", port], capture_output=True, text=True, cwd=tmp_path
        )
    assert done.returncode == 1
    assert done.stderr.startswith(f"error: cannot listen on 127.0.0.1:{port}")
    assert "Traceback" not in done.stderr


def test_a_new_server_prints_a_link_that_makes_its_owner_once(
    weights: None, tmp_path: Path
) -> None:
    owner = {
        "email": "ann@example.com",
        "full_name": "Ann Lee",
        "password": "five plain words are enough",
    }
    with serving(
        tmp_path, load_settings().cache.absolute(), VISAVIS_ACCOUNTS__LOGIN="true"
    ) as site:
        (line,) = [line for line in site.said if "it works once" in line]
        link = urlsplit(line.split()[-1])
        secret = parse_qs(link.query)["secret"][0]
        url = f"{site.url}/api/v1/set-up"
        answers = [httpx.post(url, json=owner | {"secret": secret}) for _ in range(2)]

    assert site.url.endswith(link.netloc)
    assert [answer.status_code for answer in answers] == [201, 403]


def test_without_logging_in_it_serves_this_machine_only(tmp_path: Path) -> None:
    settings = load_settings(data=tmp_path, accounts={"login": False}, server={"host": "0.0.0.0"})
    with pytest.raises(InvalidSettings, match="this machine only"):
        require_loopback(settings, settings.server.host)
