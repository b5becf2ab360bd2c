"""The catalog: packs are complete, every weight can be fetched, checked and made."""

import hashlib
import importlib.resources
import re

import pytest

from visavis.core.errors import UnknownWeights
from visavis.vision.weights.catalog import PACKS, WEIGHTS, find_pack, find_weight, pack_of
from visavis.vision.weights.conversion import converter_stamp
from visavis.vision.weights.sources import BundledSource, PypiSource, UrlSource

BUNDLED = importlib.resources.files("visavis.vision.weights") / "bundled"


@pytest.mark.parametrize("name", PACKS)
def test_a_pack_names_a_weight_for_every_role(name: str) -> None:
    roles = [find_weight(weight).role for weight in find_pack(name).weights]
    assert roles == ["detector", "mesh", "embedder"]


def test_the_default_pack_is_verified_commercial_and_needs_only_the_package_index() -> None:
    weights = [find_weight(name) for name in find_pack("default").weights]
    assert all(weight.commercial and weight.sha256 for weight in weights)
    assert all(isinstance(weight.source, PypiSource) for weight in weights)


def test_every_weight_is_pinned() -> None:
    for weight in WEIGHTS.values():
        assert converter_stamp(weight), weight.name
        assert re.fullmatch(r"[0-9a-f]{64}", weight.sha256 or ""), weight.name
        match weight.source:
            case PypiSource(requirement=requirement):
                assert "==" in requirement
            case BundledSource(name=name):
                digest = hashlib.sha256((BUNDLED / name).read_bytes()).hexdigest()
                assert digest == weight.sha256
            case UrlSource(url=url):
                assert url.startswith("https://")
                assert "/main/" not in url


def test_unknown_names_are_answered_with_the_known_ones() -> None:
    with pytest.raises(UnknownWeights, match=r"no pack called dfault; known are default, lite"):
        find_pack("dfault")
    with pytest.raises(UnknownWeights, match=r"no weight called resnet; known are centerface"):
        find_weight("resnet")


def test_an_embedder_leads_to_the_first_pack_that_it_serves_in() -> None:
    assert [pack_of(find_weight(pack.embedder).id) for pack in PACKS.values()] == [*PACKS.values()]
    with pytest.raises(UnknownWeights, match=r"no pack has the embedder nobody@1; known are"):
        pack_of("nobody@1")
