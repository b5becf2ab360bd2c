"""Secrets of API keys that sign: sealed, bound to their key, and gone when it is taken back."""

from dataclasses import replace

import pytest

from visavis.core.settings import DialectOptions
from visavis.credentials.tokens import new_secret
from visavis.usecases.api_keys import ApiKeys
from visavis.usecases.signing_secrets import PURPOSE, SigningSecrets
from visavis.vault.errors import SealBroken


def kept(ground, house, key_id):
    with ground.store.reading() as work:
        return work.api_keys.find(house.tenant_id, key_id)


def test_a_secret_is_kept_sealed_until_its_key_is_taken_back(ground, house):
    keys, secrets = ApiKeys(ground), SigningSecrets(ground)
    made = keys.create(house.operator, "photos", ["all"])
    sealed = kept(ground, house, made.key.id).sealed_secret
    assert made.secret.encode() not in sealed
    assert secrets.opened(house.tenant_id, made.key.id, sealed) == made.secret
    keys.revoke(house.operator, made.key.id)
    assert kept(ground, house, made.key.id).sealed_secret is None


def test_the_bytes_of_one_key_do_not_open_for_another(ground, house):
    keys, secrets = ApiKeys(ground), SigningSecrets(ground)
    one, other = (keys.create(house.operator, name, ["all"]).key for name in "ab")
    sealed = kept(ground, house, one.id).sealed_secret
    for tenant_id, key_id in ((house.tenant_id, other.id), ("f" * 32, one.id)):
        with pytest.raises(SealBroken):
            secrets.opened(tenant_id, key_id, sealed)
    with pytest.raises(SealBroken):
        secrets.opened(house.tenant_id, one.id, sealed[:-1] + bytes([sealed[-1] ^ 1]))


def test_older_and_newer_versions_of_the_sealing_key_open(ground, house):
    keys, reader = ApiKeys(ground), SigningSecrets(ground)
    made = []
    for _ in range(3):
        made.append(keys.create(house.operator, "photos", ["all"]))
        key = made[-1].key
        sealed = kept(ground, house, key.id).sealed_secret
        assert reader.opened(house.tenant_id, key.id, sealed) == made[-1].secret
        ground.store.run(
            lambda work: ground.keyring.rotate_deployment(work.keys, PURPOSE, ground.clock())
        )
    versions = set()
    for each in made:
        sealed = kept(ground, house, each.key.id).sealed_secret
        assert reader.opened(house.tenant_id, each.key.id, sealed) == each.secret
        versions.add(sealed[1:5])
    assert len(versions) == 3


def test_nothing_is_kept_while_nobody_signs(ground, house):
    off = ground.settings.model_copy(update={"dialects": DialectOptions(rekognition=False)})
    made = ApiKeys(replace(ground, settings=off)).create(house.operator, "door", ["all"])
    assert kept(ground, house, made.key.id).sealed_secret is None


def test_a_secret_that_nobody_sealed_does_not_open(ground, house):
    for sealed in (b"", b"x" * 87, new_secret().encode()):
        with pytest.raises(SealBroken):
            SigningSecrets(ground).opened(house.tenant_id, "a" * 32, sealed)
