"""The islands in a browser: shown, moved by keyboard, edited, saved; accessible, and quiet under the strict policy."""

import json
import os
from collections.abc import Callable

import pytest
from flask import Flask
from playwright.sync_api import Page, Route, expect

from tests.bundles import city
from workflow_service.bundles import check, diff, read

Open = Callable[..., Page]
Axe = Callable[[Page], list[str]]


def _sent(site: tuple[str, Flask], kind: str) -> list[tuple[str, str, bytes, dict[str, str]]]:
    return [one for one in site[1].config["SENT"] if one[0] == kind]


@pytest.mark.parametrize("island", ["viewer", "replay", "modeler", "dmn", "diff"])
@pytest.mark.parametrize("width", [1360, 390])
def test_an_island_is_shown_and_accessible(open_island: Open, axe: Axe, island: str, width: int) -> None:
    page = open_island(island, width=width, height=860)

    assert axe(page) == []
    folder = os.environ.get("SHOTS")
    if folder:
        page.screenshot(path=f"{folder}/{island}-{width}.png", full_page=True)


def test_the_viewer_marks_the_current_step(open_island: Open) -> None:
    page = open_island("viewer")

    expect(page.locator('.djs-element[data-element-id="record_meeting"].mark-current')).to_have_count(1)
    expect(page.locator('.djs-element[data-element-id="draft_simple_decision"].mark-done')).to_have_count(1)
    expect(page.get_by_text("当前环节").first).to_be_visible()


def test_english_readers_see_the_english_names_of_the_steps(open_island: Open) -> None:
    page = open_island("viewer", "?lang=en")

    step = page.locator('.djs-element[data-element-id="record_meeting"]')
    expect(step).to_contain_text("Record the")
    expect(step).not_to_contain_text("集体")


def test_english_readers_see_flows_lanes_and_the_pool_in_english(open_island: Open) -> None:
    page = open_island("viewer", "?lang=en")

    drawn = page.locator(".djs-container")
    assert drawn.evaluate("(one) => one.textContent.match(/[\\u4e00-\\u9fff]+/g) ?? []") == []
    for words in ("Passed", "Divided", "Party", "Simple"):
        expect(drawn).to_contain_text(words)


def test_english_readers_see_the_replay_in_english(open_island: Open) -> None:
    page = open_island("replay", "?lang=en")

    expect(page.locator('.djs-element[data-element-id="record_meeting"]')).to_contain_text("Record the")
    expect(page.locator('.djs-element[data-element-id="lane_simple_case_2"]')).to_contain_text("Party")


def test_people_are_called_by_name_in_what_changed(open_island: Open) -> None:
    page = open_island("replay")

    page.locator(".replay-list button").first.click()

    told = page.locator(".replay-table tbody tr").last.locator("td").last
    expect(told).to_have_text("李芳")
    expect(told.locator("span")).to_have_attribute("title", "clerk_1")


def test_the_replay_is_driven_by_keyboard(open_island: Open) -> None:
    page = open_island("replay")
    host = page.locator('[data-island="replay"]')
    page.locator(".replay-play").focus()

    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(host).to_have_attribute("data-entry", "3")
    taken = page.locator('.djs-element[data-element-id="draft_simple_decision_to_record_meeting"] .djs-visual > path')
    expect(taken).to_have_css("stroke", "rgb(23, 112, 63)")
    page.keyboard.press("End")
    expect(host).to_have_attribute("data-entry", "7")
    expect(page.locator('.djs-element[data-element-id="form_panel"].mark-current')).to_have_count(1)
    page.keyboard.press("ArrowLeft")

    expect(page.locator(".diagram-badge", has_text="×2").first).to_be_visible()
    expect(page.locator('[aria-current="step"]')).to_contain_text("集体研究")
    expect(page.locator(".replay-status")).to_contain_text("第 6 步，共 7 步")


def test_the_replay_plays_to_the_end_and_stops(open_island: Open) -> None:
    page = open_island("replay")
    page.get_by_label("速度").select_option("4")

    page.get_by_role("button", name="播放").click()
    page.wait_for_selector('[data-island="replay"][data-entry="7"]')
    expect(page.get_by_role("button", name="播放")).to_be_visible()

    assert page.locator("circle.diagram-token").count() <= 2


def test_an_entry_that_differs_is_named(open_island: Open) -> None:
    page = open_island("replay")

    page.locator(".replay-list button").nth(3).click()

    expect(page.locator(".replay-facts .island-problem")).to_be_visible()


