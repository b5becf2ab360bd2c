"""A tenant goes while others still write to it, on every database."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest
from sqlalchemy import func, select

from tests.store.databases import KINDS, database
from tests.usecases.conftest import PASSWORD
from visavis.core.errors import VisavisError
from visavis.store.blobs.files import FileBlobs
from visavis.store.engine import open_engine
from visavis.store.errors import NotThere
from visavis.store.tables import metadata
from visavis.usecases.errors import NotFound
from visavis.usecases.tenants import Tenants

WRITERS = 3


@pytest.fixture(params=KINDS)
def given(request, tmp_path: Path) -> Iterator[dict[str, object]]:
    with database(request.param, tmp_path) as url:
        yield {"store": {"url": url}}


def write_on(ground, tenant_id, begun: Event, enough: Event) -> VisavisError | None:
    """Add rows until it is refused; return the refusal."""

    def add(work):
        now = ground.clock()
        work.subjects.add(tenant_id, now)
        ground.audit.note(work, tenant_id, "user", "subject.created", now)

    while not enough.is_set():
        try:
            ground.store.run(add, attempts=20)
        except VisavisError as exc:
            return exc
        begun.set()
    return None


def left_of(ground, tenant_id):
    """Return which tables still have rows of a tenant."""
    engine = open_engine(ground.settings.store, ground.settings.data)
    with engine.connect() as connection:
        tables = [table for table in metadata.sorted_tables if "tenant_id" in table.c]
        counts = {
            table.name: connection.execute(
                select(func.count()).select_from(table).where(table.c.tenant_id == tenant_id)
            ).scalar()
            for table in tables
        }
    engine.dispose()
    return {name for name, count in counts.items() if count}


def test_a_tenant_goes_whole_while_others_write_to_it(ground, house, other, tmp_path):
    tenants = Tenants(ground, FileBlobs(tmp_path / "blobs"))
    begun, enough = [Event() for _ in range(WRITERS)], Event()
    with ThreadPoolExecutor(WRITERS) as pool:
        writers = [pool.submit(write_on, ground, other.tenant_id, one, enough) for one in begun]
        try:
            assert all(one.wait(60) for one in begun)
            tenants.delete(other.owner, PASSWORD)
        except BaseException:
            enough.set()
            raise
        refusals = [writer.result(60) for writer in writers]
    assert {type(exc) for exc in refusals} <= {NotThere}
    assert left_of(ground, other.tenant_id) == set()
    with pytest.raises(NotFound):
        tenants.read(other.owner)
    assert ground.audit.verify(ground.store, house.tenant_id) == []
