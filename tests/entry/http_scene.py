"""What one request to a route is about: who asks, and what of which tenant the ids name."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyotp

from tests.entry.http_house import PASSWORD, House, Tenant
from tests.usecases.kept_results import kept
from visavis.core.purposes import Purpose
from visavis.core.roles import Role
from visavis.core.types import Feature, Source
from visavis.store.jobs import Job
from visavis.store.repository import new_id
from visavis.store.users import User
from visavis.usecases.actor import Actor


@dataclass(frozen=True)
class Asked:
    """One request to a route.

    Attributes:
        path: Values of the path's parameters.
        query: Of its query.
        json: The body, where it is JSON.
        content: The body, where it is not.
        headers: Beside who asks.
    """

    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    json: Any = None
    content: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


class Scene:
    """Makes the things that a request names.

    Args:
        house: Where.
        tenant: Whose they are.
        user: Who asks, or in another tenant's scene its owner.
        made: What was made before and may be named again; None = each time something new.
        never: Whether all ids are such as never were.
    """

    def __init__(
        self,
        house: House,
        tenant: Tenant,
        user: User,
        made: dict[tuple[str, str], str] | None = None,
        *,
        never: bool = False,
    ) -> None:
        self.house, self.tenant, self.user, self.never = house, tenant, user, never
        self.names_something = False
        self._made = made

    def post(self, path: str, json: object = None, status: int = 201) -> Any:
        """Have the owner of the tenant make something."""
        answer = self.house.ask("POST", path, self.house.owners_token(self.tenant), json=json)
        assert answer.status_code == status, answer.text
        return answer.json()

    def subject(self) -> str:
        return self._id(
            "subject", lambda: str(self.post("/api/v1/subjects", {"adult": True})["id"])
        )

    def another_subject(self) -> str:
        return self._id(
            "another subject", lambda: str(self.post("/api/v1/subjects", {"adult": True})["id"])
        )

    def collection(self) -> str:
        """Name a collection that no other tenant has."""
        return self._id("collection", self._collected, lambda: f"wing-{secrets.token_hex(8)}")

    def _collected(self) -> str:
        name = f"wing-{secrets.token_hex(8)}"
        return str(self.post("/api/v1/collections", {"name": name})["name"])

    def receipt(self) -> str:
        """Name the receipt of somebody who was erased."""
        return self._id("receipt", self._erased)

    def _erased(self) -> str:
        subject = self.post("/api/v1/subjects", {})
        token = self.house.owners_token(self.tenant)
        answer = self.house.ask("DELETE", f"/api/v1/subjects/{subject['id']}", token)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["statement"]["receipt_id"])

    def user_id(self) -> str:
        return self._id("user", lambda: self.house.add_user(self.tenant.id, Role.VIEWER).id)

    def new_address(self) -> str:
        """Invent an address that nobody has."""
        return f"{secrets.token_hex(8)}@nowhere.example"

    def invited(self) -> str:
        """Name somebody who has not accepted yet."""
        body = {"role": "viewer", "email": self.new_address()}
        return self._id("invited", lambda: str(self.post("/api/v1/invitations", body)["id"]))

    def key(self) -> str:
        """Name an API key of whoever asks."""
        return self._id("key", lambda: self.house.add_key(self.user)[0])

    def notice(self) -> str:
        body = {"purpose": "recognition", "language": "en", "text": "We look at faces. " * 3}
        return self._id("notice", lambda: str(self.post("/api/v1/notices", body)["id"]))

    def consent(self) -> str:
        return self._id("consent", self._given)

    def _given(self) -> str:
        body = {"purpose": "recognition", "notice_id": self.notice(), "method": "written"}
        path = f"/api/v1/subjects/{self.subject()}/consents"
        return str(self.post(path, body)["record_id"])

    def template(self) -> dict[str, str]:
        """Name somebody who agreed, and their template."""
        subject, template = self._id(
            "template", self._sealed, lambda: f"{new_id()} {new_id()}"
        ).split()
        return {"subject_id": subject, "template_id": template}

    def two_templates(self) -> dict[str, str]:
        """Name somebody who agreed, and one of their two templates."""
        subject, template = self._id(
            "two templates", lambda: self._sealed(count=2), lambda: f"{new_id()} {new_id()}"
        ).split()
        return {"subject_id": subject, "template_id": template}

    def _sealed(self, count: int = 1) -> str:
        subject = str(self.post("/api/v1/subjects", {"adult": True})["id"])
        body = {"purpose": "recognition", "notice_id": self.notice(), "method": "written"}
        self.post(f"/api/v1/subjects/{subject}/consents", body)
        owner = Actor(self.tenant.id, self.tenant.owner.id, Role.OWNER)
        for _ in range(count):
            template = self.house.records.templates.seal(
                owner,
                subject,
                np.random.default_rng().normal(size=128).astype(np.float32),
                purpose=Purpose.RECOGNITION,
                embedder="dlib_resnet@1",
            )
        return f"{subject} {template}"

    def session(self) -> str:
        """Name a session of whoever asks."""
        return self._id("session", lambda: self.house.session(self.user, secrets.token_hex()))

    def blob(self) -> str:
        """Name a file that is in no other tenant."""
        return self._id("blob", self._kept, lambda: secrets.token_hex(32))

    def _kept(self) -> str:
        content = b'{"random": "%b"}' % secrets.token_hex(16).encode()
        token = self.house.owners_token(self.tenant)
        answer = self.house.ask(
            "POST",
            "/api/v1/blobs",
            token,
            content=content,
            headers={"Content-Type": "application/json"},
        )
        assert answer.status_code == 201, answer.text
        return str(answer.json()["sha256"])

    def result(self) -> str:
        """Name a result that no other tenant has."""
        return self._id("result", self._found, lambda: secrets.token_hex(32))

    def keep_pictures(self) -> Actor:
        """Let the tenant keep pictures; return its owner."""
        owner = Actor(self.tenant.id, self.tenant.owner.id, Role.OWNER)
        self.house.records.privacy.change(owner, keep_pictures=True)
        return owner

    def job(self) -> str:
        """Name a job that waits."""
        return self._id("job", lambda: self._submitted().id)

    def cancelled_job(self) -> str:
        return self._id("cancelled job", lambda: self._cancelled().id)

    def cancelled_batch(self) -> str:
        return self._id("cancelled batch", lambda: self._cancelled().batch_id)

    def _cancelled(self) -> Job:
        owner, job = self.keep_pictures(), self._submitted()
        return self.house.records.jobs.cancel(owner, job.id)

    def _submitted(self) -> Job:
        pictures = [Source("a.jpg", secrets.token_bytes(16))]
        submit = self.house.records.picture_jobs.submit
        return submit(self.keep_pictures(), pictures, [Feature.POINTS], batch_id=new_id())[0]

    def _found(self) -> str:
        self.keep_pictures()
        number = secrets.randbelow(2**32)
        return kept(self.house.records.results, self.tenant.id, number).sha256

    def begin_totp(self) -> str:
        """Begin a second factor for whoever asks; return a code of it."""
        offer = self.house.ask(
            "POST", "/api/v1/me/totp", self.house.token(self.user), json={"password": PASSWORD}
        )
        assert offer.status_code == 201, offer.text
        return pyotp.TOTP(offer.json()["secret"]).now()

    def confirm_totp(self) -> None:
        """Add a second factor to whoever asks."""
        code = self.begin_totp()
        answer = self.house.ask(
            "POST", "/api/v1/me/totp/confirm", self.house.token(self.user), json={"code": code}
        )
        assert answer.status_code == 200, answer.text

    def _id(self, kind: str, make: Callable[[], str], invent: Callable[[], str] = new_id) -> str:
        self.names_something = True
        if self.never:
            return invent()
        if self._made is None:
            return make()
        key = (self.tenant.id, kind)
        if key not in self._made:
            self._made[key] = make()
        return self._made[key]
