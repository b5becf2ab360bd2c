"""Tenants and users, and what they prove themselves with."""

from datetime import timedelta

import pytest

from tests.store.filling import LATER, MINUTE, NOW, SOON, fill
from visavis.core.roles import Role
from visavis.store.errors import AlreadyThere, NotStorable, NotThere
from visavis.store.kinds import CodePurpose, Mode, Rotated, UserState
from visavis.store.sessions import REUSED

RESET = CodePurpose.RESET_PASSWORD


def test_tenants(store):
    with store.work() as work:
        made = work.tenants.add("Ä 照相", NOW, Mode.VERIFY, ["door"], {"a": [1, 0.1, None]})
        work.tenants.add("other", NOW)
    with store.work() as work:
        assert work.tenants.find(made.id) == made
        assert work.tenants.hold(made.id)
        assert not work.tenants.hold("nobody")
        assert work.tenants.change(made.id, name="B", mode=Mode.IDENTIFY, purposes=iter(["x"]))
        assert work.tenants.change(made.id)
        assert not work.tenants.change("nobody", name="C")
        found = work.tenants.find(made.id)
        assert found
        assert (found.name, found.mode, found.purposes) == ("B", Mode.IDENTIFY, ("x",))
        assert found.settings == {"a": [1, 0.1, None]}
        assert work.tenants.leave(made.id, NOW)
        assert not work.tenants.leave(made.id, LATER)
        assert [tenant.name for tenant in work.tenants.page().items] == ["other"]
        left = work.tenants.find(made.id)
        assert left
        assert left.deleted_at == NOW


def test_purging_a_tenant_takes_all_it_has_and_nothing_else(store):
    with store.work() as work:
        gone, kept = fill(work, "gone"), fill(work, "kept")
    with store.work() as work:
        assert work.tenants.purge(gone.tenant)
        assert not work.tenants.purge(gone.tenant)
    with store.work() as work:
        assert work.tenants.find(gone.tenant) is None
        assert work.users.find_by_email("gone@example.org") is None
        assert work.audit.head(gone.tenant) is None
        assert work.sessions.find_by_token(kept.hashed("token"))
        assert work.consents.valid(kept.tenant, kept.subject, "visits", NOW)
        assert len(list(work.audit.entries(kept.tenant))) == 1


def test_users(store):
    with store.work() as work:
        tenant = work.tenants.add("a", NOW).id
        ada = work.users.add(tenant, " Ada@Example.ORG ", "Ada", "argon", Role.OWNER, NOW)
        assert ada.email == "ada@example.org"
        assert work.users.find_by_email("ADA@example.org") == ada
        assert work.users.rename(tenant, ada.id, "Ada L.")
        assert work.users.set_role(tenant, ada.id, Role.ADMIN)
        assert work.users.set_state(tenant, ada.id, UserState.ACTIVE)
        assert work.users.set_email(tenant, ada.id, "L@x.org")
        assert work.users.set_password(tenant, ada.id, "argon 2", SOON)
        assert not work.users.rehash(tenant, ada.id, "argon", "argon 3")
        assert work.users.rehash(tenant, ada.id, "argon 2", "argon 4")
        assert work.users.count(tenant, Role.ADMIN) == 1
        assert work.users.count(tenant, Role.OWNER) == 0
        found = work.users.find(tenant, ada.id)
        assert found
        assert (found.full_name, found.email, found.password_hash) == (
            "Ada L.",
            "l@x.org",
            "argon 4",
        )
        assert found.password_changed_at == SOON
        assert work.users.page(tenant).items == (found,)
        assert work.users.remove(tenant, ada.id)
        assert work.users.find(tenant, ada.id) is None


def test_users_are_counted_by_role_and_state(store):
    with store.work() as work:
        one, two = work.tenants.add("a", NOW).id, work.tenants.add("b", NOW).id
        assert work.users.first(one, Role.OWNER) is None
        made = [
            work.users.add(one, f"{at}{role}{state}", "", "", role, at, state)
            for at in (SOON, NOW)
            for role in (Role.OWNER, Role.VIEWER)
            for state in (UserState.ACTIVE, UserState.DISABLED)
        ]
        assert work.users.count(one, Role.OWNER) == 2
        assert work.users.count(one) == 4
        assert work.users.count(one, None, UserState.DISABLED) == 4
        assert work.users.count(one, None, UserState.UNVERIFIED) == 0
        assert work.users.count(two) == 0
        assert work.users.first(one, Role.OWNER) == made[4]  # active, and here since NOW
        assert work.users.first(two, Role.OWNER) is None


def test_failed_logins_are_counted_until_one_succeeds(store):
    with store.work() as work:
        ids = (filled := fill(work, "a")).tenant, filled.user
        assert [work.users.note_failure(*ids) for _ in range(3)] == [1, 2, 3]
        assert work.users.note_failure(filled.tenant, "nobody") == 0
        assert work.users.lock(*ids, LATER)
        locked = work.users.find(*ids)
        assert locked
        assert (locked.failed_logins, locked.locked_until) == (3, LATER)
        assert work.users.note_login(*ids, SOON)
        entered = work.users.find(*ids)
        assert entered
        assert (entered.failed_logins, entered.locked_until) == (0, None)
        assert entered.last_login_at == SOON


