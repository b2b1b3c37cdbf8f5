"""Two ways to work a page: with the mouse, or with nothing but the keyboard."""

from typing import Protocol

from playwright.sync_api import Locator, Page

MOST_TABS = 900
"""Presses of Tab after which something counts as out of reach; the longest page has some 400 stops."""


class Hands(Protocol):
    """What a person does to a page; every locator means exactly one element."""

    def press(self, page: Page, what: Locator) -> None:
        """Pushes a button, follows a link, opens a fold."""

    def write(self, page: Page, what: Locator, text: str) -> None:
        """Writes a text over what stands there; dates as 2026-09-18, moments as 2026-09-18T15:00."""

    def mark(self, page: Page, what: Locator) -> None:
        """Sets a check box or a radio button, unless it is set."""

    def pick(self, page: Page, what: Locator, value: str) -> None:
        """Picks an option of a list by its value."""


class Mouse:
    """Points, clicks and types."""

    def press(self, page: Page, what: Locator) -> None:
        what.click()

    def write(self, page: Page, what: Locator, text: str) -> None:
        what.fill(text)

    def mark(self, page: Page, what: Locator) -> None:
        what.check()

    def pick(self, page: Page, what: Locator, value: str) -> None:
        what.select_option(value)


class Keyboard:
    """Goes everywhere by Tab and never touches the mouse."""

    def press(self, page: Page, what: Locator) -> None:
        reach(page, what)
        page.keyboard.press("Enter")

    def write(self, page: Page, what: Locator, text: str) -> None:
        reach(page, what)
        if what.get_attribute("type") in ("date", "datetime-local"):
            _write_date(page, what, text)
        else:
            page.keyboard.press("Control+a")
            page.keyboard.press("Delete")
            page.keyboard.insert_text(text)

    def mark(self, page: Page, what: Locator) -> None:
        if what.is_checked():
            return
        if what.get_attribute("type") == "checkbox":
            reach(page, what)
            page.keyboard.press("Space")
        else:
            _turn_to(page, what)

    def pick(self, page: Page, what: Locator, value: str) -> None:
        reach(page, what)
        page.keyboard.press("Home")
        for _ in range(what.locator("option").count()):
            if what.input_value() == value:
                return
            page.keyboard.press("ArrowDown")
        assert what.input_value() == value


_STOPS_BETWEEN = """wanted => {
  const stops = [...document.querySelectorAll('a[href], button, input[type=checkbox], textarea, select, summary')];
  const counts = (one) => !one.disabled && one.checkVisibility({ visibilityProperty: true }) && one.tabIndex >= 0;
  const after = (one, other) => Boolean(one.compareDocumentPosition(other) & Node.DOCUMENT_POSITION_FOLLOWING);
  return stops.filter((one) => counts(one) && after(document.activeElement, one) && after(one, wanted)).length;
}"""


def reach(page: Page, what: Locator) -> None:
    """Presses Tab until something has the focus."""
    what.wait_for()
    wanted = what.element_handle()
    # what certainly lies between needs no look after each press
    for _ in range(wanted.evaluate(_STOPS_BETWEEN)):
        page.keyboard.press("Tab")
    for _ in range(MOST_TABS):
        if wanted.evaluate("one => one === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"cannot be reached by Tab: {what}")


def _turn_to(page: Page, what: Locator) -> None:
    """Enters a group of radio buttons by Tab and goes to one of them with the arrows, as the browser lets a person do."""
    wanted = what.element_handle()
    inside = "one => document.activeElement?.type === 'radio' && document.activeElement.name === one.name"
    for _ in range(MOST_TABS):
        if wanted.evaluate(inside):
            break
        page.keyboard.press("Tab")
    page.keyboard.press("Space")
    for _ in range(30):
        if what.is_checked():
            return
        page.keyboard.press("ArrowDown")
    raise AssertionError(f"cannot be chosen with the arrows: {what}")


def _write_date(page: Page, what: Locator, text: str) -> None:
    """The parts of a date one after the other, in the order in which this browser's language asks for them."""
    for keys in (_month_first(text), _year_first(text)):
        for _ in range(6):
            page.keyboard.press("ArrowLeft")
        for key in keys:
            if key == "ArrowRight":
                page.keyboard.press(key)
            else:
                page.keyboard.type(key)
        if what.input_value() == text:
            return
    raise AssertionError(f"shows {what.input_value()} instead of {text}")


# a year may have six digits, so it does not lead on to the next part by itself
def _month_first(text: str) -> list[str]:
    date, _, moment = text.partition("T")
    year, month, day = date.split("-")
    if not moment:
        return [month, day, year]
    hour, minute = moment.split(":")
    half = "p" if int(hour) >= 12 else "a"  # noqa: PLR2004  noon
    return [month, day, year, "ArrowRight", f"{(int(hour) - 1) % 12 + 1:02}", minute, half]


def _year_first(text: str) -> list[str]:
    date, _, moment = text.partition("T")
    year, month, day = date.split("-")
    return [year, "ArrowRight", month, day, *moment.split(":")]
