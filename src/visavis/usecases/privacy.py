"""Privacy: what a tenant may do with faces, what for, and what it may say about them."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from visavis.core.attributes import Head
from visavis.core.errors import InvalidInput, NotAllowed
from visavis.core.purposes import Purpose
from visavis.core.types import Feature
from visavis.credentials.roles import Permission
from visavis.store.kinds import Mode
from visavis.store.sealed import TEMPLATE
from visavis.store.tenants import Tenant
from visavis.store.work import Work
from visavis.usecases.actor import Actor
from visavis.usecases.errors import NotFound
from visavis.usecases.ground import Ground
from visavis.usecases.policy import ALL, Policy

SETTINGS = "privacy"
"""Where the rules lie in a tenant's settings, beside mode and purposes."""

_ATTRIBUTES, _ADULTS_ONLY = "attributes", "adults_only"
_AGREED, _PICTURES = "agreed_notice", "keep_pictures"
_CHOSEN = (_ATTRIBUTES, _ADULTS_ONLY, _AGREED, _PICTURES)
"""The rules that lie in the settings."""


class NotConfirmed(InvalidInput):
    """A change shuts templates away that are in use; whoever wants it has to say so."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What a tenant allows itself.

    Attributes:
        mode: `anonymous`: no template is ever made. `verify`: 1:1 only. `identify`: 1:N too.
        purposes: What faces are processed for; nothing else may be consented to or done.
        attributes: What may be said about a face, as far as the deployment's policy allows it.
        adults_only: Whether only those known to be of age may be enrolled.
        agreed_notice: Id of a notice: everybody whom a program enrols has agreed, as it says, and
            is of age; their consents are kept elsewhere. Empty = nobody says so.
        keep_pictures: Whether the pictures that people are enrolled from are kept, sealed.
    """

    mode: Mode = Mode.ANONYMOUS
    purposes: frozenset[Purpose] = frozenset()
    attributes: frozenset[Head] = frozenset(Head)
    adults_only: bool = True
    agreed_notice: str = ""
    keep_pictures: bool = False

    def as_dict(self) -> dict[str, Any]:
        """Return the rules as JSON, lists in the order of their words' own lists."""
        return {
            "mode": self.mode.value,
            "purposes": [purpose.value for purpose in Purpose if purpose in self.purposes],
            _ATTRIBUTES: [head.value for head in Head if head in self.attributes],
            _ADULTS_ONLY: self.adults_only,
            _AGREED: self.agreed_notice,
            _PICTURES: self.keep_pictures,
        }


def rules_of(work: Work, tenant_id: str) -> Rules:
    """Return a tenant's rules.

    Raises:
        NotFound: there is no such tenant.
    """
    tenant = work.tenants.find(tenant_id)
    if tenant is None:
        raise NotFound("organisation")
    return rules_in(tenant)


def allowed_features(rules: Rules, policy: Policy) -> frozenset[Feature]:
    """Return what may be asked for: what the deployment allows, less what the tenant does not.

    Args:
        rules: Of the tenant.
        policy: Of the deployment.
    """
    return policy.allowed - {Feature(head) for head in Head if head not in rules.attributes}


def asked_features(rules: Rules, policy: Policy, lists: Iterable[str]) -> frozenset[Feature]:
    """Return the features that comma-separated lists name; `all` is all that is allowed here.

    Args:
        rules: Of the tenant.
        policy: Of the deployment.
        lists: As they came.

    Raises:
        InvalidInput: one of them is unknown; the message lists those that exist.
        NotAllowed: the deployment or the tenant does not allow one of them.
    """
    names = [name.strip() for text in lists for name in text.split(",")]
    allowed = allowed_features(rules, policy)
    named = policy.parse(name for name in names if name != ALL)
    for feature in sorted(named - allowed):
        raise NotAllowed(
            f"{feature} is off in your organisation; an admin can allow it in the privacy rules"
        )
    return named | (policy.everything & allowed) if ALL in names else named


