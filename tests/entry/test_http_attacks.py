"""Whoever pretends to be somebody is nobody: forged tokens, swapped secrets, keys beyond scope."""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.entry.http_house import House, serving_house
from visavis.core.roles import Role
from visavis.credentials.roles import Permission
from visavis.credentials.tokens import API_KEY, LINK, REFRESH, hash_secret, new_secret
from visavis.entry.services import COOKIE
from visavis.usecases.callers import ACCESS

ASK = "/metrics"
"""A route that takes a permission, and neither parameters nor a body."""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with serving_house(tmp_path_factory.mktemp("house")) as served:
        yield served


def encoded(part: Mapping[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


class Forge:
    """Takes a good token apart and makes others of it."""

    def __init__(self, house: House) -> None:
        ground = house.records.ground
        self.house = house
        self.good = house.token(house.host.owner)
        self.claims: dict[str, Any] = jwt.decode(self.good, options={"verify_signature": False})
        self.header = jwt.get_unverified_header(self.good)
        keys = ground.store.run(
            lambda work: ground.keyring.deployment_secrets(work.keys, ACCESS, house.now())
        )
        self.key = keys[int(self.header["kid"])]

    def signed(self, header: Mapping[str, Any] = {}, **claims: Any) -> str:
        """Sign with our own key, as nobody else can; what is wrong is only what is given."""
        return self.made(self.key, header, **claims)

    def made(self, key: bytes, header: Mapping[str, Any] = {}, **claims: Any) -> str:
        body = f"{encoded(self.header | dict(header))}.{encoded(self.claims | claims)}"
        signature = hmac.digest(key, body.encode(), hashlib.sha256)
        return f"{body}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


KIDS: tuple[object, ...] = ("2", "0", "", "../1", "1'--", None, 1, ["1"], {})
"""Names of keys that are none."""


@pytest.fixture(scope="module")
def forge(house: House) -> Forge:
    return Forge(house)


def who_am_i(house: House, secret: str) -> int:
    return house.ask("GET", ASK, secret).status_code


def test_only_the_good_token_is_good(house: House, forge: Forge):
    assert who_am_i(house, forge.good) == 200
    assert who_am_i(house, forge.signed()) == 200


def of_other_keys(forge: Forge) -> dict[str, str]:
    """Make tokens that nobody of us signed."""
    head, claims, signature = forge.good.split(".")
    asymmetric = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = asymmetric.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    known = {"kid": forge.header["kid"], "typ": forge.header["typ"]}
    edwards = ed25519.Ed25519PrivateKey.generate()
    return {
        **{
            f"alg {none}": f"{encoded(forge.header | {'alg': none})}.{claims}."
            for none in ("none", "None", "NONE", "nOnE", "")
        },
        "alg none, signed": f"{encoded(forge.header | {'alg': 'none'})}.{claims}.{signature}",
        "no signature": f"{head}.{claims}.",
        "no algorithm": f"{encoded({'kid': '1', 'typ': 'at+jwt'})}.{claims}.{signature}",
        "another key": forge.made(b"k" * 32),
        "an empty key": forge.made(b""),
        "the key in hexadecimal": forge.made(forge.key.hex().encode()),
        "RS256": jwt.encode(forge.claims, asymmetric, "RS256", headers=known),
        "EdDSA": jwt.encode(forge.claims, edwards, "EdDSA", headers=known),
        "a public key as secret": forge.made(public),
        "HS512 with our key": jwt.encode(forge.claims, forge.key * 2, "HS512", headers=known),
        "another signature": f"{head}.{claims}.{signature[:-4]}AAAA",
        "other claims": f"{head}.{encoded(forge.claims | {'role': 'admin'})}.{signature}",
        "a key of its own": forge.made(
            b"k" * 32, {"jwk": {"kty": "oct", "k": encoded({"k": "k"})}, "jku": "http://127.0.0.1"}
        ),
        "a certificate of its own": forge.made(
            b"k" * 32, {"x5u": "http://127.0.0.1", "x5c": ["x"]}
        ),
        "JSON in place of dots": json.dumps({"payload": claims, "signatures": [signature]}),
        "five parts": f"{forge.good}.x.y",
        "two parts": f"{head}.{claims}",
        "blanks inside": f"{head}. {claims}.{signature}",
    }


def with_other_words(forge: Forge) -> dict[str, str]:
    """Make tokens that we signed, but that say something which no token of ours says."""
    now = int(forge.house.now().timestamp())
    missing = {
        name: {key: value for key, value in forge.claims.items() if key != name}
        for name in forge.claims
    }
    other = forge.house.guest
    return {
        **{
            f"without {name}": jwt.encode(
                c, forge.key, "HS256", headers={"kid": forge.header["kid"], "typ": "at+jwt"}
            )
            for name, c in missing.items()
        },
        **{f"kid {kid!r}": forge.signed({"kid": kid}) for kid in KIDS},
        **{f"typ {typ!r}": forge.signed({"typ": typ}) for typ in ("JWT", "rt+jwt", "", None)},
        "expired": forge.signed(exp=now - 60),
        "not yet valid": forge.signed(nbf=now + 3600),
        "made tomorrow": forge.signed(iat=now + 86400),
        "for ever, as text": forge.signed(exp="9" * 20),
        "a fraction": forge.signed(exp=now + 600.5),
        "beyond all years": forge.signed(exp=10**30),
        "no number": forge.signed(exp=True),
        "another issuer": forge.signed(iss="somebody"),
        "another audience": forge.signed(aud="somebody"),
        "several audiences": forge.signed(aud=["visavis", "somebody"]),
        "a role nobody has": forge.signed(role="root"),
        "another session": forge.signed(sid="0" * 32),
        "a session as number": forge.signed(sid=1),
        "another tenant": forge.signed(tid=other.id),
        "critical": forge.signed({"crit": ["exp"]}),
        "not encoded": forge.signed({"b64": False, "crit": ["b64"]}),
        "over-long": forge.signed(jti="x" * 5000),
    }


def test_no_token_that_we_did_not_sign_is_believed(house: House, forge: Forge):
    believed = {n: s for n, t in of_other_keys(forge).items() if (s := who_am_i(house, t)) != 401}
    assert believed == {}


def test_no_token_with_other_words_is_believed_though_we_signed_it(house: House, forge: Forge):
    found = {name: who_am_i(house, token) for name, token in with_other_words(forge).items()}
    assert {name: status for name, status in found.items() if status != 401} == {}


def test_what_a_token_says_of_the_user_counts_for_nothing(house: House, forge: Forge):
    """Who it is and what they may do comes from the session's row, whatever was signed."""
    viewer = house.token(house.host.users[Role.VIEWER])
    claims = jwt.decode(viewer, options={"verify_signature": False})
    promoted = forge.signed(sid=claims["sid"], sub=forge.claims["sub"], role="owner")
    assert who_am_i(house, promoted) == 403
    assert who_am_i(house, forge.signed(sub="nobody", role="viewer")) == 200


def test_an_old_token_is_refused_and_so_is_one_of_whoever_is_gone(house: House):
    ground = house.records.ground
    owner = house.host.owner
    tokens = {
        name: (house.add_user(house.host.id, Role.OWNER), "")
        for name in ("deleted", "disabled", "ended")
    }
    tokens = {name: (user, house.token(user)) for name, (user, _) in tokens.items()}
    assert all(who_am_i(house, token) == 200 for _, token in tokens.values())
    with ground.store.work() as work:
        work.users.remove(house.host.id, tokens["deleted"][0].id)
        work.users.set_state(house.host.id, tokens["disabled"][0].id, house.host.disabled.state)
        work.sessions.revoke_all(house.host.id, tokens["ended"][0].id, house.now(), "test")
    assert {name: who_am_i(house, token) for name, (_, token) in tokens.items()} == dict.fromkeys(
        tokens, 401
    )
    assert who_am_i(house, house.token(owner, timedelta(minutes=16))) == 401
    assert who_am_i(house, house.token(house.host.disabled)) == 401


def test_each_secret_opens_only_its_own_door(house: House):
    user = house.host.owner
    refresh, cookie = new_secret(REFRESH), house.cookie(user)
    house.session(user, refresh)
    key, token = house.key(user, *Permission), house.token(user)
    assert who_am_i(house, token) == 200
    assert with_cookie(house, cookie) == 200
    swapped = {
        "refresh token as bearer": who_am_i(house, refresh),
        "cookie as bearer": who_am_i(house, cookie),
        "link as bearer": who_am_i(house, new_secret(LINK)),
        "key never made": who_am_i(house, new_secret(API_KEY)),
        "refresh token called a key": who_am_i(house, refresh.replace("vvr_", "vv_", 1)),
        "refresh token as cookie": with_cookie(house, refresh),
        "access token as cookie": with_cookie(house, token),
        "key as cookie": with_cookie(house, key),
        "refresh token called a cookie": with_cookie(house, refresh.replace("vvr_", "vvs_", 1)),
        "empty cookie": with_cookie(house, ""),
        "cookie in upper case": with_cookie(house, cookie.upper()),
        "quoted nonsense": with_cookie(house, f'"{cookie}x"'),
    }
    assert swapped == dict.fromkeys(swapped, 401)


def with_cookie(house: House, secret: str) -> int:
    return house.ask("GET", ASK, headers={"Cookie": f"{COOKIE}={secret}"}).status_code


def test_a_bad_bearer_is_not_saved_by_a_good_cookie(house: House):
    cookie = f"{COOKIE}={house.cookie(house.host.owner)}"
    answer = house.ask("GET", ASK, "nonsense", headers={"Cookie": cookie})
    assert answer.status_code == 401


@pytest.mark.parametrize(
    "header",
    [
        "Basic {}",
        "Token {}",
        "{}",
        "Bearer",
        "Bearer {0} {0}",
        "Bearer,{}",
        "bearer\t{}",
    ],
)
def test_only_the_bearer_scheme_is_read(house: House, header: str):
    sent = header.format(house.token(house.host.owner))
    assert house.ask("GET", ASK, headers={"Authorization": sent}).status_code == 401


def test_a_key_has_its_scopes_and_no_more(house: House):
    owner, viewer = house.host.owner, house.host.users[Role.VIEWER]
    found = {scope: who_am_i(house, house.key(owner, scope)) for scope in Permission}
    assert found == {
        scope: 200 if scope is Permission.SETTINGS_READ else 403 for scope in Permission
    }
    assert who_am_i(house, house.key(owner, *Permission)) == 200
    assert who_am_i(house, house.key(owner)) == 403
    assert who_am_i(house, house.key(owner, "of a later version", "*", "")) == 403
    assert who_am_i(house, house.key(viewer, *Permission)) == 403, "beyond what its maker may do"
    assert who_am_i(house, house.key(house.guest.owner, *Permission)) == 403, "not the host"


def test_a_key_ends_with_its_time_its_withdrawal_and_its_maker(house: House):
    ground, tenant = house.records.ground, house.host.id
    makers = {why: house.add_user(tenant, Role.OWNER) for why in ("time", "withdrawn", "disabled")}
    keys = {why: house.key(user, *Permission) for why, user in makers.items()}
    assert {who_am_i(house, key) for key in keys.values()} == {200}
    with ground.store.work() as work:
        work.api_keys.revoke_all(tenant, makers["withdrawn"].id, house.now())
        work.users.set_state(tenant, makers["disabled"].id, house.host.disabled.state)
        late = new_secret(API_KEY)
        past = house.now() - timedelta(seconds=1)
        work.api_keys.add(
            tenant, makers["time"].id, "late", hash_secret(late), list(Permission), past, past
        )
    assert who_am_i(house, keys["time"]) == 200
    for secret in (keys["withdrawn"], keys["disabled"], late):
        assert who_am_i(house, secret) == 401


def test_who_may_not_read_a_file_shares_none(house: House):
    """A link opens a file for everybody, so also for a program that may only send files."""
    owner = house.host.owner
    sent = house.ask(
        "POST",
        "/api/v1/blobs",
        house.key(owner, "photos:write"),
        headers={"Content-Type": "application/json"},
        content=b'{"a": 1}',
    )
    path = f"{sent.headers['location']}/link"
    for order in ({}, {"name": "mine.json"}):
        key = house.key(owner, "photos:write")
        assert house.ask("POST", path, key, json=order).status_code == 403
        key = house.key(owner, "photos:write", "photos:read")
        assert house.ask("POST", path, key, json=order).status_code == 201
