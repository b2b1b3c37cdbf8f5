"""The demo pages in a thread, a browser, and a page that fails its test on any console error."""

import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, sync_playwright
from werkzeug.serving import make_server

from tests.islands import demo

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
             "--disable-component-update", "--disable-sync", "--lang=zh-CN"]  # fmt: skip
AXE = demo.ROOT / "node_modules" / "axe-core" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


@pytest.fixture(scope="session")
def built() -> None:
    """The islands as their sources are now."""
    manifest = demo.STATIC / "dist" / "manifest.json"
    sources = (demo.ROOT / "workflow_service" / "web" / "islands").iterdir()
    if not manifest.exists() or any(one.stat().st_mtime > manifest.stat().st_mtime for one in sources):
        node = demo.ROOT / ".venv" / "bin" / "node"
        subprocess.run([str(node), "workflow_service/web/islands/build.mjs"], cwd=demo.ROOT, check=True, timeout=120)


@pytest.fixture(scope="session")
def site(built: None) -> Iterator[tuple[str, Flask]]:
    """The address of the demo pages, and the application behind them."""
    app = demo.create()
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.port}", app
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The machine's Chromium, or the one that Playwright has installed."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path=found, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def open_island(chromium: Browser, site: tuple[str, Flask]) -> Iterator[Callable[..., Page]]:
    """Opens the page of an island and waits until it is ready; any console error fails the test."""
    context = chromium.new_context(locale="zh-CN", timezone_id="Asia/Shanghai", viewport={"width": 1360, "height": 860})
    problems: list[str] = []

    def opened(island: str, query: str = "", **viewport: int) -> Page:
        page = context.new_page()
        page.set_default_timeout(10_000)
        if viewport:
            page.set_viewport_size({"width": viewport["width"], "height": viewport["height"]})
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on(
            "console",
            lambda message: (
                problems.append(message.text) if message.type == "error" and "409" not in message.text else None
            ),
        )
        page.goto(f"{site[0]}/{island}{query}")
        page.wait_for_selector(f'[data-island="{island}"][data-ready="true"]', timeout=20_000)
        return page

    yield opened
    context.close()
    assert problems == []


@pytest.fixture
def axe() -> Callable[[Page], list[str]]:
    """What axe finds on a page: rule and first node of each violation."""

    def judged(page: Page) -> list[str]:
        session = page.context.new_cdp_session(page)
        # page scripts are bound by the content security policy, the debugger is not
        session.send("Runtime.evaluate", {"expression": Path(AXE).read_text(encoding="utf-8")})
        found: dict[str, Any] = page.evaluate("tags => axe.run(document, {runOnly: tags})", TAGS)
        return [f"{one['id']}: {one['nodes'][0]['html'][:120]}" for one in found["violations"]]

    return judged
