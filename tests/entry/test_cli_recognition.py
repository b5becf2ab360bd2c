"""`visavis enroll|recognize|verify`: each command opens everything anew, as a restart does."""

import json
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from tests.entry.cli_records import add_tenant
from tests.entry.roofs import a_roof
from tests.usecases.enrolled import portrait
from visavis.core.purposes import Purpose
from visavis.core.settings import Settings, load_settings
from visavis.entry.cli import app
from visavis.entry.cli.opening import acting_for
from visavis.entry.services import Services
from visavis.entry.wiring import open_people, open_records
from visavis.store.kinds import ConsentMethod, Mode
from visavis.usecases.consent_records import GivenBy


@dataclass
class Desk:
    """A data folder with one organisation, whose pictures lie beside it."""

    folder: Path
    services: Services

    def run(self, *words: str) -> Result:
        """Run a command; the weights are loaded already."""
        roof = a_roof(build=self._build, records=open_records, people=open_people)
        return CliRunner().invoke(app, [*words, "--data", str(self.folder / "data")], obj=roof)

    def told(self, *words: str) -> Any:
        """Run a command that is to print JSON."""
        result = self.run(*words, "--json")
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    def _build(self, settings: Settings) -> Services:
        class Kept:
            """The shared engine, which no command closes."""

            def __getattr__(kept, name: str) -> Any:  # noqa: N805
                return (lambda: None) if name == "close" else getattr(self.services.analyses, name)

        kept: Any = Kept()
        return replace(self.services, settings=settings, analyses=kept)


@pytest.fixture
def desk(tmp_path, services, shared_data) -> Desk:
    settings = load_settings(data=tmp_path / "data")
    with closing(open_records(settings)) as records:
        owner = add_tenant(records, "shop")
        purposes = frozenset({Purpose.RECOGNITION})
        records.privacy.change(owner, mode=Mode.IDENTIFY, purposes=purposes)
        notice = records.notices.add(owner, Purpose.RECOGNITION, "en", "We look at faces. " * 3)
        for name in ("ann", "bob"):
            known = records.subjects.create(owner, reference=name, adult=True)
            records.consents.give(
                owner,
                known.id,
                Purpose.RECOGNITION,
                notice_id=notice.id,
                method=ConsentMethod.WRITTEN,
                given_by=GivenBy.SUBJECT,
            )
    for number, name in enumerate(("ann", "bob", "stranger")):
        for smiling in (False, True):
            picture = portrait(shared_data, number, smiling=smiling)
            folder = tmp_path / name
            folder.mkdir(exist_ok=True)
            (folder / picture.name).write_bytes(picture.data)
    return Desk(tmp_path, services)


def test_who_is_enrolled_is_recognised_by_the_next_command(desk):
    for name in ("ann", "bob"):
        told = desk.told("enroll", str(desk.folder / name), "--reference", name)
        assert [sorted(each) for each in told["results"]] == [
            ["lookalikes", "name", "quality", "template_id"]
        ] * 2
    kept = [path for path in (desk.folder / "data" / "index").rglob("*") if path.is_file()]
    assert kept, "no snapshot was kept"
    for name, expected in (("ann", "ann"), ("bob", "bob"), ("stranger", None)):
        told = desk.told("recognize", str(desk.folder / name / "smiling.jpg"))
        (picture,) = told["results"]
        assert [face["match"] for face in picture["faces"]] == [expected]
        assert (picture["gallery"], picture["liveness"]) == (4, "not_checked")
    said = desk.run("recognize", str(desk.folder / "ann"), str(desk.folder / "stranger"))
    assert [line.rpartition(": ")[2] for line in said.stdout.splitlines()] == [
        *("ann", "ann"),
        *("unknown", "unknown"),
    ]


def test_a_bad_picture_is_told_and_does_not_stop_the_others(desk):
    (desk.folder / "ann" / "a.jpg").write_bytes(b"no picture")
    result = desk.run("enroll", str(desk.folder / "ann"), "--reference", "ann")
    assert (result.exit_code, result.output.count("enrolled (quality")) == (0, 2)
    assert "a.jpg" in result.output
    alone = desk.run("recognize", str(desk.folder / "ann" / "a.jpg"))
    assert alone.exit_code == 2


