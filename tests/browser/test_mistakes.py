"""Wrong input as a new user gives it: a clear sentence each time, and nothing that was typed is lost."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests import server
from tests.browser import desk as desks
from tests.browser.desk import Desk
from workflow_service import demo

APPLICATION: Mapping[str, Any] = desks.story("simple_case_exempted")["steps"][0]["data"]


@pytest.fixture
def at_application(desk: Desk) -> Desk:
    """The applicant before the empty application."""
    desk.sit_down("applicant_1")
    desk.page.goto("/start/intake")
    desk.ready()
    return desk


def _total(site: server.Server) -> int:
    token = site.people()["clerk_1"]["token"]
    return int(server.call(site.address, token, "GET", "/cases?limit=1").body["total"])


def test_a_missing_field_is_named_and_the_rest_stays(at_application: Desk) -> None:
    desk = at_application
    desk.fill("submit_application", {name: one for name, one in APPLICATION.items() if name != "matter"})

    desk.submit()

    expect(desk.page.locator(".error-summary")).to_be_focused()
    expect(desk.page.locator(".error-summary li")).to_have_count(1)
    expect(desk.page.locator(".error-summary li")).to_contain_text("事项名称")
    expect(desk.page.locator('[name="facts"]')).to_have_value(APPLICATION["facts"])
    expect(desk.page.locator('[name="subjects.0.name"]')).to_have_value(APPLICATION["subjects"][0]["name"])


def test_a_double_click_opens_one_case(at_application: Desk) -> None:
    desk = at_application
    desk.fill("submit_application", APPLICATION)
    before = _total(desk.site)

    desk.page.get_by_role("button", name="提交", exact=True).dblclick()

    expect(desk.page.get_by_role("status").first).to_have_text("案件已登记")
    assert _total(desk.site) == before + 1


def test_the_back_button_after_submitting_a_task_does_no_harm(at_application: Desk, expected: set[str]) -> None:
    desk, page = at_application, at_application.page
    expected.add("409")
    desk.fill("submit_application", APPLICATION)
    desk.submit("案件已登记")
    number = page.locator(".sub span").first.inner_text()
    desk.sit_down("clerk_1")
    desk.do(number, "review_acceptance", desks.story("simple_case_exempted")["steps"][1]["data"])

    page.go_back()
    send = page.get_by_role("button", name="提交", exact=True)
    if send.count():
        send.click()

    expect(page.locator("main")).to_contain_text("已")
    token = desk.site.people()["clerk_1"]["token"]
    listed = server.call(desk.site.address, token, "GET", f"/cases/{number}").body["tasks"]
    assert [one["element"] for one in listed if one["status"] == "open"] == ["propose_route"]


def _reviewing(desk: Desk) -> str:
    """The clerk before the acceptance of a new case, with a reason written; gives the case's number."""
    token = desk.site.people()["applicant_1"]["token"]
    opened = server.call(desk.site.address, token, "POST", "/cases", {"process": "intake", "data": dict(APPLICATION)})
    desk.sit_down("clerk_1")
    desk.page.goto(f"/tasks/{opened.body['number']}.r1.review_acceptance.1")
    desk.page.get_by_role("button", name="签收", exact=True).click()
    desk.ready()
    desk.fill("review_acceptance", {"reason": "材料还要再看一遍"})
    return str(opened.body["number"])


def test_what_is_sent_after_the_session_ended_comes_back_unsent(desk: Desk, expected: set[str]) -> None:
    expected.add("401")
    page, site = desk.page, desk.site
    number = _reviewing(desk)
    token = site.people()["clerk_1"]["token"]
    now = server.call(site.address, token, "GET", "/clock").body["now"]
    desks.move_clock(site, (datetime.fromisoformat(now) + timedelta(hours=13)).isoformat())

    page.get_by_role("button", name="提交", exact=True).click()
    expect(page.get_by_text("登录已过期。您刚才提交的内容没有丢失")).to_be_visible()
    assert "材料还要再看一遍" not in page.content()
    desk.sign_in("clerk_1")
    page.get_by_role("button", name="回到表单").click()

    expect(page.get_by_role("alert")).to_have_text("这是登录过期时您已填写的内容，尚未保存，也尚未提交")
    expect(page.locator('form.sheet [name="reason"]')).to_have_value("材料还要再看一遍")
    page.get_by_role("button", name="存为草稿").click()
    expect(page.get_by_role("status").first).to_have_text("草稿已保存")
    desk.take(number, "review_acceptance")
    expect(page.locator('form.sheet [name="reason"]')).to_have_value("材料还要再看一遍")


