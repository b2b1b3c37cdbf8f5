"""Takes the pictures of the README anew, from a demo server with its sample cases, and draws the gallery's diagrams.

``python -m tests.browser.pictures recusal intake`` draws only these diagrams and takes no picture of a page.
"""

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

from tests import server
from tests.browser import conftest, install
from tests.browser.desk import Desk
from tests.chromium import ARGUMENTS
from workflow_service import demo

ROOT = Path(__file__).resolve().parents[2]
PICTURES = ROOT / "docs" / "pictures"
VIEWER = ROOT / "node_modules" / "bpmn-js" / "dist" / "bpmn-viewer.production.min.js"
WIDE, PHONE = (1360, 860), (390, 844)
WHOLE = {"task", "verification", "task_phone"}
"""Pictures of which the whole page is shown, down to a limit, not only the window."""
LOWEST = 1500


def main(names: list[str]) -> int:
    """Draws the diagrams of these names, or all of them and, from a demo server, the pages."""
    draw(names or sorted(path.stem for path in (ROOT / "bpmn").glob("*.bpmn")))
    if names:
        return 0
    with tempfile.TemporaryDirectory() as folder:
        site = server.Server(Path(folder))
        site.start(wait=180)
        try:
            _take_all(site)
        finally:
            site.stop()
    return 0


DRAW = """async (xml) => {
  const viewer = new BpmnJS({ container: document.body });
  await viewer.importXML(xml);
  const { svg } = await viewer.saveSVG();
  viewer.destroy();
  document.body.innerHTML = svg;
  const drawn = document.querySelector("svg");
  return [drawn.width.baseVal.value, drawn.height.baseVal.value].map(Math.ceil);
}"""


def draw(names: list[str]) -> None:
    """Writes a PNG of each diagram, as it stands in its file, without the frame of an application."""
    folder = PICTURES / "diagrams"
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path=install.find(), args=ARGUMENTS)
        page = browser.new_page()
        for name in names:
            page.set_content("<!doctype html><style>body { margin: 0 } .djs-container, svg { display: block }</style>")
            page.add_script_tag(path=VIEWER)
            xml = (ROOT / "bpmn" / f"{name}.bpmn").read_text(encoding="utf-8")
            width, height = page.evaluate(DRAW, xml)
            page.set_viewport_size({"width": width, "height": height})
            page.screenshot(path=folder / f"{name}.png")
        browser.close()


def _take_all(site: server.Server) -> None:
    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path=install.find(), args=ARGUMENTS)
        context = browser.new_context(
            base_url=site.address, locale="zh-CN", timezone_id="Asia/Shanghai", reduced_motion="reduce"
        )
        context.set_default_timeout(conftest.PATIENCE)
        desk = Desk(context.new_page(), site)
        for person, pictures in _places(site).items():
            desk.sit_down(person)
            for name, path in pictures.items():
                _take(desk.page, name, path)
        browser.close()


def _places(site: server.Server) -> dict[str, dict[str, str]]:
    """Who sees which picture where: the sample case that went furthest, and the task that is due first."""
    clerk = site.people()["clerk_1"]["token"]
    cases = server.call(site.address, clerk, "GET", "/cases?limit=50").body["items"]
    number = max(cases, key=lambda one: _length(site, one["number"]))["number"]
    tasks = server.call(site.address, clerk, "GET", "/tasks?scope=available&limit=1").body["items"]
    task = f"/tasks/{tasks[0]['id']}" if tasks else "/inbox"
    return {
        "clerk_1": {
            "inbox": "/inbox?scope=all",
            "task": task,
            "case": f"/cases/{number}?tab=progress",
            "inbox_phone": "/inbox?scope=all",
            "task_phone": task,
        },
        "auditor_1": {"replay": f"/audit/{number}/replay", "verification": f"/audit/{number}/verification"},
        "process_owner_1": {"modeler": "/bundles/1/files/correction.bpmn"},
    }


def _length(site: server.Server, number: str) -> int:
    token = site.people()["auditor_1"]["token"]
    answer = server.call(site.address, token, "GET", f"/cases/{number}/journal?limit=200")
    return len(answer.body["items"]) if answer.status == 200 else 0  # noqa: PLR2004


def _take(page: Page, name: str, path: str) -> None:
    width, height = PHONE if name.endswith("_phone") else WIDE
    page.set_viewport_size({"width": width, "height": height})
    page.goto(path)
    if name == "task" and page.get_by_role("button", name="签收", exact=True).count():
        page.get_by_role("button", name="签收", exact=True).click()
        page.wait_for_url("**said=claimed")
        page.goto(path)
    if name == "modeler":
        _begin_draft(page, path)
    expect(page.locator('[data-island]:not([data-ready="true"])')).to_have_count(0, timeout=60_000)
    if name == "replay":
        page.get_by_role("button", name="到末尾").click()
    tall = min(int(page.evaluate("document.documentElement.scrollHeight")), LOWEST) if name in WHOLE else height
    page.set_viewport_size({"width": width, "height": tall})
    page.evaluate("window.scrollTo(0, 0)")
    page.screenshot(path=PICTURES / f"{name}.png")


def _begin_draft(page: Page, path: str) -> None:
    """The modeler edits drafts only: makes one, opens the same file in it and chooses a step."""
    page.goto("/bundles")
    page.get_by_role("row").filter(has_text=demo.PLACES["city"]).get_by_role("button", name="据此起草").first.click()
    page.locator(f'a[href$="/{path.rpartition("/")[2]}"]').first.click()
    page.locator('[data-island="modeler"][data-ready="true"]').wait_for()
    page.locator('.djs-element[data-element-id="plan_correction"] .djs-hit').click()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
