"""What a throttle says.

VisavisError
└── Unavailable
    └── Overloaded
        └── TooManyRequests     … one address, account or key asked too often
"""

from visavis.core.errors import Overloaded


class TooManyRequests(Overloaded):
    """Somebody asked too often; doors answer it as they answer `Overloaded`, with its own wait.

    Args:
        retry_after_s: After how many seconds it may be tried again, at least 1.
    """

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(f"that was tried too often; try again in {retry_after_s} s")
        self.retry_after_s = retry_after_s
