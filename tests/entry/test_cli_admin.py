"""`visavis admin`: the first owner, and somebody who lost the phone."""

from contextlib import closing

import pyotp
import pytest
from typer.testing import CliRunner

from tests.entry.roofs import a_roof
from visavis.core.settings import load_settings
from visavis.entry.cli import app
from visavis.entry.wiring import open_records
from visavis.usecases.errors import SecondFactorNeeded

EMAIL = "ann@firm.example"
PASSWORD = "nine herons over a quiet lake"
CREATE = ["create-owner", "--email", EMAIL, "--password-stdin"]


@pytest.fixture
def run(tmp_path):
    """Give a function that runs a command of `visavis admin` over an empty folder."""
    roof = a_roof(records=open_records)

    def act(*words, given=""):
        command = ["admin", *words, "--data", str(tmp_path / "data")]
        return CliRunner().invoke(app, command, input=given, obj=roof)

    return act


@pytest.fixture
def reopened(tmp_path):
    """Give a function that opens what the commands have left."""
    return lambda: closing(open_records(load_settings(data=tmp_path / "data")))


def test_the_owner_is_made_and_logs_in(run, reopened):
    done = run(*CREATE, "--name", "Ann Lee", "--organisation", "The Shop", given=f"{PASSWORD}\r\n")
    assert (done.exit_code, done.stdout) == (0, "")
    assert f"{EMAIL} is the owner now" in done.stderr
    assert PASSWORD not in done.output
    with reopened() as records:
        actor = records.callers.of_bearer(records.sign_in.log_in(EMAIL, PASSWORD).access_token)
        assert actor.is_host
        with records.ground.store.reading() as work:
            assert work.tenants.find(actor.tenant_id).name == "The Shop"
            assert work.users.find(actor.tenant_id, actor.user_id).full_name == "Ann Lee"


def test_there_is_one_first_owner(run):
    assert run(*CREATE, given=f"{PASSWORD}\n").exit_code == 0
    done = run("create-owner", "--email", "b@firm.example", "--password-stdin", given=PASSWORD)
    assert done.exit_code == 2
    assert "set up already" in done.stderr


@pytest.mark.parametrize(
    ("words", "given", "said"),
    [
        (CREATE, "", "no password came"),
        (CREATE, "\n", "no password came"),
        (CREATE, "short\n", "too short"),
        (["create-owner", "--email", "no address", "--password-stdin"], PASSWORD, "e-mail address"),
        (["create-owner", "--email", EMAIL], PASSWORD, "use --password-stdin"),
    ],
)
def test_what_cannot_be_used_is_one_sentence(run, words, given, said):
    done = run(*words, given=given)
    assert done.exit_code == 2
    assert said in done.stderr
    assert "Traceback" not in done.output


def test_who_lost_the_phone_comes_in_with_the_password_alone(run, reopened):
    run(*CREATE, given=f"{PASSWORD}\n")
    assert run("reset-second-factor", "--email", EMAIL).exit_code == 1  # there is none
    with reopened() as records:
        actor = records.callers.of_bearer(records.sign_in.log_in(EMAIL, PASSWORD).access_token)
        app_ = pyotp.TOTP(records.second_factor.begin(actor, PASSWORD).secret)
        records.second_factor.confirm(actor, app_.at(records.ground.clock()))
        with pytest.raises(SecondFactorNeeded):
            records.sign_in.log_in(EMAIL, PASSWORD)
    done = run("reset-second-factor", "--email", EMAIL.upper())
    assert done.exit_code == 0
    assert "the second factor is removed" in done.stderr
    with reopened() as records:
        assert records.sign_in.log_in(EMAIL, PASSWORD)


def test_nobody_is_helped_who_is_not_there(run):
    done = run("reset-second-factor", "--email", "nobody@firm.example")
    assert done.exit_code == 2
    assert "no active user has this e-mail address" in done.stderr
