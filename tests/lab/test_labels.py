"""Lists of labels: what is read, what is refused, and with which sentence."""

import contextlib
import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.core.attributes import CLASSES, Head
from visavis.core.errors import InvalidInput
from visavis.lab.labels import Labelled, read_labels, sha256_of_data, spread
from visavis.lab.roots import open_root


def truth_of(**words):
    return {Head(head): CLASSES[Head(head)].index(word) for head, word in words.items()}


def test_reads_the_labels_of_fairface():
    found = read_labels("file,age,gender,race\n1.webp,more than 70,Male,Latino_Hispanic\n")

    truth = truth_of(age="70+", gender="male", race="latino_hispanic")
    assert found == [Labelled("1.webp", 2, truth)]


def test_columns_may_stand_in_any_order_and_case_beside_others():
    text = "\ufeffEmotion,service_test,FILE,Age Bin\r\n Happy ,True,a/b.png,3-9\r\n"

    assert read_labels(text) == [Labelled("a/b.png", 2, truth_of(emotion="happy", age="3-9"))]


def test_a_number_of_years_falls_into_its_bin():
    assert read_labels("file,age\nx.png,29\n")[0].truth == truth_of(age="20-29")


@pytest.mark.parametrize("cell", ["", "unknown", "Prefer not to say", "prefer_not_to_say"])
def test_no_answer_is_no_label(cell):
    text = f"file,gender,race\nx.png,female,{cell}\n"

    assert read_labels(text)[0].truth == truth_of(gender="female")


def test_blank_lines_are_passed_over_and_rows_keep_their_number():
    found = read_labels("file,gender\na.png,f\n\n ,\nb.png,m\n")

    assert [item.row for item in found] == [2, 5]


def test_a_picture_listed_twice_alike_counts_once():
    assert len(read_labels("file,gender\na.png,f\na.png,female\n")) == 1


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "the labels need a first line"),
        ("1.png,male\n", "the labels need a first line"),
        ("file\n1.png\n", "no column age, gender, race or emotion"),
        ("file,gender\n", "no rows"),
        ("file,gender\n1.png,\n", "no row of the labels has a label for age, gender"),
        (
            "file,gender\n1.png,f\n2.png\n",
            "row 3 (2.png): its columns are 1, those of the header 2",
        ),
        ("file,gender\n1.png,f,white\n", "row 2 (1.png): its columns are 3, those of the header 2"),
        ("file,race\n1.png,Martian\n", "row 2 (1.png): there is no race 'Martian'; use one of bla"),
        ("file,age\n1.png,-4\n", "row 2 (1.png): there is no age '-4'; use one of 0-2, 3-9"),
        ("file,age\n1.png,nan\n", "there is no age 'nan'"),
        ("file,gender\n1.png,f\n1.png,m\n", "row 3 (1.png): row 2 labels the same picture other"),
        ("file,gender\n../1.png,f\n", "row 2: '../1.png' lies outside the root"),
        ("file,gender\n,f\n", "row 2: '' lies outside the root"),
        ("file,age,age_bin\n1.png,3,3-9\n", "two columns for age"),
        ("file,file,age\n1.png,2.png,3\n", "two columns for file"),
        ('file,gender\na.png,f\n"1.png,f\n', "row 3 of the labels is no csv"),
    ],
)
def test_what_cannot_be_used_is_refused_with_a_sentence(text, sentence):
    with pytest.raises(InvalidInput) as caught:
        read_labels(text)

    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("file,gender\n1.png,f\n", "no column emotion"),
        ("file,gender,emotion\n1.png,f,\n", "no row of the labels has a label for emotion"),
    ],
)
def test_a_head_that_is_wanted_must_be_labelled(text, sentence):
    with pytest.raises(InvalidInput, match=sentence):
        read_labels(text, {Head.EMOTION})


def cell(head):
    return st.sampled_from(["", *CLASSES[head]])


names = st.text(
    st.characters(blacklist_categories=["Cs", "Cc", "Z"], blacklist_characters="/"), min_size=1
).filter(lambda name: name != "..")
tables = st.sets(st.sampled_from(sorted(Head)), min_size=1).flatmap(
    lambda heads: st.tuples(
        st.permutations(sorted(heads)),
        st.dictionaries(
            names, st.tuples(*(cell(head) for head in Head)).map(tuple), min_size=1, max_size=8
        ),
    )
)


@given(tables)
def test_any_mixture_of_labels_comes_back_as_it_was_written(table):
    heads, rows = table
    words = {name: dict(zip(Head, cells, strict=True)) for name, cells in rows.items()}
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([*heads, "file"])
    writer.writerows([*(words[name][head] for head in heads), name] for name in rows)
    wanted = {
        name: truth_of(**{head: words[name][head] for head in heads if words[name][head]})
        for name in rows
    }

    if not any(wanted.values()):
        with pytest.raises(InvalidInput, match="no row of the labels"):
            read_labels(out.getvalue())
    else:
        assert {item.file: item.truth for item in read_labels(out.getvalue())} == wanted


@given(st.text())
def test_any_text_is_read_or_refused(text):
    with contextlib.suppress(InvalidInput):
        assert read_labels("file,age\n" + text)


def test_a_limit_takes_evenly_from_the_whole_list():
    items = [Labelled(f"{i}.png", i + 2, {}) for i in range(10)]

    assert [item.row for item in spread(items, 4)] == [2, 5, 8, 11]
    assert spread(items, None) == spread(items, 99) == items


def test_the_name_of_the_data_tells_labels_and_pictures_apart_but_not_their_order(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).write_bytes(name.encode())
    root = open_root(tmp_path, 1000)
    first, second = Labelled("a", 2, {Head.GENDER: 0}), Labelled("b", 3, {Head.GENDER: 1})
    name = sha256_of_data([first, second], root)

    assert sha256_of_data([Labelled("b", 9, second.truth), first], root) == name
    assert sha256_of_data([first, Labelled("b", 3, {Head.GENDER: 0})], root) != name
    (tmp_path / "b").write_bytes(b"other")
    assert sha256_of_data([first, second], root) != name
    (tmp_path / "b").unlink()
    assert sha256_of_data([first, second], root) != name
