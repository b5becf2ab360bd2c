"""Fetch a weight over https."""

from pathlib import Path

import httpx

from visavis.core.errors import WeightsCorrupt, WeightsUnavailable
from visavis.vision.weights.fetching.members import MAX_BYTES, extract
from visavis.vision.weights.progress import Progress
from visavis.vision.weights.sources import UrlSource

_TIMEOUT_S = 30.0


def fetch_url(
    source: UrlSource,
    name: str,
    destination: Path,
    progress: Progress,
    transport: httpx.BaseTransport | None = None,
) -> None:
    """Write the file at `source.url`, or the one member of it, to `destination`.

    Proxies and certificates follow the usual environment variables.

    Args:
        source: What to fetch.
        name: The weight's name, for messages.
        destination: File to write; temporary files go beside it.
        progress: Hears how far it is.
        transport: Takes the place of the network.

    Raises:
        WeightsUnavailable: the server cannot be reached, refuses, or leads away from https.
        WeightsCorrupt: the file is too large or not the archive it should be.
    """
    target = destination if source.member is None else destination.with_suffix(".zip")
    try:
        _download(source.url, name, target, progress, transport)
    except (httpx.HTTPError, httpx.InvalidURL) as exc:
        raise WeightsUnavailable(
            f"{name} could not be fetched from {source.url} ({exc or type(exc).__name__}); "
            f"check the network or proxy, or run `visavis models pull {name} --from FILE` with a "
            "local copy"
        ) from exc
    if source.member is not None:
        extract(target, source.member, destination)
        target.unlink()


def _download(
    url: str, name: str, target: Path, progress: Progress, transport: httpx.BaseTransport | None
) -> None:
    client = httpx.Client(
        follow_redirects=True,
        timeout=_TIMEOUT_S,
        transport=transport,
        event_hooks={"request": [_refuse_plain]},
    )
    with client, client.stream("GET", url) as response, target.open("wb") as file:
        response.raise_for_status()
        length = response.headers.get("Content-Length", "")
        total = int(length) if length.isdecimal() else None
        done = 0
        for chunk in response.iter_bytes():
            done += len(chunk)
            if done > MAX_BYTES:
                raise WeightsCorrupt(f"{url} is larger than {MAX_BYTES} bytes; it is no weight")
            file.write(chunk)
            progress.track(name, done, total)


def _refuse_plain(request: httpx.Request) -> None:
    """Refuse anything but https, also where a redirect leads."""
    if request.url.scheme != "https":
        raise WeightsUnavailable(f"{request.url} is not https; weights are fetched over https only")
