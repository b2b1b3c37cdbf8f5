"""What `docs/audit-format.md` tells an auditor is enough to check a case with a program of one's own."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import rfc8785

from tests.web.conftest import House
from workflow_service.engine import inputs

MANUAL = Path("docs/audit-format.md").read_text(encoding="utf-8")


def checker() -> Callable[[str, dict[str, Any], str], str]:
    """The function that the document shows."""
    lines = MANUAL.split("    def check(")[1].splitlines()
    shown = ["def check(" + lines[0], *(line[4:] for line in lines[1:] if line.startswith("    "))]
    known: dict[str, Any] = {"sha256": sha256, "datetime": datetime, "UTC": UTC, "rfc8785": rfc8785}
    exec("\n".join(shown), known)  # noqa: S102  the document's own words
    found: Callable[[str, dict[str, Any], str], str] = known["check"]
    return found


def pages(house: House, number: str) -> list[dict[str, Any]]:
    """The whole journal, two entries at a time."""
    found: list[dict[str, Any]] = []
    after: str | None = "0"
    while after is not None:
        page = house.api("auditor_1", "GET", f"/cases/{number}/journal?after={after}&size=2").json
        found, after = found + page["items"], page["next"]
    return found


def test_the_shown_function_finds_a_case_whole_up_to_its_recorded_end(house: House, opened: str) -> None:
    entries, check, last = pages(house, opened), checker(), ""

    for entry in entries:
        assert entry["previous"] == last
        last = check(opened, entry, last)

    head = house.api("auditor_1", "GET", f"/cases/{opened}/verification").json["head"]
    assert head == {"entry": len(entries), "hash": last}


@pytest.mark.parametrize(
    "changed",
    [{"actor": "clerk_2"}, {"at": "2026-01-01T00:00:00+08:00"}, {"body": {}}, {"salt": "0" * 32}, {"number": 9}],
)
def test_and_finds_what_was_changed(house: House, opened: str, changed: dict[str, Any]) -> None:
    first, second, *_ = pages(house, opened)
    check = checker()

    with pytest.raises(AssertionError):
        check(opened, {**second, **changed}, first["hash"])


def test_who_may_not_read_an_entry_gets_no_salt_to_try_what_it_says(house: House, opened: str) -> None:
    house.api("clerk_1", "POST", f"/tasks/{opened}.r1.review_acceptance.1/claim")

    told = house.api("applicant_1", "GET", f"/cases/{opened}/journal").json["items"]
    hidden = [one for one in told if one["body"] is None]

    assert hidden and all(one["salt"] is None and one["body_hash"] for one in hidden)


def test_every_kind_of_entry_is_listed() -> None:
    written = {
        kind
        for path in Path("workflow_service/cases").glob("*.py")
        for kind in re.findall(r'(?:note|_written)\([^"]*?case, "([a-z_]+)"', path.read_text(encoding="utf-8"))
    }

    assert {"claimed", "succeeded", "document_issued"} <= written
    for kind in written | set(inputs._KINDS):
        assert f"`{kind}`" in MANUAL, kind
