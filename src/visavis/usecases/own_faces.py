"""Faces of users who log in by them: kept apart from everybody else's, and compared 1:1 alone.

Such a face is no template: it lies under a purpose of its own, which nothing enrols to, moves or
puts into an index. It says inside whose it is: to give a person the reference of another user opens
no account.
"""

from base64 import b64decode, b64encode
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
import orjson
import structlog

from visavis.core.errors import VisavisError
from visavis.core.purposes import Purpose
from visavis.core.types import Floats
from visavis.store.collections import LOGIN
from visavis.store.errors import AlreadyThere
from visavis.store.kinds import ConsentMethod
from visavis.store.notices import Notice
from visavis.store.receipts import Receipt
from visavis.store.subjects import Subject
from visavis.store.users import User
from visavis.store.work import Work
from visavis.usecases.actor import Actor
from visavis.usecases.consent import require_consent
from visavis.usecases.consent_records import GivenBy, seal_evidence
from visavis.usecases.erasure import Begun, Erasure, Reason
from visavis.usecases.errors import ConsentMissing, NotFound
from visavis.usecases.ground import Ground
from visavis.usecases.subject_profiles import Profile, add_profile, find_called, new_index
from visavis.usecases.template_forms import open_form, stored_form
from visavis.vault.sealing import Context

log = structlog.get_logger(__name__)

FACE = "login_face"
"""Purpose of the sealed row that holds the face."""

_SAID = "agreed on their own profile page or by the API, after giving their password"


@dataclass(frozen=True, slots=True, eq=False)
class OwnFace:
    """The face that a user logs in with.

    Attributes:
        subject_id: What stands for the user among the people.
        since: When it was enrolled.
        embedder: What made the vector.
        vector: (d,) float32 of unit length.
    """

    subject_id: str
    since: datetime
    embedder: str
    vector: Floats = field(repr=False)


@dataclass(frozen=True, slots=True, eq=False)
class NewFace:
    """A face to log in with.

    Attributes:
        vector: (d,) float32 of unit length.
        embedder: What made it.
        quality: 0..100; None = it cannot be judged.
        of_age: Whether the user says that they are; None = they did not.
    """

    vector: Floats = field(repr=False)
    embedder: str
    quality: float | None
    of_age: bool | None


class OwnFaces:
    """Shows and erases the faces that users log in with.

    Args:
        ground: Of the deployment.
        erasure: Erases them.
    """

    def __init__(self, ground: Ground, erasure: Erasure) -> None:
        self._ground = ground
        self._erasure = erasure

    def since(self, actor: Actor) -> OwnFace | None:
        """Return the face with which whoever asks may log in; None = there is none."""
        actor.require_person()
        with self._ground.store.reading() as work:
            user = work.users.find(actor.tenant_id, actor.user_id)
            return face_of(self._ground, work, user) if user else None

    def remove(self, actor: Actor) -> Receipt:
        """Erase the face of whoever asks, and the consent to keep it; return the receipt.

        Raises:
            NotFound: there is none.
            ErasureIncomplete, Unavailable: as `Erasure.erase`.
        """
        actor.require_person()

        def begin(work: Work) -> Begun:
            begun = self.begin_removal(work, actor.tenant_id, actor.user_id, actor.id)
            if begun is None:
                raise NotFound("face to log in with")
            return begun

        return self._erasure.finish(self._ground.store.run(begin))

    def begin_removal(
        self, work: Work, tenant_id: str, user_id: str, by: str, reason: Reason = Reason.REQUEST
    ) -> Begun | None:
        """Erase the face of a user in a unit that is about more, such as their removal.

        Args:
            work: The unit; call `finish` once it is committed.
            tenant_id: Whose user.
            user_id: Who.
            by: What the audit log calls who does it.
            reason: Why.

        Returns:
            What is to be finished; None = they have no face here.
        """
        row = subject_of_user(self._ground, work, tenant_id, user_id)
        if row is None:
            return None
        begun = self._erasure.begin(work, tenant_id, row.id, by, reason)
        now, details = self._ground.clock(), {"user_id": user_id}
        self._ground.audit.note(work, tenant_id, by, "face_login.removed", now, row.id, details)
        return begun

    def finish(self, begun: Begun | None) -> None:
        """Remove what is not in the rows; what fails now the schedule takes up again."""
        if begun is None:
            return
        try:
            self._erasure.finish(begun)
        except VisavisError as exc:
            log.error("erasure_unfinished", reason=type(exc).__name__)  # noqa: TRY400  # expected


