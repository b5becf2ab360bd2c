"""The page about users as HTML: the list, and who may do what.

What people bring in goes through `escape`; all else is ours.
"""

from collections.abc import Mapping, Sequence
from html import escape

from visavis.core.roles import Role
from visavis.credentials.roles import Permission, may_change_role, permissions_of
from visavis.entry.web.fields import act
from visavis.entry.web.words import moment
from visavis.store.kinds import UserState
from visavis.store.users import User
from visavis.usecases.actor import OF_THE_HOST, Actor

MEANINGS: Mapping[Role, str] = {
    Role.VIEWER: "Looks at people, photos, audience and models. Changes nothing.",
    Role.OPERATOR: "Also analyses and recognises faces, enrols people and records consents.",
    Role.ADMIN: "Also erases people, sets privacy rules, manages users, reads the audit log.",
    Role.OWNER: "Everything, also deleting the organisation.",
}

STATES: Mapping[UserState, str] = {
    UserState.ACTIVE: "Active",
    UserState.DISABLED: "Disabled",
    UserState.UNVERIFIED: "Invited",
}

DUTIES: Mapping[Permission, str] = {
    Permission.ANALYSE: "Analyse pictures",
    Permission.RECOGNISE: "Recognise people",
    Permission.PEOPLE_READ: "See people",
    Permission.PEOPLE_WRITE: "Enrol and change people, record consents",
    Permission.PEOPLE_ERASE: "Erase people",
    Permission.PHOTOS_READ: "See photos",
    Permission.PHOTOS_WRITE: "Add and change photos",
    Permission.JOBS_READ: "See jobs",
    Permission.JOBS_WRITE: "Add, cancel and repeat jobs, pause queues",
    Permission.RESULTS_READ: "See results",
    Permission.RESULTS_WRITE: "Remove results",
    Permission.AUDIENCE_READ: "See the audience",
    Permission.AUDIENCE_WRITE: "Change what is counted and shown to the audience",
    Permission.PRIVACY_READ: "See the privacy rules, notices and receipts",
    Permission.PRIVACY_WRITE: "Change the privacy rules, write notices",
    Permission.USERS_READ: "See users",
    Permission.USERS_WRITE: "Invite and change users up to their own role",
    Permission.KEYS_READ: "See their own API keys",
    Permission.KEYS_WRITE: "Make and revoke their own API keys",
    Permission.AUDIT_READ: "Read and verify the audit log",
    Permission.LOGS_READ: "Read the logs",
    Permission.MODELS_READ: "See the models",
    Permission.MODELS_WRITE: "Choose which models answer",
    Permission.SETTINGS_READ: "See how this server is set up",
    Permission.SETTINGS_WRITE: "Change what concerns the whole server",
    Permission.TENANT_DELETE: "Delete the organisation",
}
"""What each permission is called here; every one has its words."""


def table(users: Sequence[User], *, actor: Actor) -> str:
    """Return the list of users.

    Args:
        users: In the order in which they are shown.
        actor: Who looks at it.
    """
    rows = "".join(_row(user, actor) for user in users)
    heads = ("Name", "Role", "State", "Last login", "Second factor")
    columns = "".join(f'<th scope="col">{name}</th>' for name in heads)
    return (
        '<table class="vo-table"><caption class="vv-hidden">Users, the newest first'
        f"</caption><thead><tr>{columns}<td></td></tr></thead><tbody>{rows}</tbody></table>"
    )


def _row(user: User, actor: Actor) -> str:
    invited = user.state is UserState.UNVERIFIED
    name = escape(user.full_name or user.email)
    address = f"<small>{escape(user.email)}</small>" if user.full_name else ""
    mark = ' <span class="vo-chip">you</span>' if user.id == actor.user_id else ""
    factor = "–" if invited else ("On" if user.totp_since else "Off")
    return (
        f'<tr data-state="{user.state}"><th scope="row">{name}{mark}{address}</th>'
        f'<td data-label="Role">{user.role.capitalize()}</td>'
        f'<td data-label="State"><span class="vo-state">{STATES[user.state]}</span></td>'
        f'<td data-label="Last login">{moment(user.last_login_at, "–" if invited else "Never")}'
        f'</td><td data-label="Second factor">{factor}</td>'
        f'<td class="vo-do">{_button(user, actor)}</td></tr>'
    )


def _button(user: User, actor: Actor) -> str:
    if user.id == actor.user_id:
        return '<a class="vv-plain vo-link" href="profile">Profile</a>'
    if not may_change_role(actor.role, user.role, None):
        return ""
    return act("change", "Change…", user.id, user.full_name or user.email)


def roles_table() -> str:
    """Return who may do what, as the code asks for it."""
    heads = "".join(f'<th scope="col">{role.capitalize()}</th>' for role in Role)
    rows = "".join(_duty(permission, told) for permission, told in DUTIES.items())
    return (
        '<div class="vo-scroll" tabindex="0" role="group" aria-label="What each role may do">'
        '<table class="vo-table vo-roles"><caption class="vv-hidden">What each role may do'
        f'</caption><thead><tr><th scope="col">What</th>{heads}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
        '<p class="vo-quiet">* only in the organisation that runs this server. An API key may do '
        "what its scopes name, and never more than whoever made it.</p>"
    )


def _duty(permission: Permission, told: str) -> str:
    star = " *" if permission in OF_THE_HOST else ""
    cells = "".join(_cell(may=permission in permissions_of(role)) for role in Role)
    return f'<tr><th scope="row">{told}{star}</th>{cells}</tr>'


def _cell(*, may: bool) -> str:
    if may:
        return '<td><span aria-hidden="true">✓</span><span class="vv-hidden">yes</span></td>'
    return '<td><span aria-hidden="true">–</span><span class="vv-hidden">no</span></td>'
