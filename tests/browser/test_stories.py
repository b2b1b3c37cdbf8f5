"""A process owner plays the stories of a draft and watches how each goes."""

from pathlib import Path

from playwright.sync_api import expect

from tests.browser.desk import Desk
from workflow_service.bundles import read

STORIES = ("early_warning_reminded", "typical_case_published")


def test_all_stories_are_played_one_after_the_other(desk: Desk) -> None:
    city = read.read_directory(Path("bpmn"), Path("forms")).files
    few = {name: text for name, text in city.items() if not name.startswith("scenarios/") or Path(name).stem in STORIES}
    page = desk.page
    desk.sit_down("process_owner_1")
    page.goto("/bundles")
    zipped = {"name": "few.zip", "mimeType": "application/zip", "buffer": read.to_zip(read.Bundle.of(few))}
    page.get_by_role("button", name="上传流程包").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("文件").set_input_files([zipped])  # type: ignore[list-item]  # as Playwright takes it
    dialog.locator("button.primary").click()

    page.get_by_role("link", name="情景").first.click()
    rows = page.locator("#stories tbody tr")
    expect(rows).to_have_count(2)
    page.get_by_role("button", name="全部试演").click()
    expect(page.get_by_role("progressbar")).to_be_visible()

    for row in (rows.nth(0), rows.nth(1)):
        expect(row).to_contain_text("通过")
    expect(page.get_by_role("heading", name="没有情景走到的人工环节")).to_be_visible()
    expect(page.get_by_role("button", name="全部试演")).to_be_enabled()
