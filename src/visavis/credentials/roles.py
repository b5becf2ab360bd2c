"""Who may do what: four roles, and scopes that narrow an API key further.

Roles are those of one tenant, and each has all that the ones below it have. A key has what its
scopes name, of that what its maker's role has at this moment: whoever is demoted takes their keys
along.
"""

from collections.abc import Collection, Iterable, Mapping
from enum import StrEnum

from visavis.core.errors import InvalidInput
from visavis.core.roles import Role

ALL = "all"
"""The scope that stands for every permission."""


class Permission(StrEnum):
    """One thing that a route or a page asks for."""

    ANALYSE = "analyse"
    RECOGNISE = "recognise"
    PEOPLE_READ = "people:read"
    PEOPLE_WRITE = "people:write"
    PEOPLE_ERASE = "people:erase"
    PHOTOS_READ = "photos:read"
    PHOTOS_WRITE = "photos:write"
    JOBS_READ = "jobs:read"
    JOBS_WRITE = "jobs:write"
    RESULTS_READ = "results:read"
    RESULTS_WRITE = "results:write"
    AUDIENCE_READ = "audience:read"
    AUDIENCE_WRITE = "audience:write"
    PRIVACY_READ = "privacy:read"
    PRIVACY_WRITE = "privacy:write"
    USERS_READ = "users:read"
    USERS_WRITE = "users:write"
    KEYS_READ = "keys:read"
    KEYS_WRITE = "keys:write"
    AUDIT_READ = "audit:read"
    LOGS_READ = "logs:read"
    MODELS_READ = "models:read"
    MODELS_WRITE = "models:write"
    SETTINGS_READ = "settings:read"
    SETTINGS_WRITE = "settings:write"
    TENANT_DELETE = "tenant:delete"


_ADDED: Mapping[Role, frozenset[Permission]] = {
    Role.VIEWER: frozenset(
        {
            Permission.PEOPLE_READ,
            Permission.PHOTOS_READ,
            Permission.JOBS_READ,
            Permission.RESULTS_READ,
            Permission.AUDIENCE_READ,
            Permission.MODELS_READ,
        }
    ),
    Role.OPERATOR: frozenset(
        {
            Permission.ANALYSE,
            Permission.RECOGNISE,
            Permission.PEOPLE_WRITE,
            Permission.PHOTOS_WRITE,
            Permission.JOBS_WRITE,
            Permission.RESULTS_WRITE,
            Permission.AUDIENCE_WRITE,
            Permission.PRIVACY_READ,
            Permission.KEYS_READ,
            Permission.KEYS_WRITE,
        }
    ),
    Role.ADMIN: frozenset(
        {
            Permission.PEOPLE_ERASE,
            Permission.PRIVACY_WRITE,
            Permission.USERS_READ,
            Permission.USERS_WRITE,
            Permission.AUDIT_READ,
            Permission.LOGS_READ,
            Permission.MODELS_WRITE,
            Permission.SETTINGS_READ,
            Permission.SETTINGS_WRITE,
        }
    ),
    Role.OWNER: frozenset({Permission.TENANT_DELETE}),
}
"""What each role has beyond the one below it."""


def permissions_of(
    role: Role, scopes: Collection[Permission] | None = None
) -> frozenset[Permission]:
    """Return all that a user, or a key that the user made, may do.

    Args:
        role: The user's role now.
        scopes: Those of the key; None = the user is here in person.
    """
    has = frozenset[Permission]().union(*(_ADDED[r] for r in Role if r.rank <= role.rank))
    return has if scopes is None else has.intersection(scopes)


def allowed(role: Role, scopes: Collection[Permission] | None, permission: Permission) -> bool:
    """Return whether a user, or a key that the user made, may do one thing.

    Args:
        role: The user's role now.
        scopes: Those of the key; None = the user is here in person, no scope at all = nothing.
        permission: What is asked for.
    """
    return permission in permissions_of(role, scopes)


def may_change_role(actor: Role, before: Role | None, after: Role | None) -> bool:
    """Return whether somebody may make, change or remove a user: never above the own role.

    Args:
        actor: Role of who does it.
        before: Role that the user has; None = there is no such user yet.
        after: Role that the user will have; None = the user is removed.
    """
    concerned = [role.rank for role in (before, after) if role is not None]
    return allowed(actor, None, Permission.USERS_WRITE) and max(concerned, default=0) <= actor.rank


def parse_scopes(lists: Iterable[str]) -> frozenset[Permission]:
    """Return the permissions that comma-separated lists name; `all` names every one.

    Raises:
        InvalidInput: one of them is unknown, or there is none; the message lists those that exist.
    """
    names = {name.strip() for text in lists for name in text.split(",")} - {""}
    if unknown := sorted(names - set(Permission) - {ALL}):
        known = ", ".join((ALL, *Permission))
        raise InvalidInput(f"there is no scope {unknown[0][:50]!r}; choose from {known}")
    if not names:
        raise InvalidInput(f"a key needs at least one scope; {ALL} = everything its maker may do")
    return frozenset(Permission) if ALL in names else frozenset(map(Permission, names))
