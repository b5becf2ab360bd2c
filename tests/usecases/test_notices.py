"""Notices: each version stays as people read it."""

import pytest

from tests.usecases.people import TEXT, actions
from visavis.core.errors import InvalidInput, NotAllowed
from visavis.core.purposes import Purpose
from visavis.usecases.errors import NotFound
from visavis.usecases.notices import LONGEST, Notices, language_tag


@pytest.fixture
def notices(ground):
    return Notices(ground)


def test_versions_are_counted_by_purpose_and_language(ground, notices, house, other):
    added = [
        notices.add(house.admin, purpose, language, TEXT)
        for purpose, language in [
            (Purpose.PHOTOS, "en"),
            (Purpose.PHOTOS, "EN"),
            (Purpose.PHOTOS, "de"),
            (Purpose.AUDIENCE, "en"),
        ]
    ]
    assert [(one.purpose, one.language, one.version) for one in added] == [
        ("photos", "en", 1),
        ("photos", "en", 2),
        ("photos", "de", 1),
        ("audience", "en", 1),
    ]
    assert notices.add(other.admin, Purpose.PHOTOS, "en", TEXT).version == 1
    assert notices.find(house.operator, added[0].id) == added[0]
    assert set(notices.page(house.operator).items) == set(added)
    assert actions(ground, house)[1:] == ["notice.added"] * 4


def test_another_tenants_notice_is_none(notices, house, other):
    theirs = notices.add(other.admin, Purpose.PHOTOS, "en", TEXT)
    for unknown in (theirs.id, "0" * 32, ""):
        with pytest.raises(NotFound, match="no such notice"):
            notices.find(house.owner, unknown)
    assert notices.page(house.owner).items == ()


def test_who_may_read_and_add(notices, house):
    with pytest.raises(NotAllowed, match="takes operator"):
        notices.page(house.viewer)
    with pytest.raises(NotAllowed, match="takes operator"):
        notices.find(house.viewer, "0" * 32)
    with pytest.raises(NotAllowed, match="takes admin"):
        notices.add(house.operator, Purpose.PHOTOS, "en", TEXT)


@pytest.mark.parametrize(
    "text", ["", " " * 50, "We look at you.", " 19 letters of text ", "x" * (LONGEST + 1)]
)
def test_a_text_that_says_nothing_or_never_ends_is_refused(notices, house, text):
    with pytest.raises(InvalidInput, match="a notice has 20 to"):
        notices.add(house.admin, Purpose.PHOTOS, "en", text)


@pytest.mark.parametrize(
    "text", ["a text with \0 in it, long enough", "half \ud800 a pair of them"]
)
def test_a_text_that_cannot_be_stored_is_refused(notices, house, text):
    with pytest.raises(InvalidInput, match="characters that cannot be stored"):
        notices.add(house.admin, Purpose.PHOTOS, "en", text)


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ("en", "en"),
        (" PT-br ", "pt-BR"),
        ("zh-hant-tw", "zh-Hant-TW"),
        ("SR-LATN-rs", "sr-Latn-RS"),
        ("de-1996", "de-1996"),
        ("sl-rozaj-biske", "sl-rozaj-biske"),
        ("es-419", "es-419"),
        ("zh-yue-HK", "zh-yue-HK"),
        ("en-US-u-CA-gregory", "en-US-u-ca-gregory"),
        ("de-x-Haus", "de-x-haus"),
    ],
)
def test_tags_of_languages_are_written_in_one_way(given, written):
    assert language_tag(given) == written


@pytest.mark.parametrize(
    "text",
    [
        *("", "e", "x", "12", "ën", "english language", "en_US", "en\n-us"),
        *("en-", "-en", "en--US", "en-u", "a" * 9, "de-" + "-".join(["abcde"] * 6)),
    ],
)
def test_what_is_no_tag_is_refused(text):
    with pytest.raises(InvalidInput, match="BCP 47"):
        language_tag(text)
