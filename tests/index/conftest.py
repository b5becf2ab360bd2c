"""Each engine with each kind of entry."""

import pytest

from tests.index.engines import ENGINES, KINDS, local, milvus, space_of


@pytest.fixture(scope="session")
def milvus_index():
    with milvus() as index:
        yield index


@pytest.fixture(params=KINDS)
def kind(request):
    return request.param


@pytest.fixture(params=ENGINES)
def index(request):
    if request.param != "milvus":
        yield local(request.param)
        return
    opened = request.getfixturevalue("milvus_index")
    yield opened
    for tenant in ("a" * 32, "b" * 32):
        for space in opened.spaces(tenant):
            opened.drop(space)
        for kind in KINDS:
            opened.drop(space_of(kind, tenant))


@pytest.fixture
def space(kind):
    return space_of(kind)
