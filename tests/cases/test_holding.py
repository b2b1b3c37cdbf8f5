"""Who may still dispose of a task: the one it is meant for, their substitute while they are away, nobody whom the case concerns."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from tests import city
from tests.processes import answers
from tests.processes.story import Story, at
from workflow_service import errors
from workflow_service.audit import oracle
from workflow_service.cases import countersigning, inbox, pages, tasks
from workflow_service.identity import accounts
from workflow_service.storage import database, people, tables

DAY = timedelta(days=1)
REVIEW = answers.ORDINARY["review_acceptance"]


@pytest.fixture
def town(db: database.Database) -> city.City:
    return city.make(db, at(2026, 1, 5))


@pytest.fixture
def story(town: city.City) -> Story:
    """A case whose acceptance is to be reviewed."""
    return Story(town, town.open("applicant_1", "intake", **answers.application("4.1")))


def is_away(town: city.City, absent: str, substitute: str) -> None:
    with town.work() as session:
        span = {"starts_at": town.time - DAY, "ends_at": town.time + DAY}
        session.add(people.Substitution(absent=absent, substitute=substitute, created_at=town.time, **span))


def does(town: city.City, who: str, act: Callable[..., Any], task: str, *given: Any) -> None:
    with town.work() as session:
        act(session, town.actor(who), town.time, task, *given)


def row(town: city.City, task: str) -> tables.Task:
    with town.look() as session:
        return session.get_one(tables.Task, task)


def may(town: city.City, who: str, task: str) -> frozenset[str]:
    with town.look() as session:
        return pages.task_page(session, town.actor(who), town.time, task).may


def listed(session: Session, town: city.City, who: str, scope: str) -> list[str]:
    found = inbox.page(session, town.time, inbox.Listing(town.actor(who), scope))
    return [one.task.id for one in found.items]


@pytest.fixture
def supplement(town: city.City, story: Story) -> str:
    """A task meant for the applicant, whose substitute took it up."""
    lacking = {"materials_complete": False, "missing_items": ["会议纪要"]}
    story.does("review_acceptance", decision="supplement", reason="材料不全", **lacking)
    task = town.task(story.number, "supplement_application")
    is_away(town, "applicant_1", "applicant_2")
    town.claim("applicant_2", task)
    return task


def test_who_comes_back_takes_up_their_own_task_again(town: city.City, supplement: str) -> None:
    town.time += 3 * DAY
    with town.look() as session:
        assert listed(session, town, "applicant_1", "available") == [supplement]
        assert listed(session, town, "applicant_1", "mine") == []
    assert "claim" in may(town, "applicant_1", supplement)

    town.claim("applicant_1", supplement)

    assert (row(town, supplement).holder, row(town, supplement).on_behalf_of) == ("applicant_1", None)
    with pytest.raises(errors.ServiceError):
        town.claim("applicant_2", supplement)


def test_a_substitute_gives_a_task_back_to_the_one_it_is_meant_for(town: city.City, supplement: str) -> None:
    does(town, "applicant_2", tasks.release, supplement)

    assert row(town, supplement).holder == "applicant_1"
    with pytest.raises(errors.Conflict, match="指定由您本人"):
        does(town, "applicant_1", tasks.release, supplement)


def test_nobody_acts_in_the_name_of_a_closed_account(town: city.City, story: Story) -> None:
    story.does("review_acceptance")
    story.does("propose_route", **answers.route(simple=True))
    is_away(town, "chief_1", "personnel_1")
    with town.work() as session:
        accounts.disable(session, town.actor("admin_1"), "chief_1")

    with pytest.raises(errors.NotAllowed):
        town.claim("personnel_1", town.task(story.number, "approve_route"))


def test_who_only_helps_with_a_task_gives_it_back_and_nothing_else(town: city.City, story: Story) -> None:
    task = town.task(story.number, "review_acceptance")
    town.claim("clerk_1", task)
    does(town, "clerk_1", tasks.delegate, task, "clerk_2")
    refused: list[tuple[Callable[..., Any], tuple[str, ...]]] = [
        (tasks.delegate, ("clerk_3",)),
        (tasks.transfer, ("clerk_3", "太忙")),
        (tasks.send_back, ("submit_application", "重填")),
    ]
    for act, given in refused:
        with pytest.raises(errors.ServiceError):
            does(town, "clerk_2", act, task, *given)
    assert may(town, "clerk_2", task) >= {"submit", "release"}
    assert not may(town, "clerk_2", task) & {"delegate", "transfer", "return"}

    does(town, "clerk_2", tasks.release, task)

    assert (row(town, task).holder, row(town, task).delegated_by) == ("clerk_1", None)
    town.submit("clerk_1", task, **REVIEW)


def test_who_lost_the_role_decides_nothing_more_and_puts_the_task_back(town: city.City, story: Story) -> None:
    story.does("review_acceptance")
    story.does("propose_route", **answers.route(simple=True))
    task = town.task(story.number, "approve_route")
    town.claim("chief_1", task)
    with town.work() as session:
        accounts.set_roles(session, town.actor("admin_1"), town.time, "chief_1", ["signer"])

    for act, given in ((tasks.send_back, ("propose_route", "再议")), (tasks.transfer, ("chief_2", "请办"))):
        with pytest.raises(errors.NotAllowed):
            does(town, "chief_1", act, task, *given)
    does(town, "chief_1", tasks.release, task)

    assert row(town, task).holder is None


def test_who_was_recused_takes_nothing_back_that_they_did_before(town: city.City, story: Story) -> None:
    story.does("review_acceptance", "clerk_1")
    task = town.task(story.number, "propose_route")
    story.does("propose_route", "clerk_1", **answers.route(simple=True))
    town.send("applicant_1", story.number, "recusal_requested", person="clerk_1", ground="与当事人有亲属关系")
    story.does("decide_recusal", granted=True, reason="情况属实")

    with pytest.raises(errors.NotAllowed, match="已回避"):
        does(town, "clerk_1", tasks.withdraw, task)


def test_what_is_prepared_for_somebody_who_is_recused_is_free_for_others(town: city.City, story: Story) -> None:
    story.does("review_acceptance", "clerk_3")
    task = town.task(story.number, "propose_route")
    town.claim("clerk_1", task)
    does(town, "clerk_1", tasks.delegate, task, "clerk_2")
    town.send("applicant_1", story.number, "recusal_requested", person="clerk_1", ground="与当事人有亲属关系")

    story.does("decide_recusal", granted=True, reason="情况属实")

    assert (row(town, task).holder, row(town, task).delegated_by) == (None, None)
    town.do("clerk_2", task, **answers.route(simple=True))
    with town.look() as session:
        assert oracle.examine(session, town.time) == []


def test_a_head_whom_the_case_is_about_does_not_say_who_works_on_it(town: city.City) -> None:
    given = answers.application("4.1")
    given["subjects"][0]["account"] = "chief_2"
    story = Story(town, town.open("applicant_1", "intake", **given))
    task = town.task(story.number, "review_acceptance")
    assert not may(town, "chief_2", task) & {"transfer", "countersign"}

    with pytest.raises(errors.NotAllowed, match="当事人"):
        does(town, "chief_2", tasks.transfer, task, "clerk_2", "请你办理")
    with pytest.raises(errors.NotAllowed, match="当事人"):
        does(town, "chief_2", countersigning.change, task, ["clerk_2"], [])

    does(town, "chief_1", tasks.transfer, task, "clerk_2", "请你办理")


def test_what_a_substitute_sends_back_is_recorded_as_in_the_name_of_the_absent(town: city.City, story: Story) -> None:
    story.does("review_acceptance", "clerk_1")
    story.does("propose_route", "clerk_1", **answers.route(simple=True))
    task = town.task(story.number, "approve_route")
    is_away(town, "chief_1", "personnel_1")
    town.claim("personnel_1", task)

    does(town, "personnel_1", tasks.send_back, task, "propose_route", "理由不足")

    last = town.journal(story.number)[-1]
    assert (last.kind, last.actor, last.on_behalf_of) == ("sent_back", "personnel_1", "chief_1")