def test_whom_nobody_knows_is_made_where_consent_was_obtained_elsewhere(desk):
    stranger, nobody = str(desk.folder / "stranger"), str(desk.folder / "no-face.png")
    assert desk.run("enroll", stranger, "--reference", "new").exit_code == 1
    said = "People were told of this at the door, and agreed to it in writing."
    done = desk.run("privacy", "set", "--agreed-elsewhere", said)
    assert done.exit_code == 0, done.output
    Image.new("RGB", (64, 64)).save(nobody)
    assert desk.run("enroll", nobody, "--reference", "new").exit_code == 2
    assert "no such subject" in desk.run("verify", nobody, "--reference", "new").output
    told = desk.told("enroll", stranger, "--reference", "new")
    assert ["template_id" in each for each in told["results"]] == [True, True]
    (picture,) = desk.told("recognize", str(desk.folder / "stranger" / "smiling.jpg"))["results"]
    assert [face["match"] for face in picture["faces"]] == ["new"]


def test_one_is_verified_and_another_is_not(desk):
    desk.told("enroll", str(desk.folder / "ann" / "neutral.jpg"), "--reference", "ann")
    smile = str(desk.folder / "ann" / "smiling.jpg")
    right = desk.run("verify", smile, "--reference", "ann")
    assert (right.exit_code, right.stdout.startswith("match (similarity 0.")) == (0, True)
    wrong = desk.run("verify", str(desk.folder / "bob" / "smiling.jpg"), "--reference", "ann")
    assert (wrong.exit_code, wrong.stdout.startswith("unknown (")) == (1, True)
    empty = desk.run("verify", smile, "--reference", "bob", "--json")
    assert (empty.exit_code, json.loads(empty.stdout)["similarity"]) == (1, None)
    pair = desk.run("verify", smile, str(desk.folder / "ann" / "neutral.jpg"), "--json")
    assert json.loads(pair.stdout)["decision"] == "match"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("enroll", "ann", "--reference", "nobody"), "no such subject"),
        (("enroll", "nowhere", "--reference", "ann"), "does not exist"),
        (("enroll", "ann", "--reference", "ann", "--purpose", "fun"), "purpose"),
        (("recognize", "ann", "--target-fpir", "0"), "error rate"),
        (("verify", "ann/smiling.jpg"), "--reference"),
        (("verify", "ann/smiling.jpg", "bob/smiling.jpg", "--reference", "ann"), "--reference"),
    ],
)
def test_what_cannot_be_is_named(desk, words, said, monkeypatch):
    monkeypatch.chdir(desk.folder)
    result = desk.run(*words)
    assert result.exit_code in {1, 2}
    assert said in result.output
    assert "Traceback" not in result.output


def test_a_collection_is_enrolled_into_and_searched(desk):
    settings = load_settings(data=desk.folder / "data")
    with closing(open_records(settings)) as records:
        owner = acting_for(records, "")
        wing = records.collections.create(owner, "wing").id
        notice = records.notices.page(owner).items[0].id
        known = records.subjects.create(owner, reference="ann", adult=True, collection=wing)
        records.consents.give(
            owner,
            known.id,
            Purpose.RECOGNITION,
            notice_id=notice,
            method=ConsentMethod.WRITTEN,
            given_by=GivenBy.SUBJECT,
        )
    inside = ("--collection", "wing")
    picture, smile = (str(desk.folder / "ann" / f"{name}.jpg") for name in ("neutral", "smiling"))
    made = desk.told("enroll", picture, "--reference", "ann", *inside)
    assert made["subject_id"] == known.id
    for words, expected in ((inside, "ann"), ((), None)):
        (found,) = desk.told("recognize", smile, *words)["results"]
        assert [face["match"] for face in found["faces"]] == [expected]
    assert desk.run("verify", smile, "--reference", "ann", *inside).exit_code == 0
    assert desk.run("verify", smile, "--reference", "ann").exit_code == 1
    gone = desk.run("recognize", smile, "--collection", "gone")
    assert gone.exit_code != 0
    assert "collection" in gone.stderr
