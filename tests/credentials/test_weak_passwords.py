"""What makes a new password weak, and that nothing else does."""

import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.credentials.weak_passwords import common_passwords, why_weak

EMAIL = "ann.leeson@firm-mail.com"
NAME = "Ann Marie Leeson"


def why(password, email=EMAIL, name=NAME, least=10):
    return why_weak(password, email, name, least)


@pytest.mark.parametrize(
    "password",
    [
        "kettle orbit mustard lamp",
        "correct horse battery staple",
        "Ann rides green bicycles",
        "tr0ub4dor&3xyz",
        "9f$K2m!pQz7",
        "наша кошка любит рыбу",
        "我的猫喜欢吃鱼还有虾米",
        "🦊🐢🌵🎻🧭🪁🥝🛶🧩🔭",
        "sunshine over violet hills",
        "83650174629581",
    ],
)
def test_good_passwords_are_taken(password):
    assert why(password) == ""


@pytest.mark.parametrize("length", [10, 16, 40])
def test_random_passwords_are_taken(length):
    for _ in range(200):
        assert why(secrets.token_urlsafe(length)[:length]) == ""


@pytest.mark.parametrize(
    ("password", "said"),
    [
        ("", "at least 10"),
        ("9f$K2m!pQ", "at least 10"),
        ("9f$K2m!p" + "e\u0301", "at least 10"),  # two signs, one letter
        ("x" * 257, "at most 256"),
        ("aaaaaaaaaaaa", "repeats"),
        ("🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂", "repeats"),
        ("abababababab", "repeats"),
        ("abcdefghijkl", "counts up"),
        ("zyxwvutsrqpo", "counts up"),
        ("1234567890", "counts up"),
        ("0987654321", "counts up"),
        ("абвгдежзийкл", "counts up"),
        ("abcd1234efgh", "counts up"),
        ("qwertyuiop", "counts up"),
        ("QWERTYasdfgh", "counts up"),
        ("poiuytrewq", "counts up"),
        ("aaaaabbbbbcc", "repeats"),
        ("ann.leeson@firm-mail.com", "name or e-mail"),
        ("annleeson1987", "name or e-mail"),
        ("Leeson24121987", "name or e-mail"),
        ("Ann-Marie!!!", "name or e-mail"),
        ("LEESON MARIE ANN", "name or e-mail"),
        ("firm mail 2026", "name or e-mail"),
        ("L3350n M4r13", "name or e-mail"),
        ("ａｎｎｌｅｅｓｏｎ１", "name or e-mail"),
        ("password1234", "first that are guessed"),
        ("P@ssw0rd!!!!", "first that are guessed"),
        ("!!!iloveyou!!!", "first that are guessed"),
        ("letmein_letmein", "first that are guessed"),
        ("Sunshine-Dragon-Monkey", "first that are guessed"),
        ("Leeson-Password", "first that are guessed"),
        ("1q2w3e4r5t", "first that are guessed"),
    ],
)
def test_weak_passwords_are_refused_with_the_reason(password, said):
    assert said in why(password)


def test_the_least_length_is_a_setting():
    assert why("9f$K2m!p", least=8) == ""
    assert "at least 12" in why("9f$K2m!pQz7", least=12)


@pytest.mark.parametrize("name", ["", "  ", "X", "李", "...", "🙂"])
def test_names_without_letters_to_look_for_refuse_nothing(name):
    assert why("kettle orbit mustard lamp", email="", name=name) == ""


def test_a_short_name_counts_as_a_whole():
    assert "name" in why("Li Wu 19870412", email="x@y.com", name="Li Wu")


def test_the_list_is_usable():
    words = common_passwords()
    assert 180 <= len(words) <= 300
    assert all(word.isalnum() and word == word.casefold() and len(word) >= 4 for word in words)
    assert {"password", "iloveyou", "trustno1", "contraseña"} <= words


@given(st.text(max_size=300), st.text(max_size=40), st.text(max_size=40))
def test_any_text_is_judged_and_never_repeated(password, email, name):
    said = why(password, email, name)
    assert said == why(password, email, name)
    if len(password) > 12:
        assert password not in said


@given(st.sampled_from(sorted(common_passwords())), st.integers(0, 99_999_999))
def test_digits_behind_a_common_word_do_not_help(word, digits):
    assert why(f"{word}{digits}", least=1) != ""
