"""What administrators do with accounts: create, correct, move, close, open again, give roles and passwords."""

import re

from tests.web.conftest import Browser, House
from workflow_service.identity import credentials, roster
from workflow_service.storage import database


def _entered(house: House, password: str) -> Browser:
    browser = house.browser()
    assert browser.sign_in("clerk_2", password).status_code == 303
    return browser


def test_an_administrator_creates_a_person_and_never_raises_himself(house: House) -> None:
    admin = house.browser("admin_1")
    sent = {
        "name": "new_one",
        "display_name": "新人",
        "unit": "city-office",
        "password": "a long password",
        "roles": "clerk",
    }

    assert admin.post("/people/new", **sent).status_code == 303
    assert admin.post("/people/new", **{**sent, "name": "a b"}).status_code == 422
    assert admin.post("/people/admin_1/roles", roles="chief").status_code == 403
    assert house.browser().sign_in("new_one", "a long password").status_code == 303


def test_a_password_that_somebody_else_chose_opens_nothing_but_the_choice_of_ones_own(house: House) -> None:
    house.browser("admin_1").post("/people/clerk_2/password")
    with database.transaction(house.db) as session:
        roster.by_name(session, "clerk_2").password = credentials.hash_password("told by telephone")
    mine = _entered(house, "told by telephone")

    led, asked = mine.get("/cases"), mine.get("/profile").get_data(as_text=True)
    refused = mine.get("/api/v1/tasks")
    same = mine.post("/profile/password", old="told by telephone", new="told by telephone", again="told by telephone")
    changed = mine.post("/profile/password", old="told by telephone", new="known to me only", again="known to me only")

    assert (led.status_code, led.location) == (302, "/profile")
    assert "由他人设置" in asked and "代理人" not in asked
    assert (refused.status_code, refused.get_json()["type"]) == (403, "about:blank#password-due")
    assert same.status_code == 422 and "不能与原密码相同" in same.get_data(as_text=True)
    assert changed.status_code == 303
    assert _entered(house, "known to me only").get("/cases").status_code == 200


def test_a_closed_account_is_opened_again_with_a_password_to_be_changed(house: House) -> None:
    admin = house.browser("admin_1")
    admin.post("/people/clerk_2/disable")

    opened, again = admin.post("/people/clerk_2/reopening"), admin.post("/people/clerk_2/reopening")

    fresh = re.search("<code>(.+?)</code>", opened.get_data(as_text=True))
    assert fresh is not None
    assert _entered(house, fresh[1]).get("/").location == "/profile"
    assert again.status_code == 409 and "未停用" in again.get_data(as_text=True)
    assert house.api("clerk_2", "GET", "/tasks").status_code == 401, "its old token stays taken back"
    told = house.browser("auditor_1").get("/operations?tab=acts").get_data(as_text=True)
    assert told.count("重新启用账户") == 1


def test_a_person_moves_to_another_unit_with_free_hands_only(house: House, opened: str) -> None:
    admin, clerk = house.browser("admin_1"), house.browser("clerk_1")
    task = clerk.get(f"/api/v1/tasks?scope=available&case={opened}").get_json()["items"][0]["id"]
    clerk.post(f"/tasks/{task}/claim")
    told = {"display_name": "王芳", "email": ""}

    refused = admin.post("/people/clerk_1", **told, unit="east-office")
    within = admin.post("/people/clerk_1", **told, unit="city-archive")
    unknown = admin.post("/people/clerk_1", **told, unit="nowhere")
    elsewhere = admin.post("/people/clerk_2", **told, unit="east-office")

    assert refused.status_code == 422 and "还有 1 项未办结的任务" in refused.get_data(as_text=True)
    assert (within.status_code, unknown.status_code, elsewhere.status_code) == (303, 422, 303)
    page = house.browser("auditor_1").get("/operations?tab=acts").get_data(as_text=True)
    assert page.count("调整所属单位") == 2


def test_an_administrator_mends_a_name_and_an_address(house: House) -> None:
    admin = house.browser("admin_1")

    unit = "city-office"
    mended = admin.post("/people/clerk_1", display_name="王更正", email="wang@office.example", unit=unit)
    refused = admin.post("/people/clerk_1", display_name="\u200b", email="wang", unit=unit)
    both = admin.post("/people/clerk_1/roles", roles=["admin", "auditor"])

    page = admin.get("/people/clerk_1").get_data(as_text=True)
    assert (mended.status_code, refused.status_code, both.status_code) == (303, 422, 422)
    assert "看不见的字符" in refused.get_data(as_text=True) and 'value="wang"' in refused.get_data(as_text=True)
    assert "系统管理员不能同时是审计员" in both.get_data(as_text=True)
    assert 'value="王更正"' in page and 'value="wang@office.example"' in page


def test_auditors_see_what_administrators_did(house: House) -> None:
    admin = house.browser("admin_1")
    admin.post("/people/clerk_2/roles", roles=["chief"])
    admin.post("/people/clerk_2/password")
    admin.post("/people/admin_1/roles", roles="chief")  # is refused, and so nothing was done
    admin.post("/units/city-office", name="工作办公室")
    admin.post("/people/clerk_3/disable")

    page = house.browser("auditor_1").get("/operations?tab=acts").get_data(as_text=True)

    told = [" ".join(re.sub("<[^>]+>", " ", one).split()) for one in page.split("<tr>")[2:]]
    acts = [
        "停用账户 clerk_3",
        "单位改名 city-office",
        "重置密码 clerk_2",
        "取消角色 clerk_2 受理机关经办",
        "授予角色 clerk_2 受理机关负责人",
    ]
    assert len(told) == len(acts)
    assert all(act in row for act, row in zip(acts, told, strict=True)), told
    assert page.count('title="admin_1"') == len(acts)
    assert "管理记录" not in admin.get("/operations").get_data(as_text=True)
    assert admin.get("/operations?tab=acts").status_code == 403


def test_a_taken_name_leaves_the_form_as_it_was_typed(house: House) -> None:
    sent = {"name": "clerk_1", "display_name": "新人", "unit": "city-office", "password": "a long password"}

    answer = house.browser("admin_1").post("/people/new", **sent)

    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "用户名“clerk_1”已被使用" in page and 'value="新人"' in page
