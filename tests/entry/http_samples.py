"""What every route of the API asks of whoever calls it, as the tests see it, and how to call it.

Nothing here is read from the code: what is loosened there by mistake is not loosened here.
"""

from collections.abc import Mapping

from tests.entry.http_house import PASSWORD
from tests.entry.http_sample import (
    EVERYBODY,
    LEAST,
    NEW_PASSWORD,
    NO_PICTURE,
    OF_THE_HOST,
    PERSON,
    USER,
    WRONG,
    Sample,
    a_form,
    sends,
)
from tests.entry.http_samples_of_jobs import of_jobs
from tests.entry.http_samples_of_people import (
    of_collections,
    of_consent,
    of_people,
    of_privacy,
    of_recognition,
)
from tests.entry.http_scene import Asked, Scene
from visavis.credentials.tokens import REFRESH, new_secret

__all__ = ["EVERYBODY", "LEAST", "OF_THE_HOST", "PERSON", "SAMPLES", "USER", "Sample"]


def of_analysis() -> dict[str, Sample]:
    return {"POST /api/v1/analyze": Sample("analyse", gives=frozenset({415}))}


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


STRANGER = {"email": "nobody@nowhere.example"}


def of_logging_in() -> dict[str, Sample]:
    stranger = STRANGER
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


def of_face_login() -> dict[str, Sample]:
    """Logging in by face; nobody here has a second factor, and pictures are none."""
    return {
        "POST /api/v1/login/face/challenge": Sample(EVERYBODY, sends(STRANGER)),
        "POST /api/v1/login/face": Sample(EVERYBODY, facing, NO_PICTURE),
        "GET /api/v1/me/face": Sample(PERSON),
        "POST /api/v1/me/face": Sample(
            PERSON, lambda _: a_form({"password": PASSWORD, "agree": "no"}), WRONG
        ),
        "DELETE /api/v1/me/face": Sample(PERSON, gives=frozenset({404})),
    }


def facing(scene: Scene) -> Asked:
    asked = scene.house.ask("POST", "/api/v1/login/face/challenge", json=STRANGER)
    return a_form({"challenge": asked.json()["challenge"]})


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


def a_result(scene: Scene) -> Asked:
    return Asked(path={"sha256": scene.result()})


def of_results() -> dict[str, Sample]:
    one = "/api/v1/results/{sha256}"
    return {
        "GET /api/v1/results": Sample("results:read"),
        "GET /api/v1/results.csv": Sample("results:read"),
        f"GET {one}": Sample("results:read", a_result),
        f"GET {one}/picture": Sample("results:read", a_result),
        f"GET {one}/annotated": Sample("results:read", a_result),
        f"DELETE {one}": Sample("results:write", a_result),
    }


def of_proof() -> dict[str, Sample]:
    return {
        "GET /api/v1/audit": Sample("audit:read"),
        "GET /api/v1/logs": Sample("logs:read"),
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
    **of_face_login(),
    **of_users(),
    **of_the_tenant(),
    **of_keys(),
    **of_people(),
    **of_collections(),
    **of_recognition(),
    **of_consent(),
    **of_privacy(),
    **of_jobs(),
    **of_results(),
    **of_proof(),
}
"""By method and path."""
