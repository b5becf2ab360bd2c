"""Requests take turns; whoever waits for pictures or passwords holds up nobody."""

import threading
from concurrent.futures import ThreadPoolExecutor

from tests.entry.http_running import faulty_services, running_private
from visavis.core.errors import Overloaded
from visavis.core.settings import Settings
from visavis.entry.http_api import access


def test_pictures_that_take_long_leave_the_others_their_turns():
    go_on, waiting = threading.Event(), threading.Semaphore(0)

    def look():
        waiting.release()
        assert go_on.wait(60)
        raise Overloaded("enough of it")

    places = 2 * access.AT_ONCE
    picture = [("files", ("me.jpg", b"a picture"))]
    with (
        running_private(faulty_services(look, Settings())) as client,
        ThreadPoolExecutor(places) as pool,
    ):
        asked = [pool.submit(client.post, "/api/v1/analyze", files=picture) for _ in range(places)]
        try:
            for _ in range(places):
                assert waiting.acquire(timeout=60)
            assert client.get("/api/v1/me", timeout=60).status_code == 200
        finally:
            go_on.set()
        assert {each.result(60).status_code for each in asked} == {429}
