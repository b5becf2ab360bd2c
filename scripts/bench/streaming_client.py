"""Streams of pictures from a process of their own, as fast as they are taken.

    python -m scripts.bench.streaming_client ADDRESS STREAMS FEATURES LIST

LIST names one picture file a line; every line is sent once, on whichever stream is free. Prints one
JSON object: `{"wall_s", "answered", "errors": […]}`.
"""

import json
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc

from visavis.rpc.generated.face_analysis_pb2 import (
    AnalyzeRequest,
    AnalyzeStreamRequest,
    AnalyzeStreamResponse,
)

METHOD = "/visavis.v1.FaceAnalysis/AnalyzeStream"
LARGEST = (("grpc.max_receive_message_length", -1),)


class Streams:
    """Sends pictures on several streams.

    Args:
        address: Of the server.
        features: What to ask for.
        paths: The pictures.
    """

    def __init__(self, address: str, features: str, paths: list[Path]) -> None:
        self._address, self._features = address, features
        self._paths = iter(paths)
        self._lock = threading.Lock()
        self.answered = 0
        self.errors: list[str] = []

    def run(self, streams: int) -> float:
        """Send everything; return how long it took, seconds."""
        threads = [threading.Thread(target=self._stream) for _ in range(streams)]
        started = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return time.perf_counter() - started

    def _stream(self) -> None:
        with grpc.insecure_channel(self._address, LARGEST) as channel:
            call = channel.stream_stream(
                METHOD, AnalyzeStreamRequest.SerializeToString, AnalyzeStreamResponse.FromString
            )
            try:
                for answer in call(self._requests()):
                    self._count(answer)
            except grpc.RpcError as exc:
                failed: Any = exc
                self.errors.append(f"a stream ended: {failed.code()} {failed.details()}")

    def _requests(self) -> Iterator[AnalyzeStreamRequest]:
        while True:
            with self._lock:
                path = next(self._paths, None)
            if path is None:
                return
            picture = AnalyzeRequest(image=path.read_bytes(), features=[self._features])
            yield AnalyzeStreamRequest(id=path.name, picture=picture)

    def _count(self, answer: AnalyzeStreamResponse) -> None:
        with self._lock:
            self.answered += 1
            if answer.HasField("failure"):
                self.errors.append(f"{answer.id}: {answer.failure.category}")


def main(address: str, streams: int, features: str, listing: Path) -> None:
    """Send all pictures and print what was measured."""
    paths = [Path(line) for line in listing.read_text().splitlines()]
    sent = Streams(address, features, paths)
    wall_s = sent.run(streams)
    print(json.dumps({"wall_s": wall_s, "answered": sent.answered, "errors": sent.errors}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3], Path(sys.argv[4]))
