"""What the export of a user holds: collected in one unit, written out without one."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from visavis.store.page import MOST
from visavis.store.subjects import Subject
from visavis.store.users import User
from visavis.store.work import Work
from visavis.usecases.export_archive import ExportArchive
from visavis.usecases.export_parts import all_of, audit_entries, named
from visavis.usecases.export_subject import SubjectFiles
from visavis.usecases.export_words import ABOUT_USER
from visavis.usecases.ground import Ground
from visavis.usecases.own_faces import subject_of_user


@dataclass(frozen=True, slots=True)
class UserFiles:
    """Everything that is kept of a user.

    Attributes:
        user: Who.
        now: When it was collected.
        about: Their account; `account.json`.
        logins: Where they logged in.
        keys: The API keys they made.
        face: What is kept of the face with which they log in; None = there is none.
    """

    user: User
    now: datetime
    about: dict[str, Any]
    logins: list[dict[str, Any]]
    keys: list[dict[str, Any]]
    face: SubjectFiles | None

    @staticmethod
    def collected(ground: Ground, work: Work, user: User, now: datetime) -> "UserFiles":
        """Collect what is kept of a user."""
        ids = user.tenant_id, user.id
        face = _face(ground, work, user)
        tenant = work.tenants.find(user.tenant_id)
        about = {
            **named(user, "id", "email", "full_name", "role", "state", "created_at"),
            **named(user, "last_login_at", "password_changed_at"),
            "second_factor_since": user.totp_since,
            "face_login_since": face.created_at if face else None,
            "organisation": {"id": user.tenant_id, "name": tenant.name if tenant else None},
            "exported_at": now,
        }
        sessions = all_of(lambda at: work.sessions.page(*ids, MOST, at))
        keys = all_of(lambda at: work.api_keys.page(user.tenant_id, MOST, at, user.id))
        return UserFiles(
            user,
            now,
            about,
            [
                named(each, "id", "created_at", "last_seen_at", "expires_at", "revoked_at")
                | named(each, "address", "user_agent")
                for each in sessions
            ],
            [
                named(each, "id", "name", "scopes", "created_at", "expires_at")
                | named(each, "last_used_at", "revoked_at")
                for each in keys
            ],
            SubjectFiles.collected(ground, work, face, now) if face else None,
        )

    def pieces(self, ground: Ground) -> Iterator[bytes]:
        """Yield the zip of all that."""
        archive = ExportArchive(self.now)
        yield from archive.add_text("README.txt", ABOUT_USER)
        yield from archive.add_json("account.json", self.about)
        yield from archive.add_json("logins.json", {"logins": self.logins})
        yield from archive.add_json("keys.json", {"keys": self.keys})
        if self.face:
            yield from self.face.face_pieces(archive)
        actors = [self.user.id, *(key["id"] for key in self.keys)]
        entries = audit_entries(ground.store, self.user.tenant_id, actors=actors)
        yield from archive.add("audit.json", entries)
        yield from archive.end()


def _face(ground: Ground, work: Work, user: User) -> Subject | None:
    """Hold who stands for a user who logs in by face; None where nobody does."""
    row = subject_of_user(ground, work, user.tenant_id, user.id)
    held = work.subjects.hold(user.tenant_id, row.id) if row else None
    return held if held and held.erased_at is None else None
