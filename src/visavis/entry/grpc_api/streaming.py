"""One stream of pictures: read ahead a little, answered as each is done.

A thread of its own reads, because a caller may wait for an answer before sending the next picture,
or send many before taking any answer. It stops reading while `AHEAD` pictures are under way; gRPC
then holds the caller back, so that a stream takes no more memory than that.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from contextvars import copy_context
from dataclasses import dataclass
from functools import partial
from queue import Empty, SimpleQueue

import grpc

from visavis.core.errors import DeadlineExceeded, InvalidInput, VisavisError
from visavis.entry.grpc_api.calls import Call
from visavis.entry.grpc_api.errors import kind_of
from visavis.entry.grpc_api.pictures import LONGEST_NAME, Asked, Pictures
from visavis.rpc.generated.face_analysis_pb2 import AnalyzeStreamRequest, AnalyzeStreamResponse
from visavis.rpc.generated.faces_pb2 import Failure as FailureMessage
from visavis.throttle.errors import TooManyRequests
from visavis.usecases.analysis import Analyses, Failure

AHEAD = 8
"""Pictures of one stream that are read and not answered; enough for every worker to have one."""

CHECK_EVERY, CHECK_AFTER_S = 32, 60.0
"""After so many pictures or seconds it is asked anew whether the caller still may, and counted: one
request over HTTP may hold as many pictures."""

LONGEST_ID = 200


@dataclass(frozen=True, slots=True)
class _Done:
    """A picture that is ready to be answered.

    Attributes:
        id: What the caller tells it by.
        outcome: What is being looked at and has been seen, or why it was not even begun.
    """

    id: str
    outcome: Asked | Failure


class Stream:
    """Answers one stream.

    Args:
        pictures: Has them looked at.
        analyses: Turns what went wrong with a picture into words.
        call: That opened the stream.
        idle_s: How long nothing at all may happen.
    """

    def __init__(self, pictures: Pictures, analyses: Analyses, call: Call, idle_s: float) -> None:
        self._pictures, self._analyses, self._call = pictures, analyses, call
        self._idle_s = idle_s
        self._caller = call.caller
        self._count, self._asked_at = 0, time.monotonic()
        self._done: SimpleQueue[_Done | Exception | None] = SimpleQueue()
        self._places = threading.Semaphore(AHEAD)
        self._under_way: dict[int, Asked] = {}
        self._ended = threading.Event()

    def answers(self, requests: Iterator[AnalyzeStreamRequest]) -> Iterator[AnalyzeStreamResponse]:
        """Yield the outcome of each picture as it is done.

        Raises:
            DeadlineExceeded: nothing came and nothing was under way for too long.
            VisavisError: the caller may not go on.
        """
        self._call.context.add_callback(self._end)
        act = partial(copy_context().run, self._read, requests)  # in the trace of the call
        threading.Thread(target=act, name="stream", daemon=True).start()
        try:
            while (done := self._next()) is not None:
                yield self._answer(done)
                self._places.release()
        finally:
            self._end()

    def _next(self) -> _Done | None:
        """Return what is done next; None at the end."""
        while True:
            try:
                done = self._done.get(timeout=self._idle_s)
            except Empty:
                self._require_something_under_way()
                continue
            if isinstance(done, Exception):
                raise done
            return done

    def _require_something_under_way(self) -> None:
        if not self._under_way:
            raise DeadlineExceeded(
                f"nothing came for {self._idle_s:g} s; open a stream when there are pictures"
            )

    def _answer(self, done: _Done) -> AnalyzeStreamResponse:
        outcome = done.outcome
        if isinstance(outcome, Asked):
            found = self._analyses.outcome(outcome.name, outcome.future)
            if not isinstance(found, Failure):
                told = self._pictures.told(outcome, found)
                return AnalyzeStreamResponse(id=done.id, analysis=told)
            outcome = found
        failure = FailureMessage(
            name=outcome.name, category=outcome.category, reason=outcome.reason
        )
        return AnalyzeStreamResponse(id=done.id, failure=failure)

    def _end(self) -> None:
        """Let everybody go who waits for this stream, and forget what waits to be looked at."""
        self._ended.set()
        for asked in list(self._under_way.values()):
            asked.future.cancel()
        self._places.release()
        self._done.put(None)

    def _read(self, requests: Iterator[AnalyzeStreamRequest]) -> None:
        """Read to the end of what is sent, and wait for what is under way then."""
        with suppress(grpc.RpcError):  # the caller left
            try:
                for request in requests:
                    self._places.acquire()
                    self._require_admission()
                    if self._ended.is_set():
                        return
                    self._take(request)
                for _ in range(AHEAD):
                    self._places.acquire()
            except VisavisError as exc:  # raised again by whoever answers
                self._done.put(exc)
        self._done.put(None)

    def _take(self, request: AnalyzeStreamRequest) -> None:
        """Have one picture looked at; what is wrong with it concerns no other."""
        name, number = request.picture.name[:LONGEST_NAME], self._count
        try:
            if len(request.id) > LONGEST_ID:
                raise InvalidInput(f"an id has at most {LONGEST_ID} characters; send a shorter one")
            asked = self._pictures.submit(self._caller, request.picture, wait=True)
        except VisavisError as exc:
            failure = Failure(name, kind_of(exc).slug.replace("-", "_"), str(exc))
            self._done.put(_Done(request.id[:LONGEST_ID], failure))
            return
        self._under_way[number] = asked
        id_ = request.id

        def seen(_: object) -> None:
            self._under_way.pop(number, None)
            self._done.put(_Done(id_, asked))

        asked.future.add_done_callback(seen)

    def _require_admission(self) -> None:
        """Ask again now and then whether the caller may; who asks too often is made to wait.

        Raises:
            LogInNeeded: they may not any more.
            NotAllowed: neither.
        """
        self._count += 1
        late = time.monotonic() - self._asked_at > CHECK_AFTER_S
        while (late or self._count % CHECK_EVERY == 0) and not self._ended.is_set():
            try:
                self._caller = self._call.admit()
            except TooManyRequests as exc:
                self._ended.wait(exc.retry_after_s)
            else:
                self._asked_at = time.monotonic()
                return