def test_what_changed_is_told_by_labels_with_the_names_beside_them(open_island: Open) -> None:
    page = open_island("replay")

    page.locator(".replay-list button").first.click()

    rows = page.locator(".replay-table tbody tr")
    expect(rows.nth(1).locator("th")).to_have_text("案件 › 状态case.status")
    expect(rows.nth(2).locator("td").last).to_have_text("同意是对象<b>s1</b>")
    expect(rows.nth(2).locator(".label").first).to_have_attribute("title", "granted")
    expect(rows.nth(2).locator("td").first).to_have_text("—")


def test_the_modeler_saves_what_was_edited(open_island: Open, site: tuple[str, Flask]) -> None:
    page = open_island("modeler")
    page.locator('.djs-element[data-element-id="record_meeting"] .djs-hit').click()

    page.get_by_label("英文名称").fill("Meet & decide")
    page.get_by_label("英文名称").press("Tab")
    page.get_by_label("表单", exact=True).select_option("visit")
    page.keyboard.press("Control+s")
    expect(page.locator(".saving-note")).to_have_text("已保存")

    _, kind, body, headers = _sent(site, "save")[-1]
    xml = body.decode()
    assert kind == "application/xml"
    assert headers["X-Csrf-Token"] == "token-1"
    assert headers["If-Match"] == '"v1"'
    assert 'name="name_en" value="Meet &#38; decide"' in xml
    assert '<spiffworkflow:property name="form" value="visit" />' in xml


def test_what_was_not_edited_survives_saving(open_island: Open, site: tuple[str, Flask]) -> None:
    page = open_island("modeler")
    page.locator('.djs-element[data-element-id="check_meeting"] .djs-hit').click()

    page.get_by_label("结果存为").fill("met")
    page.get_by_label("结果存为").press("Tab")
    page.get_by_role("button", name="保存").click()
    expect(page.locator(".saving-note")).to_have_text("已保存")

    xml = _sent(site, "save")[-1][2].decode()
    assert 'resultVariable="met"' in xml
    assert '<spiffworkflow:parameter id="record" type="any" value="record_meeting" />' in xml
    assert xml.count("<bpmn:flowNodeRef>") == 8


@pytest.mark.parametrize(
    ("name", "element"),
    [
        ("panel", "form_panel"),
        ("correction", "plan_correction"),
        ("confirmation", "propose_route"),
        ("decision", "draft_decision"),
    ],
)
def test_a_diagram_means_the_same_after_it_was_opened_and_saved(
    open_island: Open, site: tuple[str, Flask], name: str, element: str
) -> None:
    page = open_island("modeler", f"?file={name}.bpmn#element={element}")
    page.locator(".modeler-panel").get_by_label("名称", exact=True).fill("改名")
    page.locator(".modeler-panel").get_by_label("名称", exact=True).press("Tab")
    page.get_by_role("button", name="保存").click()
    expect(page.locator(".saving-note")).to_have_text("已保存")

    after = read.Bundle.of({**city.bundle().files, f"{name}.bpmn": _sent(site, "save")[-1][2]})

    assert [(one.element, one.after) for one in diff.diff(city.bundle(), after).changes] == [(element, "改名")]


def test_a_finding_leads_to_its_element(open_island: Open) -> None:
    page = open_island("modeler")

    page.get_by_role("button", name="R02").click()

    expect(page.locator(".modeler-panel h2")).to_have_text("党委（党组）集体研究")
    expect(page.locator(".diagram-badge.badge-error")).to_be_visible()


def test_a_step_is_added_named_and_told_what_it_still_lacks(open_island: Open, site: tuple[str, Flask]) -> None:
    page = open_island("modeler")
    page.locator('.djs-element[data-element-id="draft_simple_decision"] .djs-hit').click()
    page.locator(".djs-context-pad .entry[data-action='append.append-task']").click()
    page.keyboard.type("复核建议")
    page.keyboard.press("Escape")
    page.locator(".djs-context-pad .entry[data-action='replace']").click()
    page.locator(".djs-popup").get_by_text("人工任务").click()
    page.get_by_label("编号").fill("review_proposal")
    page.get_by_label("编号").press("Tab")
    page.get_by_role("button", name="保存").click()
    expect(page.locator(".saving-note")).to_have_text("已保存")

    saved = read.read_upload("simple_case.bpmn", _sent(site, "save")[-1][2], city.bundle())

    found = {(one.rule, one.element) for one in check.check(saved) if one.severity == "error"}
    assert {("R02", "review_proposal"), ("S06", "draft_simple_decision"), ("S16", "review_proposal")} <= found
    assert not {rule for rule, _ in found} & {"S19", "S24", "S25"}
    drawn = saved.files["simple_case.bpmn"].decode()
    assert 'id="draft_simple_decision_to_review_proposal"' in drawn and "_to_activity_" not in drawn


