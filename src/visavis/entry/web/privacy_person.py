"""One person: what is said of them, what they agreed to, a copy of everything, and erasing them."""

from datetime import timedelta
from functools import partial

from nicegui import ui

from visavis.core.errors import InvalidInput
from visavis.core.purposes import Purpose
from visavis.entry.web import privacy_consents
from visavis.entry.web import privacy_person_markup as markup
from visavis.entry.web.elements import html
from visavis.entry.web.privacy_frame import RECEIPT, RECEIPTS
from visavis.entry.web.privacy_profiles import called, profile_fields, profile_given
from visavis.entry.web.questions import Form, Question
from visavis.entry.web.visitor import Visit
from visavis.entry.web.words import date_of
from visavis.store.kinds import ConsentMethod
from visavis.store.notices import Notice
from visavis.store.page import MOST
from visavis.usecases.actor import Actor
from visavis.usecases.consent_records import GivenBy
from visavis.usecases.erasure import Reason
from visavis.usecases.errors import NotFound
from visavis.usecases.subject_profiles import Known

_DAY = timedelta(days=1)


class PersonPart:
    """A person on one open page.

    Args:
        visit: Who looks at them.
        actor: The same, as they were when it was opened: what is offered hangs on it.
        subject_id: The person.
    """

    def __init__(self, visit: Visit, actor: Actor, subject_id: str) -> None:
        self._visit, self._records, self._actor = visit, visit.records, actor
        self._id = subject_id
        self._known: Known | None = None
        self.acts = {
            "change": self._ask_change,
            "consent": self._ask_consent,
            "withdraw": self._ask_withdraw,
            "erase": self._ask_erase,
        }
        self._body = html(markup.BACK)

    async def show(self) -> None:
        """Show how things are now."""
        records = self._records

        def read(actor: Actor) -> markup.State:
            known = records.subjects.find(actor, self._id)
            consents = records.consents.records(actor, MOST, subject_id=self._id).items
            return markup.State(known, consents)

        try:
            state = await self._visit.do(read)
        except (NotFound, InvalidInput):  # the id is none of ours, or no id at all
            self._body.set_content(markup.NOBODY)
            return
        self._known = state.known
        if not self._visit.is_over:
            self._body.set_content(markup.person(state, self._actor))

    async def _ask_change(self, _: str) -> None:
        with self._visit.dialogs:
            question = Question(self._visit, "Change what is said of them")
            question.ask(profile_fields(self._known), "Save", self._change)

    async def _change(self, form: Form) -> None:
        given, change = profile_given(form), self._records.subjects.change
        await self._visit.do(lambda actor: change(actor, self._id, **given))
        self._visit.tell("Saved.")
        await self.show()

    async def _ask_consent(self, _: str) -> None:
        notices = await self._visit.do(lambda actor: self._records.notices.page(actor, MOST).items)
        with self._visit.dialogs:
            question = Question(self._visit, "Record a consent")
            if not notices:
                question.show(privacy_consents.NO_NOTICES)
                return
            fields = privacy_consents.consent_fields(notices)
            question.ask(fields, "Record it", partial(self._consent, {n.id: n for n in notices}))

    async def _consent(self, notices: dict[str, Notice], form: Form) -> None:
        notice = notices.get(form.text("notice"))
        if notice is None:
            raise InvalidInput("choose what they were told")
        until = date_of(form.text("until"))
        given_by = form.choice("given_by", GivenBy)
        for_minor = given_by in {GivenBy.PARENT, GivenBy.GUARDIAN}
        method = ConsentMethod.GUARDIAN if for_minor else form.choice("method", ConsentMethod)
        await self._visit.do(
            lambda actor: self._records.consents.give(
                actor,
                self._id,
                Purpose(notice.purpose),
                notice_id=notice.id,
                method=method,
                given_by=given_by,
                evidence=form.text("evidence"),
                given_at=date_of(form.text("given_at")),
                expires_at=until + _DAY if until else None,
            )
        )
        self._visit.tell("The consent is recorded.")
        await self.show()

    async def _ask_withdraw(self, consent_id: str) -> None:
        with self._visit.dialogs:
            question = Question(self._visit, "Withdraw this consent?")
            question.ask(
                privacy_consents.withdraw_fields(),
                "Withdraw it",
                partial(self._withdraw, consent_id),
            )

    async def _withdraw(self, consent_id: str, form: Form) -> None:
        by, withdraw = form.choice("by", GivenBy), self._records.consents.withdraw
        await self._visit.do(lambda actor: withdraw(actor, consent_id, by))
        self._visit.tell("The consent is withdrawn and holds no longer.")
        await self.show()

    async def _ask_erase(self, _: str) -> None:
        if self._known is None:
            return
        with self._visit.dialogs:
            question = Question(self._visit, f"Erase {called(self._known)}?")
            question.ask(markup.erase_fields(), "Yes, erase", self._erase, grave=True)

    async def _erase(self, form: Form) -> None:
        reason, erase = form.choice("reason", Reason), self._records.erasure.erase
        receipt = await self._visit.do(lambda actor: erase(actor, self._id, reason=reason))
        ui.navigate.to(f"/{RECEIPTS.path}?{RECEIPT}={receipt.id}")
