"""Exports: everything that is kept of somebody, in one zip, readable by people and programs."""

from collections.abc import Iterator
from typing import BinaryIO

from visavis.credentials.roles import Permission
from visavis.store.blobs.base import Blobs
from visavis.store.work import Work
from visavis.usecases.actor import Actor
from visavis.usecases.errors import LogInNeeded
from visavis.usecases.export_subject import SubjectFiles
from visavis.usecases.export_user import UserFiles
from visavis.usecases.ground import Ground
from visavis.usecases.subject_profiles import subject_of

EXPORTED, OWN_EXPORTED = "subject.exported", "user.exported"
"""What the audit log calls it."""


class Exports:
    """Writes exports; safe to use from several threads.

    Args:
        ground: Of the deployment.
        blobs: Its files.
    """

    def __init__(self, ground: Ground, blobs: Blobs) -> None:
        self._ground = ground
        self._blobs = blobs

    def subject(self, actor: Actor, subject_id: str, target: BinaryIO) -> None:
        """Write the zip of a subject; raises as `subject_pieces` does.

        Args:
            actor: Who asks.
            subject_id: Of whom.
            target: Where to.
        """
        target.writelines(self.subject_pieces(actor, subject_id))

    def mine(self, actor: Actor, target: BinaryIO) -> None:
        """Write the zip of the user who asks; raises as `my_pieces` does."""
        target.writelines(self.my_pieces(actor))

    def subject_pieces(self, actor: Actor, subject_id: str) -> Iterator[bytes]:
        """Return the zip of a subject, bit by bit; files are read as they are written.

        It is written down at once: from now on the data may be elsewhere.

        Args:
            actor: Who asks.
            subject_id: Of whom.

        Raises:
            NotAllowed: the actor may not.
            NotFound: there is no such subject, or they were erased.
        """
        actor.require(Permission.PRIVACY_READ)

        def collect(work: Work) -> SubjectFiles:
            row = subject_of(work, actor.tenant_id, subject_id, hold=True)
            now = self._ground.clock()
            found = SubjectFiles.collected(self._ground, work, row, now)
            self._ground.audit.note(work, actor.tenant_id, actor.id, EXPORTED, now, subject_id)
            return found

        files = self._ground.store.run(collect)
        return files.pieces(self._ground, self._blobs)

    def my_pieces(self, actor: Actor) -> Iterator[bytes]:
        """Return the zip of the user who asks, bit by bit: account, logins, keys, what they did.

        Raises:
            NotAllowed: it is a program.
            LogInNeeded: the account was removed.
        """
        actor.require_person()

        def collect(work: Work) -> UserFiles:
            user = work.users.find(actor.tenant_id, actor.user_id)
            if user is None:
                raise LogInNeeded("your account is not there any more; log in with another one")
            now = self._ground.clock()
            found = UserFiles.collected(self._ground, work, user, now)
            details = {"user_id": user.id}
            self._ground.audit.note(
                work, actor.tenant_id, actor.id, OWN_EXPORTED, now, details=details
            )
            return found

        return self._ground.store.run(collect).pieces(self._ground)
