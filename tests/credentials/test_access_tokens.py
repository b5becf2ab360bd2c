"""Access tokens: ours are taken while they live, and nothing that anybody forged."""

import base64
import json
import string
from datetime import UTC, datetime, timedelta

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from visavis.core.errors import InvalidSettings, NotAllowed
from visavis.core.roles import Role
from visavis.credentials.access_tokens import AccessTokens
from visavis.credentials.errors import TokenInvalid

KEY, OLD_KEY, FOREIGN_KEY = b"k" * 64, b"o" * 32, b"f" * 32
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
NOW_S = int(NOW.timestamp())
LIFE = timedelta(minutes=15)
WHO = {"user_id": "ab" * 16, "tenant_id": "cd" * 16, "session_id": "ef" * 16}
HEADER = {"kid": "k2", "typ": "at+jwt"}
CLAIMS = {
    "iss": "https://faces.test",
    "aud": "visavis",
    "sub": "ab" * 16,
    "tid": "cd" * 16,
    "sid": "ef" * 16,
    "role": "viewer",
    "jti": "01" * 16,
    "iat": NOW_S,
    "nbf": NOW_S,
    "exp": NOW_S + 900,
}


def made(keys=None, issuer="https://faces.test", audience="visavis"):
    return AccessTokens(keys or {"k2": KEY, "k1": OLD_KEY}, issuer, audience, LIFE)


TOKENS = made()
TOKEN = TOKENS.issue(**WHO, role=Role.VIEWER, now=NOW)


def signed(claims=None, key=KEY, algorithm="HS256", **header):
    """Sign whatever it is, as somebody who has the key would."""
    content = json.dumps(CLAIMS if claims is None else claims).encode()
    return jwt.PyJWS().encode(content, key, algorithm, headers={**HEADER, **header})


def part(content):
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


def refused(token, now=NOW, tokens=TOKENS):
    with pytest.raises(TokenInvalid) as raised:
        tokens.verify(token, now)
    assert str(raised.value) == "the access token is not valid; log in again"
    assert raised.value.__suppress_context__
    return True


def test_a_token_says_who_where_and_what():
    access = TOKENS.verify(TOKENS.issue(**WHO, role=Role.ADMIN, now=NOW), NOW)

    assert (access.user_id, access.tenant_id, access.session_id) == tuple(WHO.values())
    assert (access.role, access.expires_at) == (Role.ADMIN, NOW + LIFE)
    assert len(access.token_id) == 32
    assert access.token_id != TOKENS.verify(TOKEN, NOW).token_id


def test_what_is_inside_is_what_the_standard_names():
    header, claims, _ = TOKEN.split(".")
    assert json.loads(base64.urlsafe_b64decode(header + "==")) == {"alg": "HS256", **HEADER}
    inside = json.loads(base64.urlsafe_b64decode(claims + "=="))
    assert inside == {**CLAIMS, "jti": inside["jti"]}


@pytest.mark.parametrize(
    ("seconds", "valid"), [(-11, 0), (-10, 1), (0, 1), (899, 1), (909.9, 1), (910, 0), (10**8, 0)]
)
def test_it_lives_from_now_to_its_end_give_or_take_ten_seconds(seconds, valid):
    at = NOW + timedelta(seconds=seconds)
    assert TOKENS.verify(TOKEN, at) if valid else refused(TOKEN, at)


def test_keys_are_rotated():
    before = made({"k1": OLD_KEY})
    old = before.issue(**WHO, role=Role.VIEWER, now=NOW)

    assert TOKENS.verify(old, NOW).user_id == WHO["user_id"]
    assert jwt.get_unverified_header(TOKEN)["kid"] == "k2"
    refused(TOKEN, tokens=before)
    refused(old, tokens=made({"k2": KEY}))
    refused(old, tokens=made({"k1": FOREIGN_KEY, "k2": KEY}))


@pytest.mark.parametrize("keys", [{}, {"k": b"short"}, {"k2": KEY, "k1": b"x" * 31}])
def test_weak_keys_are_refused(keys):
    with pytest.raises(InvalidSettings, match="key") as raised:
        AccessTokens(keys, "i", "a", LIFE)
    assert "short'" not in str(raised.value)


def test_the_forgeries_below_differ_from_a_good_token_in_one_thing_only():
    assert TOKENS.verify(signed(), NOW).role is Role.VIEWER


@pytest.mark.parametrize("name", ["none", "None", "NONE", "nOnE", ""])
@pytest.mark.parametrize("signature", ["", "AAAA", TOKEN.rpartition(".")[2]])
def test_no_signature_is_no_signature(name, signature):
    refused(f"{part({'alg': name, **HEADER})}.{part(CLAIMS)}.{signature}")


