"""The deployment itself: its parts are asked, and what is wrong is told, not raised."""

import secrets
from dataclasses import replace
from pathlib import Path

import pytest

from tests.usecases.conftest import House, Mailbox
from visavis.core.errors import NotAllowed
from visavis.core.roles import Role
from visavis.core.settings import BlobOptions, StoreOptions
from visavis.credentials.roles import Permission
from visavis.mail.errors import MailNotSent
from visavis.mail.message import Message
from visavis.store.blobs.base import Blobs
from visavis.store.blobs.opening import open_blobs
from visavis.store.engine import open_engine
from visavis.store.work import Store
from visavis.throttle.errors import TooManyRequests
from visavis.usecases.actor import Actor
from visavis.usecases.deployment import Deployment, Health, Part, Used
from visavis.usecases.ground import Ground
from visavis.vault.keyring import Keyring
from visavis.vault.root_keys import LocalRootKeys


@pytest.fixture
def blobs(ground: Ground) -> Blobs:
    return open_blobs(BlobOptions(), ground.settings.data / "blobs")


@pytest.fixture
def deployment(ground: Ground, blobs: Blobs) -> Deployment:
    return Deployment(ground, blobs)


def faults(found: tuple[Health, ...]) -> dict[Part, str]:
    return {health.part: health.fault for health in found if health.fault}


def test_all_parts_of_a_good_deployment_answer(deployment: Deployment, house: House) -> None:
    found = deployment.health(house.admin)

    assert [health.part for health in found] == list(Part)
    assert faults(found) == {}


def test_a_database_that_does_not_answer_is_told(
    ground: Ground, blobs: Blobs, house: House, tmp_path: Path
) -> None:
    nowhere = StoreOptions(url="postgresql://ann:hidden@127.0.0.1:1/faces")
    broken = replace(ground, store=Store(open_engine(nowhere, tmp_path)))

    found = faults(Deployment(broken, blobs).health(house.admin))

    assert Part.DATABASE in found
    assert Part.FILES not in found
    assert "hidden" not in str(found)


def test_a_root_key_that_opens_nothing_is_told(ground: Ground, blobs: Blobs, house: House) -> None:
    other = Keyring(LocalRootKeys({"other": secrets.token_bytes(32)}))

    found = faults(Deployment(replace(ground, keyring=other), blobs).health(house.admin))

    assert list(found) == [Part.ROOT_KEY]


def test_files_that_cannot_be_read_are_told(
    deployment: Deployment, ground: Ground, house: House
) -> None:
    folder = ground.settings.data / "blobs"
    folder.rename(folder.with_name("elsewhere"))
    folder.write_text("no folder")

    assert list(faults(deployment.health(house.admin))) == [Part.FILES]


def test_the_database_is_named_without_its_secrets(
    ground: Ground, blobs: Blobs, house: House
) -> None:
    store = StoreOptions(url="postgresql://ann:hidden@db.example:5433/faces")
    settings = ground.settings.model_copy(update={"store": store})

    told = Deployment(replace(ground, settings=settings), blobs).database(house.admin)

    assert told == "postgresql at db.example:5433, database faces"


def test_what_is_used_is_that_of_the_own_tenant(
    ground: Ground, blobs: Blobs, house: House, other: House
) -> None:
    options = BlobOptions(quota_bytes=1000)
    settings = ground.settings.model_copy(update={"blobs": options})
    deployment = Deployment(replace(ground, settings=settings), blobs)
    with ground.store.work() as work:
        now = ground.clock()
        work.blob_rows.add(house.tenant_id, "a" * 64, 300, "image/png", now)
        work.blob_rows.add(house.tenant_id, "b" * 64, 50, "image/png", now)
        work.blob_rows.add(other.tenant_id, "c" * 64, 7, "image/png", now)

    assert deployment.used(house.admin) == Used(350, 1000)
    assert deployment.used(other.admin) == Used(7, 1000)


def test_a_test_letter_goes_to_whoever_asks_for_it(
    deployment: Deployment, house: House, mailbox: Mailbox
) -> None:
    assert deployment.send_test(house.admin) == House.email(Role.ADMIN)
    assert "mail works" in mailbox.last(House.email(Role.ADMIN)).text


def test_why_a_test_letter_cannot_be_sent_is_told(
    ground: Ground, blobs: Blobs, house: House
) -> None:
    def refuse(_: Message) -> None:
        raise MailNotSent("the server refuses")

    with pytest.raises(MailNotSent, match="the server refuses"):
        Deployment(replace(ground, send=refuse), blobs).send_test(house.admin)


def test_nobody_is_sent_test_letters_without_end(deployment: Deployment, house: House) -> None:
    for _ in range(5):
        deployment.send_test(house.admin)
    with pytest.raises(TooManyRequests):
        deployment.send_test(house.admin)


def test_only_admins_of_the_host_see_how_it_is(
    deployment: Deployment, house: House, other: House
) -> None:
    asks = (deployment.health, deployment.database, deployment.send_test)
    for actor in (house.operator, house.viewer, other.owner, other.admin):
        for ask in asks:
            with pytest.raises(NotAllowed):
                ask(actor)
    for actor in (house.operator, other.viewer):
        with pytest.raises(NotAllowed):
            deployment.used(actor)


def test_programs_are_sent_no_letters(deployment: Deployment, house: House) -> None:
    key: Actor = replace(house.admin, key_id="k", scopes=frozenset(Permission))
    assert deployment.health(key)
    with pytest.raises(NotAllowed):
        deployment.send_test(key)
