"""Several applications on one matter, and limits that stood still for a while."""

import pytest

from tests import city
from tests.processes import answers
from tests.processes.story import Story
from workflow_service import errors


def test_cases_on_one_matter_are_linked_both_ways_and_keep_their_numbers(town: city.City) -> None:
    first = town.open("applicant_1", "intake", **answers.application("4.1"))
    second = town.open("applicant_2", "intake", **answers.application("4.1"))

    Story(town, second).does("review_acceptance", duplicate_of=first)

    assert (town.case(first).related, town.case(second).related) == ([second], [first])


def test_a_case_cannot_be_the_duplicate_of_none(town: city.City) -> None:
    number = town.open("applicant_1", "intake", **answers.application("4.1"))

    with pytest.raises(errors.Invalid) as refused:
        Story(town, number).does("review_acceptance", duplicate_of="RC-2026-99999")

    assert [one.field for one in refused.value.errors] == ["duplicate_of"]


def test_a_case_is_not_linked_with_one_that_the_clerk_may_not_see(town: city.City) -> None:
    first = town.open("applicant_1", "intake", **answers.application("4.1"))
    second = town.open("applicant_east_1", "intake", **answers.application("4.1"))

    with pytest.raises(errors.Invalid) as refused:
        Story(town, second).does("review_acceptance", duplicate_of=first)

    assert [one.field for one in refused.value.errors] == ["duplicate_of"]
    assert town.case(first).related == []


def test_a_resumed_limit_says_how_the_rest_is_counted(town: city.City) -> None:
    number = town.open("applicant_1", "intake", **answers.application("4.1"))
    story = Story(town, number)
    story.is_accepted(simple=True, consensus=True)
    town.send("clerk_1", number, "suspension_requested", reason_code="force_majeure", reason="台风")
    story.does("decide_suspension", granted=True, reason="属实")
    town.wait(days=14)
    town.send("clerk_1", number, "resumption_requested", reason="台风已过")
    story.does("decide_resumption", granted=True, reason="属实")

    limit = next(one for one in story.rows("plan_investigation") if one.status == "open").due_limit

    assert limit is not None
    assert limit["resumed"] is True
    assert story.due("plan_investigation") == limit["end"]
