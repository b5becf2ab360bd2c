"""Results as a table: the columns of the command line, and no formulas."""

import csv
import io

from hypothesis import given
from hypothesis import strategies as st

from tests.usecases.conftest import make_house
from tests.usecases.kept_results import analysis, keep, kept, picture
from tests.usecases.somebody import blobs_of
from visavis.store.kinds import Mode
from visavis.store.results import Sought
from visavis.usecases import results_csv
from visavis.usecases.results import Results


def test_the_table_has_a_row_for_each_face(ground, clock):
    office = make_house(ground, mode=Mode.ANONYMOUS)
    results = Results(ground, blobs_of(ground))
    kept(results, office.tenant_id, 0, name='=HYPERLINK("http://x")')
    clock.move(seconds=1)
    data = picture(1)
    keep(results, office.tenant_id, analysis(data, name="b,c.jpg"), data, features=frozenset())
    clock.move(seconds=1)
    kept(results, office.tenant_id, 2, ages=())
    text = b"".join(results_csv.table(results, office.viewer)).decode()
    told = list(csv.DictReader(io.StringIO(text)))
    assert list(told[0])[:9] == [
        *("file", "face_index", "x1", "y1", "x2", "y2", "score", "eye_left_x", "eye_left_y")
    ]
    assert list(told[0])[-1] == "sha256"
    assert [row["file"] for row in told] == ["b,c.jpg"] * 2 + ['\'=HYPERLINK("http://x")'] * 2
    assert [row["gender_value"] for row in told] == ["", "", "female", "male"]
    assert told[2]["age_value"] == "20-29"
    found = results_csv.table(results, office.viewer, Sought(most_faces=0))
    assert b"".join(found).count(b"\n") == 1


NASTY = st.text() | st.sampled_from(["=1+1", "+1", "-1", "@x", "\t=1", "\r=1", " =1"])


@given(NASTY)
def test_no_name_is_a_formula(name):
    assert not results_csv.harmless(name).lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r"))
    assert results_csv.harmless(name).endswith(name)
