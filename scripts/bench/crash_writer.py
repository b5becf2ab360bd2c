"""A process that writes through the use cases until it is killed, and says what it was told.

Each line is said when the call has returned, so when its unit is committed; what destroys something
is announced before as well, because a kill in between may leave either.
"""

import os
import random
import threading
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Final

import numpy as np

from visavis.core import log
from visavis.core.errors import InvalidInput, Unavailable
from visavis.core.purposes import Purpose
from visavis.core.roles import Role
from visavis.core.settings import Settings
from visavis.core.types import Floats
from visavis.entry.services import Records
from visavis.entry.wiring import open_records
from visavis.store.kinds import ConsentMethod
from visavis.usecases.actor import Actor
from visavis.usecases.consent_records import GivenBy

THREADS = 3
MOST_USERS = 5
MOST_FILE_BYTES = 200_000
EMBEDDER = "crash@1"

READY: Final = "ready"
SUBJECT, TEMPLATE, USER, KEY, FILE = "subject", "template", "user", "key", "file"
GOING, GONE = "going", "gone"


@dataclass(frozen=True)
class House:
    """Where is written, and by whom.

    Attributes:
        owner: Who does it all.
        notice_id: What the subjects were told.
    """

    owner: Actor
    notice_id: str


def write(settings: Settings, house: House, seed: int, told: Connection) -> None:
    """Write with several threads, for ever.

    Args:
        settings: Of the deployment.
        house: Where.
        seed: Of what is chosen.
        told: Takes the lines.
    """
    log.configure("error")
    records = open_records(settings)
    _say(told, READY, "")
    threads = [
        threading.Thread(target=_Writer(records, house, f"{seed}-{n}", told).run)
        for n in range(THREADS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _say(told: Connection, what: str, name: str) -> None:
    """Write a line at once: it is shorter than what a pipe takes whole."""
    os.write(told.fileno(), f"{what} {name}\n".encode())


class _Writer:
    """One thread; it destroys only what it made."""

    def __init__(self, records: Records, house: House, seed: str, told: Connection) -> None:
        self._records, self._house, self._told = records, house, told
        self._chance, self._seed, self._count = random.Random(seed), seed, 0
        self._subjects: list[str] = []
        self._templates: list[tuple[str, str]] = []
        self._users: list[str] = []
        self._is_full = False
        self._files: list[str] = []

    def run(self) -> None:
        """Do one thing after the other."""
        acts: list[Callable[[], None]] = [
            self._add_subject,
            self._add_subject,
            self._erase,
            self._remove_template,
            self._search,
            self._add_user,
            self._remove_user,
            self._add_key,
            self._keep,
            self._keep,
            self._keep,
            self._drop,
        ]
        while True:
            self._count += 1
            try:
                self._chance.choice(acts)()
            except Unavailable:  # the others hold what this one needs
                continue

    def _add_subject(self) -> None:
        records, house = self._records, self._house
        known = records.subjects.create(house.owner, name=f"{self._seed} {self._count}", adult=True)
        subject = known.id
        self._say(SUBJECT, subject)
        records.consents.give(
            house.owner,
            subject,
            Purpose.RECOGNITION,
            notice_id=house.notice_id,
            method=ConsentMethod.WRITTEN,
            given_by=GivenBy.SUBJECT,
        )
        template = self._seal(subject)
        self._say(TEMPLATE, f"{template} {subject}")
        removable = self._seal(subject)
        self._say(TEMPLATE, f"{removable} {removable}")
        self._templates.append((removable, subject))
        self._keep(subject)
        self._subjects.append(subject)

    def _seal(self, subject: str) -> str:
        return self._records.templates.seal(
            self._house.owner,
            subject,
            self._vector(),
            purpose=Purpose.RECOGNITION,
            embedder=EMBEDDER,
        )

    def _vector(self) -> Floats:
        return np.random.default_rng(self._count).normal(size=128).astype(np.float32)

    def _remove_template(self) -> None:
        if self._templates:
            template, subject = self._templates.pop(0)
            if subject in self._subjects:  # otherwise it went with them
                self._say(GOING, template)
                self._records.templates.remove(self._house.owner, template)
                self._say(GONE, template)

    def _search(self) -> None:
        """Have the index of this process follow the rows, and keep it on the disk."""
        galleries, owner = self._records.galleries, self._house.owner
        galleries.search(owner, self._vector()[None], EMBEDDER, Purpose.RECOGNITION, 1)
        galleries.save()

    def _erase(self) -> None:
        if self._subjects:
            subject = self._subjects.pop()
            for template, of in self._templates:
                if of == subject:
                    self._say(GOING, template)
            self._say(GOING, subject)
            self._records.erasure.erase(self._house.owner, subject)
            self._say(GONE, subject)

    def _add_user(self) -> None:
        if self._is_full or len(self._users) == MOST_USERS:
            return
        address = f"{self._seed}-{self._count}@crash.example"
        try:
            user = self._records.invitations.invite(self._house.owner, address, Role.VIEWER)
        except InvalidInput:  # those of killed processes fill the list of the waiting
            self._is_full = True
            return
        self._users.append(user.id)
        self._say(USER, user.id)

    def _remove_user(self) -> None:
        if self._users:
            user = self._users.pop()
            self._say(GOING, user)
            self._records.users.remove(self._house.owner, user)
            self._say(GONE, user)

    def _add_key(self) -> None:
        name = f"{self._seed} {self._count}"
        made = self._records.api_keys.create(self._house.owner, name, ["analyse"])
        self._say(KEY, made.key.id)

    def _keep(self, subject: str | None = None) -> None:
        size = self._chance.randint(1, MOST_FILE_BYTES)
        content = b"\xff\xd8\xff" + self._chance.randbytes(size)
        pieces = (content[at : at + 16_384] for at in range(0, len(content), 16_384))
        row = self._records.blobs.keep(
            self._house.owner, pieces, "image/jpeg", "upload", subject or "api", subject
        )
        if subject:
            self._say(FILE, f"{row.sha256} {subject}")
        else:
            self._files.append(row.sha256)
            self._say(FILE, f"{row.sha256} {row.sha256}")

    def _drop(self) -> None:
        if len(self._files) > 2:
            sha256 = self._files.pop(0)
            self._say(GOING, sha256)
            self._records.blobs.drop(self._house.owner, sha256, "upload")
            self._say(GONE, sha256)

    def _say(self, what: str, name: str) -> None:
        _say(self._told, what, name)
