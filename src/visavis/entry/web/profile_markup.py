"""The HTML of the page about oneself: who one is, where one is logged in, one's keys.

What people and programs bring in goes through `escape`; all else is ours.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape

from visavis.entry.web.agents import device
from visavis.entry.web.fields import act, line
from visavis.entry.web.words import count, day, moment
from visavis.store.api_keys import ApiKey
from visavis.store.sessions import Session
from visavis.usecases.face_set_up import State as FaceState
from visavis.usecases.profile import Me

FEW_CODES = 3
"""With fewer recovery codes than this left the page says that it is time for new ones."""

_DATA = (
    "A file with all that is kept about your account: your profile, sessions, keys, and what the "
    "audit log says that you did."
)
LEAVE = (
    "Your account, your sessions and your keys are removed. Whoever is alone in their organisation "
    "removes it with everything in it."
)
KEYS = "A program shows a key instead of a password. It may do what you may do, at most."

_CODE = line(
    "code",
    "Code",
    longest=40,
    required=True,
    more='autocomplete="one-time-code" inputmode="numeric"',
)


@dataclass(frozen=True, slots=True)
class State:
    """What the page shows, read at one moment.

    Attributes:
        me: Who looks at it.
        session_id: Of this browser; None on a private machine.
        sessions: Where they are logged in, newest first.
        codes_left: Recovery codes that were not used yet.
        keys: Their API keys, newest first; None where they may have none.
        may_make_keys: Whether they may make some.
        login: Whether people log in here at all.
        now: The time.
        face: How they stand with logging in by face; None = nobody does here.
    """

    me: Me
    session_id: str | None
    sessions: Sequence[Session]
    codes_left: int
    keys: Sequence[ApiKey] | None
    may_make_keys: bool
    login: bool
    now: datetime
    face: FaceState | None = None


def account(state: State) -> str:
    """Return the rows about who one is, and what it takes to log in."""
    me = state.me
    rows = [_row("Name", escape(me.full_name), act("rename", "Change", whose="the name"))]
    if state.login:
        email, password = (
            act("email", "Change", whose="the address"),
            act("password", "Change", whose="the password"),
        )
        rows.append(_row("E-mail", escape(me.email), email))
    rows.append(_row("Organisation", f"{escape(me.organisation)}, as {me.role}"))
    if state.login:
        rows.append(_row("Password", "Only you know it.", password))
        rows.append(_second_factor(state))
        rows.append(_face(state.face) if state.face else "")
    return f'<dl class="va-rows">{"".join(rows)}</dl>'


def _second_factor(state: State) -> str:
    if not state.me.second_factor:
        off = "Off: whoever knows your password can log in."
        return _row("Second factor", off, act("factor", "Set up", kind="vv-button"))
    left = state.codes_left
    told = f"On. You have {count(left, 'recovery code')} left."
    if left < FEW_CODES:
        told += ' <span class="va-warn">Make new ones before you need them.</span>'
    acts = act("codes", "New recovery codes") + act("no-factor", "Remove", whose="the factor")
    return _row("Second factor", told, acts)


def _face(face: FaceState) -> str:
    if not face.kept:
        told = "Off." if not face.obstacle else f"Off: {escape(face.obstacle)}."
        add = "" if face.obstacle else act("face", "Set up", whose="your face", kind="vv-button")
        return _row("Your face", told, add)
    if face.face is None or face.obstacle:
        why = face.obstacle or "it was kept long enough, or the consent was taken back"
        told = f"It opens nothing now: {escape(why)}."
    elif not face.works:
        told = "It was taken for an older version; remove it and take another picture."
    else:
        told = f"You log in with it since {day(face.face.since)}. A photo of you may pass as well."
    return _row("Your face", told, act("no-face", "Remove", whose="your face"))


def _row(name: str, content: str, acts: str = "") -> str:
    return f"<div><dt>{name}</dt><dd>{content}</dd><dd>{acts}</dd></div>"


def sessions(state: State) -> str:
    """Return the list of where one is logged in, this browser first."""
    own = [s for s in state.sessions if s.id == state.session_id]
    others = [s for s in state.sessions if s.id != state.session_id]
    items = "".join(_session(s, is_this=s.id == state.session_id) for s in own + others)
    more = act("end-others", "End all others", kind="vv-button") if others else ""
    return f'<ul class="va-list">{items}</ul>{more}'


def _session(session: Session, *, is_this: bool) -> str:
    what = escape(device(session.user_agent))
    chip = '<span class="va-chip">this browser</span>' if is_this else ""
    where = f"from {escape(session.address)}, " if session.address else ""
    end = "" if is_this else act("end", "End", session.id, f"{what} session")
    return (
        f'<li><div><span class="va-title"><strong>{what}</strong>{chip}</span><small>{where}since '
        f"{moment(session.created_at)}, "
        f"last seen {moment(session.last_seen_at)}</small></div>{end}</li>"
    )


def keys(state: State) -> str:
    """Return the list of one's API keys; those that work no more are folded away."""
    made = state.keys or ()
    working = [key for key in made if key.is_open(state.now)]
    dead = [key for key in made if not key.is_open(state.now)]
    shown = "".join(_key(key, state) for key in working) or "<li>You have no keys.</li>"
    folded = "".join(_key(key, state) for key in dead)
    rest = (
        f"<details><summary>{count(len(dead), 'key')} that work no more</summary>"
        f'<ul class="va-list">{folded}</ul></details>'
        if dead
        else ""
    )
    new = act("key", "Make a key", kind="vv-button") if state.may_make_keys else ""
    return f'<ul class="va-list">{shown}</ul>{new}{rest}'


