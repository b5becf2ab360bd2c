"""What every door receives: the use cases of one running deployment."""

from dataclasses import dataclass

from visavis.core.settings import Settings
from visavis.usecases.analysis import Analyses


@dataclass(frozen=True, slots=True)
class Services:
    """The use cases, built once in `wiring` and shared by all doors."""

    settings: Settings
    analyses: Analyses
