"""Samples of the routes about people: their faces, consents, collections, and the rules for all."""

import secrets

from tests.entry.http_sample import EVERYBODY, NO_PICTURE, Sample, a_picture, sends
from tests.entry.http_scene import Asked, Scene


def enrolling(scene: Scene) -> Asked:
    return a_picture({"subject_id": scene.template()["subject_id"]})


def verifying(scene: Scene) -> Asked:
    return a_picture(subject_id=scene.template()["subject_id"])


def moving(scene: Scene) -> Asked:
    named = scene.template()
    ids = [named["template_id"]]
    return Asked(path={"subject_id": named["subject_id"]}, json={"template_ids": ids})


def merging(scene: Scene) -> Asked:
    return Asked(path={"subject_id": scene.subject()}, json={"into": scene.another_subject()})


def splitting(scene: Scene) -> Asked:
    named = scene.two_templates()
    ids = [named["template_id"]]
    return Asked(path={"subject_id": named["subject_id"]}, json={"template_ids": ids})


def of_recognition() -> dict[str, Sample]:
    templates = "/api/v1/subjects/{subject_id}/templates"
    return {
        f"GET {templates}": Sample("people:read", a_subject),
        f"POST {templates}": Sample("people:write", enrolling, NO_PICTURE),
        f"GET {templates}/{{template_id}}/picture": Sample(
            "photos:read",
            lambda scene: Asked(path=scene.template()),
            frozenset({404}),  # which is not kept
            also=("people:read",),
        ),
        f"POST {templates}/move": Sample("people:write", moving),
        f"DELETE {templates}/{{template_id}}": Sample(
            "people:write", lambda scene: Asked(path=scene.template())
        ),
        "POST /api/v1/recognize": Sample("recognise", lambda _: a_picture(), NO_PICTURE),
        "POST /api/v1/identify": Sample("recognise", lambda _: a_picture(), NO_PICTURE),
        "POST /api/v1/verify": Sample("recognise", verifying, NO_PICTURE),
    }


def a_subject(scene: Scene) -> Asked:
    return Asked(path={"subject_id": scene.subject()})


def a_collection(scene: Scene) -> Asked:
    return Asked(path={"name": scene.collection()})


def collecting(_: Scene) -> Asked:
    return Asked(json={"name": f"wing-{secrets.token_hex(8)}"})


def of_collections() -> dict[str, Sample]:
    return {
        "GET /api/v1/collections": Sample("people:read"),
        "POST /api/v1/collections": Sample("people:write", collecting),
        "GET /api/v1/collections/{name}": Sample("people:read", a_collection),
        "DELETE /api/v1/collections/{name}": Sample("people:erase", a_collection),
    }


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
        "POST /api/v1/subjects/{subject_id}/merge": Sample(
            "people:erase", merging, also=("people:write",)
        ),
        "POST /api/v1/subjects/{subject_id}/split": Sample("people:write", splitting),
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
