"""What the vault cannot do."""

from collections.abc import Iterable

from visavis.core.errors import InvalidSettings, Unavailable, VisavisError


class RootKeyUnavailable(Unavailable):
    """The root key, or the service that holds it, cannot be had now."""


class RootKeyUnusable(InvalidSettings):
    """The root key that is configured is none."""


class SealBroken(VisavisError):
    """Sealed bytes were changed, or belong to someone or something else."""


class KeyDestroyed(VisavisError):
    """The key is gone, and with it whatever was sealed under it."""


def no_root_key(root_id: str, known: Iterable[str]) -> RootKeyUnavailable:
    """Return the error for a tenant key whose root key nobody knows."""
    return RootKeyUnavailable(
        f"the root key {root_id!r} is not among the known ones ({', '.join(sorted(known))}); "
        "put it back beside the new one"
    )
