"""Tasks: who may take them, what a submission does, and what happens when two want the same."""

from collections import Counter
from datetime import datetime

import pytest

from tests import office
from workflow_service import errors
from workflow_service.audit import oracle
from workflow_service.cases import inbox, tasks
from workflow_service.storage import database, tables


@pytest.fixture
def desk(db: database.Database, now: datetime) -> office.Office:
    return office.make(db, now, office.two_steps())


def _faults(desk: office.Office) -> list[oracle.Fault]:
    with desk.look() as session:
        return oracle.examine(session, desk.time)


def test_a_case_goes_from_application_to_its_end(desk: office.Office) -> None:
    number = desk.open("apply", "intake", matter="试点失误")

    desk.do("clerk1", desk.task(number, "review_it"), opinion="同意")
    desk.do("chief1", desk.task(number, "decide_it"), approved=True)

    assert desk.open_tasks(number) == []
    assert desk.case(number).title == "试点失误"
    assert _faults(desk) == []


def test_an_application_can_be_taken_back_while_nobody_has_acted_on_it(desk: office.Office) -> None:
    number = desk.open("apply", "intake", matter="x")

    with desk.work() as session:
        tasks.withdraw(session, desk.actor("apply"), desk.time, f"{number}.r1.apply_now.1")

    assert desk.task(number, "apply_now") == f"{number}.r1.apply_now.2"
    assert _faults(desk) == []


def test_opening_a_case_writes_each_row_once(desk: office.Office) -> None:
    said: list[str] = []
    desk.db.observer = said.append

    desk.open("apply", "intake", matter="x")

    written = Counter(" ".join(one.split()[:3]) for one in said if not one.startswith("SELECT"))
    assert (written["INSERT INTO run"], written["INSERT INTO task"], written["INSERT INTO entry"]) == (1, 1, 3)
    assert written["UPDATE run SET"] == written["UPDATE task SET"] == 0
    assert written["UPDATE case_file SET"] == 1


def test_an_application_with_a_wrong_field_opens_no_case(desk: office.Office) -> None:
    with pytest.raises(errors.Invalid) as caught:
        desk.open("apply", "intake", matter="", more="?")

    assert {one.field for one in caught.value.errors} == {"matter", "more"}
    with desk.look() as session:
        assert session.query(tables.Case).count() == 0


def test_a_role_that_may_not_start_the_process_is_refused(desk: office.Office) -> None:
    with pytest.raises(errors.NotAllowed):
        desk.open("clerk1", "intake", matter="x")


def test_the_due_date_explains_itself(desk: office.Office) -> None:
    number = desk.open("apply", "intake", matter="x")  # Monday 2026-09-14

    with desk.look() as session:
        task = session.get_one(tables.Task, desk.task(number, "review_it"))
        assert task.due_limit is not None
        assert (task.due_limit["start"], task.due_limit["days"], task.due_limit["end"]) == (
            "2026-09-14",
            5,
            "2026-09-20",
        )


def test_only_the_role_of_the_lane_can_claim(desk: office.Office) -> None:
    task = desk.task(desk.open("apply", "intake", matter="x"), "review_it")

    with pytest.raises(errors.NotAllowed):
        desk.claim("chief1", task)

    desk.claim("clerk1", task)


def test_a_claimed_task_is_not_claimed_again(desk: office.Office) -> None:
    task = desk.task(desk.open("apply", "intake", matter="x"), "review_it")
    desk.claim("clerk1", task)

    with pytest.raises(errors.Conflict):
        desk.claim("clerk2", task)

    desk.claim("clerk1", task)  # the same person again is no conflict


def test_a_task_must_be_claimed_before_it_is_submitted(desk: office.Office) -> None:
    task = desk.task(desk.open("apply", "intake", matter="x"), "review_it")

    with pytest.raises(errors.Conflict):
        desk.submit("clerk1", task, opinion="同意")


def test_a_wrong_form_changes_nothing(desk: office.Office) -> None:
    number = desk.open("apply", "intake", matter="x")
    task = desk.task(number, "review_it")
    desk.claim("clerk1", task)
    before = desk.case(number).version

    with pytest.raises(errors.Invalid):
        desk.submit("clerk1", task, opinion="")

    assert desk.case(number).version == before
    assert desk.task(number, "review_it") == task


def test_the_same_key_gives_the_same_answer_once(desk: office.Office) -> None:
    number = desk.open("apply", "intake", matter="x")
    task = desk.task(number, "review_it")
    desk.claim("clerk1", task)

    first = desk.submit("clerk1", task, key="k1", opinion="同意")
    again = desk.submit("clerk1", task, key="k1", opinion="同意")

    assert first == again
    with desk.look() as session:
        assert session.query(tables.Entry).filter_by(kind="submitted").count() == 2  # application and review
    with pytest.raises(errors.Conflict):
        desk.submit("clerk1", task, key="k1", opinion="不同意")
    with pytest.raises(errors.Conflict):
        desk.submit("clerk1", task, key="k2", opinion="同意")


