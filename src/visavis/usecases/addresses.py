"""Whose an e-mail address is: of whoever has shown that they read what is sent there."""

from visavis.store.errors import AlreadyThere
from visavis.store.kinds import UserState
from visavis.store.users import User
from visavis.store.work import Work


def owner_of(work: Work, address: str) -> User | None:
    """Return who has shown that an address is theirs, in whichever tenant."""
    user = work.users.find_by_email(address)
    return None if user is None or user.state is UserState.UNVERIFIED else user


def make_room(work: Work, address: str) -> None:
    """Remove who claimed an address and never showed that it is theirs, with their empty tenant.

    Without this anybody could keep others from their own addresses by registering with them.

    Args:
        work: The unit in which somebody else takes the address, having shown that it is theirs.
        address: In its comparable spelling.

    Raises:
        AlreadyThere: somebody has shown it before.
    """
    if owner_of(work, address):
        raise AlreadyThere("there is an account with this address by now; log in with it")
    claimed = work.users.find_by_email(address)
    if claimed is None:
        return
    work.users.remove(claimed.tenant_id, claimed.id)
    if not work.users.page(claimed.tenant_id, limit=1).items:
        work.tenants.purge(claimed.tenant_id)