def test_a_conflict_is_told_and_nothing_is_lost(open_island: Open, site: tuple[str, Flask]) -> None:
    page = open_island("modeler")
    page.locator('.djs-element[data-element-id="record_meeting"] .djs-hit').click()
    page.route("**/save", lambda route: route.fulfill(status=409, body="{}", content_type="application/json"))

    page.get_by_label("名称", exact=True).fill("开会")
    page.get_by_label("名称", exact=True).press("Tab")
    page.get_by_role("button", name="保存").click()

    expect(page.locator(".saving-note")).to_contain_text("已在别处修改")
    expect(page.locator(".saving-note").get_by_role("link", name="查看已保存的内容")).to_be_visible()
    expect(page.locator('[data-dirty="true"]')).to_have_count(1)
    page.unroute("**/save")
    page.get_by_role("button", name="保存").click()
    expect(page.locator(".saving-note")).to_have_text("已保存")
    assert _sent(site, "save")[-1][3]["If-Match"] == '"hash-2"'


def test_who_signed_in_anew_elsewhere_saves_from_the_page_that_was_open(
    open_island: Open, site: tuple[str, Flask]
) -> None:
    page = open_island("modeler")
    page.locator('.djs-element[data-element-id="record_meeting"] .djs-hit').click()
    fresh = '<meta name="csrf-token" content="token-2"><meta name="actor" content="wang">'
    refusals = [401, 403]

    def answer(route: Route) -> None:
        if refusals:
            route.fulfill(status=refusals.pop(0), body="{}", content_type="application/json")
        else:
            route.continue_()

    page.route("**/save", answer)
    page.route(page.url.partition("#")[0], lambda route: route.fulfill(body=fresh, content_type="text/html"))
    page.get_by_label("名称", exact=True).fill("开会")
    page.get_by_label("名称", exact=True).press("Tab")

    page.get_by_role("button", name="保存").click()
    expect(page.locator(".saving-note")).to_contain_text("请在另一标签页登录")
    page.get_by_role("button", name="保存").click()
    expect(page.locator(".saving-note")).to_have_text("已保存")

    assert _sent(site, "save")[-1][3]["X-Csrf-Token"] == "token-2"


def test_a_new_flow_gets_a_readable_id_and_menus_offer_only_what_runs(open_island: Open) -> None:
    page = open_island("modeler")
    page.locator('.djs-element[data-element-id="draft_simple_decision"] .djs-hit').click()

    page.locator(".djs-context-pad .entry[data-action='replace']").click()

    menu = page.locator(".djs-popup")
    expect(menu.get_by_text("服务任务")).to_be_visible()
    expect(menu.get_by_text("脚本任务")).to_have_count(0)
    expect(menu.get_by_text("Script task")).to_have_count(0)


@pytest.mark.parametrize("island", ["modeler", "dmn"])
def test_no_text_of_an_editor_is_left_in_english(open_island: Open, island: str) -> None:
    page = open_island(island)
    if island == "modeler":
        canvas = page.locator(".modeler-canvas").bounding_box()
        assert canvas is not None
        aside = (canvas["x"] + canvas["width"] - 8, canvas["y"] + 8)
        for element in ("record_meeting", "check_meeting", "is_simple_passed", "begin_simple_case"):
            page.locator(f'.djs-element[data-element-id="{element}"] .djs-hit').click()
            page.locator(".djs-context-pad .entry[data-action='replace']").first.click()
            menu = page.locator(".djs-popup")
            expect(menu).to_be_visible()
            page.mouse.click(*aside)  # Escape is heard only once the menu has the focus
            expect(menu).to_have_count(0)
    else:
        page.locator("td.cell").nth(2).click()
        page.get_by_role("button", name="总图", exact=True).click()

    missing = page.evaluate("document.documentElement.dataset.untranslated || '[]'")

    assert json.loads(missing) == []


