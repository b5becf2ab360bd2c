"""How much a tenant may keep."""

import math

from visavis.core.settings import MIB
from visavis.store.blobs.errors import QuotaExceeded


def room(used: int, quota: int) -> int | None:
    """Return the bytes that may still come in, None where there is no limit.

    Args:
        used: Bytes that the tenant keeps.
        quota: Most bytes that it may keep; 0 = no limit.
    """
    return max(0, quota - used) if quota else None


def require_room(used: int, new: int, quota: int) -> None:
    """Refuse files that a tenant has no room for.

    Args:
        used: Bytes that the tenant keeps.
        new: Bytes that come in.
        quota: Most bytes that it may keep; 0 = no limit.

    Raises:
        QuotaExceeded: they do not fit.
    """
    if not quota or used + new <= quota:
        return
    wanted = math.ceil(10 * (used + new) / MIB) / 10  # so that it never reads as much as allowed
    allowed = math.floor(10 * quota / MIB) / 10
    raise QuotaExceeded(
        f"with this there would be {wanted:.1f} MB of files, and {allowed:.1f} MB are allowed; "
        "delete some, or ask whoever runs this server for more"
    )
