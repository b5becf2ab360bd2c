"""Calls: from a method of a .proto file to the function that answers it, past its rule.

gRPC reads the one message of a plain call before any code of ours runs. So that nobody can have
messages kept in memory who may not call at all, every method is served as a stream: the rule is
asked first, and only then is anything read.
"""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import grpc
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from visavis.core.errors import DeadlineExceeded, InvalidInput
from visavis.core.trace import belongs_to
from visavis.entry.grpc_api.access import Admission, Caller, Rule
from visavis.entry.grpc_api.errors import refuse
from visavis.entry.grpc_api.traces import traced


@dataclass(frozen=True, slots=True)
class Call:
    """One call that was let in.

    Attributes:
        caller: Who calls.
        context: Of gRPC.
        admit: Asks the rule again, for calls that last; raises as `Admission.admit`.
        until: When it has to be answered, by the monotonic clock.
    """

    caller: Caller
    context: grpc.ServicerContext
    admit: Callable[[], Caller]
    until: float

    def left_s(self) -> float:
        """Return how many seconds are left.

        Raises:
            DeadlineExceeded: none.
        """
        left = self.until - time.monotonic()
        if left <= 0:
            raise DeadlineExceeded("it took longer than allowed; send less, or allow more time")
        return left


@dataclass(frozen=True, slots=True)
class Method:
    """How one method is served.

    Attributes:
        rule: Who may call it.
        serve: Takes the call and the message; for a method that takes a stream, the messages.
            Returns the answer; for a method that gives a stream, the answers.
    """

    rule: Rule
    serve: Callable[[Call, Any], Any]


class Calls:
    """Serves the methods of services; safe to use from several threads.

    Args:
        admission: Tells who may call.
        deadline_s: Longest time of one call that is no stream.
    """

    def __init__(self, admission: Admission, deadline_s: float) -> None:
        self._admission = admission
        self._deadline_s = deadline_s

    def handler(
        self, service: ServiceDescriptor, methods: Mapping[str, Method]
    ) -> grpc.GenericRpcHandler:
        """Return what serves a service.

        Args:
            service: As its .proto file describes it.
            methods: By name; all of them, and no other.

        Raises:
            TypeError: a method says not who may call it.
        """
        if odd := set(service.methods_by_name) ^ set(methods):
            raise TypeError(f"{service.full_name} and its rules differ in {', '.join(sorted(odd))}")
        served = {
            name: self._served(service.methods_by_name[name], method)
            for name, method in methods.items()
        }
        return grpc.method_handlers_generic_handler(service.full_name, served)

    def _served(
        self, described: MethodDescriptor, method: Method
    ) -> "grpc.RpcMethodHandler[Message, Message]":
        read, name = GetMessageClass(described.input_type).FromString, described.full_name
        if described.server_streaming:
            streams = self._stream(method, name, is_stream=described.client_streaming)
            return grpc.stream_stream_rpc_method_handler(streams, read, _to_bytes)
        return grpc.stream_unary_rpc_method_handler(self._single(method, name), read, _to_bytes)

    def _single(self, method: Method, name: str) -> Callable[..., Message]:
        """Return what answers one message with one."""

        def answer(requests: Iterator[Message], context: grpc.ServicerContext) -> Message:
            with traced(context, name), _refusing(context):
                call = self._admitted(method.rule, context)
                found: Message = method.serve(call, self._first(call, requests))
                return found

        return answer

    def _stream(
        self, method: Method, name: str, *, is_stream: bool
    ) -> Callable[..., Iterator[Message]]:
        """Return what answers a message, or a stream of them, with a stream."""

        def answers(
            requests: Iterator[Message], context: grpc.ServicerContext
        ) -> Iterator[Message]:
            with traced(context, name), _refusing(context):
                call = self._admitted(method.rule, context)
                sent = requests if is_stream else self._first(call, requests)
                yield from method.serve(call, sent)

        return answers

    def _admitted(self, rule: Rule, context: grpc.ServicerContext) -> Call:
        caller = self._admission.admit(rule, context)
        if caller.actor is not None:
            belongs_to(tenant_id=caller.actor.tenant_id)
        theirs = context.time_remaining()  # None: they wait as long as we like
        allowed_s = self._deadline_s if theirs is None else min(theirs, self._deadline_s)
        until = time.monotonic() + allowed_s
        return Call(caller, context, lambda: self._admission.admit(rule, context), until)

    def _first(self, call: Call, requests: Iterator[Message]) -> Message:
        """Return the only message of a call, which may come slowly but not for ever.

        Raises:
            InvalidInput: there is none.
        """
        slow = threading.Timer(call.left_s(), call.context.cancel)
        slow.daemon = True
        slow.start()
        try:
            return next(requests)
        except StopIteration as exc:
            raise InvalidInput("the call has no message; send one") from exc
        finally:
            slow.cancel()


@contextmanager
def _refusing(context: grpc.ServicerContext) -> Iterator[None]:
    """End the call with the error that is raised inside."""
    try:
        yield
    except grpc.RpcError:  # the caller left while we read
        raise
    except Exception as exc:  # noqa: BLE001  # whatever it is, the table says how to answer
        error = exc
    else:
        return
    refuse(context, error)


def _to_bytes(message: Message) -> bytes:
    return message.SerializeToString()