@pytest.mark.parametrize("algorithm", ["HS384", "HS512"])
def test_other_algorithms_with_our_own_key_are_refused(algorithm):
    refused(signed(algorithm=algorithm))


def test_signatures_of_other_kinds_are_refused():
    refused(signed(key=ed25519.Ed25519PrivateKey.generate(), algorithm="EdDSA"))
    refused(signed(key=rsa.generate_private_key(65537, 2048), algorithm="RS256"))


def test_a_public_text_is_no_key():
    public = ed25519.Ed25519PrivateKey.generate().public_key()
    texts = [
        public.public_bytes(Encoding.Raw, PublicFormat.Raw),
        *(
            b"k2".ljust(32, b"\0"),
            b"visavis".ljust(32),
            b"\0" * 32,
            b"https://faces.test".ljust(32),
        ),
    ]
    assert all(refused(signed(key=text)) for text in texts)


@pytest.mark.parametrize("kid", ["k3", "", "K2", "k2 ", "../k2", "k1", None, 7, ["k2"], {"k": 1}])
def test_another_key_id_is_refused(kid):
    header = part({"alg": "HS256", "typ": "at+jwt", "kid": kid})
    _, claims, signature = signed().split(".")
    refused(f"{header}.{claims}.{signature}")


def test_a_header_without_key_id_or_with_more_to_it_is_refused():
    refused(jwt.encode(CLAIMS, KEY, "HS256", headers={"typ": "at+jwt"}))
    refused(signed(typ="JWT"))
    refused(signed(typ="refresh+jwt"))
    brought_along = base64.urlsafe_b64encode(FOREIGN_KEY).decode()
    refused(signed(key=FOREIGN_KEY, jwk={"kty": "oct", "k": brought_along}))
    refused(signed(b64=False))


@pytest.mark.parametrize("name", sorted(CLAIMS))
def test_every_claim_has_to_be_there(name):
    refused(signed({key: value for key, value in CLAIMS.items() if key != name}))
    refused(signed({**CLAIMS, name: None}))


@pytest.mark.parametrize(
    "changed",
    [
        *({"aud": aud} for aud in ("other", ["visavis"], ["other", "visavis"], "", "VISAVIS", 1)),
        *({"iss": iss} for iss in ("https://faces.test/", "visavis", "", "https://evil.test")),
        *({"role": role} for role in ("root", "OWNER", "", 3, ["owner"])),
        *({name: value} for name in ("sub", "tid", "sid", "jti") for value in (7, ["x"], True)),
        *({name: value} for name in ("iat", "nbf") for value in (NOW_S + 11, 2**80)),
        *({"exp": value} for value in (NOW_S - 10, 0, -1, 2**80, -(2**80))),
        *({name: v} for name in ("iat", "nbf", "exp") for v in (str(NOW_S), True, 1e9, "never")),
        *({name: float(v)} for name in ("iat", "exp") for v in ("inf", "nan")),
    ],
    ids=str,
)
def test_a_claim_that_is_not_as_ours_is_refused_though_the_signature_is_right(changed):
    refused(signed({**CLAIMS, **changed}))


def test_swapped_deployments_are_refused():
    refused(TOKEN, tokens=made(audience="visavis-grpc"))
    refused(TOKEN, tokens=made(issuer="https://other.test"))


@given(st.data())
def test_any_altered_character_is_noticed(data):
    place = data.draw(st.integers(0, len(TOKEN) - 1))
    letter = data.draw(st.sampled_from(string.ascii_letters + string.digits + "-_.=+/"))
    forged = TOKEN[:place] + letter + TOKEN[place + 1 :]
    assert forged == TOKEN or refused(forged)


@given(st.sampled_from([0, 1, 2]), st.binary(max_size=60))
def test_any_other_part_is_noticed(which, content):
    parts = TOKEN.split(".")
    parts[which] = base64.urlsafe_b64encode(content).rstrip(b"=").decode()
    assert refused(".".join(parts))


@given(st.text(max_size=200))
def test_any_other_text_is_refused(text):
    assert refused(text)
    assert refused(f"{text}.{text}.{text}")


@pytest.mark.parametrize(
    "token",
    [
        *("", ".", "..", "...", f" {TOKEN}", "é.é.é", "\ud800", "a" * 10**6),
        *(TOKEN + end for end in (".", "\n", "===", "A" * 4096)),
        f"{part('[' * 900)}.{TOKEN}",
    ],
    ids=lambda token: ascii(token[:12]),
)
def test_odd_texts_are_refused(token):
    refused(token)


def test_a_refusal_is_about_what_is_allowed():
    assert issubclass(TokenInvalid, NotAllowed)
