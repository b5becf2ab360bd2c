import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.core.errors import InvalidInput
from visavis.lab.pairs import FOLDS, deal, read_pairs

LFW = """2\t1
Ann\t1\t2
Ann\t1\tBob\t3
Cid\t4\t12
Bob\t1\tCid\t1
"""


def test_lfw_list_keeps_the_files_folds():
    pairs = read_pairs(LFW)

    assert pairs.first[0] == "Ann/Ann_0001.jpg"
    assert pairs.second == (
        "Ann/Ann_0002.jpg",
        "Bob/Bob_0003.jpg",
        "Cid/Cid_0012.jpg",
        "Cid/Cid_0001.jpg",
    )
    assert pairs.same.tolist() == [True, False, True, False]
    assert pairs.folds.tolist() == [0, 0, 1, 1]


def test_lfw_list_without_folds_is_dealt_by_person():
    pairs = read_pairs("2\nAnn 1 2\nCid 4 12\nAnn 1 Bob 3\nBob 1 Cid 1\n")

    assert pairs.same.tolist() == [True, True, False, False]
    assert pairs.folds[0] == pairs.folds[2], "both belong to Ann"
    assert len(np.unique(pairs.folds)) > 1


def test_csv_may_order_its_columns_and_quote_its_names():
    pairs = read_pairs('same,a,b\n1,"x, y/1.jpg",x/2.jpg\nfalse,z/1.jpg,x/2.jpg\n')

    assert pairs.first == ("x, y/1.jpg", "z/1.jpg")
    assert pairs.same.tolist() == [True, False]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "empty"),
        ("a,b\nx,y\n", "header"),
        ("a,b,same\nx,y,2\n", "line 2"),
        ("a,b,same\nx,y,1\n", "different people"),
        ("a,b,same\nx,y,1\nx,z,1\ny,z,0\n", "one person"),
        ("2 1\nAnn 1 2\n", "promises"),
        ("1\nAnn 1 2\nAnn one Bob 2\n", "line 3"),
    ],
)
def test_malformed_lists_are_refused_with_a_reason(text, word):
    with pytest.raises(InvalidInput, match=word):
        read_pairs(text)


@given(st.lists(st.tuples(*[st.integers(0, 30)] * 4), min_size=1, max_size=80), st.randoms())
def test_a_persons_pairs_share_a_fold_whatever_the_order(rows, random):
    # Person p has pictures p/0, p/1, …; the truth is whether the persons are equal.
    rows += [(p, 0, (p + 1) % 31, 0) for p in range(31)]
    names = [(f"{p}/{i}", f"{q}/{j}") for p, i, q, j in rows]
    same = np.array([p == q for p, _, q, _ in rows])
    order = list(range(len(rows)))
    random.shuffle(order)

    folds = deal([a for a, _ in names], [b for _, b in names], same)
    shuffled = deal([names[i][0] for i in order], [names[i][1] for i in order], same[order])

    assert shuffled.tolist() == folds[order].tolist()
    owner: dict[tuple[int, int], int] = {}
    for (p, i, q, j), fold in zip(rows, folds, strict=True):
        if p == q and i != j:  # pictures known to show one person
            assert owner.setdefault((p, i), fold) == fold
    assert set(folds.tolist()) == set(range(FOLDS))


def test_one_person_against_many_is_dealt_by_the_others():
    pairs = read_pairs("a,b,same\nx/1,x/2,1\nx/1,y/1,0\nx/1,z/1,0\n")

    assert sorted(pairs.folds.tolist()) == [0, 1, 2]


def test_limit_takes_pairs_evenly_from_all_folds():
    text = "10 4\n" + "Ann 1 2\n" * 4 + "Ann 1 Bob 3\n" * 4
    pairs = read_pairs(text + text.split("\n", 1)[1] * 9)

    few = pairs.spread(20)

    assert len(few) == 20
    assert len(np.unique(few.folds)) == 10
    assert 0 < few.same.sum() < 20
    assert pairs.spread(None) is pairs


def test_the_shared_lists_are_read(shared_data):
    lfw = read_pairs((shared_data / "lfw_dev" / "pairs.txt").read_text())
    cfp = read_pairs((shared_data / "cfp_dev" / "pairs_fp.csv").read_text())

    assert np.bincount(lfw.folds).tolist() == [600, 600]
    assert lfw.same.sum() == 600
    assert len(cfp) == 1800
    assert cfp.same.sum() == 900
    assert np.bincount(cfp.folds).min() > 100, "folds are near each other in size"
