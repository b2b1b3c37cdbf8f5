"""How the tests drive Chromium: its arguments, what a page reports as wrong, what axe finds."""

from pathlib import Path
from typing import Any

from playwright.sync_api import Page

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
             "--disable-component-update", "--disable-sync", "--lang=zh-CN"]  # fmt: skip
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
_AXE = Path(__file__).resolve().parents[1] / "node_modules" / "axe-core" / "axe.min.js"


def watch(page: Page, problems: list[str]) -> None:
    """Writes down what a page reports as wrong: errors of scripts and breaches of the content policy."""
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)


def violations(page: Page) -> list[str]:
    """What axe finds on a page: rule and first node of each violation."""
    session = page.context.new_cdp_session(page)
    # page scripts are bound by the content security policy, the debugger is not
    session.send("Runtime.evaluate", {"expression": _AXE.read_text(encoding="utf-8")})
    found: dict[str, Any] = page.evaluate("tags => axe.run(document, {runOnly: tags})", TAGS)
    session.detach()
    return [f"{one['id']}: {one['nodes'][0]['html'][:160]}" for one in found["violations"]]
