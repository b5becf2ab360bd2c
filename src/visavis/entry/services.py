"""What every door receives: the use cases of one running deployment."""

from dataclasses import dataclass

from visavis.core.settings import Settings
from visavis.lab.heads.registry import HeadRegistry
from visavis.usecases.analysis import Analyses
from visavis.usecases.drift import Drift
from visavis.usecases.policy import Policy


@dataclass(frozen=True, slots=True)
class Services:
    """The use cases, built once in `wiring` and shared by all doors.

    Attributes:
        settings: Of this deployment.
        analyses: Looks at pictures.
        policy: What may be asked for.
        drift: How far what is seen is from what the heads were trained on.
        heads: The head files, and which of them answer.
    """

    settings: Settings
    analyses: Analyses
    policy: Policy
    drift: Drift
    heads: HeadRegistry
