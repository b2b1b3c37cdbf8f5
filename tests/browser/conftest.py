"""A demo server of its own, and a page that fails its test on any console error."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests import server
from tests.browser.desk import Desk
from tests.chromium import watch

PATIENCE = 60_000
"""Milliseconds that a page may take while the machine is busy with other things."""


@pytest.fixture(scope="package")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[server.Server]:
    """A demo server on its own data; its clock only goes forward, so later modules find later dates."""
    one = server.Server(tmp_path_factory.mktemp("demo"))
    one.start(wait=180)
    yield one
    one.stop()


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


@pytest.fixture
def desk(page: Page, site: server.Server) -> Desk:
    """A desk at which one person after the other sits down."""
    return Desk(page, site)
