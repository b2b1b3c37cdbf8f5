"""What somebody has stated is never lost: a case that cannot take it now becomes an incident, and no other case waits for it."""

import pytest
import sqlalchemy as sa

from tests import city
from tests.processes import answers
from tests.processes.story import at
from tests.processes.test_statements import WRITTEN, begun, investigated, resolved
from workflow_service import errors, worker
from workflow_service.audit import oracle
from workflow_service.cases import deadlines, failures, incidents, lifecycle, messages
from workflow_service.storage import tables


def kept(town: city.City, number: str) -> None:
    """A statement that is received and not yet fed."""
    actor = town.actor("party_1")
    with town.work() as session:
        messages.receive(session, actor, town.time, number, "statement_received", WRITTEN)


def status(town: city.City, number: str) -> list[tuple[str, str]]:
    with town.look() as session:
        case = session.query(tables.Case).filter_by(number=number).one()
        return [(row.key, row.status) for row in session.query(tables.Message).filter_by(case_id=case.id)]


@pytest.fixture
def broken(town: city.City) -> str:
    """A case whose bundle cannot be found while a statement waits for it."""
    number = begun(town).number
    kept(town, number)
    runs_on(town, number, "gone")
    return number


def runs_on(town: city.City, number: str, bundle: str) -> None:
    with town.work() as session:
        session.execute(sa.update(tables.Case).where(tables.Case.number == number).values(bundle=bundle))


def incident_of(town: city.City) -> int:
    with town.look() as session:
        return session.scalars(sa.select(tables.Incident.id).where(tables.Incident.closed_at.is_(None))).one()


def faults(town: city.City) -> list[oracle.Fault]:
    with town.look() as session:
        return oracle.examine(session, town.time)


def mend(town: city.City, number: str) -> None:
    runs_on(town, number, town.journal(number)[0].bundle)


def test_a_broken_case_keeps_no_other_from_its_statements(town: city.City, broken: str) -> None:
    sound = begun(town).number
    kept(town, sound)

    town.settle()

    assert status(town, sound) == [("S1", "fed")]
    assert status(town, broken) == [("S1", "incident")]


def test_a_case_that_cannot_be_read_keeps_no_other_from_its_statements(town: city.City) -> None:
    unreadable, sound = begun(town).number, begun(town).number
    for number in (unreadable, sound):
        kept(town, number)
    with town.work() as session:
        session.execute(sa.text("UPDATE case_file SET shared = '{' WHERE number = :number"), {"number": unreadable})

    worker.feed_messages(town.worker())

    assert status(town, sound) == [("S1", "fed")]


def test_two_workers_that_meet_a_statement_that_fails_give_up_that_one_alone(town: city.City) -> None:
    number = begun(town).number
    kept(town, number)
    kept(town, number)

    for _ in range(2):
        with town.work() as session:
            first = session.scalars(sa.select(tables.Message.id).order_by(tables.Message.id)).first()
            messages.give_up(session, town.time, first or 0, "其流程包不见了")

    assert status(town, number) == [("S1", "incident"), ("S2", "waiting")]
    assert faults(town) == []


def test_a_statement_that_could_not_be_taken_is_taken_once_the_case_is_mended(town: city.City, broken: str) -> None:
    town.settle()
    mend(town, broken)

    with town.work() as session:
        incidents.retry(session, town.actor("operator_1"), town.time, incident_of(town))
    town.settle()

    assert status(town, broken) == [("S1", "fed")]
    assert "register_appeal" in town.elements(broken)
    assert faults(town) == []


def test_an_operator_may_refuse_a_statement_with_a_reason_but_not_alter_it(town: city.City, broken: str) -> None:
    town.settle()
    mend(town, broken)
    operator, found = town.actor("operator_1"), incident_of(town)

    with pytest.raises(errors.Conflict, match="不能改动"), town.work() as session:
        incidents.repair(session, operator, town.time, found, {"content": "别的话"}, "更正")
    with town.work() as session:
        incidents.skip(session, operator, town.time, found, None, "与前件重复")

    assert status(town, broken) == [("S1", "refused")]
    assert town.journal(broken)[-2].kind == "message_refused"
    with town.look() as session:
        told = session.query(tables.Notice).filter_by(title="您提出的事项未能进入程序").one()
    assert told.account == "party_1"
    assert told.text.endswith("（S1）未能进入程序：与前件重复")
    assert faults(town) == []


