"""A stored state is damaged: that case alone stands still and says why, lists go on, and one command makes it anew."""

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from hashlib import blake2b

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from tests import office
from tests.chaos.test_disk import LOOKING
from tests.web.conftest import ACCEPTED, House, application
from workflow_service import cli, worker
from workflow_service.audit import oracle
from workflow_service.cases import incidents, lifecycle
from workflow_service.engine import state
from workflow_service.storage import database, tables

SHORT = ("/inbox?scope=all", "/cases", "/api/v1/cases")

Damage = Callable[[bytes, random.Random], bytes]


def _saying(body: bytes, version: int = state.VERSION) -> bytes:
    """Bytes whose checksum is right, whatever they say."""
    return bytes((version, 0)) + blake2b(body, digest_size=8).digest() + body


DAMAGES: dict[str, Damage] = {
    "truncated": lambda sound, chance: sound[: chance.randrange(1, len(sound))],
    "empty": lambda _sound, _chance: b"",
    "an empty object": lambda _sound, _chance: b"{}",
    "an empty object with its checksum": lambda _sound, _chance: _saying(b"{}"),
    "what no run holds": lambda _sound, _chance: _saying(b"[1,2,3,4,5,6]"),
    "made by a newer version": lambda sound, _chance: bytes((state.VERSION + 1,)) + sound[1:],
    "packed in a newer way": lambda sound, _chance: sound[:1] + b"\x02" + sound[2:],
}


def _damage(db: database.Database, number: str, how: str, chance: random.Random) -> None:
    with database.transaction(db) as session:
        case = session.query(tables.Case).filter_by(number=number).one()
        for run in session.query(tables.Run).filter_by(case_id=case.id, open=True):
            run.state = DAMAGES[how](run.state, chance)


def _rebuild(db: database.Database, number: str) -> None:
    url = db.engine.url.render_as_string(hide_password=False)
    outcome = CliRunner().invoke(cli.main, ["rebuild", number, "--database", url])
    assert outcome.exit_code == 0, outcome.output


def _faults(desk: office.Office) -> list[oracle.Fault]:
    with desk.look() as session:
        return oracle.examine(session, desk.time)


def test_it_is_an_incident_of_that_case_alone_until_it_is_rebuilt(desk: office.Office, full: bool, seed: int) -> None:
    chance, hows = random.Random(seed), [*DAMAGES] * (3 if full else 1)
    sound = desk.open("apply", "intake", matter="好案")
    at_calls = [desk.open("apply", "intake", matter=how) for how in hows]
    for number, how in zip(at_calls, hows, strict=True):
        _damage(desk.db, number, how, chance)
    desk.settle()
    at_dates = [desk.open("apply", "intake", matter=how) for how in hows]
    desk.settle()
    for number, how in zip(at_dates, hows, strict=True):
        _damage(desk.db, number, how, chance)
    desk.wait(hours=2)

    assert desk.task(sound, "review_it")
    assert {one.number for one in _faults(desk)} == {*at_calls, *at_dates}
    with desk.look() as session:
        found = incidents.listed(session, desk.actor("operator"))
    assert sorted((number, one.element) for one, number in found) == sorted(
        [(one, "tell_clerks") for one in at_calls] + [(one, "review_late") for one in at_dates]
    )
    assert all("可由日志重建" in one.cause for one, _number in found)

    for one, number in found:
        _rebuild(desk.db, number)
        with desk.work() as session:
            incidents.retry(session, desk.actor("operator"), desk.time, one.id)
    desk.settle()

    assert _faults(desk) == []
    assert all(desk.task(number, "review_it") for number in (*at_calls, *at_dates))


LOSSES = {
    "its task": "DELETE FROM task WHERE element = 'review_it'",
    "its task, said to be done": "UPDATE task SET status = 'done' WHERE element = 'review_it'",
    "its date": "DELETE FROM deadline",
    "its runs": "DELETE FROM run",
    "the end of its first task": "UPDATE task SET status = 'open' WHERE element = 'apply_now'",
}


@pytest.mark.parametrize("loss", LOSSES)
def test_what_people_go_by_is_made_anew_from_the_journal_too(desk: office.Office, loss: str) -> None:
    number = desk.open("apply", "intake", matter="x")
    desk.settle()
    with desk.work() as session:
        session.execute(sa.text(LOSSES[loss]))
    assert _faults(desk) != []

    with desk.work() as session:
        oracle.rebuild(session, desk.time, lifecycle.lock_unread(session, number))

    assert _faults(desk) == []
    desk.do("clerk1", desk.task(number, "review_it"), opinion="同意")
    assert desk.open_tasks(number) == []
    assert _faults(desk) == []


@pytest.mark.parametrize("status", ["todo", "run", "cancelled"])
def test_a_call_that_is_done_by_the_journal_is_done_again(desk: office.Office, status: str) -> None:
    number = desk.open("apply", "intake", matter="x")
    desk.settle()
    with desk.work() as session:
        session.execute(sa.update(tables.Job).values(status=status, done_seq=None))
    desk.time += timedelta(minutes=5)
    assert _faults(desk) != []

    with desk.work() as session:
        oracle.rebuild(session, desk.time, lifecycle.lock_unread(session, number))

    assert _faults(desk) == []
    assert desk.settle() == 0


