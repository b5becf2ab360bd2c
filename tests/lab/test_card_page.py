"""Model cards: everything a reader needs stands on the page, and machines read the same."""

import json

import pytest

from visavis.core.attributes import CLASSES, Head
from visavis.core.errors import InvalidInput
from visavis.lab.attributes import AttributesReport
from visavis.lab.card_page import card_page
from visavis.vision.heads.card import CropSpec, HeadCard, HeadFacts


def card_of(*heads, provenance="trained on FairFace", version="portrait-1"):
    facts = {
        head: HeadFacts(
            unknown_below=0.5,
            temperature=1.25,
            shares=(1 / len(CLASSES[head]),) * len(CLASSES[head]),
        )
        for head in heads
    }
    return HeadCard(
        version=version,
        crop=CropSpec(size=128, padding=0.25),
        heads=facts,
        licence="CC BY 4.0",
        provenance=provenance,
        training={"date": "2026-11-20T10:00:00+00:00", "seed": 7, "recipe": {"epochs": 8}},
    )


def report_of(*heads, version="portrait-1", gap=True):
    figures = {
        head.value: {
            "faces": 100,
            "accuracy": 0.9,
            "ece": 0.0123,
            "ece_by_chance": 0.0101,
            "intervals": {"accuracy": (0.8256, 0.9448)},
            "unknown": {"below": 0.5, "share": 0.05, "accuracy": 0.93, "interval": (0.85, 0.97)},
        }
        for head in heads
    }
    groups = {
        "race=black": {"faces": 60, "accuracy": 0.85, "interval": (0.74, 0.92)},
        "race=white": {"faces": 55, "accuracy": 0.95, "interval": (0.85, 0.98)},
        "age=0-2,gender=male,race=white": {"faces": 3, "accuracy": 1.0, "interval": (0.4, 1)},
    }
    worst = {"gap": 0.1, "best": "race=white", "worst": "race=black"} if gap else None
    return AttributesReport(
        pictures=103,
        faces=100,
        failures=3,
        assumed=4,
        data="ab" * 32,
        pack="default",
        versions={head.value: version for head in heads},
        heads=figures,
        groups={head.value: groups for head in heads},
        worst_gap={head.value: worst for head in heads},
        ms_per_face={version: 1.234},
        measured="2026-11-21T10:00:00+00:00",
    )


def front_of(page):
    _, front, _ = page.split("---\n", 2)
    pairs = (line.split(": ", 1) for line in front.splitlines())
    return {key: json.loads(value) for key, value in pairs}


def test_the_page_says_what_how_well_for_whom_and_at_what_cost():
    page = card_page(report_of(Head.GENDER), card_of(Head.GENDER))

    for words in (
        "# Model card: portrait-1",
        "female, male",
        "CC BY 4.0",
        "trained on FairFace",
        "All labels are perceived",
        "two classes",
        "0.9000 | 0.8256 – 0.9448 | 100",
        "Worst gap: 0.1000, between `race=white` and `race=black`",
        "race=black | 0.8500 | 0.7400 – 0.9200 | 60",
        "| gender | 0.0123 | 0.0101 | 1.250 | 1.000 | 0.0500 | 0.9300 |",
        "1.23 ms a face",
        "3 pictures could not be read",
        "2026-11-21",
        "Not to be used for",
        "| seed | 7 |",
    ):
        assert words in page
    assert "0-2, gender=male" not in page
    assert "FER2013" not in page


def test_machines_read_the_same_figures_in_front():
    report = report_of(Head.GENDER)
    front = front_of(card_page(report, card_of(Head.GENDER)))

    assert front["format"] == "visavis.model_card/1"
    assert front["version"] == "portrait-1"
    assert front["trained"] == "2026-11-20T10:00:00+00:00"
    assert front["figures"] == json.loads(json.dumps(report.heads))
    assert "age=0-2,gender=male,race=white" in front["groups"]["gender"]
    assert front["worst_gap"]["gender"]["gap"] == 0.1


def test_sensitive_heads_say_so():
    race = card_page(report_of(Head.RACE), card_of(Head.RACE))
    emotion = card_page(
        report_of(Head.EMOTION), card_of(Head.EMOTION, provenance="the training part of FER-2013")
    )

    for words in ("social construct", "centred on the United States", "for race is off by default"):
        assert words in race
    for words in ("without a clear licence", "about 65 %", "for emotion is off by default"):
        assert words in emotion
    assert "FairFace" not in emotion


def test_data_that_is_not_ours_asks_for_words_of_its_own():
    page = card_page(report_of(Head.AGE), card_of(Head.AGE, provenance="our own visitors"))

    assert "not one of those that Visavis ships heads from" in page
    assert "FairFace" not in page


def test_without_large_groups_no_gap_is_claimed():
    page = card_page(report_of(Head.GENDER, gap=False), card_of(Head.GENDER))

    assert "no gap can be stated" in page


def test_heads_that_another_file_answered_are_passed_over():
    report = report_of(Head.GENDER, Head.RACE)
    report.versions["race"] = "other-1"

    front = front_of(card_page(report, card_of(Head.GENDER, Head.RACE)))
    assert list(front["figures"]) == ["gender"]
    with pytest.raises(InvalidInput, match="does not measure mine-1"):
        card_page(report, card_of(Head.GENDER, version="mine-1"))


def test_text_of_the_file_cannot_break_the_page():
    page = card_page(
        report_of(Head.GENDER), card_of(Head.GENDER, provenance="a\n---\n# b <script> | c")
    )

    assert "\n# b" not in page
    assert "<script>" not in page.split("---\n", 2)[2]
    assert front_of(page)["provenance"] == "a\n---\n# b <script> | c"


def test_the_page_depends_on_nothing_else():
    first, second = (card_page(report_of(Head.AGE), card_of(Head.AGE)) for _ in range(2))

    assert first == second
