"""The shipped bundle, and copies of it with one thing changed."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

from workflow_service.bundles import check, read
from workflow_service.errors import Finding

ROOT = Path(__file__).parents[2]


@cache
def bundle() -> read.Bundle:
    """The city's diagrams, tables, roles and forms as they are shipped."""
    return read.read_directory(ROOT / "bpmn", ROOT / "forms")


def changed(name: str, change: Callable[[str], str]) -> read.Bundle:
    """The city's bundle with one file changed; the change must change something."""
    before = bundle().files[name].decode()
    after = change(before)
    assert after != before, f"nothing changed in {name}"
    return read.Bundle.of({**bundle().files, name: after.encode()})


def found(altered: read.Bundle, rule: str) -> list[Finding]:
    """The findings of one rule."""
    return [one for one in check.check(altered) if one.rule == rule]
