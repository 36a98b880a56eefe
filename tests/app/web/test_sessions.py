"""The session cookie: thirty days, over restarts, until the token changes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import SecretStr

from app.web.tokens import SESSION_LIFE, Ended, Tokens, WrongTokens
from tests.app.running import TOKEN, Instance, config, running
from tests.store.made import FakeClock


class Secret:
    def __init__(self, text: str | None) -> None:
        self.text = text

    def __call__(self) -> SecretStr | None:
        return None if self.text is None else SecretStr(self.text)


def test_a_session_outlives_a_restart_and_ends_after_thirty_days() -> None:
    clock = FakeClock()
    cookie = Tokens(Secret("t"), clock).open_session()
    later = Tokens(Secret("t"), clock)

    assert later.is_session(cookie)
    clock.time += SESSION_LIFE - 1
    assert later.is_session(cookie)
    clock.time += 2
    assert not later.is_session(cookie)


def test_another_token_or_none_ends_it() -> None:
    secret = Secret("t")
    tokens = Tokens(secret, FakeClock())
    cookie = tokens.open_session()

    secret.text = "u"
    assert not tokens.is_session(cookie)
    secret.text = None
    assert not tokens.is_session(cookie)
    assert not tokens.is_right(b"")


def test_it_can_be_ended() -> None:
    tokens = Tokens(Secret("t"), FakeClock())
    ended, other = tokens.open_session(), tokens.open_session()
    told = tokens.end_session(ended)

    assert not tokens.is_session(ended)
    assert tokens.is_session(other)
    assert told == Ended(ended.rpartition(".")[0], int(FakeClock().wall()) + SESSION_LIFE)
    assert tokens.end_session(ended) is None


@pytest.mark.parametrize("change", [0, 5, 20, -1])
def test_a_forged_one_is_refused(change: int) -> None:
    tokens = Tokens(Secret("t"), FakeClock())
    cookie = list(tokens.open_session())
    cookie[change] = "1" if cookie[change] != "1" else "2"

    assert not tokens.is_session("".join(cookie))


@pytest.mark.parametrize(
    "cookie", ["", ".", "..", "x.y.z", "9" * 400 + ".a.b", "٣.a.b", "\ud800.b.c"]
)
def test_nonsense_is_refused(cookie: str) -> None:
    assert not Tokens(Secret("t"), FakeClock()).is_session(cookie)


def test_wrong_tokens_are_counted_by_address_and_minute() -> None:
    clock = FakeClock()
    wrong = WrongTokens(clock)

    assert [wrong.note("a") for _ in range(11)] == [9, 8, 7, 6, 5, 4, 3, 2, 1, 0, -1]
    assert wrong.note("b") == 9
    assert wrong.wait("a") == 60
    clock.time += 60
    assert wrong.note("a") == 9


async def test_sign_in_use_and_sign_out(instance: Instance) -> None:
    signed_in = await instance.ask("POST", "/api/session", json={"token": TOKEN}, token=None)
    cookie = signed_in.headers["Set-Cookie"]
    pair = cookie.partition(";")[0]

    assert signed_in.status == 200
    assert re.search(r"HttpOnly.*Max-Age=2592000.*Path=/.*SameSite=Strict", cookie)
    assert "Secure" not in cookie
    assert TOKEN not in cookie
    used = await instance.ask("GET", "/api/status", token=None, headers={"cookie": pair})
    assert used.status == 200
    wrong_too = await instance.ask("GET", "/api/status", token="x", headers={"cookie": pair})
    assert wrong_too.status == 401

    out = await instance.ask("DELETE", "/api/session", token=None, headers={"cookie": pair})
    assert out.status == 204
    assert "Max-Age=0" in out.headers["Set-Cookie"]
    again = await instance.ask("GET", "/api/status", token=None, headers={"cookie": pair})
    assert again.status == 401


async def test_an_ended_session_stays_ended_over_a_restart(tmp_path: Path) -> None:
    text = config("[chains]")
    cookies: list[str] = []
    async with running(tmp_path, text) as instance:
        for _ in range(2):
            answer = await instance.ask("POST", "/api/session", json={"token": TOKEN}, token=None)
            cookies.append(answer.headers["Set-Cookie"].partition(";")[0])
        await instance.ask("DELETE", "/api/session", token=None, headers={"cookie": cookies[0]})
    async with running(tmp_path, text) as instance:
        ended, other = [
            await instance.ask("GET", "/api/status", token=None, headers={"cookie": cookie})
            for cookie in cookies
        ]
    assert (ended.status, other.status) == (401, 200)


async def test_a_session_ends_even_where_that_cannot_be_written_down(instance: Instance) -> None:
    answer = await instance.ask("POST", "/api/session", json={"token": TOKEN}, token=None)
    sent = {"cookie": answer.headers["Set-Cookie"].partition(";")[0]}
    await instance.database.close()
    out = await instance.ask("DELETE", "/api/session", token=None, headers=sent)
    again = await instance.ask("GET", "/api/status", token=None, headers=sent)

    assert (out.status, again.status) == (204, 401)


async def test_the_description_names_the_cookie_that_is_set(instance: Instance) -> None:
    answer = await instance.ask("POST", "/api/session", json={"token": TOKEN}, token=None)
    document = (await instance.ask("GET", "/api/openapi.json")).body

    name = answer.headers["Set-Cookie"].partition("=")[0]
    assert document["components"]["securitySchemes"]["session"]["name"] == name


async def test_behind_https_the_cookie_is_secure(instance: Instance) -> None:
    answer = await instance.ask(
        "POST",
        "/api/session",
        json={"token": TOKEN},
        token=None,
        headers={"x-forwarded-proto": "https"},
    )

    assert "Secure" in answer.headers["Set-Cookie"]


@pytest.mark.parametrize("body", [{}, {"token": ""}, {"token": 1}, [], {"token": TOKEN, "x": 1}])
async def test_a_sign_in_without_a_token(body: object, instance: Instance) -> None:
    answer = await instance.ask("POST", "/api/session", json=body, token=None)

    assert answer.status == 400
    assert answer.body["error"]["field"] == "token"


async def test_a_wrong_sign_in_counts_and_sets_no_cookie(instance: Instance) -> None:
    answers = [
        await instance.ask("POST", "/api/session", json={"token": "x"}, token=None)
        for _ in range(11)
    ]

    assert [answer.status for answer in answers] == [401] * 10 + [429]
    assert not any("Set-Cookie" in answer.headers for answer in answers)


async def test_a_new_token_in_the_config_ends_every_session(instance: Instance) -> None:
    signed_in = await instance.ask("POST", "/api/session", json={"token": TOKEN}, token=None)
    pair = signed_in.headers["Set-Cookie"].partition(";")[0]
    instance.path.write_text(instance.text().replace(TOKEN, "another-token-0123456789"), "utf-8")
    await instance.configured.reload()

    assert (
        await instance.ask("GET", "/api/status", token=None, headers={"cookie": pair})
    ).status == 401
    assert (await instance.ask("GET", "/api/status")).status == 401
    assert (
        await instance.ask("GET", "/api/status", token="another-token-0123456789")
    ).status == 200
