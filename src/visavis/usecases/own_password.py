"""Asking for the password again, before what a stolen session must not do."""

from visavis.core.errors import NotAllowed
from visavis.credentials.passwords import check_password
from visavis.store.kinds import UserState
from visavis.store.users import User
from visavis.throttle.throttle import Kind
from visavis.usecases.actor import Actor
from visavis.usecases.errors import LogInNeeded
from visavis.usecases.ground import Ground


def confirm_password(ground: Ground, actor: Actor, password: str) -> User:
    """Return who asks, once they have shown that they know their password.

    On a private machine nobody has one, and nothing is asked. Call it outside of any unit: it
    takes a while.

    Raises:
        NotAllowed: the password is wrong, or it is a program that asks.
        LogInNeeded: they are not here any more.
        TooManyRequests: there were too many tries.
    """
    actor.require_person()
    with ground.store.reading() as work:
        user = work.users.find(actor.tenant_id, actor.user_id)
    if user is None or user.state is not UserState.ACTIVE:
        raise LogInNeeded("your account is not there any more; log in with another one")
    if ground.settings.accounts.login:
        ground.throttle.check(Kind.LOGIN, actor.user_id)
        if not check_password(password, user.password_hash):
            raise NotAllowed("the password is wrong; check it and try again")
    return user
