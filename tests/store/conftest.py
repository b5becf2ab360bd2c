"""A store of its own for each test, on each database."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.store.databases import KINDS, database
from visavis.core.settings import StoreOptions
from visavis.store.engine import open_engine
from visavis.store.migrate import upgrade
from visavis.store.work import Store


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def url(kind: str, tmp_path: Path) -> Iterator[str]:
    with database(kind, tmp_path) as made:
        yield made


@pytest.fixture
def empty(url: str, tmp_path: Path) -> Iterator[Engine]:
    """Give an engine over a database without tables."""
    engine = open_engine(StoreOptions(url=url), tmp_path)
    yield engine
    engine.dispose()


@pytest.fixture
def engine(empty: Engine) -> Engine:
    upgrade(empty)
    return empty


@pytest.fixture
def store(engine: Engine) -> Store:
    return Store(engine)
