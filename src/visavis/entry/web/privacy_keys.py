"""Keys: what protects what, in which version, and making a new one."""

from collections.abc import Mapping
from functools import partial
from html import escape

from visavis.credentials.roles import Permission
from visavis.entry.services import Records
from visavis.entry.web import shell
from visavis.entry.web.elements import html
from visavis.entry.web.fields import act
from visavis.entry.web.privacy_frame import KEYS, part
from visavis.entry.web.questions import Form, Question, acting
from visavis.entry.web.visitor import Visit
from visavis.entry.web.words import count, day
from visavis.usecases import audit, gallery_codes, receipts, second_factor, subject_profiles
from visavis.usecases.actor import Actor
from visavis.usecases.key_rotation import KeyVersion, Level, Rotated, VaultState
from visavis.vault import keyring

TITLE = "Keys – Privacy – Visavis"

_NAMES: Mapping[Level, str] = {
    Level.TENANT: "Organisation",
    Level.SUBJECTS: "People",
    Level.CODES: "Search codes",
    Level.REFERENCES: "References",
    Level.SECOND_FACTOR: "Second factors",
    Level.AUDIT: "Audit log",
    Level.RECEIPTS: "Receipts",
}
_ASKED: Mapping[Level, str] = {
    Level.TENANT: "the key of the organisation",
    Level.SUBJECTS: "the keys of all people",
    Level.CODES: "the secret of the search codes",
    Level.REFERENCES: "the key of the references",
    Level.SECOND_FACTOR: "the key of the second factors",
    Level.AUDIT: "the key of the audit log",
    Level.RECEIPTS: "the key of the receipts",
}
_PURPOSES: Mapping[Level, str] = {
    Level.TENANT: keyring.SUBJECTS,
    Level.CODES: gallery_codes.CODES,
    Level.REFERENCES: subject_profiles.REFERENCES,
    Level.SECOND_FACTOR: second_factor.PURPOSE,
    Level.AUDIT: audit.PURPOSE,
    Level.RECEIPTS: receipts.PURPOSE,
}
"""What the organisation's keys are for; those of people are their own."""

_HEAD = (
    "<h1>Keys</h1><p class='vo-lead'>Keys never leave the server and are shown nowhere. Rotating "
    "makes a new version and seals anew what lies under the older one; everything keeps working "
    "meanwhile. Do it when somebody left who could read them, or once a year.</p>"
)


def install(records: Records) -> None:
    """Register the part."""
    shell.install(records, KEYS, TITLE, _build)


async def _build(visit: Visit, actor: Actor) -> None:
    with part(KEYS, actor) as main:
        shown = KeysPart(visit, may_rotate=actor.may(Permission.PRIVACY_WRITE))
    acting(main, visit, {"rotate": shown.ask})
    await visit.handler(shown.show)()


class KeysPart:
    """The keys on one open page.

    Args:
        visit: Who looks at them.
        may_rotate: Whether they may rotate them.
    """

    def __init__(self, visit: Visit, *, may_rotate: bool) -> None:
        self._visit, self._may_rotate = visit, may_rotate
        html(_HEAD)
        self._list = html("")

    async def show(self) -> None:
        """Show the keys as they are now."""
        state = await self._visit.do(self._visit.records.key_rotation.state)
        if not self._visit.is_over:
            self._list.set_content(drawn(state, may_rotate=self._may_rotate))

    async def ask(self, of: str) -> None:
        """Ask whether keys shall be rotated.

        Args:
            of: Which level.
        """
        if of not in set(Level):
            return
        level = Level(of)
        with self._visit.dialogs:
            question = Question(self._visit, f"Rotate {_ASKED[level]}?")
            about = f"<p>{escape(level.meaning)}</p><p>With many people it takes a while.</p>"
            question.ask(about, "Yes, rotate", partial(self._rotate, level))

    async def _rotate(self, level: Level, _: Form) -> None:
        rotate = self._visit.records.key_rotation.rotate
        done = await self._visit.do(lambda actor: rotate(actor, level))
        self._visit.tell(said(done))
        await self.show()


def said(done: Rotated) -> str:
    """Say what a rotation did."""
    name = _NAMES[done.level]
    renewed = f"{done.renewed} sealed anew." if done.renewed else "Nothing had to be sealed anew."
    if done.version is not None:
        return f"{name}: version {done.version} is in use. {renewed}"
    if done.level is Level.SUBJECTS:
        return f"{name}: everybody has a new key. {renewed}"
    return f"{name}: there is no key yet; it is made when it is first needed."


def drawn(state: VaultState, *, may_rotate: bool) -> str:
    """Return the keys of every level.

    Args:
        state: What there is.
        may_rotate: Whether who looks at them may rotate them.
    """
    rows = "".join(_row(level, state, may_rotate=may_rotate) for level in Level)
    heads = "".join(f'<th scope="col">{name}</th>' for name in ("Key", "In use"))
    return (
        '<table class="vo-table"><caption class="vv-hidden">Keys</caption>'
        f"<thead><tr>{heads}<td></td></tr></thead><tbody>{rows}</tbody></table>"
        f'<p class="vo-quiet">New keys are wrapped under the root key <code>'
        f"{escape(state.root_id)}</code>; only whoever runs this server can replace that one.</p>"
    )


def _row(level: Level, state: VaultState, *, may_rotate: bool) -> str:
    button = act("rotate", "Rotate…", level.value, _NAMES[level]) if may_rotate else ""
    return (
        f'<tr><th scope="row">{_NAMES[level]}<small>{escape(level.meaning)}</small></th>'
        f'<td data-label="In use">{_in_use(level, state)}</td><td class="vo-do">{button}</td></tr>'
    )


def _in_use(level: Level, state: VaultState) -> str:
    if level is Level.SUBJECTS:
        return f"{count(state.subject_keys, 'key')}"
    versions = [key for key in state.keys if key.purpose == _PURPOSES[level]]
    if not versions:
        return "none yet"
    newest = max(versions, key=lambda key: key.version)
    return f"version {newest.version}{_since(newest)}{_older(versions)}"


def _since(key: KeyVersion) -> str:
    return f"<small>since {day(key.created_at)}</small>"


def _older(versions: list[KeyVersion]) -> str:
    older = len(versions) - 1
    return f"<small>{count(older, 'older version')} kept to read</small>" if older else ""
