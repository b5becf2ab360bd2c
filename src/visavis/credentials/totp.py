"""Time-based one-time passwords (RFC 6238) as authenticator apps expect them.

That is SHA-1, 6 digits, 30 s. SHA-1 is no weakness here: HMAC does not need a hash without
collisions, and most apps know no other.
"""

from datetime import datetime

import pyotp

from visavis.credentials.one_time_codes import DIGITS, digits_of
from visavis.credentials.peppers import same

STEP_S = 30
WINDOW = 1
"""Steps before and after the present one whose code is taken: clocks and fingers are slow."""


def new_totp_secret() -> str:
    """Return 160 random bits in base32, 32 characters; the vault seals them."""
    return pyotp.random_base32(32)


def provisioning_uri(secret: str, account: str, issuer: str) -> str:
    """Return the `otpauth://` address that is shown as a QR code.

    Args:
        secret: As `new_totp_secret` gave it.
        account: Whose it is, most often the e-mail address.
        issuer: What it opens, such as `Visavis`.
    """
    # A colon stands between the two in the label; apps read one inside them as that.
    plain_account, plain_issuer = account.replace(":", " "), issuer.replace(":", " ")
    return pyotp.TOTP(secret).provisioning_uri(name=plain_account, issuer_name=plain_issuer)


def check(secret: str, code: str, now: datetime, last_step: int | None) -> int | None:
    """Return the time step whose code this is, None where it is wrong or was used before.

    Args:
        secret: As `new_totp_secret` gave it.
        code: As typed; blanks and dashes do not matter.
        now: The time, aware.
        last_step: The step that was used last, None before the first time. Whoever keeps it sets it
            with the condition that it is still smaller, so that two log-ins at once are not both
            let in.
    """
    typed = digits_of(code)
    if len(typed) != DIGITS:
        return None
    present = int(now.timestamp()) // STEP_S
    totp = pyotp.TOTP(secret)
    fitting = [
        step
        for step in range(present - WINDOW, present + WINDOW + 1)
        if same(totp.generate_otp(step), typed) and (last_step is None or step > last_step)
    ]
    return fitting[0] if fitting else None
