"""The procedure from application to archive through the pages alone; only the clock is moved from outside."""

from playwright.sync_api import expect

from tests.browser import desk as desks
from tests.browser.desk import Desk
from tests.browser.hands import Keyboard


def test_a_simple_case_goes_to_the_archive_by_keyboard_alone(desk: Desk) -> None:
    desk.hands = Keyboard()

    number = desks.play(desk, desks.story("simple_case_exempted"))

    desk.page.goto(f"/cases/{number}")
    expect(desk.page.locator(".sub")).to_contain_text("已归档")


def test_a_panel_case_goes_to_the_archive_with_two_outcomes(desk: Desk) -> None:
    # the pages offer as chair only who holds that role
    number = desks.play(desk, desks.story("panel_split_outcome", panel_discipline_1="panel_chair_1"))
    desk.page.goto(f"/cases/{number}")
    expect(desk.page.locator(".sub")).to_contain_text("已决定")
    for told in ("从轻", "免于问责"):
        expect(desk.page.get_by_text(told).first).to_be_visible()

    put_right_and_visited(desk, number, subjects=2)

    desk.page.goto(f"/cases/{number}")
    expect(desk.page.locator(".sub")).to_contain_text("已归档")


def put_right_and_visited(desk: Desk, number: str, subjects: int) -> None:
    """What follows a tolerant decision, for each of its subjects, with what the simple case says in each form."""
    said = {step["do"]: step for step in desks.story("simple_case_exempted")["steps"] if "do" in step}

    def does(element: str, times: int = subjects, **more: str) -> None:
        for _ in range(times):
            desk.sit_down(said[element]["by"])
            desk.do(number, element, {**said[element]["data"], **more})

    does("draft_correction_notice", rectify_by=desks.day_in(desk.site, 60))
    does("supervise_correction", times=1)
    for element in ("sign_correction_notice", "plan_correction", "report_correction", "accept_correction"):
        does(element)
    does("supervise_correction", times=subjects - 1)  # asked for again until each object was urged once
    does("use_result", times=1)
    for days in (40, 60, 95, 190):  # a month, a quarter, half a year, a year after the decision
        desks.move_clock(desk.site, desks.day_in(desk.site, days) + "T10:00:00+08:00")
        does("visit")
    does("review_archive", times=1)
