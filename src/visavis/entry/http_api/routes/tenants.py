"""`/api/v1/tenant`: the organisation of whoever asks."""

from fastapi import APIRouter

from visavis.credentials.roles import Permission
from visavis.entry.http_api.access import Caller, Guarded, Held, logged_in, needs, takes_long
from visavis.entry.http_api.lists import UNFIT
from visavis.entry.http_api.schemas import answers
from visavis.entry.http_api.schemas_auth import PasswordAgain
from visavis.entry.http_api.schemas_tenants import Tenant, TenantChange
from visavis.store.tenants import Tenant as Kept
from visavis.usecases.actor import Actor

router = APIRouter(prefix="/api/v1", tags=["organisation"], route_class=Guarded)


@router.get("/tenant", summary="Read the own organisation")
@logged_in
def read(actor: Caller, records: Held) -> Tenant:
    """Answer the organisation of whoever asks."""
    return _shown(records.tenants.read(actor), actor)


@router.patch("/tenant", summary="Rename the own organisation", responses=answers(UNFIT))
@needs(Permission.USERS_WRITE)
def change(order: TenantChange, actor: Caller, records: Held) -> Tenant:
    """Change what the organisation is called."""
    return _shown(records.tenants.rename(actor, order.name), actor)


@router.delete(
    "/tenant",
    status_code=204,
    summary="Delete the own organisation",
    responses=answers(
        (403, "The password is wrong, you are no owner, or others are still on your server."), UNFIT
    ),
)
@needs(Permission.TENANT_DELETE, person=True)
@takes_long
def delete(order: PasswordAgain, actor: Caller, records: Held) -> None:
    """Remove the organisation: users, people, pictures, keys and its audit log, for good."""
    records.tenants.delete(actor, order.password)


def _shown(tenant: Kept, actor: Actor) -> Tenant:
    return Tenant(
        id=tenant.id,
        name=tenant.name,
        mode=tenant.mode,
        is_host=actor.is_host,
        created_at=tenant.created_at,
    )
