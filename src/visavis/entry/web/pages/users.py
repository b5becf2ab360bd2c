"""The page about users: who is in the organisation, what they may do, and inviting somebody."""

from functools import partial
from typing import Any

from nicegui import ui

from visavis.core.roles import Role
from visavis.entry.services import Records
from visavis.entry.web import shell, users_dialogs, users_markup
from visavis.entry.web.elements import html
from visavis.entry.web.fields import act
from visavis.entry.web.lists import Listing
from visavis.entry.web.questions import Form, acting
from visavis.entry.web.visitor import Visit
from visavis.store.kinds import UserState
from visavis.store.page import Page
from visavis.store.users import User
from visavis.usecases.actor import Actor

TITLE = "Users – Visavis"

_HEAD = '<div class="vo-head"><h1>Users</h1>{button}</div>'
_INVITE = act("invite", "Invite somebody", kind="vv-button vv-primary")
_ALONE = (
    f"{_HEAD.format(button='')}<p class='vo-lead'>Nobody logs in on this machine: whoever sits at "
    "it is its owner. To have accounts, start the server with "
    "<code>VISAVIS_ACCOUNTS__LOGIN=true</code>.</p>"
)
_ROLES = '<details class="vo-fold"><summary>What each role may do</summary>'


def install(records: Records) -> None:
    """Register the page."""
    shell.install(records, shell.USERS, TITLE, _build)


async def _build(visit: Visit, actor: Actor) -> None:
    page = UsersPage(visit, actor)
    await visit.handler(page.show)()


class UsersPage:
    """One open page about users.

    Args:
        visit: Who looks at it.
        actor: The same, as they were when it was opened: what is offered hangs on it.
    """

    def __init__(self, visit: Visit, actor: Actor) -> None:
        self._visit, self._records, self._actor = visit, visit.records, actor
        with ui.element("main").classes("vv-main vo-main") as main:
            html(_HEAD.format(button=_INVITE) if visit.records.login else _ALONE)
            self._users = Listing(visit, self._read, partial(users_markup.table, actor=actor))
            html(f"{_ROLES}{users_markup.roles_table()}</details>")
        acting(main, visit, {"invite": self._ask_invite, "change": self._ask_change})

    async def show(self) -> None:
        """Show the users as they are now."""
        await self._users.show()

    def _read(self, actor: Actor, cursor: str | None) -> Page[User]:
        return self._records.users.page(actor, cursor=cursor)

    async def _ask_invite(self, _: str) -> None:
        with self._visit.dialogs:
            users_dialogs.invite(self._visit, self._actor.role, self._invite)

    async def _invite(self, form: Form) -> None:
        role = form.choice("role", Role)
        user = await self._visit.do(
            lambda actor: self._records.invitations.invite(actor, form.text("email"), role)
        )
        self._visit.tell(f"{user.email} is invited as {role}. {self._letter()}")
        await self.show()

    def _letter(self) -> str:
        """Say where the letter is."""
        if self._records.ground.settings.mail.host:
            return "The letter is on its way."
        if self._actor.is_host:
            folder = self._records.ground.settings.data.absolute() / "outbox"
            return f"No mail server is set, so the letter lies in {folder}: pass it on."
        return "No mail server is set: ask whoever runs this server to pass the letter on."

    async def _ask_change(self, user_id: str) -> None:
        user = next((user for user in self._users.items if user.id == user_id), None)
        if user is None:
            return
        changes = users_dialogs.Changes(
            role=partial(self._set_role, user),
            disable=partial(self._set_state, user, UserState.DISABLED),
            enable=partial(self._set_state, user, UserState.ACTIVE),
            again=partial(self._again, user),
            remove=partial(self._ask_remove, user),
        )
        with self._visit.dialogs:
            users_dialogs.change(self._visit, user, self._actor.role, changes)

    async def _set_role(self, user: User, form: Form) -> None:
        role = form.choice("role", Role)
        await self._do(self._records.users.set_role, user, role)
        self._visit.tell(f"{_name(user)} is {_article(role)} now.")

    async def _set_state(self, user: User, state: UserState) -> None:
        await self._do(self._records.users.set_state, user, state)
        may = "cannot log in any more" if state is UserState.DISABLED else "may log in again"
        self._visit.tell(f"{_name(user)} {may}.")

    async def _again(self, user: User) -> None:
        await self._do(self._records.invitations.again, user)
        self._visit.tell(f"The invitation to {user.email} was sent again. {self._letter()}")

    async def _ask_remove(self, user: User) -> None:
        with self._visit.dialogs:
            users_dialogs.remove(self._visit, user, partial(self._remove, user))

    async def _remove(self, user: User, _: Form) -> None:
        await self._do(self._records.users.remove, user)
        invited = user.state is UserState.UNVERIFIED
        self._visit.tell(
            f"The invitation to {user.email} is taken back."
            if invited
            else f"{_name(user)} is removed."
        )

    async def _do(self, change: Any, user: User, *more: Any) -> None:  # noqa: ANN401  # use cases
        """Change a user and show everybody as they are then."""
        await self._visit.do(lambda actor: change(actor, user.id, *more))
        await self.show()


def _name(user: User) -> str:
    return user.full_name or user.email


def _article(role: Role) -> str:
    return f"{'a' if role is Role.VIEWER else 'an'} {role}"