def _key(key: ApiKey, state: State) -> str:
    name = escape(key.name)
    is_open = key.is_open(state.now)
    take = act("revoke", "Revoke", key.id, f"the key {key.name}") if is_open else ""
    scopes = ", ".join(map(escape, key.scopes))
    return (
        f'<li><div><span class="va-title"><strong>{name}</strong>{_end_of(key, state.now)}</span>'
        f"<small>may: {scopes}</small>"
        f"<small>made {moment(key.created_at)}, last used {moment(key.last_used_at)}</small></div>"
        f"{take}</li>"
    )


def _end_of(key: ApiKey, now: datetime) -> str:
    if key.revoked_at:
        return f'<span class="va-chip">revoked {day(key.revoked_at)}</span>'
    if key.expires_at is None:
        return '<span class="va-chip">does not expire</span>'
    word = "expires" if key.is_open(now) else "expired"
    return f'<span class="va-chip">{word} {day(key.expires_at)}</span>'


def once(title: str, about: str, text: str, *, printed: bool = False) -> str:
    """Return something that is shown once, with buttons to copy and to print it.

    Args:
        title: What it is; text.
        about: What to do with it; text.
        text: Itself; lines stay lines.
        printed: Whether it can be printed.
    """
    to_print = act("print", "Print", kind="vv-button") if printed else ""
    return (
        f"<h2>{escape(title)}</h2><p>{escape(about)}</p>"
        f'<pre id="va-once" tabindex="0">{escape(text)}</pre><div class="vv-actions">'
        f"{act('copy', 'Copy', kind='vv-button')}{to_print}"
        f"{act('done', 'I have kept it', kind='vv-button vv-primary')}"
        '<span id="va-copied" role="status"></span></div>'
    )


def panel_acts(label: str) -> str:
    """Return the buttons of a step that is sent."""
    return (
        f'<div class="vv-actions"><button class="vv-button vv-primary">{escape(label)}</button>'
        f"{act('done', 'Cancel')}</div>"
    )


def new_email(email: str, *, has_mail: bool) -> str:
    """Return the step after a code was sent to a new address.

    Args:
        email: The address.
        has_mail: Whether this server sends mail at all.
    """
    where = (
        f"If nobody else has it, a letter with a code is on its way to {email}."
        if has_mail
        else "This server does not send mail: the letter is in the outbox folder of its data. "
        "Whoever runs it can read you the code."
    )
    return f"<h2>Confirm the new address</h2><p>{escape(where)}</p>{_CODE}"


def data(*, login: bool) -> str:
    """Return what can be done with all that is kept about somebody."""
    save = f"<p>{_DATA}</p>{act('export', 'Save my data', kind='vv-button')}"
    leave = f'<p class="va-also">{LEAVE}</p>{act("delete", "Delete my account", kind="vv-button")}'
    return save + (leave if login else "")


def new_factor(picture: str, secret: str) -> str:
    """Return the secret of a second factor, to be scanned or typed, and the field for a code.

    Args:
        picture: The QR code, SVG of ours.
        secret: The same for typing, base32.
    """
    spaced = " ".join(secret[i : i + 4] for i in range(0, len(secret), 4))
    return (
        "<h2>Set up the second factor</h2>"
        "<p>Scan this with an authenticator app, such as the one of your phone or of your password "
        "manager. Then type the 6 digits that it shows.</p>"
        f'<div class="va-qr" role="img" aria-label="QR code; the same is written below">{picture}'
        f'</div><p class="va-quiet">Or type this into the app: <code>{escape(spaced)}</code></p>'
        f"{_CODE}"
    )
