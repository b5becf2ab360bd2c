"""The letters: complete, calm, escaped, without anything that tells that they were read."""

import re
from datetime import UTC, datetime, timedelta, timezone
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.mail import letters
from visavis.mail.errors import InvalidMail
from visavis.mail.layout import Code, Foot, Link, letter

FOOT = Foot("https://faces.firm.com", "Ann Lee, ann@firm.com")
WHEN = datetime(2026, 3, 1, 9, 5, tzinfo=UTC)
URL = "https://faces.firm.com/join?secret=vvl_abc&x=1"
TO = "bob@firm.com"


def invited(**more):
    asked: dict[str, Any] = {
        "inviter": "Ann Lee",
        "tenant": "Firm",
        "role": "operator",
        "url": URL,
        "until": WHEN,
    }
    return letters.invitation(TO, foot=FOOT, **(asked | more))


ALL = {
    "verification_code": letters.verification_code(TO, "012345", 10, FOOT),
    "already_registered": letters.already_registered(TO, FOOT),
    "reset_code": letters.reset_code(TO, "012345", 1, FOOT),
    "password_changed": letters.password_changed(TO, WHEN, FOOT),
    "change_code": letters.change_code(TO, "012345", 10, FOOT),
    "email_changed": letters.email_changed(TO, WHEN, FOOT),
    "new_sign_in_method": letters.new_sign_in_method(TO, "an authenticator app", WHEN, FOOT),
    "second_factor_removed": letters.second_factor_removed(TO, WHEN, FOOT),
    "role_changed": letters.role_changed(TO, tenant="Firm", role="admin", foot=FOOT),
    "account_locked": letters.account_locked(TO, WHEN, FOOT),
    "invitation": invited(),
    "invitation_elsewhere": letters.invitation_elsewhere(
        TO, inviter="Ann Lee", tenant="Firm", role="operator", foot=FOOT
    ),
}
each = pytest.mark.parametrize("name", sorted(ALL))


class Seen(HTMLParser):
    """What a mail program shows, and which tags and attributes made it."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.attributes, self.shown = [], [], []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data):
        if self.lasttag != "title":
            self.shown.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.shown).split())


@each
def test_text_and_html_say_the_same(name):
    message = ALL[name]
    text = " ".join(message.text.replace("-- \n", "").split())
    assert Seen(message.html).text == text
    assert message.to == TO


@each
def test_it_says_where_it_comes_from_and_whom_to_ask(name):
    message = ALL[name]
    assert "Visavis at https://faces.firm.com sent this" in message.text
    assert "ask Ann Lee, ann@firm.com." in message.text
    assert "not ask for" in message.text or "was not" in message.text or "not know" in message.text


@each
def test_nothing_is_loaded_and_nothing_is_counted(name):
    seen = Seen(ALL[name].html)
    assert set(seen.tags) <= {"html", "head", "meta", "title", "body", "p", "a"}
    assert {attribute for attribute, _ in seen.attributes} <= {"lang", "charset", "style", "href"}
    assert "url(" not in ALL[name].html
    links = [value for attribute, value in seen.attributes if attribute == "href"]
    assert links == ([URL] if name == "invitation" else [])


@each
def test_no_secret_in_the_subject_or_in_what_is_logged(name):
    message = ALL[name]
    assert "012345" not in message.subject
    assert "012345" not in repr(message)
    assert "vvl_abc" not in repr(message)


@pytest.mark.parametrize("name", ["verification_code", "reset_code", "change_code"])
def test_the_code_stands_alone(name):
    message = ALL[name]
    assert re.findall(r"^\s*(\d+)\s*$", message.text, re.MULTILINE) == ["012345"]
    assert ">012345</p>" in message.html


def test_times_are_for_people_and_in_utc():
    east = WHEN.astimezone(timezone(timedelta(hours=9)))
    assert "on 1 March 2026, 09:05 UTC." in letters.password_changed(TO, east, FOOT).text
    assert "before 1 March 2026, 09:05 UTC." in ALL["account_locked"].text
    assert "works for 10 minutes." in ALL["verification_code"].text
    assert "works for one minute." in ALL["reset_code"].text
    assert "An authenticator app was added" in ALL["new_sign_in_method"].text


def test_without_a_name_to_ask_there_is_still_somebody():
    message = letters.already_registered(TO, Foot("http://localhost:8000"))
    assert "ask the person who runs this Visavis server." in message.text


@pytest.mark.parametrize(
    "name",
    ["Win at https://evil.com", "www.evil", "evil.com", "eve@evil", "x" * 81, "", " ", "a\u202eb"],
)
def test_a_name_that_would_be_advertising_is_left_out(name):
    asked = {"inviter": name, "tenant": name, "role": "operator"}
    for message in (invited(**asked), letters.invitation_elsewhere(TO, **asked, foot=FOOT)):
        assert message.text.startswith(
            "Somebody invites you to work with a team in Visavis, as operator."
        )


def test_who_has_an_account_is_invited_without_a_link():
    text = ALL["invitation_elsewhere"].text
    assert text.startswith("Ann Lee invites you to work with Firm in Visavis, as operator.")
    assert "have an account with this e-mail address already" in text
    assert "secret" not in text


def test_names_are_shown_on_one_line():
    text = invited(inviter=" J. R.\r\nSmith ", tenant="Café\tNº 5 & <Söhne>").text
    assert text.startswith("J. R. Smith invites you to work with Café Nº 5 & <Söhne> in Visavis")


@given(st.text(max_size=90), st.text(max_size=90))
def test_no_name_becomes_markup(inviter, tenant):
    try:
        message = invited(inviter=inviter, tenant=tenant)
    except InvalidMail:
        return
    seen = Seen(message.html)
    assert seen.tags == Seen(ALL["invitation"].html).tags
    assert seen.text == " ".join(message.text.replace("-- \n", "").split())


@given(st.text(max_size=60), st.text(max_size=60))
def test_no_foot_becomes_markup(site, ask):
    try:
        message = letters.already_registered(TO, Foot(site, ask))
    except InvalidMail:
        return
    assert Seen(message.html).tags == Seen(ALL["already_registered"].html).tags


@pytest.mark.parametrize(
    "url",
    [
        *("javascript:alert(1)", "ftp://faces.firm.com", "//faces.firm.com", "https://", "", "x"),
        *("https://a b", "https://a\nb", "https://ä.com", "http://[", "data:text/html,x"),
    ],
)
def test_only_web_addresses_become_links(url):
    with pytest.raises(InvalidMail, match="link"):
        invited(url=url)


def test_markup_in_a_link_stays_inside_it():
    seen = Seen(invited(url='https://a.com/"><script>x</script>').html)
    assert "script" not in seen.tags
    assert ("href", 'https://a.com/"><script>x</script>') in seen.attributes


def test_codes_and_links_are_in_no_log():
    assert "1" not in repr(Code("111111"))
    assert "secret" not in repr(Link(URL))
    assert letter(TO, "S", FOOT, Code("<b>")).html.count("&lt;b&gt;") == 1
