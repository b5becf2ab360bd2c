"""Who may call which method; asked before anything of a message is read.

Callers show a token or an API key in the metadata, `authorization: Bearer …`, as over HTTP. Beside
them the services of this deployment have a token of their own. On a private machine, where nobody
logs in, programs on it need none.
"""

import hmac
from dataclasses import dataclass
from urllib.parse import unquote

import grpc

from visavis.core.errors import NotAllowed
from visavis.core.settings import GrpcOptions
from visavis.credentials.roles import Permission
from visavis.entry.services import Records
from visavis.throttle.throttle import Kind
from visavis.usecases.actor import Actor
from visavis.usecases.errors import LogInNeeded
from visavis.usecases.private_machine import is_local


@dataclass(frozen=True, slots=True)
class Rule:
    """What a method asks of whoever calls it.

    Attributes:
        permission: What users and keys need; None = none in particular.
        users: Whether they may at all.
        services: Whether services of this deployment may.
        everybody: Whether nobody needs to show anything.
    """

    permission: Permission | None = None
    users: bool = True
    services: bool = True
    everybody: bool = False


EVERYBODY = Rule(everybody=True)
ANYBODY_KNOWN = Rule()
ANALYSE = Rule(Permission.ANALYSE)
RECOGNISE = Rule(Permission.RECOGNISE, services=False)
SERVICES = Rule(users=False)


@dataclass(frozen=True, slots=True)
class Caller:
    """Whoever calls.

    Attributes:
        actor: The user or key; None = a service of this deployment, or nobody was asked.
    """

    actor: Actor | None = None

    def person(self) -> Actor:
        """Return the user or key, where only those may call.

        Raises:
            LogInNeeded: it is none.
        """
        if self.actor is None:
            raise LogInNeeded("this is for users and API keys; send one as `authorization`")
        return self.actor


class Admission:
    """Tells who calls, and lets in whom the rule lets in; safe to use from several threads.

    Args:
        records: Knows users and keys.
        options: Hold the token of the deployment.
    """

    def __init__(self, records: Records, options: GrpcOptions) -> None:
        self._records = records
        self._token = options.token.get_secret_value().encode()

    def admit(self, rule: Rule, context: grpc.ServicerContext) -> Caller:
        """Return who calls.

        Raises:
            LogInNeeded: they show nothing that opens anything.
            NotAllowed: they may not.
            TooManyRequests: they ask too often.
        """
        if rule.everybody:
            return Caller()
        secret, address = _bearer(context), address_of(context.peer())
        if self._is_ours(secret):
            return self._service(rule)
        if not rule.users:
            self._count(address)
            raise LogInNeeded(
                "this is for the services of this deployment; send VISAVIS_GRPC__TOKEN as "
                "`authorization: Bearer …`"
            )
        actor = self._actor(secret, address)
        if rule.permission is not None:
            actor.require(rule.permission)
        return Caller(actor)

    def _is_ours(self, secret: str) -> bool:
        return bool(self._token) and hmac.compare_digest(secret.encode(), self._token)

    def _service(self, rule: Rule) -> Caller:
        if not rule.services:
            raise NotAllowed("this is for users and API keys, not for the deployment's own token")
        return Caller()

    def _actor(self, secret: str, address: str) -> Actor:
        self._count(address)
        if not self._records.login and not is_local(address):
            raise NotAllowed(
                "this server is a private machine without logging in, and answers only programs "
                "on it"
            )
        if secret:
            return self._records.callers.of_bearer(secret, address)
        if not self._records.login:
            return self._records.private.owner()
        raise LogInNeeded("nobody is logged in; send an API key as `authorization: Bearer …`")

    def _count(self, address: str) -> None:
        if self._records.login:
            self._records.ground.throttle.check(Kind.PER_ADDRESS, address)


def address_of(peer: str) -> str:
    """Return the network address in what gRPC calls a peer, such as `ipv4:127.0.0.1:50123`."""
    kind, _, place = unquote(peer).partition(":")
    return place.rpartition(":")[0].strip("[]") if kind in {"ipv4", "ipv6"} else ""


def _bearer(context: grpc.ServicerContext) -> str:
    sent = dict(context.invocation_metadata() or ())
    scheme, _, secret = str(sent.get("authorization", "")).partition(" ")
    return secret.strip() if scheme.lower() == "bearer" else ""
