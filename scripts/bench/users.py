"""A hundred concurrent users of a server over PostgreSQL, reading and writing for two minutes."""

import base64
import json
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import chain
from typing import Any

import numpy as np

from scripts.bench.figures import Figure, Missing
from scripts.bench.ground import REPO, Ground
from scripts.bench.server import serving
from visavis.core.roles import Role
from visavis.core.settings import Settings, load_settings
from visavis.credentials.passwords import hash_password
from visavis.entry.wiring import open_records
from visavis.store.kinds import Mode, UserState
from visavis.usecases.actor import SYSTEM

USERS = 100
TENANTS = 5
SECONDS = 120
PAUSES_S = (1.0, 0.0)
"""Mean pause of a user between two requests; with none they ask as fast as they are answered."""

MOST_P99_MS = 500
POSTGRES = "postgresql://postgres@127.0.0.1:5432/test"
_PASSWORD = "five plain words are enough"  # of the bench's own users
_MANY = "100000 per minute"


def measure(ground: Ground) -> Iterator[Figure]:
    """Let them live for two minutes, with pauses as people make them and without."""
    with postgres_schema() as url:
        secret = os.urandom(32)
        more = _settings(url, secret)
        accounts = _filled(ground.settings, url, more)
        with serving(ground.settings, None, **more) as server:
            for pause_s in PAUSES_S:
                yield _figure(pause_s, _live(server.port, pause_s, accounts))


@contextmanager
def postgres_schema() -> Iterator[str]:
    """Make a schema in PostgreSQL, give a URL to it, drop it at last.

    Raises:
        Missing: there is no PostgreSQL.
    """
    try:
        import psycopg
    except ImportError as exc:
        raise Missing("psycopg is not installed: pip install 'visavis[postgres]'") from exc
    server = os.environ.get("VISAVIS_TEST_POSTGRES_URL", POSTGRES)
    try:
        admin = psycopg.connect(server, autocommit=True, connect_timeout=5)
    except psycopg.OperationalError as exc:
        raise Missing(f"no PostgreSQL at VISAVIS_TEST_POSTGRES_URL: {exc}") from exc
    name = f"visavis_bench_{uuid.uuid4().hex[:12]}"
    with admin:
        admin.execute(f"CREATE SCHEMA {name}")
        try:
            yield f"{server}?options=-csearch_path%3D{name}"
        finally:
            admin.execute(f"DROP SCHEMA {name} CASCADE")


def _settings(url: str, secret: bytes) -> dict[str, str]:
    return {
        "VISAVIS_STORE__URL": url,
        "VISAVIS_VAULT__ROOT_KEY": f"bench:{base64.b64encode(secret).decode()}",
        "VISAVIS_ACCOUNTS__LOGIN": "true",
        **{f"VISAVIS_THROTTLE__{kind}": _MANY for kind in ("PER_ADDRESS", "PER_KEY", "LOGIN")},
    }


def _filled(engine: Settings, url: str, more: dict[str, str]) -> list[tuple[str, str]]:
    """Make tenants and their users; return how each logs in."""
    given = {"store": {"url": url}, "vault": {"root_key": more["VISAVIS_VAULT__ROOT_KEY"]}}
    settings = load_settings(cache=engine.cache, **given)
    hashed = hash_password(_PASSWORD)
    accounts = []
    with closing(open_records(settings)) as records:
        ground = records.ground
        for number in range(TENANTS):
            with ground.store.work() as work:
                now = ground.clock()
                tenant = work.tenants.add(f"tenant {number}", now, Mode.IDENTIFY, ("recognition",))
                for place in range(USERS // TENANTS):
                    email = f"user{place}@tenant{number}.example"
                    role = Role.OWNER if place == 0 else Role.ADMIN
                    work.users.add(tenant.id, email, "Ann", hashed, role, now, UserState.ACTIVE)
                    accounts.append((email, _PASSWORD))
                ground.audit.note(work, tenant.id, SYSTEM, "tenant.created", now)
    return accounts


def _live(port: int, pause_s: float, accounts: list[tuple[str, str]]) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "scripts.bench.visitors", str(port), str(SECONDS), str(pause_s)],
        input=json.dumps(accounts).encode(),
        capture_output=True,
        check=True,
        cwd=REPO,
    )
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def _figure(pause_s: float, told: dict[str, Any]) -> Figure:
    taken = np.array(list(chain.from_iterable(told["latencies_s"].values()))) * 1000
    p50, p99, worst = (float(ms) for ms in np.percentile(taken, [50, 99, 100]))
    writes = sum(len(ms) for route, ms in told["latencies_s"].items() if route[:3] != "GET")
    how = f"each about every {pause_s:g} s" if pause_s else "each asking again at once"
    errors = told["errors"]
    by_route = {
        route: {"count": len(ms), "p99_ms": float(np.percentile(ms, 99)) * 1000}
        for route, ms in told["latencies_s"].items()
    }
    return Figure(
        f"{USERS} concurrent users over PostgreSQL for {SECONDS} s, {how}",
        f"0 errors, p99 ≤ {MOST_P99_MS} ms" if pause_s else "",
        f"{len(errors)} errors of {len(taken):,} ({len(taken) / SECONDS:.0f} a second, "
        f"{writes / len(taken):.0%} writes); p50 {p50:.0f} ms, p99 {p99:.0f} ms, slowest "
        f"{worst:.0f} ms; log-in of all at once: the last after {max(told['log_in_s']):.1f} s",
        (not errors and p99 <= MOST_P99_MS) if pause_s else None,
        {"p50_ms": p50, "p99_ms": p99, "errors": errors[:20], "routes": by_route},
    )