class Privacy:
    """Reads and changes the rules of tenants.

    Args:
        ground: Of the deployment.
    """

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._policy = Policy.of(ground.settings.policy)

    @property
    def possible_attributes(self) -> frozenset[Head]:
        """What the deployment's policy lets a tenant allow."""
        return frozenset(head for head in Head if Feature(head) in self._policy.allowed)

    def rules(self, actor: Actor) -> Rules:
        """Return the rules in force, attributes as far as the deployment allows them."""
        actor.require(Permission.PRIVACY_READ)
        with self._ground.store.reading() as work:
            return self._in_force(rules_of(work, actor.tenant_id))

    def templates(self, actor: Actor) -> int:
        """Return how many templates are sealed."""
        actor.require(Permission.PRIVACY_READ)
        with self._ground.store.reading() as work:
            return work.sealed.count(actor.tenant_id, TEMPLATE)

    def features(self, actor: Actor, lists: Iterable[str]) -> frozenset[Feature]:
        """Return what somebody may have analysed of what they ask for; see `asked_features`."""
        actor.require(Permission.ANALYSE)
        with self._ground.store.reading() as work:
            rules = rules_of(work, actor.tenant_id)
        return asked_features(rules, self._policy, lists)

    def change(
        self,
        actor: Actor,
        *,
        mode: Mode | None = None,
        purposes: Collection[Purpose] | None = None,
        attributes: Collection[Head] | None = None,
        adults_only: bool | None = None,
        agreed_notice: str | None = None,
        keep_pictures: bool | None = None,
        confirm: bool = False,
    ) -> Rules:
        """Change what is given and return the rules in force.

        Args:
            actor: Who changes them.
            mode: What may be done with faces.
            purposes: All that faces are processed for.
            attributes: All that may be said about a face.
            adults_only: Whether only those known to be of age may be enrolled.
            agreed_notice: What everybody whom a program enrols has agreed to; empty = nobody did.
            keep_pictures: Whether pictures of enrolments are kept from now on; those that are
                stay until their templates go.
            confirm: Do it also where a stricter mode shuts templates away. Nothing is erased.

        Raises:
            NotFound: there is no such notice.
            NotAllowed: the deployment does not allow an attribute.
            NotConfirmed: a stricter mode shuts templates away; the message says how many.
        """
        actor.require(Permission.PRIVACY_WRITE)
        self._policy.check(frozenset(map(Feature, attributes or ())))
        given = {
            "mode": mode,
            "purposes": None if purposes is None else frozenset(purposes),
            _ATTRIBUTES: None if attributes is None else frozenset(attributes),
            _ADULTS_ONLY: adults_only,
            _AGREED: agreed_notice,
            _PICTURES: keep_pictures,
        }
        values = {name: value for name, value in given.items() if value is not None}
        return self._ground.store.run(
            lambda work: self._change(work, actor, values, confirm=confirm)
        )

    def _change(
        self, work: Work, actor: Actor, values: Mapping[str, Any], *, confirm: bool
    ) -> Rules:
        work.tenants.hold(actor.tenant_id)  # no template is sealed meanwhile
        tenant = work.tenants.find(actor.tenant_id)
        if tenant is None:
            raise NotFound("organisation")
        if values.get(_AGREED) and work.notices.find(tenant.id, values[_AGREED]) is None:
            raise NotFound("notice")
        before = rules_in(tenant)
        after = replace(before, **values)
        if not confirm:
            _check_kept_in_use(before.mode, after.mode, work.sealed.count(tenant.id, TEMPLATE))
        _write(work, tenant, after, values)
        if after != before:
            told = {"before": before.as_dict(), "after": after.as_dict()}
            now = self._ground.clock()
            self._ground.audit.note(work, tenant.id, actor.id, "privacy.changed", now, details=told)
        return self._in_force(after)

    def _in_force(self, rules: Rules) -> Rules:
        return replace(rules, attributes=rules.attributes & self.possible_attributes)


def rules_in(tenant: Tenant) -> Rules:
    """Return a tenant's rules; words that this version does not know mean nothing to it."""
    chosen = tenant.settings.get(SETTINGS, {})
    attributes = chosen.get(_ATTRIBUTES, list(Head))
    return Rules(
        tenant.mode,
        frozenset(purpose for purpose in Purpose if purpose in tenant.purposes),
        frozenset(head for head in Head if head in attributes),
        bool(chosen.get(_ADULTS_ONLY, True)),
        str(chosen.get(_AGREED, "")),
        bool(chosen.get(_PICTURES, False)),
    )


def _write(work: Work, tenant: Tenant, rules: Rules, values: Mapping[str, Any]) -> None:
    told = rules.as_dict()
    chosen = {name: told[name] for name in _CHOSEN if name in values}
    settings = {**tenant.settings, SETTINGS: {**tenant.settings.get(SETTINGS, {}), **chosen}}
    work.tenants.change(tenant.id, mode=rules.mode, purposes=told["purposes"], settings=settings)


def _check_kept_in_use(before: Mode, after: Mode, templates: int) -> None:
    """Refuse a stricter mode while templates are in use.

    Raises:
        NotConfirmed: there are some.
    """
    order = list(Mode)  # from the strictest on
    if order.index(after) >= order.index(before) or not templates:
        return
    are = "1 template is" if templates == 1 else f"{templates} templates are"
    unused = "unused" if after is Mode.ANONYMOUS else "unused in searches"
    raise NotConfirmed(
        f"{are} sealed here and would stay so, {unused}, until the people are erased; confirm to "
        f"change to the mode {after}"
    )
