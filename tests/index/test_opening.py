"""The index that the settings ask for."""

import sys

import pytest

from tests.index.engines import drawn, ids_of, seal, space_of, unseal
from visavis.core.errors import InvalidSettings, Unavailable
from visavis.core.settings import IndexOptions
from visavis.index.exact import ExactIndex
from visavis.index.faiss_index import FaissIndex
from visavis.index.opening import open_index


@pytest.mark.parametrize(("engine", "kind_of"), [("faiss", FaissIndex), ("exact", ExactIndex)])
def test_an_index_on_this_machine_keeps_what_it_saved(engine, kind_of, tmp_path):
    options, space = IndexOptions(engine=engine), space_of("protected")
    index = open_index(options, tmp_path / "index", seal, unseal)
    assert isinstance(index, kind_of)
    index.add(space, ids_of(1), drawn("protected", 1))
    index.save()
    index.close()
    assert open_index(options, tmp_path / "index", seal, unseal).count(space) == 1


def test_faiss_and_codes_unless_something_else_is_set():
    assert (IndexOptions().engine, IndexOptions().kind) == ("faiss", "protected")


def test_opening_writes_nothing(tmp_path):
    index = open_index(IndexOptions(), tmp_path / "index", seal, unseal)
    index.save()
    assert not (tmp_path / "index").exists()


def test_milvus_without_an_address_is_told(tmp_path):
    with pytest.raises(InvalidSettings, match="VISAVIS_INDEX__MILVUS_URL"):
        open_index(IndexOptions(engine="milvus"), tmp_path, seal, unseal)


def test_milvus_without_its_client_is_told(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pymilvus", None)
    options = IndexOptions(engine="milvus", milvus_url="http://127.0.0.1:1")
    with pytest.raises(InvalidSettings, match="pip install"):
        open_index(options, tmp_path, seal, unseal)


def test_milvus_that_does_not_answer_is_unavailable(tmp_path):
    pytest.importorskip("pymilvus")
    options = IndexOptions(engine="milvus", milvus_url="http://127.0.0.1:9", milvus_token="a:b")
    with pytest.raises(Unavailable, match="VISAVIS_INDEX__MILVUS_URL"):
        open_index(options, tmp_path, seal, unseal)
