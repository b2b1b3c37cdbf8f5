"""The regulation's own rules are judged by the record alone: a case that kept them is cleared, each breach is found."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from workflow_service.audit import verdicts

ACCEPTED, MADE, ANSWERED, FORMED, SIGNED, SENT = range(1, 7)
KINDS = ("opened", "discipline", "personnel", "competent", "related", "expert")
BEGUN = datetime(2026, 9, 14, 1, tzinfo=UTC)
NEXT_WEEK = date(2026, 9, 21)


class Weekdays:
    """A week has five working days."""

    def provisional_after(self, start: date, days: int) -> tuple[date, bool]:
        assert (start, days) == (date(2026, 9, 14), 5)
        return NEXT_WEEK, False


def kept() -> dict[int, dict[str, Any]]:
    """What each entry of a case changes that keeps every rule."""
    members = [{"user": name, "category": name} for name in KINDS[1:]]
    return {
        ACCEPTED: {"window_open": True},
        MADE: {},
        ANSWERED: {"statements": [{"key": "S1"}]},
        FORMED: {"panel": {"members": members}},
        SIGNED: {
            "window_open": False,
            "decision": {"date": "2026-09-14"},
            "outcomes": [{"subject_id": "s1", "outcome": "EXEMPT"}, {"subject_id": "s2", "outcome": "NOT_TOLERATED"}],
            "runs": [{"process": "correction", "key": "s1"}],
        },
        SENT: {"notices": [{"object": "s1", "sent_at": "2026-09-21T23:59:00+08:00"}]},
    }


def judged(changes: Mapping[int, dict[str, Any]], days: int = 0) -> dict[tuple[str, str], tuple[str, tuple[int, ...]]]:
    facts, case = [], dict[str, Any]()
    for seq, change in sorted(changes.items()):
        case = {**case, **change}
        kind, body = "submitted", dict[str, Any]()
        if seq == MADE:
            kind, body = "message_kept", {"message": "statement_received", "key": "S1"}
        facts.append(verdicts.Fact(seq, BEGUN, kind, body, case))
    found = verdicts.judge(facts, BEGUN + timedelta(days=days), Weekdays())
    return {(one.rule, one.about): (one.conclusion, one.entries) for one in found}


def test_a_case_that_kept_every_rule_is_cleared_with_the_entries_that_prove_it() -> None:
    assert judged(kept()) == {
        ("window", ""): ("kept", (ACCEPTED, SIGNED)),
        ("statement", "S1"): ("kept", (MADE, ANSWERED)),
        ("panel", ""): ("kept", (FORMED,)),
        ("correction", "s1"): ("kept", (SIGNED,)),
        ("notice", "s1"): ("kept", (SIGNED, SENT)),
    }


def without(change: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in change.items() if name not in names}


@pytest.mark.parametrize(
    ("seq", "change", "rule", "about", "proof"),
    [
        (FORMED, {"window_open": False}, "window", "", (ACCEPTED, FORMED)),
        (ANSWERED, {}, "statement", "S1", (MADE, SIGNED)),
        (FORMED, {"panel": {"members": [{"category": "expert"}]}}, "panel", "", (FORMED,)),
        (SIGNED, without(kept()[SIGNED], "runs"), "correction", "s1", (SIGNED,)),
        (SENT, {"notices": [{"object": "s1", "sent_at": "2026-09-22T00:00:00+08:00"}]}, "notice", "s1", (SIGNED, SENT)),
    ],
)
def test_each_breach_is_found_and_no_other(
    seq: int, change: dict[str, Any], rule: str, about: str, proof: tuple[int, ...]
) -> None:
    found = judged({**kept(), seq: change})

    assert found[rule, about] == ("broken", proof)
    assert [one for one, (conclusion, _) in found.items() if conclusion != "kept"] == [(rule, about)]


def test_a_correction_that_is_ordered_later_is_a_breach() -> None:
    found = judged(
        {**kept(), SIGNED: without(kept()[SIGNED], "runs"), SENT: {"runs": [{"process": "correction", "key": "s1"}]}}
    )

    assert found["correction", "s1"] == ("broken", (SIGNED, SENT))


def test_a_missing_kind_of_member_with_its_reason_stands() -> None:
    panel = {"members": [{"category": "expert"}], "missing_category_reason": "当地没有此类人员"}

    assert judged({**kept(), FORMED: {"panel": panel}})["panel", ""][0] == "kept"


@pytest.mark.parametrize(("days", "conclusion"), [(7, "open"), (8, "broken")])
def test_a_notice_that_was_not_sent_is_a_breach_once_its_last_day_is_over(days: int, conclusion: str) -> None:
    unsent = {seq: change for seq, change in kept().items() if seq != SENT}

    assert judged(unsent, days)["notice", "s1"] == (conclusion, (SIGNED,))


def test_what_a_case_does_not_call_for_is_not_judged_and_what_goes_on_is_open() -> None:
    assert judged({}) == {}
    assert judged({ACCEPTED: kept()[ACCEPTED], MADE: {}}) == {
        ("window", ""): ("open", (ACCEPTED,)),
        ("statement", "S1"): ("open", (MADE,)),
    }
