"""A process owner gives the correction process another step, from the draft to a case that takes it."""

from collections.abc import Mapping
from typing import Any

from playwright.sync_api import Page, expect

from tests import server
from tests.browser import desk as desks
from tests.browser.desk import Desk
from workflow_service import demo

FORM = """{
  "id": "review_plan",
  "title": "复核整改方案",
  "title_en": "Review the plan",
  "fields": [
    {"name": "note", "type": "longtext", "label": "复核意见", "label_en": "Opinion", "required": true}
  ]
}
"""
STORY = "simple_case_exempted"


def test_a_step_added_in_the_browser_is_taken_by_new_cases_only(desk: Desk) -> None:
    page, site = desk.page, desk.site
    old = _corrected(site)

    _draft(desk)
    _add_form(page)
    _add_step(page)
    _mend_and_save(page)
    _publish_with_four_eyes(desk)
    new = _corrected(site)

    desk.sit_down("party_1")
    desk.do(old, "plan_correction", _answers("plan_correction"))
    assert _open_steps(site, old) >= {"report_correction"}
    desk.do(new, "plan_correction", _answers("plan_correction"))
    assert "review_plan" in _open_steps(site, new)
    assert "review_plan" not in _open_steps(site, old)
    assert "report_correction" not in _open_steps(site, new)


def _draft(desk: Desk) -> None:
    """A draft from the version in force, opened."""
    desk.sit_down("process_owner_1")
    desk.page.get_by_role("link", name="流程设计").click()
    desk.page.get_by_role("row").filter(has_text="现行").filter(has_text=demo.PLACES["city"]).get_by_role(
        "button", name="据此起草"
    ).click()
    expect(desk.page.get_by_role("heading", level=1)).to_contain_text("草稿")


def _add_form(page: Page) -> None:
    page.get_by_label("名称", exact=True).fill("review_plan")
    page.get_by_role("button", name="新建").click()
    page.get_by_label("内容（JSON）").fill(FORM)
    page.get_by_role("button", name="保存并检查").click()
    expect(page.get_by_role("status").first).to_have_text("已保存")
    page.get_by_role("navigation", name="当前位置").get_by_role("link", name="草稿").click()


def _add_step(page: Page) -> None:
    """Puts a task in the place of the flow that led on from the plan; the checker then tells what it still lacks."""
    page.locator('a[href$="/files/correction.bpmn"]').first.click()
    expect(page.locator('[data-island="modeler"]')).to_have_attribute("data-ready", "true")
    _choose_flow(page, "plan_correction_to_report_correction")
    page.locator(".djs-context-pad .entry[data-action='delete']").click()
    page.locator('.djs-element[data-element-id="plan_correction"] .djs-hit').click()
    page.locator(".djs-context-pad .entry[data-action='append.append-task']").click()
    page.keyboard.press("Escape")
    page.locator(".djs-context-pad .entry[data-action='replace']").click()
    page.locator(".djs-popup").get_by_text("人工任务").click()
    panel = page.locator(".modeler-panel")
    panel.get_by_label("编号").fill("review_plan")
    panel.get_by_label("编号").press("Tab")
    panel.get_by_label("名称", exact=True).fill("复核整改方案")
    panel.get_by_label("名称", exact=True).press("Tab")
    panel.get_by_label("英文名称").fill("Review the plan")
    panel.get_by_label("英文名称").press("Tab")
    panel.get_by_label("依据条款").fill("17")
    panel.get_by_label("依据条款").press("Tab")
    expect(page.locator(".findings-list")).to_contain_text("review_plan")


def _mend_and_save(page: Page) -> None:
    """Follows what the checker says: leads the new step on to the one that came before."""
    page.locator(".findings-list").get_by_role("button", name="S16").filter(has_text="review_plan").click()
    expect(page.locator(".modeler-panel h2")).to_have_text("复核整改方案")
    page.locator(".djs-context-pad .entry[data-action='connect']").click()
    page.locator('.djs-element[data-element-id="report_correction"] .djs-hit').click()
    expect(page.locator(".findings-summary")).to_contain_text("没有发现问题")
    page.get_by_role("button", name="保存").click()
    expect(page.locator(".saving-note")).to_have_text("已保存")


def _choose_flow(page: Page, flow: str) -> None:
    """Clicks on the middle of a line, which need not be the middle of the box around it."""
    line = page.locator(f'.djs-connection[data-element-id="{flow}"] .djs-visual > path').first
    x, y = line.evaluate(
        """one => { const at = one.getPointAtLength(one.getTotalLength() / 2).matrixTransform(one.getScreenCTM());
        return [at.x, at.y]; }"""
    )
    page.mouse.click(x, y)
    expect(page.locator(f'.djs-connection.selected[data-element-id="{flow}"]')).to_have_count(1)


def _publish_with_four_eyes(desk: Desk) -> None:
    page = desk.page
    page.get_by_role("navigation", name="当前位置").get_by_role("link", name="草稿").click()
    address = page.url.partition("?")[0]
    page.get_by_role("button", name="提交审批").click()
    expect(page.get_by_text("编制人不能审批自己编制的流程包")).to_be_visible()
    expect(page.get_by_role("button", name="批准")).to_have_count(0)
    assert _approve_anyway(desk.site, "process_owner_1").status in (403, 409)
    desk.sit_down("process_owner_2")
    page.goto(address)
    page.get_by_role("button", name="批准").click()
    page.get_by_role("button", name="发布").click()
    page.get_by_role("dialog").get_by_role("button", name="确定").click()
    expect(page.get_by_role("status").first).to_have_text("已发布，新案件将使用此版本")


def _approve_anyway(site: server.Server, who: str) -> server.Answer:
    token = site.people()[who]["token"]
    listed = server.call(site.address, token, "GET", "/bundles").body["items"]
    submitted = next(one["hash"] for one in listed if one["status"] == "submitted")
    return server.call(site.address, token, "POST", f"/bundles/{submitted}/approval", {})


def _corrected(site: server.Server) -> str:
    """A case that stands before the correction plan, brought there by programs."""
    number = ""
    for position, step in enumerate(desks.story(STORY)["steps"]):
        if step.get("do") == "plan_correction":
            break
        if "clock" in step:
            continue
        token = site.people()[step["by"]]["token"]
        data = {name: one for name, one in step["data"].items() if name not in ("decision_date", "rectify_by")}
        if "open" in step:
            opened = server.call(site.address, token, "POST", "/cases", {"process": step["open"], "data": data})
            number = opened.body["number"]
            continue
        if step["do"] == "draft_correction_notice":
            data["rectify_by"] = "2029-12-01"
        listed = server.call(site.address, token, "GET", f"/tasks?scope=all&case={number}").body["items"]
        task = next(one["id"] for one in listed if one["element"] == step["do"])
        server.call(site.address, token, "POST", f"/tasks/{task}/claim")
        sent = server.call(
            site.address,
            token,
            "POST",
            f"/tasks/{task}/submission",
            {"data": data},
            Idempotency_Key=f"{number}-{position}",
        )
        assert sent.status < 300, (step["do"], sent)  # noqa: PLR2004
    return number


def _answers(element: str) -> Mapping[str, Any]:
    return next(step["data"] for step in desks.story(STORY)["steps"] if step.get("do") == element)


def _open_steps(site: server.Server, number: str) -> set[str]:
    told = server.call(site.address, site.people()["clerk_1"]["token"], "GET", f"/cases/{number}").body
    return {one["element"] for one in told["tasks"] if one["status"] == "open"}
