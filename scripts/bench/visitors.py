"""A hundred users at once, in a process of their own: each logs in, then reads and writes.

    python -m scripts.bench.visitors PORT SECONDS PAUSE_S < ACCOUNTS

ACCOUNTS is one JSON list of `[email, password]`. Prints one JSON object: `{"log_in_s": […],
"latencies_s": {route: […]}, "errors": […]}`.
"""

import http.client
import json
import random
import sys
import threading
import time
from collections import defaultdict
from typing import Any

READS = (
    "/api/v1/me",
    "/api/v1/me/sessions",
    "/api/v1/subjects?limit=20",
    "/api/v1/keys",
    "/api/v1/privacy",
    "/api/v1/consents?limit=20",
    "/api/v1/audit?limit=20",
    "/api/v1/users",
)
SHARE_OF_WRITES = 0.25

KEPT_S = 4
"""A server closes connections that idle; one that idled for so long is not used again."""


class User:
    """Somebody with a connection of their own.

    Args:
        port: Where the server listens.
        email: Theirs.
        password: Theirs.
        seed: Of their choices.
    """

    def __init__(self, port: int, email: str, password: str, seed: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._chance = random.Random(f"{seed} {time.time_ns()}")
        self._last = time.monotonic()
        self._token = ""
        self._mine: list[str] = []
        self.latencies: dict[str, list[float]] = defaultdict(list)
        self.errors: list[str] = []
        self.log_in_s = 0.0
        self._given = {"email": email, "password": password}

    def log_in(self) -> None:
        """Log in; a server that is asked to wait for too many passwords says when to come back."""
        started = time.perf_counter()
        while not self._token and not self.errors:
            answer = self._ask("POST", "/api/v1/auth/login", self._given, waits=True)
            self._token = answer.get("access_token", "")
        self.log_in_s = time.perf_counter() - started

    def act(self) -> None:
        """Read, or write: make a subject, change one, make a key, take it back."""
        if self._chance.random() >= SHARE_OF_WRITES:
            self._timed("GET", self._chance.choice(READS))
        elif len(self._mine) < 3 or self._chance.random() < 0.4:
            told = {"reference": f"{self._chance.getrandbits(64):x}", "name": "Ann", "adult": True}
            made = self._timed("POST", "/api/v1/subjects", told)
            self._mine.append(made.get("id", ""))
        elif self._chance.random() < 0.7:
            told = {"notes": f"{self._chance.random()}"}
            self._timed("PATCH", f"/api/v1/subjects/{self._chance.choice(self._mine)}", told)
        else:
            made = self._timed("POST", "/api/v1/keys", {"name": "till", "scopes": ["analyse"]})
            self._timed("DELETE", f"/api/v1/keys/{made.get('id', '')}")

    def _timed(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        started = time.perf_counter()
        answer = self._ask(method, path, body)
        noun = "/".join(path.partition("?")[0].split("/")[:4])
        self.latencies[f"{method} {noun}"].append(time.perf_counter() - started)
        return answer

    def _ask(
        self, method: str, path: str, body: object = None, *, waits: bool = False
    ) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        if body is not None:
            headers["Content-Type"] = "application/json"
        told = None if body is None else json.dumps(body)
        try:
            if time.monotonic() - self._last > KEPT_S:
                self._connection.close()  # and open another one, as every client does
            self._connection.request(method, path, told, headers)
            answer = self._connection.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException) as exc:
            self._connection.close()
            self.errors.append(f"{method} {path}: {exc!r}")
            return {}
        finally:
            self._last = time.monotonic()
        if waits and answer.status == http.client.TOO_MANY_REQUESTS:
            time.sleep(float(answer.headers["Retry-After"]) * self._chance.uniform(0.5, 1.5))
            return {}
        if answer.status >= http.client.BAD_REQUEST:
            self.errors.append(f"{method} {path}: {answer.status} {content[:200]!r}")
            return {}
        found = json.loads(content or b"{}")
        return found if isinstance(found, dict) else {}


def main(port: int, seconds: float, pause_s: float) -> None:
    """Let all of them log in, then act until the time is over."""
    accounts = json.load(sys.stdin)
    users = [User(port, email, password, seed) for seed, (email, password) in enumerate(accounts)]
    together = threading.Barrier(len(users))

    def live(user: User) -> None:
        user.log_in()
        together.wait()
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            time.sleep(random.expovariate(1 / pause_s) if pause_s else 0)
            user.act()

    threads = [threading.Thread(target=live, args=(user,)) for user in users]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    latencies: dict[str, list[float]] = defaultdict(list)
    for user in users:
        for route, taken in user.latencies.items():
            latencies[route] += taken
    errors = [error for user in users for error in user.errors]
    told = {"log_in_s": [user.log_in_s for user in users], "latencies_s": latencies}
    print(json.dumps(told | {"errors": errors}))


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3]))
