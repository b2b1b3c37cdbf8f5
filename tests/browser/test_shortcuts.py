"""Keys for those who do without the mouse: they lead where they say, keep silent while somebody writes, can be switched off."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.desk import Desk


@pytest.fixture
def cases(desk: Desk) -> Page:
    desk.sit_down("clerk_1")
    desk.page.goto("/cases")
    return desk.page


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def test_the_help_opens_by_its_key_and_by_the_menu_and_is_accessible(
    cases: Page, axe: Callable[[Page], list[str]]
) -> None:
    help_text = cases.get_by_role("dialog", name="键盘快捷键")
    press(cases, "?")
    expect(help_text).to_be_visible()
    assert axe(cases) == []
    press(cases, "g", "i")
    expect(cases).to_have_url(re.compile("/cases$"))  # it is the dialog's turn
    press(cases, "Escape")
    expect(help_text).to_be_hidden()

    cases.locator("details.me summary").click()
    cases.get_by_role("button", name="键盘快捷键").click()

    expect(help_text).to_be_visible()


@pytest.mark.parametrize(("key", "to"), [("i", "/inbox"), ("c", "/cases"), ("l", "/library")])
def test_two_keys_lead_to_a_desk(cases: Page, key: str, to: str) -> None:
    cases.goto("/profile")

    press(cases, "g", key)

    expect(cases).to_have_url(re.compile(f"{to}$"))


def test_one_key_finds_the_search_and_the_others_are_letters_there(cases: Page) -> None:
    press(cases, "/")
    search = cases.locator('main input[type="search"]')
    expect(search).to_be_focused()

    cases.keyboard.type("gi?/")

    expect(search).to_have_value("gi?/")
    expect(cases).to_have_url(re.compile("/cases$"))
    expect(cases.get_by_role("dialog")).to_be_hidden()


@pytest.mark.parametrize("keys", [("i",), ("g", "x", "i"), ("g", "Control+i"), ("g", "I")])
def test_no_other_keys_lead_away(cases: Page, keys: tuple[str, ...]) -> None:
    press(cases, *keys)

    cases.wait_for_timeout(300)
    expect(cases).to_have_url(re.compile("/cases$"))


def test_after_a_pause_the_second_key_is_a_key_like_any(cases: Page) -> None:
    press(cases, "g")
    cases.wait_for_timeout(1700)
    press(cases, "i")

    cases.wait_for_timeout(300)
    expect(cases).to_have_url(re.compile("/cases$"))


def test_who_switches_them_off_has_silence_on_every_page_until_they_are_on_again(cases: Page) -> None:
    press(cases, "?")
    cases.get_by_label("启用快捷键").uncheck()
    cases.goto("/profile")

    press(cases, "?", "g", "i")
    cases.wait_for_timeout(300)
    expect(cases).to_have_url(re.compile("/profile$"))
    expect(cases.get_by_role("dialog", name="键盘快捷键")).to_be_hidden()

    cases.locator("details.me summary").click()
    cases.get_by_role("button", name="键盘快捷键").click()
    cases.get_by_label("启用快捷键").check()
    cases.get_by_role("button", name="关闭").click()
    press(cases, "g", "i")
    expect(cases).to_have_url(re.compile("/inbox$"))


def test_there_are_none_for_those_without_tasks(desk: Desk) -> None:
    desk.sit_down("admin_1")
    desk.page.goto("/people")

    press(desk.page, "?", "g", "i")

    desk.page.wait_for_timeout(300)
    expect(desk.page).to_have_url(re.compile("/people$"))
    expect(desk.page.locator("#shortcuts")).to_have_count(0)


def test_escape_closes_the_menu_and_leaves_the_keyboard_on_it(cases: Page) -> None:
    menu = cases.locator("details.me summary")
    menu.focus()
    press(cases, "Enter", "Tab", "Tab")
    expect(cases.get_by_role("button", name="键盘快捷键")).to_be_focused()

    press(cases, "Escape")

    expect(menu).to_be_focused()
    expect(cases.get_by_role("button", name="键盘快捷键")).to_be_hidden()
