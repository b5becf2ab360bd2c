"""Notices: what people are told before they consent; each version stays as it was read."""

import re

from visavis.core.errors import InvalidInput
from visavis.core.purposes import Purpose
from visavis.credentials.roles import Permission
from visavis.store.notices import Notice
from visavis.store.page import DEFAULT, Page
from visavis.store.work import Work
from visavis.usecases.actor import Actor
from visavis.usecases.errors import NotFound
from visavis.usecases.ground import Ground

SHORTEST, LONGEST = 20, 50_000
"""Characters of a notice."""

LONGEST_TAG = 35
"""Characters of a language tag (RFC 5646, 4.4.1)."""

_TAG = re.compile(
    r"""(?:[a-z]{2,3}(?:-[a-z]{3}){0,3}|[a-z]{4}|[a-z]{5,8})   # language
    (?:-[a-z]{4})?                                             # script
    (?:-(?:[a-z]{2}|[0-9]{3}))?                                # region
    (?:-(?:[a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*                   # variants
    (?:-[0-9a-wyz](?:-[a-z0-9]{2,8})+)*                        # extensions
    (?:-x(?:-[a-z0-9]{1,8})+)?                                 # private use
    """,
    re.VERBOSE | re.ASCII,
)


class Notices:
    """Keeps what people are told; there is no way to change it afterwards.

    Args:
        ground: Of the deployment.
    """

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    def page(self, actor: Actor, limit: int = DEFAULT, cursor: str | None = None) -> Page[Notice]:
        """Return a part of the notices, newest first.

        Raises:
            InvalidInput: the limit is not 1..200, or the cursor none of ours.
        """
        actor.require(Permission.PRIVACY_READ)
        with self._ground.store.reading() as work:
            return work.notices.page(actor.tenant_id, limit, cursor)

    def find(self, actor: Actor, notice_id: str) -> Notice:
        """Return a notice.

        Raises:
            NotFound: there is none of this id.
        """
        actor.require(Permission.PRIVACY_READ)
        with self._ground.store.reading() as work:
            return notice_of(work, actor.tenant_id, notice_id)

    def add(self, actor: Actor, purpose: Purpose, language: str, text: str) -> Notice:
        """Keep the next version of what is said about a purpose in a language.

        Args:
            actor: Who adds it.
            purpose: What people are asked to consent to.
            language: Tag of BCP 47, such as `en` or `pt-BR`.
            text: Word for word, 20 to 50,000 characters.

        Raises:
            InvalidInput: the language is no tag, or the text too short or too long.
        """
        actor.require(Permission.PRIVACY_WRITE)
        tag, said = language_tag(language), _said(text)
        return self._ground.store.run(lambda work: self._add(work, actor, purpose, tag, said))

    def same(self, actor: Actor, purpose: Purpose, language: str, text: str) -> Notice:
        """Return the newest notice of these very words; where there is none, it is added.

        Raises:
            InvalidInput: as for `add`.
        """
        actor.require(Permission.PRIVACY_WRITE)
        tag, said = language_tag(language), _said(text)

        def find(work: Work) -> Notice:
            work.tenants.hold(actor.tenant_id)  # no other unit takes the same number
            newest = work.notices.latest(actor.tenant_id, purpose, tag)
            if newest is not None and newest.text == said:
                return newest
            return self._add(work, actor, purpose, tag, said)

        return self._ground.store.run(find)

    def _add(self, work: Work, actor: Actor, purpose: Purpose, language: str, text: str) -> Notice:
        now, tenant_id = self._ground.clock(), actor.tenant_id
        work.tenants.hold(tenant_id)  # no other unit takes the same number
        latest = work.notices.latest(tenant_id, purpose, language)
        version = latest.version + 1 if latest else 1
        notice = work.notices.add(tenant_id, purpose.value, version, language, text, now)
        told = {"notice_id": notice.id, "purpose": purpose.value, "version": version}
        self._ground.audit.note(
            work, tenant_id, actor.id, "notice.added", now, details=told | {"language": language}
        )
        return notice


def notice_of(work: Work, tenant_id: str, notice_id: str) -> Notice:
    """Return a notice of a tenant.

    Raises:
        NotFound: there is none of this id.
    """
    notice = work.notices.find(tenant_id, notice_id)
    if notice is None:
        raise NotFound("notice")
    return notice


def language_tag(text: str) -> str:
    """Return a tag of BCP 47 in the way it is usually written: `PT-br` is `pt-BR`.

    Raises:
        InvalidInput: it is not well-formed.
    """
    lower = text.strip().lower()
    if len(lower) > LONGEST_TAG or not _TAG.fullmatch(lower):
        raise InvalidInput("the language is no tag such as en, de or pt-BR (BCP 47); correct it")
    first, *rest = lower.split("-")
    written, is_extended = [first], False
    for part in rest:
        written.append(part if is_extended else _CASES.get(len(part), str.lower)(part))
        is_extended = is_extended or len(part) == 1
    return "-".join(written)


_CASES = {2: str.upper, 4: str.title}
"""How regions and scripts are written, by their length; the rest is in small letters."""


def _said(text: str) -> str:
    said = text.strip()
    if not SHORTEST <= len(said) <= LONGEST:
        raise InvalidInput(
            f"a notice has {SHORTEST} to {LONGEST} characters, this one {len(said)}; say who "
            "processes what, why, for how long, and how to withdraw"
        )
    return said
