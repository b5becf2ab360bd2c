"""The queues of a deployment as cards, for those who run it."""

from collections.abc import Sequence
from datetime import datetime

from visavis.entry.web.fields import act
from visavis.store.job_queues import QueueState
from visavis.usecases import queues

_ABOUT = {
    queues.PICTURES: "Whole pictures, each analysed by one worker",
    queues.DETECT: "Faces are looked for, where that is a service of its own",
    queues.DESCRIBE: "Faces are described, where that is a service of its own",
    queues.STORE: "What both found is put together and kept",
}
_UNITS = ((86_400, "d"), (3600, "h"), (60, "min"), (1, "s"))

HEAD = (
    '<div class="vo-head vo-second"><h2>Queues</h2></div><p class="vo-quiet">Of all organisations '
    "on this server. What is under way when a queue is paused is finished.</p>"
)


def in_order(states: Sequence[QueueState]) -> list[QueueState]:
    """Return queues in the order in which pictures pass them."""
    places = {name: place for place, name in enumerate(queues.ALL)}
    return sorted(states, key=lambda state: (places.get(state.queue, len(places)), state.queue))


def card(queue: QueueState, now: datetime, *, may_write: bool) -> str:
    """Return a queue.

    Args:
        queue: How it is.
        now: The time.
        may_write: Whether who looks may pause it.
    """
    figures = [("waiting", queue.waiting), ("running", queue.running), ("parked", queue.parked)]
    drawn = "".join(f"<div><dt>{name}</dt><dd>{number:,}</dd></div>" for name, number in figures)
    held = '<span class="vo-chip">Paused</span>' if queue.held else ""
    way = ""
    if may_write:
        do, label = ("resume", "Resume") if queue.held else ("pause", "Pause")
        way = act(do, label, queue.queue, queue.queue, "vv-button" if queue.held else "vv-plain")
    return (
        f'<div class="vj-queue"><div class="vj-queue-head"><h3>{queue.queue}{held}</h3>{way}</div>'
        f"<dl>{drawn}</dl><p>{_ABOUT.get(queue.queue, '')}{_oldest(queue, now)}</p></div>"
    )


def _oldest(queue: QueueState, now: datetime) -> str:
    if queue.oldest is None or queue.oldest >= now:
        return ""
    seconds = (now - queue.oldest).total_seconds()
    unit_s, unit = next((u for u in _UNITS if seconds >= u[0]), _UNITS[-1])
    return f" · the oldest waits {seconds / unit_s:.0f} {unit}"
