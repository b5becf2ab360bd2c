"""What all groups of settings are."""

from pydantic import BaseModel, ConfigDict

MIB = 1024 * 1024


class Options(BaseModel):
    """Base of all option groups: frozen, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")
