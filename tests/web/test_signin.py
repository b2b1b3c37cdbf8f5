"""Signing in and out."""

from datetime import timedelta

import pytest

from tests.web.conftest import PASSWORD, House
from workflow_service.web import signin

ELSEWHERE = [
    "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example", "https://evil.example", "http:evil.example",
    "https:/evil.example", "javascript:alert(1)", "data:text/html,x", "/%0d%0aLocation: //evil.example", "/\tevil", "/\n/evil",
    " //evil.example", "/ /evil.example", "/.//evil.example", "//evil.example/%2f..", "/a//evil.example", "evil.example",
    "", "?next=//evil", "#//evil", "/\x00", "/\u2028", "ftp://evil", "mailto:a@b.c", "/" + "a" * 600,
]  # fmt: skip


@pytest.mark.parametrize("wanted", ELSEWHERE)
def test_signing_in_never_leads_to_another_site(house: House, wanted: str) -> None:
    answer = house.browser().sign_in("clerk_1", next=wanted)

    assert answer.status_code == 303
    assert answer.location == "/"


@pytest.mark.parametrize("wanted", ["/inbox", "/cases/RC-2026-00001?tab=history", "/tasks/RC-2026-00001.r1.visit.1"])
def test_signing_in_leads_back_to_where_one_wanted_to_go(wanted: str) -> None:
    assert signin.own_path(wanted) == wanted


def test_an_unknown_name_and_a_wrong_password_get_the_same_answer(house: House) -> None:
    unknown = house.browser().sign_in("nobody", "wrong password")
    wrong = house.browser().sign_in("clerk_1", "wrong password")

    assert unknown.status_code == wrong.status_code == 401
    assert "用户名或密码不正确" in unknown.get_data(as_text=True)
    assert "用户名或密码不正确" in wrong.get_data(as_text=True)


def test_five_wrong_passwords_lock_the_name_for_a_while_and_say_so(house: House) -> None:
    for _ in range(5):
        house.browser().sign_in("clerk_1", "wrong password")

    locked = house.browser().sign_in("clerk_1")

    assert "15分钟后再试" in locked.get_data(as_text=True)
    house.time += timedelta(minutes=16)
    assert house.browser().sign_in("clerk_1").status_code == 303


def test_the_sign_in_form_must_be_our_own(house: House) -> None:
    client = house.app.test_client()

    answer = client.post("/signin", data={"name": "clerk_1", "password": PASSWORD, "csrf": "guessed"})

    assert answer.status_code == 400
    assert not client.get_cookie("session")


def test_the_session_cookie_is_out_of_reach_of_scripts_and_new_each_time(house: House) -> None:
    first, second = house.browser().sign_in("clerk_1"), house.browser().sign_in("clerk_1")

    cookies = [
        next(one for one in answer.headers.getlist("Set-Cookie") if one.startswith("session="))
        for answer in (first, second)
    ]
    assert all("HttpOnly" in one and "SameSite=Lax" in one for one in cookies)
    assert cookies[0] != cookies[1]


def test_over_tls_the_cookie_is_bound_to_the_host(house: House) -> None:
    client = house.app.test_client()
    page = client.get("/signin", base_url="https://localhost").get_data(as_text=True)
    token = page.split('name="csrf" value="')[1].split('"')[0]

    answer = client.post(
        "/signin", base_url="https://localhost", data={"name": "clerk_1", "password": PASSWORD, "csrf": token}
    )

    cookie = next(one for one in answer.headers.getlist("Set-Cookie") if one.startswith("__Host-session="))
    assert "Secure" in cookie and "Path=/" in cookie


def test_signing_out_kills_the_session_itself(house: House) -> None:
    browser = house.browser("clerk_1")
    cookie = browser.client.get_cookie("session").value

    browser.post("/signout")

    browser.client.set_cookie("session", cookie)
    assert browser.get("/inbox").status_code == 302


def test_an_idle_session_ends_and_leads_back_to_the_page(house: House) -> None:
    browser = house.browser("clerk_1")
    house.time += timedelta(minutes=61)

    answer = browser.get("/cases?q=a")

    assert answer.location == "/signin?next=/cases?q%3Da"
    assert "登录已过期" in browser.get(answer.location).get_data(as_text=True)


def test_a_session_in_use_does_not_end(house: House) -> None:
    browser = house.browser("clerk_1")
    for _ in range(4):
        house.time += timedelta(minutes=45)
        assert browser.get("/inbox").status_code == 200


def test_a_changed_password_ends_every_session(house: House) -> None:
    one, other = house.browser("clerk_1"), house.browser("clerk_1")

    answer = one.post("/profile/password", old=PASSWORD, new="another fine one", again="another fine one")

    assert answer.status_code == 303
    assert other.get("/inbox").status_code == 302
    assert house.browser().sign_in("clerk_1", "another fine one").status_code == 303


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"old": "wrong", "new": "long enough 1", "again": "long enough 1"}, "原密码不正确"),
        ({"old": PASSWORD, "new": "short", "again": "short"}, "密码须为10至200个字符"),
        ({"old": PASSWORD, "new": "long enough 1", "again": "long enough 2"}, "两次输入的新密码不一致"),
    ],
)
def test_a_password_that_does_not_do_is_refused_with_the_reason(
    house: House, form: dict[str, str], sentence: str
) -> None:
    answer = house.browser("clerk_1").post("/profile/password", **form)

    assert answer.status_code == 422
    assert sentence in answer.get_data(as_text=True)


def test_the_language_can_be_chosen_and_stays(house: House) -> None:
    browser = house.browser("clerk_1")
    browser.get("/language/en?next=/inbox")

    assert '<html lang="en">' in browser.get("/inbox").get_data(as_text=True)
    browser.get("/language/zh")
    assert '<html lang="zh-CN">' in browser.get("/inbox", headers={"Accept-Language": "en"}).get_data(as_text=True)
    assert browser.get("/language/xx").status_code == 404
