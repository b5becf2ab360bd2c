"""Policy: what this deployment may say about people, and a record of the sensitive part.

Emotion and race are off until the operator states a purpose for each. Whoever asks for them
without one is refused; an empty field would read like a face that has none.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import structlog

from visavis.core.attributes import SENSITIVE
from visavis.core.errors import InvalidInput, NotAllowed
from visavis.core.settings import PolicyOptions
from visavis.core.types import Feature

log = structlog.get_logger(__name__)

ALL = "all"
"""Asks for whatever the policy allows, without what only programs read."""

FOR_PROGRAMS = frozenset({Feature.MESH, Feature.EMBEDDING})
"""Long lists of numbers: they are asked for by name, `all` leaves them out."""

NEEDS_PURPOSE = frozenset(map(Feature, SENSITIVE))


@dataclass(frozen=True, slots=True)
class Policy:
    """What may be asked for. Without arguments: everything but what needs a purpose.

    Attributes:
        purposes: The stated purpose of each sensitive feature that is on.
        audit_only: Why everything is allowed, where it is: results of single faces are not shown.
    """

    purposes: Mapping[Feature, str] = field(default_factory=lambda: MappingProxyType({}))
    audit_only: str = ""

    @staticmethod
    def of(options: PolicyOptions) -> "Policy":
        """Return the policy that the settings state."""
        stated = {
            Feature.EMOTION: options.emotion_purpose,
            Feature.RACE: options.race_purpose,
        }
        return Policy(MappingProxyType({f: purpose for f, purpose in stated.items() if purpose}))

    @staticmethod
    def audit(purpose: str) -> "Policy":
        """Return the exemption for evaluation, training and bias audits: aggregates only."""
        return Policy(audit_only=purpose)

    @property
    def allowed(self) -> frozenset[Feature]:
        """Everything that may be asked for."""
        return frozenset(feature for feature in Feature if self.purpose(feature) is not None)

    @property
    def everything(self) -> frozenset[Feature]:
        """What `all` means: everything allowed but what only programs read."""
        return self.allowed - FOR_PROGRAMS

    def purpose(self, feature: Feature) -> str | None:
        """Return why a feature is on: empty where it needs no reason, None where it is off."""
        if feature not in NEEDS_PURPOSE:
            return ""
        return self.audit_only or self.purposes.get(feature)

    def parse(self, lists: Iterable[str]) -> frozenset[Feature]:
        """Return the features that comma-separated lists name; `all` is one of the names.

        Raises:
            InvalidInput: one of them is unknown; the message lists those that exist.
            NotAllowed: one of them is off.
        """
        names = [name.strip() for text in lists for name in text.split(",")]
        try:
            named = Feature.parse(name for name in names if name != ALL)
        except InvalidInput as exc:
            raise InvalidInput(f"{exc}, or {ALL}") from exc
        self.check(named)
        return named | self.everything if ALL in names else named

    def check(self, features: Collection[Feature]) -> None:
        """Refuse what is off.

        Raises:
            NotAllowed: the message says what is off and how the operator turns it on.
        """
        for feature in sorted(set(features) - self.allowed):
            setting = f"VISAVIS_POLICY__{feature.upper()}_PURPOSE"
            raise NotAllowed(
                f"{feature} is off here: the operator turns it on by stating what it is for in "
                f"{setting}"
            )

    def record(self, features: Collection[Feature], faces: int) -> None:
        """Log that sensitive features were used: which, why and on how many faces, never whose.

        It is a warning, because those are written wherever nobody chose another level.
        """
        for feature in sorted(NEEDS_PURPOSE & set(features)):
            log.warning(
                "sensitive_feature_used",
                feature=feature.value,
                purpose=self.purpose(feature),
                faces=faces,
            )
