"""The page about jobs: what waits, what goes on, what did not work; and sending pictures."""

from nicegui import ui

from visavis.core.types import Source
from visavis.credentials.roles import Permission
from visavis.entry.services import Records
from visavis.entry.web import jobs_markup as markup
from visavis.entry.web import jobs_queues, shell, taking
from visavis.entry.web.elements import html
from visavis.entry.web.jobs_batches import Batches
from visavis.entry.web.jobs_reading import Seen, Wanted, read
from visavis.entry.web.keyed import Keyed
from visavis.entry.web.questions import acting
from visavis.entry.web.visitor import Visit
from visavis.store.jobs import Job
from visavis.store.kinds import JobState
from visavis.store.page import DEFAULT
from visavis.store.repository import new_id
from visavis.usecases.actor import Actor

TITLE = "Jobs – Visavis"
FEATURES = ("all", "mesh")

BUSY_EVERY_S, IDLE_EVERY_S = 1.0, 4.0
"""How often an open page looks how things are: while something goes on, and otherwise."""


def install(records: Records) -> None:
    """Register the page."""
    shell.install(records, shell.JOBS, TITLE, _build)


async def _build(visit: Visit, actor: Actor) -> None:
    state = _state(ui.context.client.request.query_params.get("state", ""))
    page = JobsPage(visit, actor, state, keeps=await visit.do(lambda now: _keeps(visit, now)))
    await visit.handler(page.look)()


def _keeps(visit: Visit, actor: Actor) -> bool:
    """Return whether pictures may wait here; who may not send any is told nothing of it."""
    if not actor.may(Permission.PRIVACY_READ):
        return True
    return visit.records.results.keeps(visit.records.privacy.rules(actor))


def _state(word: str) -> JobState | None:
    return JobState(word) if word in set(JobState) else None


