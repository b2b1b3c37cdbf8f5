"""A demo server of its own, a browser, and a page that fails its test on any console error."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests import server
from tests.browser import install
from tests.browser.desk import Desk

ROOT = Path(__file__).resolve().parents[2]
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
             "--disable-component-update", "--disable-sync", "--lang=zh-CN"]  # fmt: skip
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
PATIENCE = 60_000
"""Milliseconds that a page may take while the machine is busy with other things."""


@pytest.fixture(scope="package")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[server.Server]:
    """A demo server on its own data; its clock only goes forward, so later modules find later dates."""
    one = server.Server(tmp_path_factory.mktemp("demo"))
    one.start(wait=180)
    yield one
    one.stop()


# of the package, not of the session: the tests of the islands start a player of their own, and two cannot run at once
@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """The machine's Chromium."""
    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path=install.find(), args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def expected() -> set[str]:
    """Statuses that a test provokes: the browser writes each refusal to its console."""
    return {"422"}


@pytest.fixture
def context(chromium: Browser, site: server.Server) -> Iterator[BrowserContext]:
    """A browser without memory, in Chinese, at a desk."""
    one = chromium.new_context(
        base_url=site.address, locale="zh-CN", timezone_id="Asia/Shanghai", viewport={"width": 1360, "height": 860}
    )
    one.set_default_timeout(PATIENCE)
    yield one
    one.close()


@pytest.fixture
def page(context: BrowserContext, expected: set[str]) -> Iterator[Page]:
    """A page; its test fails on any error it writes to the console, breaches of the content policy included."""
    problems: list[str] = []
    one = context.new_page()
    watch(one, problems)
    yield one
    assert [told for told in problems if not any(f"status of {status} " in told for status in expected)] == []


def watch(page: Page, problems: list[str]) -> None:
    """Writes down what a page reports as wrong."""
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)


@pytest.fixture
def desk(page: Page, site: server.Server) -> Desk:
    """A desk at which one person after the other sits down."""
    return Desk(page, site)


@pytest.fixture
def axe() -> Callable[[Page], list[str]]:
    """What axe finds on a page: rule and first node of each violation."""

    def judged(page: Page) -> list[str]:
        session = page.context.new_cdp_session(page)
        # page scripts are bound by the content security policy, the debugger is not
        session.send("Runtime.evaluate", {"expression": AXE.read_text(encoding="utf-8")})
        found: dict[str, Any] = page.evaluate("tags => axe.run(document, {runOnly: tags})", TAGS)
        session.detach()
        return [f"{one['id']}: {one['nodes'][0]['html'][:160]}" for one in found["violations"]]

    return judged
