"""The wire, the organisation."""

from datetime import datetime

from pydantic import Field

from visavis.entry.http_api.schemas_attributes import Schema
from visavis.store.kinds import Mode
from visavis.usecases.names import LONGEST


class Tenant(Schema):
    """An organisation: its users, people and pictures are apart from all others'."""

    id: str
    name: str
    mode: Mode = Field(description="what it may do with faces; see `/api/v1/privacy`")
    is_host: bool = Field(description="whether it runs this server")
    created_at: datetime


class TenantChange(Schema):
    """What changes."""

    name: str = Field(min_length=1, max_length=LONGEST)
