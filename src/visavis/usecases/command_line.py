"""On whose behalf the command line acts: whoever can read the keys may do all that an owner may."""

from visavis.core.errors import InvalidInput
from visavis.core.roles import Role
from visavis.store.users import User
from visavis.store.work import Work
from visavis.usecases.actor import Actor
from visavis.usecases.addresses import owner_of
from visavis.usecases.callers import Callers
from visavis.usecases.ground import Ground


def acting(ground: Ground, callers: Callers, email: str = "") -> Actor:
    """Return who acts: a user, or the owner of the tenant that runs the deployment.

    Args:
        ground: Of the deployment.
        callers: Turns users into actors.
        email: Address of the user; empty = the owner who has been here longest.

    Raises:
        InvalidInput: there is none; the message says how to make one.
    """
    with ground.store.reading() as work:
        user = owner_of(work, email) if email else _owner(work)
    actor = callers.of_user(user.tenant_id, user.id) if user else None
    if actor is None and email:
        raise InvalidInput("no active user has this e-mail address; see the list of users")
    if actor is None:
        raise InvalidInput(
            "there is no owner yet; make one with `visavis admin create-owner --email ADDRESS "
            "--password-stdin`"
        )
    return actor


def _owner(work: Work) -> User | None:
    host = work.tenants.first()
    return work.users.first(host.id, Role.OWNER) if host else None
