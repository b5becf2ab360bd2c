"""How often something may be tried, as callers meet it: 429 with the time to wait."""

from pathlib import Path

import httpx

from tests.entry.http_house import OFTEN, PASSWORD, House, serving_house
from visavis.core.roles import Role

HOUR = 3600


def is_refusal(answer: httpx.Response) -> bool:
    """Return whether an answer says that it was too often; if so it must say it properly."""
    if answer.status_code != 429:
        return False
    assert 1 <= int(answer.headers["retry-after"]) <= HOUR
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    return True


def refused(answers: list[httpx.Response]) -> list[bool]:
    return [is_refusal(answer) for answer in answers]


def test_one_address_asks_so_often_and_no_more(tmp_path: Path):
    """Whatever it asks for, and whoever it says it is; a watchdog and the pages go on."""
    with serving_house(tmp_path, throttle=OFTEN | {"per_address": "4 per hour"}) as house:
        token = house.token(house.host.owner)
        answers = [
            house.ask("GET", "/api/v1/me", token),
            house.ask("GET", "/api/v1/nothing"),
            house.ask("GET", "/api/v1/me", "nonsense"),
            house.ask("DELETE", "/somewhere"),
            house.ask("GET", "/api/v1/me", token),
            house.ask("POST", "/login"),
            house.ask("GET", "/api/v1/me", house.key(house.guest.owner)),
        ]
        assert [answer.status_code for answer in answers[:4]] == [200, 404, 401, 404]
        assert refused(answers) == [False] * 4 + [True] * 3
        assert house.ask("GET", "/healthz").status_code == 200


def test_one_key_or_user_asks_so_often_and_no_more(tmp_path: Path):
    with serving_house(tmp_path, throttle=OFTEN | {"per_key": "3 per hour"}) as house:
        user, other = house.host.owner, house.guest.owner
        first, second = house.key(user), house.key(user)
        mine = [house.token(user), f"{house.token(user)}"]
        for secrets in ((first,), (second,), mine, (house.token(other),)):
            answers = [
                house.ask("GET", "/api/v1/me", secrets[turn % len(secrets)]) for turn in range(5)
            ]
            assert refused(answers) == [False] * 3 + [True] * 2


def log_in(house: House, email: str, password: str) -> httpx.Response:
    return house.ask("POST", "/api/v1/auth/login", json={"email": email, "password": password})


def test_one_address_logs_in_so_often_whoever_it_tries(tmp_path: Path):
    with serving_house(tmp_path, throttle=OFTEN | {"login": "3 per hour"}) as house:
        owner, other = house.host.owner.email, house.guest.owner.email
        answers = [
            log_in(house, owner, "wrong"),
            log_in(house, "nobody@nowhere.example", "wrong"),
            log_in(house, other, PASSWORD),
            log_in(house, owner, PASSWORD),
            log_in(house, "somebody@nowhere.example", "wrong"),
        ]
        assert [answer.status_code for answer in answers[:3]] == [401, 401, 200]
        assert refused(answers) == [False] * 3 + [True] * 2


def test_one_account_is_tried_so_often_from_wherever_and_whether_it_is_there(tmp_path: Path):
    """Each try comes from another address, as a proxy says; spellings of an account are one."""
    with serving_house(
        tmp_path, throttle=OFTEN | {"login": "3 per hour"}, proxies=("127.0.0.1",)
    ) as house:
        there = house.host.owner.email
        for email in (there, "nobody@nowhere.example"):
            answers = []
            for turn, spelled in enumerate((email, email.upper(), f" {email} ", email, email)):
                body = {"email": spelled, "password": "wrong"}
                headers = {"X-Forwarded-For": f"198.51.100.{len(email)}{turn}"[:15]}
                answers.append(house.ask("POST", "/api/v1/auth/login", json=body, headers=headers))
            assert [answer.status_code for answer in answers[:3]] == [401] * 3
            assert refused(answers) == [False] * 3 + [True] * 2


def test_one_mailbox_gets_so_many_letters_whether_there_is_an_account(tmp_path: Path):
    with serving_house(tmp_path, throttle=OFTEN | {"mail": "2 per hour"}) as house:
        for email in (house.host.owner.email, "nobody@nowhere.example"):
            answers = [
                house.ask("POST", "/api/v1/auth/forgot", json={"email": email}) for _ in range(4)
            ]
            assert refused(answers) == [False, False, True, True]
            assert len({answer.text for answer in answers[:2]}) == 1


def test_a_password_is_asked_again_so_often_and_no_more(tmp_path: Path):
    """Whoever found an open browser does not get to guess the password at their leisure."""
    with serving_house(tmp_path, throttle=OFTEN | {"login": "3 per hour"}) as house:
        token = house.token(house.add_user(house.host.id, Role.ADMIN))
        tries = [
            ("POST", "/api/v1/me/totp", {"password": "wrong"}),
            ("DELETE", "/api/v1/me", {"password": "wrong"}),
            ("POST", "/api/v1/me/password", {"current": "wrong", "new": PASSWORD}),
            ("POST", "/api/v1/me/totp", {"password": PASSWORD}),
            ("POST", "/api/v1/me/email", {"password": PASSWORD, "email": "a@b.example"}),
        ]
        answers = [house.ask(method, path, token, json=body) for method, path, body in tries]
        assert {answer.status_code for answer in answers[:3]} <= {403, 422}
        assert refused(answers) == [False] * 3 + [True] * 2
