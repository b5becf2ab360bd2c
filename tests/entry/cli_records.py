"""Running commands about kept data over a folder of their own."""

from collections.abc import Callable
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from typer.testing import CliRunner, Result

from tests.entry.roofs import a_roof
from visavis.core.roles import Role
from visavis.core.settings import load_settings
from visavis.entry.cli import app
from visavis.entry.services import Records
from visavis.entry.wiring import open_records
from visavis.store.kinds import UserState
from visavis.usecases.actor import SYSTEM, Actor


@dataclass(frozen=True)
class Machine:
    """A data folder and the command line over it."""

    data: Path

    def run(self, *words: str) -> Result:
        """Run a command."""
        roof = a_roof(records=open_records)
        return CliRunner().invoke(app, [*words, "--data", str(self.data)], obj=roof)

    def opened(self) -> AbstractContextManager[Records]:
        """Open what the commands see."""
        return closing(open_records(load_settings(data=self.data)))

    def do(self, act: Callable[[Records], Any]) -> Any:
        """Do something with what the commands see."""
        with self.opened() as records:
            return act(records)


def add_tenant(records: Records, name: str) -> Actor:
    """Make an organisation; return its owner."""
    ground = records.ground
    with ground.store.work() as work:
        now = ground.clock()
        tenant = work.tenants.add(name, now)
        user = work.users.add(
            tenant.id, f"owner@{name}.example", name, "", Role.OWNER, now, UserState.ACTIVE
        )
        ground.audit.note(work, tenant.id, SYSTEM, "tenant.created", now)
    return Actor(tenant.id, user.id, Role.OWNER)