def test_a_decision_is_tried_with_inputs(open_island: Open, site: tuple[str, Flask]) -> None:
    page = open_island("dmn")

    page.get_by_label("输入（JSON）").fill('{"complex": true}')
    page.get_by_role("button", name="试算").click()

    expect(page.locator(".trial-outcome")).to_contain_text("panel")
    expect(page.locator(".trial-steps")).to_contain_text("route: 规则 1 命中 (依据 15)")
    expect(page.locator(".trial-steps")).to_contain_text("路径 panel")
    assert json.loads(_sent(site, "try")[-1][2])["inputs"] == {"complex": True}


def _note(page: Page, row: int, text: str) -> None:
    """Writes the article beside a rule."""
    page.locator("td.annotation [contenteditable]").nth(row).click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(text)
    page.locator("th.input-cell").first.click()


def test_the_results_of_a_task_for_several_are_called_like_the_task(open_island: Open, site: tuple[str, Flask]) -> None:
    page = open_island("modeler", "?file=panel.bpmn#element=evaluate")

    page.get_by_label("每项结果").fill("evaluated")
    page.get_by_label("每项结果").press("Tab")
    page.get_by_label("每项结果").fill("evaluate")
    page.get_by_label("每项结果").press("Tab")
    page.get_by_role("button", name="保存").click()
    expect(page.locator(".saving-note")).to_have_text("已保存")

    after = read.Bundle.of({**city.bundle().files, "panel.bpmn": _sent(site, "save")[-1][2]})
    assert check.check(after) == []
    assert diff.diff(city.bundle(), after).changes == ()


def test_a_diagram_that_has_no_properties_itself_says_what_to_do(open_island: Open) -> None:
    page = open_island("modeler")

    expect(page.locator(".modeler-panel")).to_contain_text("在图中选择一个元素")


def test_the_article_beside_a_rule_is_shown_and_can_be_changed(open_island: Open, site: tuple[str, Flask]) -> None:
    page = open_island("dmn")
    articles = page.locator("td.annotation[data-element-id]")
    expect(articles).to_have_text(["15", "15", "14", "14"])

    _note(page, 1, "15(1)")
    page.get_by_role("button", name="保存").click()
    expect(page.locator(".saving-note")).to_have_text("已保存")

    after = read.Bundle.of({**city.bundle().files, "route.dmn": _sent(site, "save")[-1][2]})
    changes = diff.diff(city.bundle(), after).changes
    assert [(one.element, one.before, one.after) for one in changes] == [("impact_to_panel", "15", "15(1)")]
    assert check.check(after) == []


def test_a_finding_leads_into_its_cell(open_island: Open) -> None:
    page = open_island("dmn")
    page.get_by_role("button", name="总图", exact=True).click()

    page.get_by_role("button", name="D03").click()

    cell = page.locator('td[data-element-id="impact_to_panel_output_2"]')
    expect(cell.locator(":focus")).to_have_count(1)


def test_a_click_beside_the_text_of_a_cell_does_not_end_the_writing(open_island: Open) -> None:
    page = open_island("dmn")
    box = page.locator('td[data-element-id="complex_to_panel_output_2"]').bounding_box()
    cell = page.locator('td[data-element-id="complex_to_panel_input_1"]')
    assert box is not None
    cell.click(position={"x": 20, "y": 12})

    cell.click(position={"x": 20, "y": box["height"] - 6})

    expect(cell.locator(":focus")).to_have_count(1)


def test_the_hit_policy_is_chosen_with_the_mouse(open_island: Open) -> None:
    page = open_island("dmn")
    page.get_by_label("命中策略").click()

    page.locator(".dms-select-options .option", has_text="唯一").click()

    expect(page.get_by_label("命中策略")).to_have_text("唯一")


def test_a_trial_that_fails_says_why(open_island: Open) -> None:
    page = open_island("dmn")
    page.route(
        "**/try",
        lambda route: route.fulfill(status=409, body='{"detail": "没有这个决策"}', content_type="application/json"),
    )

    page.get_by_role("button", name="试算").click()

    expect(page.locator(".trial-outcome")).to_contain_text("没有这个决策")


def test_both_sides_of_a_difference_move_together(open_island: Open) -> None:
    page = open_island("diff")
    before = page.locator(".diff-side .viewport").nth(1).get_attribute("transform")

    page.locator(".diff-side").first.get_by_label("放大").click()

    assert page.locator(".diff-side .viewport").nth(1).get_attribute("transform") != before
    expect(page.locator('.djs-element[data-element-id="issue_minutes"].mark-added')).to_have_count(1)


def test_an_english_page_has_english_islands(open_island: Open) -> None:
    page = open_island("replay", "?lang=en")

    expect(page.get_by_role("button", name="Play")).to_be_visible()