def test_the_oracle_sees_a_statement_that_was_lost_or_lies_about(town: city.City) -> None:
    number = begun(town).number
    kept(town, number)
    assert faults(town) == []

    town.time = town.time.replace(minute=5)
    assert {one.code for one in faults(town)} == {"message_late"}

    worker.feed_messages(town.worker())
    with town.work() as session:
        session.execute(sa.delete(tables.Message))
    assert {one.code for one in faults(town)} == {"message_missing"}


def test_nobody_signs_while_a_statement_could_not_enter(town: city.City) -> None:
    story = investigated(town, "simple")
    resolved(story, "simple")
    story.does("draft_decision")
    story.does("check_draft")
    kept(town, story.number)
    with town.work() as session:
        messages.give_up(session, town.time, session.query(tables.Message).one().id, "数据库中保存的内容已损坏")

    with pytest.raises(errors.Invalid, match="检查标出") as refused:
        story.does("sign_decision", decision_date="2026-01-05")

    assert [dict(one.params)["message"] for one in refused.value.errors] == ["还有陈述申辩没有答复，答复后才能签发"]
    with town.work() as session:
        incidents.retry(session, town.actor("operator_1"), town.time, incident_of(town))
    town.settle()
    story.does("register_appeal")
    story.does("answer_appeal")
    story.does("sign_decision", decision_date="2026-01-05")
    story.holds()


def gives_up(town: city.City, number: str, element: str) -> None:
    """A date of a case comes, and the case cannot move by it."""
    with town.work() as session:
        case = lifecycle.lock(session, number)
        date = session.query(tables.Deadline).filter_by(case_id=case.id, element=element, status="waiting").one()
        deadlines.give_up(session, town.time, date.id, "表达式无法使用")


def resolutions(town: city.City) -> list[str | None]:
    with town.look() as session:
        return [one.resolution for one in session.query(tables.Incident)]


FACTS = {"excel_motive": "yes", "new_approach": "yes", "external_cause": "yes", "goal_unmet": "yes"}


def test_a_date_that_gave_up_is_no_concern_once_its_step_is_done(town: city.City) -> None:
    story = begun(town)
    gives_up(town, story.number, "reach_limit")
    assert resolutions(town) == [None]

    story.is_investigated("4.1", **FACTS)

    assert resolutions(town) == ["moot"]
    assert faults(town) == []


def test_a_call_that_gave_up_is_no_concern_once_the_case_is_withdrawn(town: city.City) -> None:
    story = begun(town)
    story.does("plan_investigation", team=["investigator_1", "investigator_2"])
    story.does("record_evidence")
    task = town.task(story.number, "report_investigation")
    town.claim("investigator_1", task)
    town.submit("investigator_1", task, statements_considered=[], **answers.report("4.1", **FACTS))
    with town.work() as session:
        case, job = lifecycle.lock(session, story.number), session.query(tables.Job).filter_by(status="todo").one()
        job.status = "incident"
        failures.open_one(session, town.time, case, failures.Cause(job.run, job.element, "坏了", "", 5, job.id))

    town.send("applicant_1", story.number, "withdrawal_requested", reason="不再申请")
    story.does("decide_withdrawal", granted=True, reason="同意")

    assert resolutions(town) == ["moot"]
    assert faults(town) == []


def test_a_date_whose_case_is_repaired_fires_then(town: city.City) -> None:
    story = begun(town)
    town.time = at(2026, 2, 25)  # after the limit of the investigation
    gives_up(town, story.number, "reach_limit")

    with town.work() as session:
        incidents.repair(session, town.actor("operator_1"), town.time, incident_of(town), {"note": ""}, "补上数据")
    town.settle()

    assert "decide_extension" in story.elements()
    assert faults(town) == []
