"""Receipts can be checked by whoever holds one, and are shown to those who may see them."""

import copy

import pytest

from tests.usecases.conftest import make_house
from tests.usecases.somebody import blobs_of, make_somebody
from visavis.core.errors import NotAllowed
from visavis.usecases.erasure import Erasure
from visavis.usecases.errors import NotFound
from visavis.usecases.receipts import PURPOSE, Receipts, Verdict, handed_out
from visavis.vault.receipts import sign


@pytest.fixture
def receipts(ground):
    return Receipts(ground)


@pytest.fixture
def receipt(ground, house):
    somebody = make_somebody(ground, house, templates=1, files=0)
    return Erasure(ground, blobs_of(ground)).erase(house.admin, somebody.id)


def test_a_receipt_is_genuine_until_somebody_changes_it(receipts, receipt):
    document = handed_out(receipt)
    assert receipts.judge(document) is Verdict.GENUINE
    assert receipts.check(document)
    forged = copy.deepcopy(document)
    forged["statement"]["subject_id"] = "f" * 32
    assert receipts.judge(forged) is Verdict.BROKEN
    assert not receipts.check(forged)


def test_a_receipt_stays_genuine_after_the_key_was_rotated(ground, house, receipts, receipt):
    with ground.store.work() as work:
        ground.keyring.rotate_tenant(work.keys, house.tenant_id, PURPOSE, ground.clock())
    assert receipts.check(handed_out(receipt))


def test_whoever_signs_with_a_key_of_their_own_is_not_believed(receipts, receipt):
    for tenant_id in (receipt.tenant_id, "f" * 32, "", 7, None, "../etc", "\0"):
        own = sign(dict(receipt.body["statement"]) | {"tenant_id": tenant_id}, b"s" * 32)
        assert receipts.judge(own.as_json()) is Verdict.UNKNOWN_SIGNER


@pytest.mark.parametrize("strange", [{}, {"format": "visavis.receipt/1"}, {"statement": []}])
def test_what_is_no_receipt_is_refused(receipts, strange):
    assert receipts.judge(strange) is Verdict.BROKEN


def test_each_verdict_is_a_sentence():
    assert all(verdict.words.endswith(".") for verdict in Verdict)


def test_receipts_are_shown_to_those_who_may_see_them(ground, house, receipts, receipt):
    stranger = make_house(ground, "another")
    assert receipts.find(house.operator, receipt.id) == receipt
    assert receipts.page(house.operator).items == (receipt,)
    assert receipts.page(stranger.owner).items == ()
    for actor, receipt_id in ((stranger.owner, receipt.id), (house.owner, "f" * 32)):
        with pytest.raises(NotFound, match="no such receipt"):
            receipts.find(actor, receipt_id)
    for look in (lambda: receipts.page(house.viewer), lambda: receipts.find(house.viewer, "x")):
        with pytest.raises(NotAllowed):
            look()
