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


def test_a_panel_case_goes_to_a_signed_decision(desk: Desk) -> None:
    # the pages offer as chair only who holds that role
    number = desks.play(desk, desks.story("panel_split_outcome", panel_discipline_1="panel_chair_1"))

    desk.page.goto(f"/cases/{number}")
    expect(desk.page.locator(".sub")).to_contain_text("已决定")
    for told in ("从轻", "免于问责"):
        expect(desk.page.get_by_text(told).first).to_be_visible()
