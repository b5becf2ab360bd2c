"""A process that seals, removes and searches until it is killed; its index lies on the disk."""

import os
import random
from multiprocessing.connection import Connection
from pathlib import Path

from tests.usecases.conftest import Clock, Mailbox, make_ground
from tests.usecases.people import EMBEDDER, vector
from visavis.core import log
from visavis.core.purposes import Purpose
from visavis.core.settings import Settings
from visavis.index.base import Space
from visavis.index.exact import ExactIndex
from visavis.index.snapshots import Snapshots
from visavis.usecases.actor import Actor
from visavis.usecases.galleries import Galleries
from visavis.usecases.ground import Ground
from visavis.usecases.template_forms import NewTemplate
from visavis.usecases.templates import Templates

SEALED, GOING = "sealed", "going"


def kept_galleries(ground: Ground, folder: Path) -> Galleries:
    """Return galleries whose index is kept in a folder."""

    def as_it_is(_space: Space, piece: bytes) -> bytes:
        return piece

    return Galleries(ground, ExactIndex(Snapshots(folder, as_it_is, as_it_is)))


def write(settings: Settings, actor: Actor, subject: str, seed: int, told: Connection) -> None:
    """Seal and remove templates of somebody, for ever; say what was done once it was."""
    log.configure("error")
    ground = make_ground(settings, Clock(), Mailbox())
    where, templates = kept_galleries(ground, settings.data / "index"), Templates(ground)
    chance, mine = random.Random(seed), list[str]()
    while True:
        if len(mine) > 4:
            gone = mine.pop(chance.randrange(len(mine)))
            os.write(told.fileno(), f"{GOING} {gone}\n".encode())
            templates.remove(actor, gone)
        items = [NewTemplate(subject, vector(chance.randrange(10**6))) for _ in range(2)]
        made = templates.seal_many(actor, items, purpose=Purpose.RECOGNITION, embedder=EMBEDDER)
        for each in filter(lambda one: isinstance(one, str), made):
            mine.append(str(each))
            os.write(told.fileno(), f"{SEALED} {each}\n".encode())
        for gone in mine[6:]:
            templates.remove(actor, gone)
        del mine[6:]
        where.search(actor, vector(seed)[None], EMBEDDER, Purpose.RECOGNITION, 1)
        where.save()
