"""Every page as each role sees it, in both languages, wide and on a phone: accessible, no errors, nothing cut off."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from tests import server
from tests.browser.desk import Desk

WIDTHS = {"wide": (1360, 860), "phone": (390, 844)}
CLOSELY = {("zh", "wide"), ("en", "phone")}
"""Where axe looks at smoke size; it takes most of the time and finds the same in the other two."""
EVERYBODY = ("/notices", "/profile")
STAFF = ("/inbox", "/inbox?scope=available", "/inbox?scope=all", "/inbox?scope=done", "/cases", "/start", "/library")
TABS = ("overview", "progress", "documents", "history")
PLACES = {
    "applicant_1": ("/inbox", "/start", "/start/intake", "/cases"),
    "clerk_1": STAFF,
    "panel_business_1": ("/inbox",),
    "process_owner_1": ("/bundles", "/bundles/1/preview/forms/letters/T14_decision.json", "/bundles/1", "/bundles/1/limits", "/bundles/1/scenarios", "/bundles/try", "/bundles/1/files/route.dmn",
                        "/bundles/1/files/correction.bpmn", "/bundles/1/files/forms/evaluate.json",
                        "/bundles/1/files/roles.json"),
    "auditor_1": ("/cases",),
    "operator_1": ("/operations", *(f"/operations?tab={tab}" for tab in ("closed", "jobs", "workers", "mail"))),
    "admin_1": ("/people", "/people/new", "/units", "/people/clerk_1", "/calendars"),
}  # fmt: skip


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("person", PLACES)
def test_the_pages_of_a_role_are_whole(
    desk: Desk, axe: Callable[[Page], list[str]], person: str, language: str, full: bool
) -> None:
    desk.sit_down(person)
    page = desk.page
    page.goto(f"/language/{language}")
    found: dict[str, object] = {}
    for path in (*PLACES[person], *EVERYBODY, *_of_cases(desk.site, person)):
        answer = page.goto(path)
        assert answer is not None and answer.ok, path
        _ready(page)
        for width in WIDTHS:
            looks_closely = full or (language, width) in CLOSELY
            faults = _faults(page, axe if looks_closely else _not_at_all, width)
            if faults:
                found[f"{path} {width}"] = faults
    assert found == {}


def _not_at_all(_page: Page) -> list[str]:
    return []


def _faults(page: Page, axe: Callable[[Page], list[str]], width: str) -> list[str]:
    page.set_viewport_size({"width": WIDTHS[width][0], "height": WIDTHS[width][1]})
    faults = axe(page)
    if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
        faults.append("wider than the window")
    return faults


def _of_cases(site: server.Server, person: str) -> Iterator[str]:
    """The pages of a case, and of a task, as far as the person has some."""
    token = site.people()[person]["token"]
    cases = server.call(site.address, token, "GET", "/cases?limit=1")
    for one in cases.body["items"][:1] if cases.status == 200 else ():  # noqa: PLR2004
        yield from (f"/cases/{one['number']}?tab={tab}" for tab in TABS)
        if person.startswith("auditor"):
            yield from (f"/audit/{one['number']}/{room}" for room in ("journal", "replay", "verification", "access"))
    tasks = server.call(site.address, token, "GET", "/tasks?scope=all&limit=1")
    for one in tasks.body["items"][:1] if tasks.status == 200 else ():  # noqa: PLR2004
        yield f"/tasks/{one['id']}"


def _ready(page: Page) -> None:
    """Waits until everything on the page that loads later has loaded."""
    expect(page.locator('[data-island]:not([data-ready="true"])')).to_have_count(0, timeout=60_000)
