"""The packs and their weights as the page shows them."""

from html import escape

from visavis.core.settings import MIB
from visavis.vision.weights.catalog import PACKS, WEIGHTS, Pack, Weight
from visavis.vision.weights.shelf import State, WeightShelf

STATES = {
    State.READY: "ready",
    State.ABSENT: "not on this machine",
    State.UNVERIFIED: "ready, not verified",
    State.NEEDS_LICENCE: "licence not accepted",
}
_TODO = {
    State.ABSENT: "visavis models pull {}",
    State.NEEDS_LICENCE: "visavis models accept {}",
}


def packs(shelf: WeightShelf, serving: str) -> str:
    """Return every pack with its weights.

    Args:
        shelf: The weights on this machine.
        serving: Name of the pack that serves.
    """
    return "".join(_pack(pack, shelf, serves=pack.name == serving) for pack in PACKS.values())


def _pack(pack: Pack, shelf: WeightShelf, *, serves: bool) -> str:
    rows = "".join(_weight(WEIGHTS[name], shelf) for name in pack.weights)
    mark = '<span class="vh-chip">serves</span>' if serves else ""
    opened = " open" if serves else ""
    return (
        f'<details class="vh-fold"{opened}><summary class="vh-line vh-pack"><strong>'
        f"{escape(pack.name)}</strong><span>{_pack_state(pack, shelf)}{mark}</span></summary>"
        f'<ul class="vh-weights">{rows}</ul></details>'
    )


def _pack_state(pack: Pack, shelf: WeightShelf) -> str:
    """Say what stands in the way of a pack, the licence first."""
    states = {shelf.state(name) for name in pack.weights}
    limited = not all(WEIGHTS[name].commercial for name in pack.weights)
    order = (State.NEEDS_LICENCE, State.ABSENT, State.UNVERIFIED, State.READY)
    state = STATES[next(state for state in order if state in states)]
    return f"{state}, non-commercial" if limited else state


def _weight(weight: Weight, shelf: WeightShelf) -> str:
    state, path = shelf.state(weight.name), shelf.path(weight.name)
    size = f", {path.stat().st_size / MIB:.1f} MB" if path else ""
    limited = "" if weight.commercial else '<span class="vh-chip vh-warn">non-commercial</span>'
    todo = _TODO[state].format(weight.name) if state in _TODO else ""
    run = f" – <code>{escape(todo)}</code>" if todo else ""
    return (
        f"<li><p><strong>{escape(weight.name)}</strong> <span>{weight.role}</span>{limited}</p>"
        f"<p>{STATES[state]}{size}{run}</p>"
        f"<dl><dt>Licence</dt><dd>{escape(weight.licence)}</dd>"
        f"<dt>Trained</dt><dd>{escape(weight.provenance)}</dd>"
        f"<dt>From</dt><dd>{escape(str(weight.source))}</dd></dl></li>"
    )