class JobsPage:
    """One open page.

    Args:
        visit: Who looks at it.
        actor: The same, as they were when it was opened: what is offered hangs on it.
        state: Which jobs are looked at; None = all.
        keeps: Whether pictures may wait here.
    """

    def __init__(self, visit: Visit, actor: Actor, state: JobState | None, *, keeps: bool) -> None:
        self._visit, self._records, self._state = visit, visit.records, state
        self._may_write = actor.may(Permission.JOBS_WRITE) and actor.may(Permission.ANALYSE)
        self._may_send, self._keeps = self._may_write and keeps, keeps
        self._may_see = actor.may(Permission.RESULTS_READ)
        self._may_pause = actor.may(Permission.SETTINGS_WRITE)
        self._names: dict[str, str] = {}
        self._batch, self._shown = new_id(), DEFAULT
        with ui.element("main").classes("vv-main vo-main vj-main") as self._main:
            self._build()
        if self._may_send:
            taking.Taking(visit, self._take)
            ui.on("visavis_added", self._begin_batch)
        self._timer = ui.timer(BUSY_EVERY_S, visit.handler(self.look), immediate=False)
        acts = {"state": self._choose, "more": self._more, "dismiss": self._dismiss}
        if actor.may(Permission.JOBS_WRITE):
            acts |= {"cancel": self._cancel, "retry": self._retry}
            acts |= {"cancel-batch": self._cancel_batch}
        if self._may_pause:
            acts |= {"pause": self._pause, "resume": self._resume}
        acting(self._main, visit, acts)

    def _build(self) -> None:
        inside = markup.DROP if self._may_send else markup.NOTHING
        with ui.element("section").classes("vv-drop") as self._empty:
            html(inside if self._keeps else markup.NOT_HERE).classes("vv-drop-inner")
        with ui.element("div").classes("vj-full") as self._full:
            html(markup.HEAD if self._may_send else markup.QUIET_HEAD)
            self._batches = Batches(may_write=self._may_write, may_see=self._may_see)
            with ui.element("div").classes("vj-chips").props('role=group aria-label="Filter"'):
                self._chips = {state: self._chip(state) for state in markup.LABELS}
            self._none = html("")
            self._jobs = Keyed("vj-jobs", "Jobs")
            self._further = html("")
        with ui.element("section").classes("vj-queues") as self._queues_part:
            html(jobs_queues.HEAD)
            self._queues = Keyed("vj-cards", "Queues")
        for part in (self._empty, self._full, self._queues_part):
            part.set_visibility(False)

    def _chip(self, state: JobState | None) -> ui.html:
        chip = html("", "button").classes("vj-chip")
        return chip.props(f'type=button data-do=state data-of="{state or ""}"')

    async def look(self) -> None:
        """Show how things are now."""
        wanted = Wanted(self._state, self._shown, self._batches.shown)
        seen = await self._visit.do(lambda actor: read(self._records, actor, wanted))
        if not self._visit.is_over and wanted.state is self._state:
            self._show(seen)

    def _show(self, seen: Seen) -> None:
        self._timer.interval = BUSY_EVERY_S if seen.is_busy else IDLE_EVERY_S
        is_empty = not any(seen.counts.values())
        self._empty.set_visibility(is_empty)
        self._full.set_visibility(not is_empty)
        self._main.classes(**{"add" if is_empty else "remove": "is-empty"})
        self._batches.show(seen.batches, seen.now)
        for state, chip in self._chips.items():
            number = seen.counts.get(state, 0) if state else sum(seen.counts.values())
            _set(chip, markup.chip(state, number))
            chip.props(f"aria-pressed={'true' if state is self._state else 'false'}")
        _set(self._none, "" if seen.jobs or not self._state else _none(self._state))
        self._jobs.show([(row.id, self._row(row, seen)) for row in seen.jobs])
        _set(self._further, "" if seen.is_all else _MORE)
        self._queues_part.set_visibility(bool(seen.queues))
        may_write = self._may_pause
        in_order = jobs_queues.in_order(seen.queues)
        cards = [(q.queue, jobs_queues.card(q, seen.now, may_write=may_write)) for q in in_order]
        self._queues.show(cards)

    def _row(self, row: Job, seen: Seen) -> str:
        name = self._names.get(row.id, "")
        may = {"may_write": self._may_write, "may_see": self._may_see}
        return markup.job(row, name, seen.now, **may)

    async def _choose(self, word: str) -> None:
        self._state, self._shown = _state(word), DEFAULT
        ui.navigate.history.replace(f"jobs?state={word}" if word else "jobs")
        await self.look()

    async def _more(self, _: str) -> None:
        self._shown += DEFAULT
        await self.look()

    def _begin_batch(self) -> None:
        """Note that the browser is about to send files: what comes now belongs together."""
        self._batch = new_id()

    async def _take(self, source: Source) -> None:
        """Take a picture that has arrived; its name is known to this page alone."""
        batch = self._batch
        job = await self._visit.do(lambda actor: self._submit(actor, source, batch))
        self._names[job.id] = source.name
        self._timer.interval = BUSY_EVERY_S
        await self.look()

    def _submit(self, actor: Actor, source: Source, batch: str) -> Job:
        features = self._records.privacy.features(actor, FEATURES)
        submit = self._records.picture_jobs.submit
        return submit(actor, [source], features, batch_id=batch)[0]

    async def _cancel(self, job_id: str) -> None:
        await self._visit.do(lambda actor: self._records.jobs.cancel(actor, job_id))
        await self.look()

    async def _retry(self, job_id: str) -> None:
        await self._visit.do(lambda actor: self._records.jobs.requeue(actor, job_id))
        await self.look()

    async def _cancel_batch(self, batch_id: str) -> None:
        await self._visit.do(lambda actor: self._records.jobs.cancel_batch(actor, batch_id))
        await self.look()

    async def _dismiss(self, batch_id: str) -> None:
        self._batches.put_away(batch_id)

    async def _pause(self, queue: str) -> None:
        await self._visit.do(lambda actor: self._records.jobs.hold(actor, queue))
        await self.look()

    async def _resume(self, queue: str) -> None:
        await self._visit.do(lambda actor: self._records.jobs.let_go(actor, queue))
        await self.look()


_MORE = '<button type="button" class="vv-button vo-more" data-do="more">Show more</button>'


def _none(state: JobState) -> str:
    return markup.NONE_LIKE_IT.format(f"No job is {state}")


def _set(element: ui.html, content: str) -> None:
    if element.content != content:
        element.set_content(content)