def test_a_second_tab_is_told_that_the_task_is_done_and_keeps_what_was_typed(desk: Desk, expected: set[str]) -> None:
    expected.add("409")
    page, site = desk.page, desk.site
    number = _reviewing(desk)
    task, token = f"{number}.r1.review_acceptance.1", site.people()["clerk_1"]["token"]
    data = desks.story("simple_case_exempted")["steps"][1]["data"]
    sent = server.call(
        site.address, token, "POST", f"/tasks/{task}/submission", {"data": data}, Idempotency_Key=f"other-tab-{number}"
    )
    assert sent.status < 300, sent  # noqa: PLR2004

    page.get_by_role("button", name="提交", exact=True).click()

    expect(page.get_by_role("alert")).to_contain_text("您填写的内容没有提交，仍在下面")
    expect(page.locator('[name="reason"]')).to_have_value("材料还要再看一遍")


@pytest.mark.parametrize("path", ["/cases/RC-1999-00001", "/tasks/none", "/files/none", "/bundles/99", "/start/none"])
def test_an_address_that_leads_nowhere_says_what_is_missing(desk: Desk, expected: set[str], path: str) -> None:
    expected.add("404")
    desk.sit_down("process_owner_1" if path.startswith("/bundles") else "clerk_1")

    desk.page.goto(path)

    expect(desk.page.get_by_role("heading", level=1)).to_have_text("没有找到")
    expect(desk.page.get_by_role("alert")).to_contain_text("没有")
    expect(desk.page.get_by_role("link", name="回到首页")).to_be_visible()


def test_an_attachment_that_is_too_large_is_refused_beside_its_field(
    at_application: Desk, expected: set[str], tmp_path: Path
) -> None:
    expected.add("413")
    rows = at_application.page.get_by_role("group", name="附件材料")
    rows.get_by_role("button", name="增加一行").click()
    box = rows.locator('[data-files="attachments.0.file"]')
    large = tmp_path / "扫描件.pdf"
    with large.open("wb") as file:
        file.truncate(51_000_000)

    box.locator('input[type="file"]').set_input_files(large)

    expect(box.locator(".file-state")).to_contain_text("上限")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("broken.bpmn", b"<definitions><process"),
        ("picture.png", b"\x89PNG\r\n\x1a\n"),
        ("archive.zip", b"PK\x03\x04 not a zip"),
        ("form.json", json.dumps({"id": 7}).encode()),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_or_told_of(
    desk: Desk, expected: set[str], name: str, content: bytes
) -> None:
    expected.update({"400", "409", "413", "415"})
    page = desk.page
    desk.sit_down("process_owner_1")
    page.goto("/bundles")
    page.get_by_role("row").filter(has_text=demo.PLACES["city"]).get_by_role("button", name="据此起草").first.click()
    address = page.url.partition("?")[0]
    page.locator("#files").set_input_files({"name": name, "mimeType": "application/octet-stream", "buffer": content})

    page.get_by_role("button", name="上传", exact=True).click()

    _told(page)
    page.goto(address)
    expect(page.locator('a[href$="/files/confirmation.bpmn"]').first).to_be_visible()


def _told(page: Page) -> None:
    """A sentence in an alert, or findings beside the file."""
    expect(page.get_by_role("alert").or_(page.locator(".findings .finding-error")).first).to_be_visible()


def test_a_wrong_password_says_so_and_keeps_the_name(page: Page, expected: set[str]) -> None:
    expected.add("401")
    page.goto("/signin")
    page.get_by_label("用户名").fill("clerk_1")
    page.get_by_label("密码").fill("wrong")
    page.get_by_role("button", name="登录").click()

    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.get_by_label("用户名")).to_have_value("clerk_1")


LEAVING = "() => !window.dispatchEvent(new Event('beforeunload', {cancelable: true}))"
"""Whether the page asks whoever is about to leave it."""


def test_who_leaves_the_text_of_a_file_unsaved_is_asked_first(desk: Desk) -> None:
    page = desk.page
    desk.sit_down("process_owner_1")
    page.goto("/bundles")
    page.get_by_role("row").filter(has_text="现行").filter(has_text=demo.PLACES["city"]).get_by_role("button").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("草稿")
    page.goto(f"{page.url.partition('?')[0]}/files/forms/visit.json")
    before = page.evaluate(LEAVING)

    page.get_by_label("内容（JSON）").press_sequentially(" ")

    assert (before, page.evaluate(LEAVING)) == (False, True)
