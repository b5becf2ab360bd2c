"""`/api/v1/keys`: what programs show instead of a password."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from visavis.credentials.roles import Permission
from visavis.entry.http_api.access import Caller, Guarded, Held, needs
from visavis.entry.http_api.lists import UNFIT, Cursor, Limit, RowId
from visavis.entry.http_api.schemas import answers
from visavis.entry.http_api.schemas_api_keys import Key, KeyPage, MadeKey, NewKey
from visavis.store.api_keys import ApiKey
from visavis.store.page import DEFAULT

router = APIRouter(prefix="/api/v1", tags=["keys"], route_class=Guarded)

Everyone = Annotated[
    bool, Query(description="keys of all users of the organisation; takes users:read")
]


@router.get("/keys", summary="List the API keys", responses=answers(UNFIT))
@needs(Permission.KEYS_READ)
def page(
    actor: Caller,
    records: Held,
    limit: Limit = DEFAULT,
    cursor: Cursor = None,
    everyone: Everyone = False,
) -> KeyPage:
    """List the own keys, newest first, also those that open nothing any more."""
    found = records.api_keys.page(actor, limit, cursor, everyone=everyone)
    return KeyPage(items=[Key(**_shown(key)) for key in found.items], next=found.next)


@router.post(
    "/keys",
    status_code=201,
    summary="Make an API key",
    responses=answers(
        (403, "You have not all of these scopes, or a program asks."),
        UNFIT,
    ),
)
@needs(Permission.KEYS_WRITE, person=True)
def create(order: NewKey, response: Response, actor: Caller, records: Held) -> MadeKey:
    """Make a key; its secret is in this answer and never shown again."""
    made = records.api_keys.create(actor, order.name, order.scopes, order.days)
    response.headers["Cache-Control"] = "no-store"
    return MadeKey(**_shown(made.key), secret=made.secret)


@router.delete(
    "/keys/{key_id}",
    status_code=204,
    summary="Take an API key back",
    responses=answers((404, "There is no such key, or it is somebody else's."), UNFIT),
)
@needs(Permission.KEYS_WRITE)
def revoke(key_id: RowId, actor: Caller, records: Held) -> None:
    """Have a key open nothing from now on; admins may take back everybody's."""
    records.api_keys.revoke(actor, key_id)


def _shown(key: ApiKey) -> dict[str, Any]:
    kept = asdict(key)
    return {name: kept[name] for name in Key.model_fields}
