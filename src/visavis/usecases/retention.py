"""Retention: how long a tenant keeps what, and removing it when that time is over."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

import structlog

from visavis.core.errors import InvalidInput, VisavisError
from visavis.credentials.roles import Permission
from visavis.store.blobs.base import Blobs
from visavis.store.work import Work
from visavis.usecases import reading_all
from visavis.usecases.actor import Actor
from visavis.usecases.ageing import Ageing
from visavis.usecases.erasure import Erasure
from visavis.usecases.ground import Ground
from visavis.usecases.retention_rules import FOR_GOOD, Rule, What, rule_of, rules_of

log = structlog.get_logger(__name__)

CHANGED = "retention.changed"
"""What the audit log calls it."""


@dataclass(slots=True)
class Applied:
    """What came of applying the schedules of all tenants.

    Attributes:
        removed: How much went, by what it was.
        resumed: How many erasures that were cut short are finished now.
        failures: How often something could not be done; it is tried again the next time.
    """

    removed: dict[What, int] = field(default_factory=lambda: dict.fromkeys(What, 0))
    resumed: int = 0
    failures: int = 0


class Retention:
    """Shows, changes and applies the schedules; safe to use from several threads and processes.

    Args:
        ground: Of the deployment.
        blobs: Its files.
        erasure: Erases people.
    """

    def __init__(self, ground: Ground, blobs: Blobs, erasure: Erasure) -> None:
        self._ground = ground
        self._erasure = erasure
        self._ageing = Ageing(ground, blobs, erasure)

    def rules(self, actor: Actor) -> tuple[Rule, ...]:
        """Return the schedule of the actor's tenant, all of it."""
        actor.require(Permission.PRIVACY_READ)
        with self._ground.store.reading() as work:
            return rules_of(work, actor.tenant_id)

    def set(self, actor: Actor, what: What, days: int | None) -> Rule:
        """Change how long something is kept.

        Args:
            actor: Who changes it.
            what: What.
            days: 1..36,524; None = for good.

        Raises:
            InvalidInput: the days are out of range.
        """
        actor.require(Permission.PRIVACY_WRITE)
        if days is not None and not 1 <= days < FOR_GOOD:
            raise InvalidInput(f"keep it for 1 to {FOR_GOOD - 1} days, or for good")

        def change(work: Work) -> None:
            work.retention.set(actor.tenant_id, what.value, days or FOR_GOOD)

        return self._changed(actor, what, change)

    def reset(self, actor: Actor, what: What) -> Rule:
        """Keep something for as long as it is kept where nobody says otherwise."""
        actor.require(Permission.PRIVACY_WRITE)
        return self._changed(
            actor, what, lambda work: work.retention.remove(actor.tenant_id, what.value)
        )

    def apply(self, now: datetime) -> Applied:
        """Remove what was kept for long enough, of all tenants, a little at a time.

        Args:
            now: The time.
        """
        applied = Applied()
        for tenant in reading_all.tenants(self._ground.store):
            with self._going_on(applied, tenant.id, "erasures"):
                applied.resumed += self._erasure.resume(tenant.id)
            with self._going_on(applied, tenant.id, "rules"):
                self._apply(tenant.id, now, applied)
        self._ground.store.scrub()  # also after an erasure during which somebody was reading
        return applied

    def _apply(self, tenant_id: str, now: datetime, applied: Applied) -> None:
        with self._ground.store.reading() as work:
            rules = rules_of(work, tenant_id)
        for rule in rules:
            if rule.days is not None:
                with self._going_on(applied, tenant_id, rule.what.value):
                    removed = self._ageing.remove(tenant_id, rule.what, now, rule.days)
                    applied.removed[rule.what] += removed

    @contextmanager
    def _going_on(self, applied: Applied, tenant_id: str, what: str) -> Iterator[None]:
        """Count what cannot be done and go on: the time of the rest is over as well."""
        try:
            yield
        except VisavisError as exc:
            applied.failures += 1
            reason = type(exc).__name__
            log.error("retention_failed", tenant_id=tenant_id, what=what, reason=reason)  # noqa: TRY400

    def _changed(self, actor: Actor, what: What, change: Callable[[Work], object]) -> Rule:
        def act(work: Work) -> Rule:
            work.tenants.hold(actor.tenant_id)
            before = rule_of(work, actor.tenant_id, what)
            change(work)
            after = rule_of(work, actor.tenant_id, what)
            told = {"what": what.value, "before": before.days, "after": after.days}
            now, ids = self._ground.clock(), (actor.tenant_id, actor.id)
            self._ground.audit.note(work, *ids, CHANGED, now, details=told)
            return after

        return self._ground.store.run(act)
