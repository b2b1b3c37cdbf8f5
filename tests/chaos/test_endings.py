"""A case ends while somebody is at it: the ending and the work come in one order or the other, and each is told which."""

import random
import time
from collections import Counter
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from tests import city
from tests.chaos.test_races import at_once
from tests.processes import answers
from tests.processes.story import Story
from workflow_service.audit import oracle
from workflow_service.cases import deadlines
from workflow_service.storage import database, journal, tables

HEAD_START = 0.05  # seconds at most by which the work is ahead of the ending, so that either may come first


@pytest.fixture
def town(db: database.Database, now: datetime) -> city.City:
    return city.make(db, now)


def _opened(town: city.City) -> Story:
    return Story(town, town.open("applicant_1", "intake", **answers.application("4.1")))


def _sound(town: city.City) -> None:
    with town.look() as session:
        assert oracle.examine(session, town.time) == []


def _submitted(story: Story, task: str) -> int:
    """How often the journal knows a task's submission."""
    element = task.split(".")[2]
    with story.town.look() as session:
        status = session.get_one(tables.Task, task).status
    found = sum(
        journal.body_of(entry)["at"]["element"] == element
        for entry in story.town.journal(story.number)
        if entry.kind == "submitted"
    )
    assert status == ("done" if found else "cancelled")
    return found


def test_work_and_the_withdrawal_of_its_case_come_one_after_the_other(town: city.City, full: bool, seed: int) -> None:
    seen, chance = Counter[str](), random.Random(seed)
    for _ in range(50 if full else 2):
        story = _opened(town)
        town.send("applicant_1", story.number, "withdrawal_requested", reason="不再需要")
        work, ending = town.task(story.number, "review_acceptance"), town.task(story.number, "decide_withdrawal")
        clerk, chief = town.somebody(work), town.somebody(ending)
        town.claim(clerk, work)
        town.claim(chief, ending)

        def act(n: int, work: str = work, ending: str = ending, clerk: str = clerk, chief: str = chief) -> str:
            if n == 0:
                time.sleep(chance.uniform(0, HEAD_START))
                town.submit(chief, ending, granted=True, reason="同意")
                return "withdrawn"
            town.submit(clerk, work, f"key-{n}", **answers.ORDINARY["review_acceptance"])
            return "worked"

        outcomes = at_once(4, act)
        town.settle()

        assert outcomes["withdrawn"] == 1
        assert outcomes["worked"] == _submitted(story, work) <= 1
        assert town.shared(story.number)["end"] == "WITHDRAWN"
        assert story.elements() == ["review_archive"]
        seen.update(outcomes)
    _sound(town)
    print(dict(seen))


def test_a_supplement_in_the_last_moment_is_taken_or_the_case_has_lapsed(
    town: city.City, full: bool, seed: int
) -> None:
    seen, chance, begin = Counter[str](), random.Random(seed), town.time
    for _ in range(50 if full else 2):
        town.time = begin
        story = _opened(town)
        story.does("review_acceptance", materials_complete=False, decision="supplement", missing_items=["会议纪要"])
        work = town.task(story.number, "supplement_application")
        town.claim("applicant_1", work)
        with town.look() as session:
            last = session.scalars(sa.select(tables.Deadline).where(tables.Deadline.status == "waiting")).one()
        town.time = last.due_at + timedelta(seconds=1)

        def act(n: int, work: str = work, last: int = last.id) -> str:
            if n % 2:
                town.submit("applicant_1", work, f"key-{n}", added="补交纪要")
                return "taken"
            time.sleep(chance.uniform(0, HEAD_START))
            with town.work() as session:
                return "lapsed" if deadlines.fire(session, town.time, last) else "late"

        outcomes = at_once(4, act)
        town.settle()

        assert outcomes["taken"] + outcomes["lapsed"] == 1
        assert outcomes["taken"] == _submitted(story, work)
        assert town.shared(story.number).get("end") == ("LAPSED" if outcomes["lapsed"] else None)
        assert story.elements() == (["review_acceptance"] if outcomes["taken"] else ["review_archive"])
        seen.update(outcomes)
    _sound(town)
    print(dict(seen))