def subject_of_user(ground: Ground, work: Work, tenant_id: str, user_id: str) -> Subject | None:
    """Return who stands for a user among the people; None where nobody does."""
    return find_called(ground.keyring, work, tenant_id, user_id, LOGIN)


def face_of(ground: Ground, work: Work, user: User) -> OwnFace | None:
    """Return the face that a user may log in with now; None where no rule or consent lets them."""
    row = subject_of_user(ground, work, user.tenant_id, user.id)
    if row is None:
        return None
    try:
        require_consent(work, user.tenant_id, row, Purpose.FACE_LOGIN, ground.clock())
    except ConsentMissing:
        return None
    return _opened(ground, work, row, user)


def keep_face(ground: Ground, work: Work, user: User, notice: Notice, face: NewFace) -> None:
    """Keep the face of a user who has just agreed to that.

    Args:
        ground: Of the deployment.
        work: A unit in which the tenant and the user are held.
        user: Whose face.
        notice: What they read.
        face: The face.

    Raises:
        AlreadyThere: there is one.
        ConsentMissing: mode, purposes or age do not allow it; the message says which.
    """
    if subject_of_user(ground, work, user.tenant_id, user.id) is not None:
        raise AlreadyThere("you log in with your face already; remove it to take another picture")
    now, keyring = ground.clock(), ground.keyring
    index = new_index(keyring, work, user.tenant_id, user.id, now, LOGIN)
    row = work.subjects.add(user.tenant_id, now, index, face.of_age, LOGIN)
    key = keyring.new_subject_key(work.keys, user.tenant_id, row.id, now)
    add_profile(key, work, row, Profile(user.id, user.full_name or None), now)
    _agree(ground, work, row, user, notice, now)
    require_consent(work, user.tenant_id, row, Purpose.FACE_LOGIN, now)
    meta = {"embedder": face.embedder, "quality": face.quality}
    data = key.seal(_plain(user, face.vector), Context(user.tenant_id, row.id, FACE))
    work.sealed.add(user.tenant_id, row.id, FACE, key.version, data, now, meta)
    told = {"user_id": user.id, "embedder": face.embedder}
    ground.audit.note(work, user.tenant_id, user.id, "face_login.added", now, row.id, told)


def _agree(
    ground: Ground, work: Work, row: Subject, user: User, notice: Notice, now: datetime
) -> None:
    """Record that a user agreed, for themselves and just now."""
    ids = row.tenant_id, row.id
    key = ground.keyring.subject_key(work.keys, *ids)
    consent = work.consents.add(
        *ids,
        Purpose.FACE_LOGIN.value,
        notice.id,
        ConsentMethod.ELECTRONIC,
        given_at=now,
        given_by=GivenBy.SUBJECT.value,
        recorded_by=user.id,
        evidence=seal_evidence(key, *ids, _SAID),
        now=now,
    )
    told = {"consent_id": consent.id, "purpose": consent.purpose, "notice_id": notice.id}
    ground.audit.note(work, row.tenant_id, user.id, "consent.given", now, row.id, told)


def _plain(user: User, vector: Floats) -> bytes:
    """Return a face as it is sealed: as JSON, which an export shows as it is."""
    return orjson.dumps({"user_id": user.id, "vector": b64encode(stored_form(vector)).decode()})


def _opened(ground: Ground, work: Work, row: Subject, user: User) -> OwnFace | None:
    """Return the face that is kept of a user; None where it is another's."""
    kept = work.sealed.of_subject(row.tenant_id, row.id, FACE)
    if not kept:
        return None
    sealed = kept[-1]
    key = ground.keyring.subject_key(work.keys, row.tenant_id, row.id, sealed.key_version)
    told = orjson.loads(key.unseal(sealed.data, Context(row.tenant_id, row.id, FACE)))
    if told["user_id"] != user.id:
        return None
    vector = np.ascontiguousarray(open_form(b64decode(told["vector"])))
    return OwnFace(row.id, sealed.created_at, sealed.meta["embedder"], vector)
