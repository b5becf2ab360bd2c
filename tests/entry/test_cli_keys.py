"""`visavis keys`: made, listed and taken back at the machine itself."""

import json
from contextlib import closing

import pytest
from typer.testing import CliRunner

from tests.entry.roofs import a_roof
from visavis.core.roles import Role
from visavis.core.settings import load_settings
from visavis.credentials.roles import Permission
from visavis.credentials.tokens import API_KEY, looks_like_secret
from visavis.entry.cli import app
from visavis.entry.wiring import open_records
from visavis.store.kinds import UserState
from visavis.usecases.errors import LogInNeeded

OWNER, OPERATOR = "owner@firm.example", "olga@firm.example"
PASSWORD = "nine herons over a quiet lake"
CREATE = ["create", "--name", "door", "--scopes", "all"]


@pytest.fixture
def run(tmp_path):
    """Give a function that runs a command of `visavis keys` over a folder of its own."""
    roof = a_roof(records=open_records)

    def act(*words):
        command = ["keys", *words, "--data", str(tmp_path / "data")]
        return CliRunner().invoke(app, command, obj=roof)

    return act


@pytest.fixture
def reopened(tmp_path):
    """Give a function that opens what the commands have left."""
    return lambda: closing(open_records(load_settings(data=tmp_path / "data")))


@pytest.fixture
def firm(reopened):
    """Make an owner and an operator; return their ids by address."""
    with reopened() as records:
        owner = records.set_up.create_owner(OWNER, "Ann", PASSWORD)
        with records.ground.store.work() as work:
            now = records.ground.clock()
            operator = work.users.add(
                owner.tenant_id, OPERATOR, "Olga", "", Role.OPERATOR, now, UserState.ACTIVE
            )
        return {OWNER: owner.id, OPERATOR: operator.id}


def made(done):
    assert done.exit_code == 0, done.output
    key = json.loads(done.stdout)
    assert set(key) == {"id", "secret"}
    return key


def test_a_key_of_the_owner_is_printed_as_json_and_nothing_else(run, reopened, firm):
    key = made(run(*CREATE, "--json"))
    assert looks_like_secret(key["secret"], API_KEY)
    with reopened() as records:
        actor = records.callers.of_bearer(key["secret"])
        assert (actor.user_id, actor.key_id, actor.is_host) == (firm[OWNER], key["id"], True)
        assert actor.may(Permission.TENANT_DELETE)
        with records.ground.store.reading() as work:
            entries = list(work.audit.entries(actor.tenant_id))
            kept = work.api_keys.find(actor.tenant_id, key["id"])
    assert (entries[-1].action, entries[-1].actor) == ("key.created", firm[OWNER])
    assert (kept.expires_at - kept.created_at).days == 365


def test_without_json_the_secret_alone_is_on_stdout(run, firm):
    done = run(*CREATE)
    assert looks_like_secret(done.stdout.strip(), API_KEY)
    assert "not shown again" in done.stderr
    assert done.stdout.strip() not in done.stderr


def test_a_key_may_be_anybodys_and_do_less(run, reopened, firm):
    order = ("--name", "door", "--scopes", "people:read,analyse", "--days", "7")
    key = made(run("create", *order, "--user", OPERATOR.upper(), "--json"))
    with reopened() as records:
        actor = records.callers.of_bearer(key["secret"])
        assert actor.user_id == firm[OPERATOR]
        assert actor.permissions == {Permission.PEOPLE_READ, Permission.ANALYSE}


def test_a_key_may_last(run, reopened, firm):
    made(run(*CREATE, "--days", "0", "--json"))
    assert json.loads(run("list", "--json").stdout)["keys"][0]["expires_at"] is None
    assert "lasts" in run("list").stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["create", "--name", "door", "--scopes", "nonsense"], "there is no scope 'nonsense'"),
        (["create", "--name", " ", "--scopes", "all"], "needs a name"),
        ([*CREATE, "--days", "9999"], "1 to 3650 days"),
        ([*CREATE, "--user", "nobody@firm.example"], "no active user"),
        (["create", "--name", "d", "--scopes", "users:read", "--user", OPERATOR], "your role is"),
    ],
)
def test_what_cannot_be_made_is_one_sentence(run, firm, words, said):
    done = run(*words, "--json")
    assert (done.exit_code, done.stdout) == (2, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("words", [CREATE, ["list"], ["revoke", "f" * 32]])
def test_without_an_owner_it_says_how_to_make_one(run, words):
    done = run(*words)
    assert (done.exit_code, done.stdout) == (2, "")
    assert "there is no owner yet" in done.stderr
    assert "visavis admin create-owner" in done.stderr


def test_admins_list_everyones_and_others_their_own(run, firm):
    first = made(run(*CREATE, "--json"))
    second = made(run(*CREATE, "--user", OPERATOR, "--json"))
    listed = json.loads(run("list", "--json").stdout)["keys"]
    assert [(key["id"], key["user_id"]) for key in listed] == [
        (second["id"], firm[OPERATOR]),
        (first["id"], firm[OWNER]),
    ]
    assert listed[0]["created_at"].endswith("Z")
    own = json.loads(run("list", "--user", OPERATOR, "--json").stdout)["keys"]
    assert [key["id"] for key in own] == [second["id"]]
    table = run("list").stdout
    assert table.count("\n") == 3
    assert first["secret"] not in table
    assert "secret" not in json.dumps(listed)


def test_a_key_is_taken_back(run, reopened, firm):
    key = made(run(*CREATE, "--user", OPERATOR, "--json"))
    assert run("revoke", key["id"]).exit_code == 0
    with reopened() as records, pytest.raises(LogInNeeded):
        records.callers.of_bearer(key["secret"])
    assert "revoked" in run("list").stdout
    unknown = run("revoke", "f" * 32)
    assert (unknown.exit_code, "no such key" in unknown.stderr) == (1, True)


def test_on_a_private_machine_it_is_whoever_sits_there(run, reopened, monkeypatch):
    monkeypatch.setenv("VISAVIS_ACCOUNTS__LOGIN", "false")
    key = made(run(*CREATE, "--json"))
    with reopened() as records:
        assert records.callers.of_bearer(key["secret"]).user_id == records.private.owner().user_id
