"""People of a tenant: made and asked through the use cases, as doors do it."""

import numpy as np

from tests.usecases.conftest import House
from visavis.core.purposes import Purpose
from visavis.core.types import Floats
from visavis.store.consents import Consent
from visavis.store.kinds import ConsentMethod
from visavis.store.notices import Notice
from visavis.usecases.consent import Consents
from visavis.usecases.consent_records import GivenBy
from visavis.usecases.ground import Ground
from visavis.usecases.notices import Notices
from visavis.usecases.subject_profiles import Known
from visavis.usecases.subjects import Subjects

TEXT = "We compare your face with the one you gave us, for as long as you agree."
EMBEDDER = "dlib_resnet@1"


def add_notice(ground: Ground, house: House, purpose: Purpose = Purpose.RECOGNITION) -> Notice:
    return Notices(ground).add(house.admin, purpose, "en", TEXT)


def add_adult(ground: Ground, house: House, **profile: str) -> Known:
    """Make somebody of age."""
    return Subjects(ground).create(house.operator, adult=True, **profile)


def agree(ground: Ground, house: House, subject_id: str, notice: Notice, **said: object) -> Consent:
    """Record that somebody agrees to what a notice is about."""
    told: dict[str, object] = {
        "method": ConsentMethod.ELECTRONIC,
        "given_by": GivenBy.SUBJECT,
        "notice_id": notice.id,
    }
    give = Consents(ground).give
    return give(house.operator, subject_id, Purpose(notice.purpose), **(told | said))  # type: ignore[arg-type]


def add_enrollable(ground: Ground, house: House) -> Known:
    """Make somebody of age who agreed to be recognised."""
    known = add_adult(ground, house, name="Ada Lovelace", reference="customer 1815")
    agree(ground, house, known.id, add_notice(ground, house))
    return known


def vector(seed: int = 1, dimension: int = 128) -> Floats:
    """Return a made-up embedding of length 1."""
    drawn = np.random.default_rng(seed).normal(size=dimension).astype(np.float32)
    unit: Floats = drawn / np.float32(np.linalg.norm(drawn))
    return unit


def actions(ground: Ground, house: House) -> list[str]:
    """Return what the audit log says was done, oldest first."""
    with ground.store.reading() as work:
        return [entry.action for entry in work.audit.entries(house.tenant_id)]
