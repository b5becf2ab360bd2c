"""The page about oneself: name and address, how one logs in, where from, keys, one's data."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from nicegui import ui

from visavis.credentials.roles import Permission
from visavis.entry.services import People, Records
from visavis.entry.web import profile_markup, shell
from visavis.entry.web.elements import html
from visavis.entry.web.profile_account import Account
from visavis.entry.web.profile_face import FaceOfMine
from visavis.entry.web.profile_factor import Factor
from visavis.entry.web.profile_keys import Keys
from visavis.entry.web.profile_markup import State
from visavis.entry.web.profile_steps import Act, Steps
from visavis.entry.web.questions import acting
from visavis.entry.web.visitor import Visit
from visavis.store.page import MOST
from visavis.usecases.actor import Actor

TITLE = "Profile and security – Visavis"


def install(records: Records, people: People) -> None:
    """Register the page."""

    async def build(visit: Visit, actor: Actor) -> None:
        await ProfilePage(records, people, visit, actor).refresh()

    shell.install(records, shell.PROFILE, TITLE, build)


class ProfilePage:
    """One open page."""

    def __init__(self, records: Records, people: People, visit: Visit, actor: Actor) -> None:
        self._records = records
        self._visit = visit
        self._parts: dict[Callable[[State], str], ui.html] = {}
        with ui.element("main").classes("vv-main va-main") as main:
            html("Profile and security", "h1")
            self._steps = Steps(records, visit, self.refresh)
            self._build(actor)
        self._face = FaceOfMine(self._steps, people)
        acting(main, visit, self._acts())

    def _build(self, actor: Actor) -> None:
        login = self._records.login
        with _section("Your account"):
            self._parts[profile_markup.account] = html("")
        if login:
            with _section("Where you are logged in"):
                self._parts[profile_markup.sessions] = html("")
        if actor.may(Permission.KEYS_READ):
            with _section("API keys"):
                html(profile_markup.KEYS, "p").classes("va-quiet")
                self._parts[profile_markup.keys] = html("")
        with _section("Your data"):
            html(profile_markup.data(login=login))

    def _acts(self) -> dict[str, Act]:
        """Return what each button does."""
        own = {"end": self._end, "end-others": self._end_others, "done": self._steps.put_away}
        groups = (Account(self._steps), Factor(self._steps), Keys(self._steps), self._face)
        return own | {name: act for group in groups for name, act in group.acts().items()}

    async def refresh(self) -> None:
        """Show how things are now."""
        state = await self._visit.do(self._read)
        if self._visit.is_over:
            return
        for drawn, part in self._parts.items():
            content = drawn(state)
            if part.content != content:
                part.set_content(content)

    def _read(self, actor: Actor) -> State:
        records, login = self._records, self._records.login
        me = records.profile.read(actor)
        has_keys = actor.may(Permission.KEYS_READ)
        return State(
            me=me,
            session_id=actor.session_id,
            sessions=records.sign_in.sessions(actor, MOST).items if login else (),
            codes_left=records.second_factor.recovery_left(actor) if me.second_factor else 0,
            keys=records.api_keys.page(actor, MOST).items if has_keys else (),
            may_make_keys=actor.may(Permission.KEYS_WRITE),
            login=login,
            now=records.ground.clock(),
            face=self._face.state(actor) if login else None,
        )

    async def _end(self, session_id: str) -> None:
        sign_in = self._records.sign_in
        await self._steps.do(
            "The session has ended.", lambda actor: sign_in.end_session(actor, session_id)
        )

    async def _end_others(self, _of: str) -> None:
        sign_in = self._records.sign_in
        await self._steps.do(
            "All other sessions have ended.",
            lambda actor: sign_in.log_out_everywhere(actor, keep_this=True),
        )


@contextmanager
def _section(title: str) -> Iterator[None]:
    """Put a section with a heading on the page."""
    name = f"va-{title.split()[-1].lower()}"
    with ui.element("section").classes("va-card").props(f"aria-labelledby={name}"):
        html(title, "h2").props(f"id={name}")
        yield
