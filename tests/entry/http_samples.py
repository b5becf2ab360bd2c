"""What every route of the API asks of whoever calls it, as the tests see it, and how to call it.

Nothing here is read from the code: what is loosened there by mistake is not loosened here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tests.entry.http_house import PASSWORD
from tests.entry.http_scene import Asked, Scene
from visavis.credentials.tokens import REFRESH, new_secret

EVERYBODY, USER, PERSON = "everybody", "user", "person"

LEAST: Mapping[str, str] = {
    "analyse": "operator",
    "recognise": "operator",
    "people:read": "viewer",
    "people:write": "operator",
    "people:erase": "admin",
    "photos:read": "viewer",
    "photos:write": "operator",
    "audience:read": "viewer",
    "audience:write": "operator",
    "privacy:read": "operator",
    "privacy:write": "admin",
    "users:read": "admin",
    "users:write": "admin",
    "keys:read": "operator",
    "keys:write": "operator",
    "audit:read": "admin",
    "models:read": "viewer",
    "models:write": "admin",
    "settings:read": "admin",
    "settings:write": "admin",
    "tenant:delete": "owner",
}
"""The least role that has a permission."""

OF_THE_HOST = frozenset({"models:write", "settings:read", "settings:write"})
"""What only the tenant that runs the deployment has."""

GOOD = frozenset({200, 201, 202, 204})
WRONG = frozenset({422})

NEW_PASSWORD = "eleven quiet swans at dusk"


def nothing(_: Scene) -> Asked:
    """Ask without parameters and body."""
    return Asked()


def sends(body: object) -> Callable[[Scene], Asked]:
    """Ask with the same body each time."""
    return lambda _: Asked(json=body)


@dataclass(frozen=True)
class Sample:
    """One route.

    Attributes:
        takes: What it takes: a permission, or one of the three words.
        make: Makes a request to it.
        gives: The statuses that whoever may gets.
        alone: Whether whoever asks should be there for this one request only.
        apart: Whether their whole tenant should.
        person: Whether it takes, beside a permission, that no program asks.
        also: Further permissions that it takes.
    """

    takes: str
    make: Callable[[Scene], Asked] = nothing
    gives: frozenset[int] = GOOD
    alone: bool = False
    apart: bool = False
    person: bool = False
    also: tuple[str, ...] = ()

    @property
    def word(self) -> str:
        """What the OpenAPI document says of it."""
        return f"{self.takes} in person" if self.person else self.takes


def of_analysis() -> dict[str, Sample]:
    return {"POST /api/v1/analyze": Sample("analyse", gives=frozenset({415}))}


PICTURE = (
    b'--cut\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n'
    b"no picture\r\n--cut--\r\n"
)
FORM = {"Content-Type": "multipart/form-data; boundary=cut"}
NO_PICTURE = frozenset({415})
"""Whoever may is told that it is none."""


def a_picture(path: Mapping[str, str] | None = None, **query: str) -> Asked:
    return Asked(path=path or {}, query=query, content=PICTURE, headers=FORM)


def enrolling(scene: Scene) -> Asked:
    return a_picture({"subject_id": scene.template()["subject_id"]})


def verifying(scene: Scene) -> Asked:
    return a_picture(subject_id=scene.template()["subject_id"])


def of_recognition() -> dict[str, Sample]:
    templates = "/api/v1/subjects/{subject_id}/templates"
    return {
        f"GET {templates}": Sample("people:read", a_subject),
        f"POST {templates}": Sample("people:write", enrolling, NO_PICTURE),
        f"DELETE {templates}/{{template_id}}": Sample(
            "people:write", lambda scene: Asked(path=scene.template())
        ),
        "POST /api/v1/recognize": Sample("recognise", lambda _: a_picture(), NO_PICTURE),
        "POST /api/v1/identify": Sample("recognise", lambda _: a_picture(), NO_PICTURE),
        "POST /api/v1/verify": Sample("recognise", verifying, NO_PICTURE),
    }


def of_health() -> dict[str, Sample]:
    return {
        "GET /healthz": Sample(EVERYBODY),
        "GET /readyz": Sample(EVERYBODY, gives=frozenset({503})),
        "GET /metrics": Sample("settings:read"),
    }


def a_file(scene: Scene) -> Asked:
    return Asked(path={"sha256": scene.blob()})


def of_files() -> dict[str, Sample]:
    return {
        "POST /api/v1/blobs": Sample(
            "photos:write",
            lambda scene: Asked(
                query={"subject_id": scene.subject()},
                content=b"{}",
                headers={"Content-Type": "application/json"},
            ),
        ),
        "GET /api/v1/blobs/{sha256}": Sample("photos:read", a_file),
        "HEAD /api/v1/blobs/{sha256}": Sample("photos:read", a_file),
        "DELETE /api/v1/blobs/{sha256}": Sample("photos:write", a_file),
        "POST /api/v1/blobs/{sha256}/link": Sample(
            "photos:write",
            lambda scene: Asked(path={"sha256": scene.blob()}, json={}),
            also=("photos:read",),
        ),
        "GET /api/v1/shared": Sample(EVERYBODY, gives=frozenset({403})),
    }


def logging_in(scene: Scene) -> Asked:
    return Asked(json={"email": scene.user.email, "password": PASSWORD})


def refreshing(scene: Scene) -> Asked:
    secret = new_secret(REFRESH)
    scene.house.session(scene.user, secret)
    return Asked(json={"refresh_token": secret})


def with_second_factor(scene: Scene) -> Asked:
    scene.confirm_totp()
    return Asked(json={"password": PASSWORD})


def of_logging_in() -> dict[str, Sample]:
    stranger = {"email": "nobody@nowhere.example"}
    coded = stranger | {"code": "123456"}
    wanted = {"full_name": "Ann Lee", "password": NEW_PASSWORD}
    return {
        "POST /api/v1/auth/register": Sample(EVERYBODY, sends(stranger | wanted)),
        "POST /api/v1/auth/confirm": Sample(EVERYBODY, sends(coded), WRONG),
        "POST /api/v1/auth/resend": Sample(EVERYBODY, sends(stranger)),
        "POST /api/v1/auth/login": Sample(EVERYBODY, logging_in),
        "POST /api/v1/auth/refresh": Sample(EVERYBODY, refreshing),
        "POST /api/v1/auth/logout": Sample(PERSON, alone=True),
        "POST /api/v1/auth/logout-everywhere": Sample(PERSON, alone=True),
        "POST /api/v1/auth/forgot": Sample(EVERYBODY, sends(stranger)),
        "POST /api/v1/auth/reset": Sample(
            EVERYBODY, sends(coded | {"password": NEW_PASSWORD}), WRONG
        ),
        "POST /api/v1/set-up": Sample(
            EVERYBODY, sends(stranger | wanted | {"secret": "vvl_x"}), frozenset({403})
        ),
    }


def of_ones_own() -> dict[str, Sample]:
    again = sends({"password": PASSWORD})
    return {
        "GET /api/v1/me/sessions": Sample(PERSON),
        "DELETE /api/v1/me/sessions/{session_id}": Sample(
            PERSON, lambda scene: Asked(path={"session_id": scene.session()})
        ),
        "POST /api/v1/me/password": Sample(
            PERSON, sends({"current": PASSWORD, "new": NEW_PASSWORD}), alone=True
        ),
        "POST /api/v1/me/totp": Sample(PERSON, again, alone=True),
        "POST /api/v1/me/totp/confirm": Sample(
            PERSON, lambda scene: Asked(json={"code": scene.begin_totp()}), alone=True
        ),
        "DELETE /api/v1/me/totp": Sample(PERSON, with_second_factor, alone=True),
        "POST /api/v1/me/recovery-codes": Sample(PERSON, with_second_factor, alone=True),
    }


def of_ones_account() -> dict[str, Sample]:
    again = sends({"password": PASSWORD})
    return {
        "GET /api/v1/me": Sample(USER),
        "PATCH /api/v1/me": Sample(PERSON, sends({"full_name": "Ann Lee"})),
        "DELETE /api/v1/me": Sample(PERSON, again, alone=True),
        "POST /api/v1/me/email": Sample(
            PERSON,
            lambda scene: Asked(json={"password": PASSWORD, "email": scene.new_address()}),
            alone=True,
        ),
        "POST /api/v1/me/email/confirm": Sample(PERSON, sends({"code": "123456"}), WRONG),
        "GET /api/v1/me/export": Sample(PERSON),
    }


def of_users() -> dict[str, Sample]:
    dead = frozenset({404})
    accepting = {"secret": "vvl_x", "full_name": "Ann Lee", "password": NEW_PASSWORD}
    return {
        "GET /api/v1/users": Sample("users:read"),
        "PATCH /api/v1/users/{user_id}": Sample("users:write", changing_a_user),
        "DELETE /api/v1/users/{user_id}": Sample("users:write", a_user),
        "POST /api/v1/users/{user_id}/invitation": Sample(
            "users:write", lambda scene: Asked(path={"user_id": scene.invited()})
        ),
        "POST /api/v1/invitations": Sample("users:write", inviting),
        "POST /api/v1/invitations/look": Sample(EVERYBODY, sends({"secret": "vvl_x"}), dead),
        "POST /api/v1/invitations/accept": Sample(EVERYBODY, sends(accepting), dead),
    }


def a_user(scene: Scene) -> Asked:
    return Asked(path={"user_id": scene.user_id()})


def changing_a_user(scene: Scene) -> Asked:
    return Asked(path={"user_id": scene.user_id()}, json={"state": "disabled", "role": "viewer"})


def inviting(scene: Scene) -> Asked:
    return Asked(json={"email": scene.new_address(), "role": "viewer"})


def of_the_tenant() -> dict[str, Sample]:
    return {
        "GET /api/v1/tenant": Sample(USER),
        "PATCH /api/v1/tenant": Sample("users:write", sends({"name": "Another name"})),
        "DELETE /api/v1/tenant": Sample(
            "tenant:delete", sends({"password": PASSWORD}), person=True, apart=True
        ),
    }


def of_keys() -> dict[str, Sample]:
    wanted = {"name": "Till", "scopes": ["models:read"], "days": 7}
    return {
        "GET /api/v1/keys": Sample("keys:read"),
        "POST /api/v1/keys": Sample("keys:write", sends(wanted), person=True),
        "DELETE /api/v1/keys/{key_id}": Sample(
            "keys:write", lambda scene: Asked(path={"key_id": scene.key()})
        ),
    }


def a_subject(scene: Scene) -> Asked:
    return Asked(path={"subject_id": scene.subject()})


def of_people() -> dict[str, Sample]:
    return {
        "GET /api/v1/subjects": Sample("people:read"),
        "POST /api/v1/subjects": Sample("people:write", sends({"name": "Ann Lee"})),
        "GET /api/v1/subjects/{subject_id}": Sample("people:read", a_subject),
        "PATCH /api/v1/subjects/{subject_id}": Sample(
            "people:write",
            lambda scene: Asked(path={"subject_id": scene.subject()}, json={"notes": "tall"}),
        ),
        "DELETE /api/v1/subjects/{subject_id}": Sample("people:erase", a_subject),
        "GET /api/v1/subjects/{subject_id}/export": Sample("privacy:read", a_subject),
    }


def a_consent(scene: Scene) -> Asked:
    return Asked(path={"consent_id": scene.consent()})


def consenting(scene: Scene) -> Asked:
    body = {"purpose": "recognition", "notice_id": scene.notice(), "method": "written"}
    return Asked(path={"subject_id": scene.subject()}, json=body)


def of_consent() -> dict[str, Sample]:
    notice = {"purpose": "recognition", "language": "en", "text": "We look at faces. " * 3}
    return {
        "GET /api/v1/notices": Sample("privacy:read"),
        "POST /api/v1/notices": Sample("privacy:write", sends(notice)),
        "GET /api/v1/notices/{notice_id}": Sample(
            "privacy:read", lambda scene: Asked(path={"notice_id": scene.notice()})
        ),
        "GET /api/v1/consents": Sample("privacy:read"),
        "GET /api/v1/consents/{consent_id}": Sample("privacy:read", a_consent),
        "POST /api/v1/consents/{consent_id}/withdraw": Sample(
            "people:write", lambda scene: Asked(path={"consent_id": scene.consent()}, json={})
        ),
        "GET /api/v1/subjects/{subject_id}/consents": Sample("privacy:read", a_subject),
        "POST /api/v1/subjects/{subject_id}/consents": Sample("people:write", consenting),
    }


def of_privacy() -> dict[str, Sample]:
    rules = {
        "mode": "identify",
        "purposes": ["recognition"],
        "attributes": [],
        "adults_only": False,
    }
    kept = {"what": "receipts"}
    return {
        "GET /api/v1/privacy": Sample("privacy:read"),
        "PUT /api/v1/privacy": Sample("privacy:write", sends(rules)),
        "PATCH /api/v1/privacy": Sample("privacy:write", sends({"mode": "identify"})),
        "GET /api/v1/privacy/retention": Sample("privacy:read"),
        "PUT /api/v1/privacy/retention/{what}": Sample(
            "privacy:write", lambda _: Asked(path=kept, json={"days": 3650})
        ),
        "DELETE /api/v1/privacy/retention/{what}": Sample(
            "privacy:write", lambda _: Asked(path=kept)
        ),
        "GET /api/v1/receipts": Sample("privacy:read"),
        "GET /api/v1/receipts/{receipt_id}": Sample(
            "privacy:read", lambda scene: Asked(path={"receipt_id": scene.receipt()})
        ),
        "POST /api/v1/receipts/check": Sample(
            EVERYBODY, sends({"format": "x", "statement": {}, "public_key": "x", "signature": "x"})
        ),
    }


def of_proof() -> dict[str, Sample]:
    return {
        "GET /api/v1/audit": Sample("audit:read"),
        "GET /api/v1/audit/head": Sample("audit:read"),
        "POST /api/v1/audit/verify": Sample("audit:read"),
        "GET /api/v1/vault": Sample("privacy:read"),
        "POST /api/v1/vault/rotate": Sample(
            "privacy:write",
            lambda scene: Asked(json={"level": "subjects", "subject_id": scene.subject()}),
        ),
    }


SAMPLES: Mapping[str, Sample] = {
    **of_analysis(),
    **of_health(),
    **of_files(),
    **of_logging_in(),
    **of_ones_own(),
    **of_ones_account(),
    **of_users(),
    **of_the_tenant(),
    **of_keys(),
    **of_people(),
    **of_recognition(),
    **of_consent(),
    **of_privacy(),
    **of_proof(),
}
"""By method and path."""
