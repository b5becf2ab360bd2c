"""Questions about users: whom to invite, what to change, and whether to remove somebody."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from html import escape

from visavis.core.roles import Role
from visavis.entry.web.fields import Choice, choices, line
from visavis.entry.web.questions import Answer, Question
from visavis.entry.web.users_markup import MEANINGS
from visavis.entry.web.visitor import Visit
from visavis.store.kinds import UserState
from visavis.store.users import User

Act = Callable[[], Awaitable[None]]

_INVITE = (
    "<p>They get a letter with a link, choose a password, and are in. The link works once, for "
    "seven days.</p>"
)
_REMOVE = (
    "<p>Their sessions end, and their API keys stop working for good. What they did stays in the "
    "audit log. To let them in again you have to invite them again.</p>"
)
_TAKE_BACK = "<p>The link in their letter stops working.</p>"


@dataclass(frozen=True, slots=True)
class Changes:
    """What may be done to a user.

    Attributes:
        role: Gives them another role.
        disable: Lets them log in no longer.
        enable: Lets them log in again.
        again: Sends the invitation again.
        remove: Asks whether they shall be removed.
    """

    role: Answer
    disable: Act
    enable: Act
    again: Act
    remove: Act


def invite(visit: Visit, own: Role, answer: Answer) -> None:
    """Ask whom to invite.

    Args:
        visit: The page.
        own: Role of who invites; nobody gives a higher one.
        answer: Invites `email` as `role`.
    """
    fields = _INVITE + line(
        "email",
        "E-mail",
        kind="email",
        longest=254,
        required=True,
        more='autocomplete="off" autocapitalize="none" spellcheck="false" autofocus',
    )
    question = Question(visit, "Invite somebody")
    question.ask(fields + _roles(own, Role.VIEWER), "Invite", answer)


def change(visit: Visit, user: User, own: Role, changes: Changes) -> None:
    """Ask what to change about a user.

    Args:
        visit: The page.
        user: Who.
        own: Role of who changes it.
        changes: What may be done.
    """
    question = Question(visit, user.full_name or user.email)
    about = f"<p>{escape(user.email)}</p>" if user.full_name else ""
    question.ask(about + _roles(own, user.role), "Save", changes.role)
    if user.state is UserState.ACTIVE:
        told = "They are logged out at once and cannot log in. You can let them in again."
        question.offer("Disable", told, changes.disable)
    elif user.state is UserState.DISABLED:
        question.offer("Enable", "They may log in again, with the same password.", changes.enable)
    else:
        told = "Another letter with a new link, for another seven days. The one before stops."
        question.offer("Send the invitation again", told, changes.again)
    if user.state is UserState.UNVERIFIED:
        question.offer(
            "Take the invitation back…", "They cannot accept it any more.", changes.remove
        )
    else:
        question.offer("Remove…", "For good, with their sessions and API keys.", changes.remove)


def remove(visit: Visit, user: User, answer: Answer) -> None:
    """Ask whether a user shall be removed."""
    name = user.full_name or user.email
    if user.state is UserState.UNVERIFIED:
        Question(visit, f"Take back the invitation to {name}?").ask(
            _TAKE_BACK, "Yes, take it back", answer, grave=True
        )
    else:
        Question(visit, f"Remove {name}?").ask(_REMOVE, "Yes, remove", answer, grave=True)


def _roles(own: Role, now: Role) -> str:
    offered = (
        Choice(role.value, role.capitalize(), MEANINGS[role], chosen=role is now)
        for role in Role
        if role.rank <= own.rank
    )
    return choices("role", "Role", offered)
