"""What a person may ask for once the case is decided: a clarification, an earlier visit (article 19)."""

import pytest

from tests import city
from tests.processes import answers
from tests.processes.story import Story, at
from workflow_service import errors

EXEMPT = {"s1": "EXEMPT"}
SUBJECT = {"kind": "person", "name": "丁", "org": "甲局", "org_type": "party_government", "account": "party_1"}
FACTS = {"excel_motive": "yes", "new_approach": "yes", "external_cause": "yes", "goal_unmet": "yes"}


@pytest.fixture
def begun(town: city.City) -> Story:
    """A simple case that was taken up."""
    story = Story(town, town.open("applicant_1", "intake", **answers.application("4.1", subjects=[SUBJECT])))
    story.is_accepted(simple=True, consensus=True)
    return story


@pytest.fixture
def decided(begun: Story) -> Story:
    begun.is_investigated("4.1", **FACTS)
    begun.does("draft_simple_decision", proposal="EXEMPT")
    begun.does("record_meeting", **answers.meeting(EXEMPT, begun.committee()))
    begun.is_decided(at(2026, 3, 20))
    return begun


def test_a_clarification_that_was_asked_for_is_verified_first_and_then_written(decided: Story) -> None:
    decided.town.send("applicant_1", decided.number, "clarification_requested", issue="反映收受好处", scope="本单位")
    decided.does(
        "verify_accusation",
        verdict="untrue",
        issue="反映收受好处",
        grounds="查无实据",
        wish=True,
        mode="meeting",
        scope="本单位",
    )
    decided.does("draft_clarification", finding="所反映问题不实", exposes_accuser=False)
    decided.does("issue_clarification", approved=True)
    decided.town.settle()

    assert [one.template for one in decided.town.documents(decided.number)].count("T26_clarification") == 1


def test_one_clarification_is_dealt_with_at_a_time(decided: Story) -> None:
    decided.town.send("applicant_1", decided.number, "clarification_requested", issue="反映收受好处")

    with pytest.raises(errors.Conflict, match="一项正在办理"):
        decided.town.send("applicant_1", decided.number, "clarification_requested", issue="再申请一次")


def test_before_the_decision_neither_is_taken(begun: Story) -> None:
    for message, data in (
        ("clarification_requested", {"issue": "x"}),
        ("visit_requested", {"party": "s1", "reason": "x"}),
    ):
        with pytest.raises(errors.Conflict):
            begun.town.send("applicant_1", begun.number, message, **data)


def test_a_visit_that_was_asked_for_comes_at_once_and_beside_the_regular_ones(decided: Story) -> None:
    decided.corrects(at(2026, 3, 23))
    decided.town.send("applicant_1", decided.number, "visit_requested", party="s1", reason="项目重启后压力较大")
    decided.does("visit", interviewer=["personnel_1", "clerk_1"], work="已协调")

    assert "visit" not in decided.elements()
    decided.ends_in_the_archive(visits=4)


def test_no_visit_is_paid_to_whom_was_not_tolerated(town: city.City) -> None:
    story = Story(town, town.open("applicant_1", "intake", **answers.application("4.1", subjects=[SUBJECT])))
    story.is_accepted()
    story.is_investigated("4.1", **FACTS)
    refused = {"s1": "NOT_TOLERATED"}
    story.does(
        "draft_opinion",
        outcomes=[{"subject_id": "s1", "outcome": "NOT_TOLERATED", "grounds": "不符合"}],
        opinion="不予容错",
    )
    story.does("consult_personnel")
    story.does("consult_discipline")
    story.does("record_meeting", **answers.meeting(refused, story.committee()))
    story.is_decided(at(2026, 3, 20))

    with pytest.raises((errors.Conflict, errors.Invalid)):
        town.send("applicant_1", story.number, "visit_requested", party="s1", reason="想谈谈")
