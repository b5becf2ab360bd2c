"""What training needs beyond serving, and what is told when it is not there."""

import importlib.util

from visavis.core.errors import InvalidSettings


def require_torch() -> None:
    """Refuse to train without PyTorch.

    Raises:
        InvalidSettings: it is not installed; the message says how to install it.
    """
    if importlib.util.find_spec("torch") is None:
        raise InvalidSettings(
            "training needs PyTorch, which serving does not: pip install 'visavis[train]' "
            "(a build for the CPU is enough)"
        )