def test_transfer_needs_a_reason_and_a_fitting_person(desk: office.Office) -> None:
    task = desk.task(desk.open("apply", "intake", matter="x"), "review_it")
    desk.claim("clerk1", task)
    clerk = desk.actor("clerk1")

    with pytest.raises(errors.Invalid), desk.work() as session:
        tasks.transfer(session, clerk, desk.time, task, "clerk2", " ")
    with pytest.raises(errors.NotAllowed), desk.work() as session:
        tasks.transfer(session, clerk, desk.time, task, "chief1", "出差")
    with desk.work() as session:
        tasks.transfer(session, clerk, desk.time, task, "clerk2", "出差")

    desk.submit("clerk2", task, opinion="同意")


def test_a_delegate_prepares_and_the_one_who_asked_submits(desk: office.Office) -> None:
    number = desk.open("apply", "intake", matter="x")
    task = desk.task(number, "review_it")
    desk.claim("clerk1", task)
    with desk.work() as session:
        tasks.delegate(session, desk.actor("clerk1"), desk.time, task, "clerk2")

    desk.submit("clerk2", task, opinion="拟同意")

    with desk.look() as session:
        assert session.get_one(tables.Task, task).holder == "clerk1"
        draft = session.get_one(tables.Draft, (task, "clerk1"))
        assert draft.data == {"opinion": "拟同意"}
    desk.submit("clerk1", task, opinion="拟同意")
    assert desk.task(number, "decide_it")


def test_nobody_delegates_to_themselves(desk: office.Office) -> None:
    task = desk.task(desk.open("apply", "intake", matter="x"), "review_it")
    desk.claim("clerk1", task)
    with desk.work() as session:
        with pytest.raises(errors.Conflict):
            tasks.delegate(session, desk.actor("clerk1"), desk.time, task, "clerk1")
        tasks.delegate(session, desk.actor("clerk1"), desk.time, task, "clerk2")
        with pytest.raises(errors.Conflict):
            tasks.delegate(session, desk.actor("clerk2"), desk.time, task, "clerk2")


def test_a_delegate_who_sends_twice_gets_the_same_answer(desk: office.Office) -> None:
    number = desk.open("apply", "intake", matter="x")
    task = desk.task(number, "review_it")
    desk.claim("clerk1", task)
    with desk.work() as session:
        tasks.delegate(session, desk.actor("clerk1"), desk.time, task, "clerk2")

    first = desk.submit("clerk2", task, key="k", opinion="拟同意")

    assert desk.submit("clerk2", task, key="k", opinion="拟同意") == first


def test_work_can_be_sent_back_with_a_reason(desk: office.Office) -> None:
    number = desk.open("apply", "intake", matter="x")
    desk.do("clerk1", desk.task(number, "review_it"), opinion="同意")
    task = desk.task(number, "decide_it")
    desk.claim("chief1", task)

    with desk.work() as session:
        tasks.send_back(session, desk.actor("chief1"), desk.time, task, "review_it", "意见过简")

    assert desk.open_tasks(number) == [f"{number}.r1.review_it.2"]
    desk.do("clerk1", desk.task(number, "review_it"), opinion="同意，理由如下")
    desk.do("chief1", desk.task(number, "decide_it"), approved=True)
    assert _faults(desk) == []


def test_one_takes_back_the_own_submission_while_nobody_went_on(desk: office.Office) -> None:
    number = desk.open("apply", "intake", matter="x")
    task = desk.task(number, "review_it")
    desk.do("clerk1", task, opinion="同意")

    with desk.work() as session:
        tasks.withdraw(session, desk.actor("clerk1"), desk.time, task)

    assert [one.split(".")[2] for one in desk.open_tasks(number)] == ["review_it"]
    desk.do("clerk1", desk.task(number, "review_it"), opinion="不同意")
    desk.claim("chief1", desk.task(number, "decide_it"))
    with pytest.raises(errors.Conflict), desk.work() as session:
        tasks.withdraw(session, desk.actor("clerk1"), desk.time, f"{number}.r1.review_it.2")


def test_lists_show_each_person_their_own_work(desk: office.Office) -> None:
    number = desk.open("apply", "intake", matter="试点失误")
    task = desk.task(number, "review_it")

    def ids(name: str, scope: str, **wanted: str) -> list[str]:
        with desk.look() as session:
            asked = inbox.Listing(desk.actor(name), scope, inbox.TaskFilter(**wanted))
            page = inbox.page(session, desk.time, asked)
            return [row.task.id for row in page.items]

    assert ids("clerk1", "available") == ids("clerk2", "available") == [task]
    assert ids("chief1", "available") == ids("apply", "available") == []
    assert ids("clerk1", "available", q="失误") == [task]
    assert ids("clerk1", "available", q="100%") == []
    desk.claim("clerk1", task)
    assert ids("clerk1", "mine") == [task]
    assert ids("clerk2", "available") == []
    desk.submit("clerk1", task, opinion="同意")
    assert ids("clerk1", "done") == [task]