def test_who_did_a_task_is_known_again(desk: office.Office) -> None:
    number = desk.open("apply", "intake", matter="x")
    with desk.work() as session:
        session.execute(sa.text("UPDATE task SET status = 'open', done_by = NULL WHERE element = 'apply_now'"))

    with desk.work() as session:
        oracle.rebuild(session, desk.time, lifecycle.lock_unread(session, number))

    with desk.look() as session:
        row = session.query(tables.Task).filter_by(element="apply_now").one()
    assert (row.status, row.done_by) == ("done", "apply")


@pytest.mark.parametrize("loss", ["DELETE FROM job", "UPDATE job SET status = 'done'"])
def test_a_job_that_is_lost_is_made_anew_and_done(desk: office.Office, loss: str) -> None:
    number = desk.open("apply", "intake", matter="x")
    with desk.work() as session:
        session.execute(sa.text(loss))
    assert _faults(desk) != []

    with desk.work() as session:
        oracle.rebuild(session, desk.time, lifecycle.lock_unread(session, number))
    desk.wait(minutes=1)

    assert desk.task(number, "review_it")
    assert _faults(desk) == []


def test_whoever_opens_the_case_is_told_and_no_list_fails(house: House, full: bool, seed: int) -> None:
    chance = random.Random(seed)
    clerk, applicant = house.browser("clerk_1"), house.browser("applicant_1")
    numbers = []
    for how in [*DAMAGES] * (3 if full else 1):
        opened = house.api("applicant_1", "POST", "/cases", {"process": "intake", "data": application()})
        numbers.append(opened.json["number"])
        _damage(house.db, numbers[-1], how, chance)

    for path in LOOKING if full else SHORT:
        assert clerk.get(path).status_code == 200, path
        assert applicant.get(path).status_code in (200, 403), path
    for number in numbers:
        task = f"{number}.r1.review_acceptance.1"
        for path in (f"/cases/{number}", f"/tasks/{task}"):
            answer = clerk.get(path)
            assert (answer.status_code, "保存状态已损坏" in answer.get_data(as_text=True)) == (409, True)
        auditor = house.browser("auditor_1")
        record = f"/audit/{number}/journal"
        assert f'href="{record}"' in auditor.get(f"/cases/{number}").get_data(as_text=True)
        assert auditor.get(record).status_code == 200
        assert house.api("clerk_1", "POST", f"/tasks/{task}/claim").status_code == 200
        refused = house.api("clerk_1", "POST", f"/tasks/{task}/submission", {"data": ACCEPTED})
        assert (refused.status_code, "可由日志重建" in refused.json["detail"]) == (409, True)

        _rebuild(house.db, number)

        assert clerk.get(f"/cases/{number}").status_code == 200
        assert house.api("clerk_1", "POST", f"/tasks/{task}/submission", {"data": ACCEPTED}).status_code == 200
    with database.reading(house.db) as session:
        assert oracle.examine(session, house.time) == []
        assert session.scalar(sa.select(sa.func.count()).select_from(tables.Incident)) == 0


def test_a_date_of_a_case_that_cannot_be_read_is_tried_ever_more_seldom(
    desk: office.Office, caplog: pytest.LogCaptureFixture
) -> None:
    number = desk.open("apply", "intake", matter="x")
    desk.settle()
    time = [0.0]
    one = replace(desk.worker(), lying=worker.Lying(lambda: time[0]))
    with desk.work() as session:
        session.execute(sa.text("UPDATE case_file SET shared = '{' WHERE number = :number"), {"number": number})
    desk.time += timedelta(hours=2)

    for second in range(120):
        time[0] = float(second)
        worker.fire_due(one)
    told = [line for line in caplog.messages if "left lying" in line]
    _rebuild(desk.db, number)
    time[0] += 600
    worker.fire_due(one)

    assert len(told) == 7  # at 0, 1, 3, 7, 15, 31, 63 seconds
    with desk.look() as session:
        assert session.scalars(sa.select(tables.Deadline.status)).all() == ["fired"]


def test_what_a_case_publishes_can_be_unreadable_and_stops_no_other(house: House) -> None:
    broken, sound = (
        house.api("applicant_1", "POST", "/cases", {"process": "intake", "data": application()}).json["number"]
        for _ in range(2)
    )
    with database.transaction(house.db) as session:
        session.execute(sa.text("UPDATE case_file SET shared = '{' WHERE number = :number"), {"number": broken})
    clerk = house.browser("clerk_1")

    assert [clerk.get(path).status_code for path in SHORT] == [200] * len(SHORT)
    answer = clerk.get(f"/cases/{broken}")
    assert (answer.status_code, "可由日志重建" in answer.get_data(as_text=True)) == (409, True)
    assert clerk.get(f"/cases/{sound}").status_code == 200
    with database.reading(house.db) as session:
        assert {(one.number, one.code) for one in oracle.examine(session, house.time)} == {(broken, "unreadable")}

    _rebuild(house.db, broken)

    assert clerk.get(f"/cases/{broken}").status_code == 200
    with database.reading(house.db) as session:
        assert oracle.examine(session, house.time) == []