def test_a_code_of_the_second_factor_counts_once(store):
    with store.work() as work:
        ids = (filled := fill(work, "a")).tenant, filled.user
        assert not work.users.confirm_totp(*ids, NOW)
        assert work.users.set_totp(*ids, b"\x00sealed\xff", None)
        assert work.users.confirm_totp(*ids, NOW)
        assert [work.users.use_totp_step(*ids, step) for step in (7, 7, 6, 8)] == [
            *(True, False, False, True)
        ]
        found = work.users.find(*ids)
        assert found
        assert (found.totp_sealed, found.totp_since, found.totp_step) == (b"\x00sealed\xff", NOW, 8)
        assert not work.users.reseal_totp(*ids, b"other", b"never")
        assert work.users.reseal_totp(*ids, b"\x00sealed\xff", b"resealed")
        found = work.users.find(*ids)
        assert found
        assert (found.totp_sealed, found.totp_since, found.totp_step) == (b"resealed", NOW, 8)
        assert work.users.set_totp(*ids, None, None)
        assert work.users.use_totp_step(*ids, 1)


def test_addresses_differ_letter_by_letter(store):
    """MySQL takes é for e unless told otherwise, and would mail Jose the code of José."""
    with store.work() as work:
        tenant = work.tenants.add("a", NOW).id
        work.users.add(tenant, "jose@x.org", "Jose", "argon", Role.VIEWER, NOW)
        work.users.add(tenant, "josé@x.org", "José", "argon", Role.VIEWER, NOW)
        found = work.users.find_by_email("josé@x.org")
        assert found
        assert found.full_name == "José"
    with pytest.raises(AlreadyThere), store.work() as work:
        work.users.add(tenant, "JOSÉ@x.org", "Me", "argon", Role.VIEWER, NOW)


def test_an_address_belongs_to_one_user_of_all_tenants(store):
    with store.work() as work:
        a, b = work.tenants.add("a", NOW).id, work.tenants.add("b", NOW).id
        work.users.add(a, "ada@x.org", "Ada", "argon", Role.OWNER, NOW)
        other = work.users.add(b, "bob@x.org", "Bob", "argon", Role.OWNER, NOW).id
    with pytest.raises(AlreadyThere), store.work() as work:
        work.users.add(b, "ADA@x.org", "Ada", "argon", Role.OWNER, NOW)
    with pytest.raises(AlreadyThere), store.work() as work:
        work.users.set_email(b, other, "ada@x.org")
    with pytest.raises(NotThere), store.work() as work:
        work.users.add("nobody", "c@x.org", "C", "argon", Role.OWNER, NOW)
    with pytest.raises(NotStorable, match="200 characters"), store.work() as work:
        work.users.add(b, "d@x.org", "D" * 201, "argon", Role.OWNER, NOW)


def test_codes(store):
    with store.work() as work:
        filled = fill(work, "a")
        ids = filled.tenant, filled.user
        first = work.codes.add(*ids, RESET, "h1", "a@x", 2, SOON, NOW)
        code = work.codes.add(*ids, RESET, "h2", "a@x", 2, SOON, NOW)
        assert work.codes.take_attempt(filled.tenant, first.id, NOW) is None
        assert work.codes.latest(*ids, RESET) == code
        taken = work.codes.take_attempt(filled.tenant, code.id, NOW)
        assert taken
        assert (taken.code_hash, taken.attempts_left) == ("h2", 1)
        assert work.codes.take_attempt(filled.tenant, code.id, SOON) is None
        assert work.codes.take_attempt(filled.tenant, code.id, NOW)
        assert work.codes.take_attempt(filled.tenant, code.id, NOW) is None
        assert not work.codes.use(filled.tenant, code.id, SOON)
        assert work.codes.use(filled.tenant, code.id, NOW)
        assert not work.codes.use(filled.tenant, code.id, NOW)
        assert work.codes.sweep(filled.tenant, SOON) == 0
        assert work.codes.sweep(filled.tenant, SOON + MINUTE) == 2
        assert work.codes.latest(*ids, RESET) is None


def test_recovery_codes(store):
    with store.work() as work:
        ids = (filled := fill(work, "a")).tenant, filled.user
        work.recovery_codes.replace(*ids, ["x", "y"])
        assert not work.recovery_codes.use(*ids, filled.hashed("recovery"), NOW)
        assert work.recovery_codes.use(*ids, "x", NOW)
        assert not work.recovery_codes.use(*ids, "x", NOW)
        assert work.recovery_codes.left(*ids) == 1
        assert {code.code_hash: code.used_at for code in work.recovery_codes.all(*ids)} == {
            "x": NOW,
            "y": None,
        }
    with pytest.raises(NotThere), store.work() as work:
        work.recovery_codes.replace(filled.tenant, "nobody", ["z"])


