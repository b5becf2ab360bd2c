"""Logging in by face, on the page about oneself: agreed to, enrolled from a picture, removed."""

from dataclasses import dataclass, field
from html import escape

from visavis.core.errors import InvalidInput
from visavis.core.types import Source
from visavis.entry.services import People
from visavis.entry.web import taking
from visavis.entry.web.profile_steps import Act, Steps, own_password
from visavis.entry.web.questions import Form
from visavis.usecases.actor import Actor
from visavis.usecases.face_set_up import State

ADDED = "You can log in with your face from now on."
REMOVED = "Your face is erased, and you do not log in with it any more."


@dataclass(frozen=True, slots=True)
class _Agreed:
    """What somebody said before the picture is taken.

    Attributes:
        password: Theirs; forgotten with the picture or with the page.
        notice_id: What they read.
        of_age: Whether they say that they are.
    """

    password: str = field(repr=False)
    notice_id: str
    of_age: bool


class FaceOfMine:
    """What the buttons about one's face do.

    Args:
        steps: Of the page.
        people: Knows faces.
    """

    def __init__(self, steps: Steps, people: People) -> None:
        self._steps, self._people = steps, people
        self._agreed: _Agreed | None = None
        if people.face_set_up.is_on:
            taking.Taking(steps.visit, self._take)

    def acts(self) -> dict[str, Act]:
        """Return what each button does."""
        return {"face": self._ask, "no-face": self._ask_remove, "done": self._stop}

    def state(self, actor: Actor) -> State | None:
        """Return how things are; None where nobody logs in by face."""
        set_up = self._people.face_set_up
        return set_up.state(actor) if set_up.is_on else None

    async def _ask(self, _of: str) -> None:
        state = await self._steps.visit.do(self._people.face_set_up.state)
        if state.obstacle or state.notice is None:
            raise InvalidInput(state.obstacle)
        notice = state.notice

        async def answer(form: Form) -> None:
            if not form.all("agree"):
                raise InvalidInput("agree to the notice first, or leave it as it is")
            of_age = bool(form.all("of_age"))
            self._agreed = _Agreed(form.secret("password"), notice.id, of_age)
            self._steps.show(_picture_step())

        fields = (
            f'<div class="vo-text" lang="{escape(notice.language)}" tabindex="0">'
            f"{escape(notice.text)}</div>"
            '<label class="vo-choice"><input type="checkbox" name="agree" value="yes" required>'
            "<span><strong>I agree</strong><small>You can take it back here at any time; your face "
            "is erased then.</small></span></label>"
            '<label class="vo-choice"><input type="checkbox" name="of_age" value="yes"><span>'
            "<strong>I am of age</strong><small>Some organisations may only keep faces of adults."
            "</small></span></label>"
        )
        title = "Log in with your face"
        self._steps.ask(title, fields + own_password(), "Go on", answer)

    async def _take(self, source: Source) -> None:
        """Enrol the picture that was asked for; any other is none of our business."""
        agreed = self._agreed
        if agreed is None:
            return

        def add(actor: Actor) -> None:
            self._people.face_set_up.add(
                actor,
                agreed.password,
                source,
                agrees=True,
                notice_id=agreed.notice_id,
                of_age=agreed.of_age,
            )

        await self._steps.do(ADDED, add)
        await self._stop("")

    async def _stop(self, _of: str) -> None:
        self._agreed = None
        await self._steps.put_away()

    async def _ask_remove(self, _of: str) -> None:
        async def answer(_form: Form) -> None:
            await self._steps.do(REMOVED, self._steps.records.own_faces.remove)

        about = "<p>What is kept of your face is erased, with the consent to keep it.</p>"
        self._steps.ask("Remove your face?", about, "Erase it", answer, grave=True)


def _picture_step() -> str:
    """Return what is shown while a picture is waited for."""
    cancel = '<button type="button" class="vv-plain" data-do="done">Cancel</button>'
    return (
        "<h2>Take a picture of yourself</h2><p>Look straight into the camera, in good light, "
        "alone. The picture itself is not kept.</p>"
        f"{taking.buttons(one=True)}{cancel}"
    )
