"""The demo pages in a thread, and a page that fails its test on any console error."""

import subprocess
import threading
from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page
from werkzeug.serving import make_server

from tests.chromium import watch
from tests.islands import demo


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
        watch(page, problems)
        page.goto(f"{site[0]}/{island}{query}")
        page.wait_for_selector(f'[data-island="{island}"][data-ready="true"]', timeout=20_000)
        return page

    yield opened
    context.close()
    assert [told for told in problems if not any(f"status of {one} " in told for one in (401, 403, 409))] == []
