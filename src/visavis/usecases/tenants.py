"""Tenants: what they are called, and how one leaves with all it has."""

from collections.abc import Callable, Sequence

from visavis.core.errors import NotAllowed
from visavis.credentials.roles import Permission
from visavis.store.blobs.base import Blobs
from visavis.store.tenants import Tenant
from visavis.store.work import Work
from visavis.usecases.actor import Actor
from visavis.usecases.errors import NotFound
from visavis.usecases.ground import Ground
from visavis.usecases.names import one_line
from visavis.usecases.own_password import confirm_password


class Tenants:
    """Shows, renames and removes the tenant of whoever asks.

    Args:
        ground: Of the deployment.
        blobs: The files of all tenants.
        forget: What else removes all about a tenant, such as a search index.
    """

    def __init__(
        self, ground: Ground, blobs: Blobs, forget: Sequence[Callable[[str], object]] = ()
    ) -> None:
        self._ground = ground
        self._blobs = blobs
        self._forget = tuple(forget)

    def read(self, actor: Actor) -> Tenant:
        """Return the actor's own tenant.

        Raises:
            NotFound: it was removed.
        """
        with self._ground.store.reading() as work:
            return _own(work, actor)

    def rename(self, actor: Actor, name: str) -> Tenant:
        """Change what the tenant is called; return it as it is then.

        Raises:
            NotAllowed: the actor is no admin.
            InvalidInput: the name cannot be used.
        """
        actor.require(Permission.USERS_WRITE)
        called = one_line(name, "organisation")
        return self._ground.store.run(lambda work: self._rename(work, actor, called))

    def delete(self, actor: Actor, password: str) -> None:
        """Remove the tenant: users, people, pictures, keys, and its audit log.

        Args:
            actor: An owner, in person.
            password: Theirs, asked for again.

        Raises:
            NotAllowed: the actor is no owner, the password is wrong, or it is the tenant that runs
                this deployment and others are still here.
            TooManyRequests: the password was tried too often.
        """
        actor.require(Permission.TENANT_DELETE)
        confirm_password(self._ground, actor, password)
        self._ground.store.run(lambda work: self.drop_rows(work, actor))
        self.drop_rest(actor.tenant_id)

    def drop_rows(self, work: Work, actor: Actor) -> None:
        """Remove every row of the actor's tenant; the unit is about nothing else.

        Once it is committed, call `drop_rest`. Files whose rows are gone are no longer within
        reach; should the process be killed in between, a sweep finds them.

        Raises:
            NotAllowed: it is the tenant that runs this deployment, and others are still here.
        """
        host = work.tenants.first()
        if host and host.id == actor.tenant_id and len(work.tenants.page(limit=2).items) > 1:
            raise NotAllowed(
                "your organisation runs this server, and others are still on it; they have to be "
                "deleted first"
            )
        work.tenants.purge(actor.tenant_id)
        if host and host.id != actor.tenant_id:
            now, details = self._ground.clock(), {"tenant_id": actor.tenant_id}
            self._ground.audit.note(work, host.id, actor.id, "tenant.deleted", now, details=details)

    def drop_rest(self, tenant_id: str) -> None:
        """Remove what a tenant had beside its rows: keys in memory, files, copies in the log."""
        self._ground.keyring.forget(tenant_id)
        for forget in self._forget:
            forget(tenant_id)
        for kept in self._blobs.names(tenant_id):
            self._blobs.remove(tenant_id, kept.sha256)
        self._ground.store.scrub()

    def _rename(self, work: Work, actor: Actor, name: str) -> Tenant:
        if not work.tenants.change(actor.tenant_id, name=name):
            raise NotFound("organisation")
        now = self._ground.clock()
        self._ground.audit.note(work, actor.tenant_id, actor.id, "tenant.renamed", now)
        return _own(work, actor)


def _own(work: Work, actor: Actor) -> Tenant:
    tenant = work.tenants.find(actor.tenant_id)
    if tenant is None:
        raise NotFound("organisation")
    return tenant
