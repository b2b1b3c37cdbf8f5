"""A request for a recusal ends with its case, however that ends before anything is decided, and its sender is told."""

import pytest

from tests import city
from tests.processes import answers
from tests.processes.story import Story
from workflow_service.storage import tables


def applied(town: city.City) -> Story:
    """A case whose acceptance is being reviewed, with a request that the reviewer be recused."""
    story = Story(town, town.open("applicant_1", "intake", **answers.application("4.1")))
    town.send("applicant_1", story.number, "recusal_requested", person="clerk_2", ground="近亲属")
    assert story.elements() == ["review_acceptance", "decide_recusal"]
    return story


def ended(story: Story) -> None:
    """No task is left but the archive's, and who asked was told once."""
    town = story.town
    assert story.elements() == ["review_archive"]
    with town.look() as session:
        told = session.query(tables.Notice).filter_by(account="applicant_1", title="回避申请随案终结").all()
    assert len(told) == 1
    assert town.shared(story.number)["recused"] == []
    story.does("review_archive")
    assert story.status() == "archived"
    story.holds()


@pytest.mark.parametrize("about", ["clerk_2", "the approver"])
def test_it_ends_with_a_withdrawn_case(town: city.City, about: str) -> None:
    story = Story(town, town.open("applicant_1", "intake", **answers.application("4.1")))
    story.is_accepted(simple=True, consensus=True)
    person = town.shared(story.number)["approver"] if about == "the approver" else about
    town.send("applicant_1", story.number, "recusal_requested", person=person, ground="近亲属")
    assert ("decide_chief_recusal" in story.elements()) is (about == "the approver")

    town.send("applicant_1", story.number, "withdrawal_requested", reason="不再申请")
    story.does("decide_withdrawal", granted=True, reason="同意")

    ended(story)


@pytest.mark.parametrize(
    "review",
    [
        {"decision": "reject", "reason": "材料不实"},
        {"decision": "reject", "in_scope": False, "reason": "不属于适用范围"},
        {"decision": "transfer", "jurisdiction_ok": False, "reason": "属他县", "transfer_to": "东县"},
    ],
)
def test_it_ends_with_a_case_that_is_not_accepted(town: city.City, review: dict[str, object]) -> None:
    story = applied(town)

    story.does("review_acceptance", **review)

    ended(story)


def test_it_ends_with_an_application_that_lapses(town: city.City) -> None:
    story = applied(town)
    story.does("review_acceptance", decision="supplement", materials_complete=False, missing_items=["会议纪要"])

    town.wait(days=40)

    ended(story)


def test_it_is_still_decided_where_the_case_goes_on_ex_officio(town: city.City) -> None:
    story = applied(town)
    town.send("applicant_1", story.number, "withdrawal_requested", reason="不再申请")
    story.does("decide_withdrawal", granted=False, continue_ex_officio=True, reason="存在问责事实")

    assert "decide_recusal" in story.elements()
    story.does("decide_recusal", granted=True, reason="情况属实")
    assert town.shared(story.number)["recused"] == ["clerk_2"]
    story.holds()


def test_one_that_is_decided_stands_when_the_case_is_withdrawn(town: city.City) -> None:
    story = applied(town)
    story.does("decide_recusal", granted=True, reason="情况属实")
    town.send("applicant_1", story.number, "withdrawal_requested", reason="不再申请")
    story.does("decide_withdrawal", granted=True, reason="同意")

    assert story.elements() == ["review_archive"]
    assert town.shared(story.number)["recused"] == ["clerk_2"]