def test_a_refresh_token_is_good_once(store):
    with store.work() as work:
        filled = fill(work, "a")
        made = work.sessions.start(
            *(filled.tenant, filled.user), "t0", LATER, NOW, "U" * 999, "::1"
        )
        assert work.sessions.find(filled.tenant, made.id) == made
        assert len(made.user_agent) == 400
        first = work.sessions.rotate("t0", "t1", SOON, LATER + MINUTE)
        assert first.outcome is Rotated.ROTATED
        assert first.session
        assert (first.session.last_seen_at, first.session.expires_at) == (SOON, LATER + MINUTE)
        assert work.sessions.find_by_token("t1") == first.session
        assert work.sessions.rotate("t9", "t2", SOON, LATER).outcome is Rotated.UNKNOWN
        again = work.sessions.rotate("t0", "t2", SOON, LATER)
        assert again.outcome is Rotated.REUSED
        assert again.session
        assert (again.session.revoked_at, again.session.revoked_because) == (SOON, REUSED)
        assert work.sessions.find_by_token("t2") is None
    with store.work() as work:  # the thief's token and the owner's are both worth nothing now
        assert work.sessions.rotate("t1", "t3", SOON, LATER).outcome is Rotated.EXPIRED


def test_a_session_ends_by_time_and_by_decision(store):
    with store.work() as work:
        filled = fill(work, "a")
        ids = filled.tenant, filled.user
        old = work.sessions.start(*ids, "old", SOON, NOW)
        new = work.sessions.start(*ids, "new", LATER, NOW + MINUTE)
        assert work.sessions.rotate("old", "x", SOON, LATER).outcome is Rotated.EXPIRED
        assert work.sessions.rotate("old", "x", SOON, LATER).outcome is Rotated.EXPIRED
        assert (old.is_open(NOW), old.is_open(SOON)) == (True, False)
        assert not work.sessions.note_seen(filled.tenant, new.id, NOW + 1.5 * MINUTE)
        assert work.sessions.note_seen(filled.tenant, new.id, NOW + 2 * MINUTE)
        assert work.sessions.revoke_all(*ids, SOON, "left", keep=new.id) == 2
        kept = work.sessions.page(*ids).items[0]
        assert (kept.id, kept.revoked_at) == (new.id, None)
        assert work.sessions.revoke(filled.tenant, new.id, SOON, "left")
        assert not work.sessions.revoke(filled.tenant, new.id, LATER, "again")
        assert work.sessions.sweep(filled.tenant, SOON) == 0
        assert work.sessions.sweep(filled.tenant, SOON + MINUTE) == 3
        assert work.sessions.find_by_token("new") is None


def test_api_keys(store):
    with store.work() as work:
        filled = fill(work, "a")
        ids = filled.tenant, filled.user
        key = work.api_keys.add(*ids, "door", "hash", ("analyse", "search"), NOW + MINUTE, LATER)
        assert work.api_keys.find_by_hash("hash") == key
        assert work.api_keys.find(filled.tenant, key.id) == key
        assert [found.name for found in work.api_keys.page(filled.tenant).items] == [
            "door",
            "robot",
        ]
        assert work.api_keys.page(filled.tenant, user_id="nobody").items == ()
        used = [NOW, NOW + timedelta(seconds=59), NOW + MINUTE]
        assert [work.api_keys.note_used(filled.tenant, key.id, at) for at in used] == [
            *(True, False, True)
        ]
        assert (key.is_open(NOW), key.is_open(LATER)) == (True, False)
        assert work.api_keys.revoke(filled.tenant, key.id, NOW)
        assert not work.api_keys.revoke(filled.tenant, key.id, NOW)
        assert work.api_keys.revoke_all(*ids, NOW) == 1
        revoked = work.api_keys.find_by_hash("hash")
        assert revoked
        assert (revoked.is_open(NOW), revoked.last_used_at) == (False, NOW + MINUTE)
    with pytest.raises(AlreadyThere), store.work() as work:
        work.api_keys.add(*ids, "copy", "hash", (), NOW)


def test_nothing_secret_or_personal_is_shown_by_what_is_read(store):
    with store.work() as work:
        filled = fill(work, "private")
        ids = filled.tenant, filled.user
        work.users.set_totp(*ids, b"private", NOW)
        shown = repr(
            [
                work.users.find(*ids),
                work.codes.latest(*ids, CodePurpose.VERIFY_EMAIL),
                work.recovery_codes.all(*ids),
                work.api_keys.find(filled.tenant, filled.key),
                work.subjects.find(filled.tenant, filled.subject),
                work.keys.tenant_keys(filled.tenant),
                work.keys.subject_keys(filled.tenant, filled.subject),
                work.sealed.find(filled.tenant, filled.sealed),
                work.consents.find(filled.tenant, filled.consent),
            ]
        )
    assert filled.user in shown
    for secret in ("private", "argon", "wrapped", "b'sealed", "shelf", "secret of"):
        assert secret not in shown
