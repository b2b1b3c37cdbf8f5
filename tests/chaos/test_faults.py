"""Something fails in the middle: either all of a step is there, or nothing of it."""

import itertools
import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from tests import office
from workflow_service import errors, worker
from workflow_service.audit import oracle
from workflow_service.cases import deadlines, incidents, jobs, lifecycle
from workflow_service.engine import inputs
from workflow_service.storage import tables


@contextmanager
def failing_at(desk: office.Office, n: int) -> Iterator[list[int]]:
    """Lets the n-th SQL statement fail as if the connection had dropped; gives a counter of the statements."""
    count = [0]

    def maybe(*_: Any) -> None:
        count[0] += 1
        if count[0] == n:
            raise OperationalError("lost", {}, Exception("connection dropped"))

    sa.event.listen(desk.db.engine, "before_cursor_execute", maybe)
    desk.db.observer = maybe
    try:
        yield count
    finally:
        desk.db.observer = None
        sa.event.remove(desk.db.engine, "before_cursor_execute", maybe)


def _faults(desk: office.Office) -> list[oracle.Fault]:
    with desk.look() as session:
        return oracle.examine(session, desk.time)


def test_whichever_statement_fails_no_half_step_is_left(desk: office.Office) -> None:
    number = desk.open("apply", "intake", matter="x")
    desk.settle()
    task = desk.task(number, "review_it")
    desk.claim("clerk1", task)
    clerk = desk.actor("clerk1")

    for n in itertools.count(1):
        before = desk.case(number).version
        with failing_at(desk, n) as count:
            try:
                with desk.work() as session:
                    office.tasks.submit(session, clerk, desk.time, task, {"opinion": "同意"}, "k", desk.safe)
            except errors.Unavailable:
                pass
        if count[0] < n:
            break
        assert desk.case(number).version == before
        assert _faults(desk) == []

    assert n > 9
    assert desk.open_tasks(number) == []
    assert _faults(desk) == []


def test_a_worker_that_dies_after_its_call_is_followed_by_another_with_the_same_key(desk: office.Office) -> None:
    desk.open("apply", "intake", matter="x")
    with desk.look() as session:
        job_id = session.scalars(sa.select(tables.Job.id)).one()
    with desk.work() as session:
        dead = jobs.claim(session, desk.time, job_id, "dead", timedelta(seconds=60))
    assert dead is not None

    desk.wait(seconds=30)
    assert worker.sweep(desk.worker()) == 0  # its lease still runs
    desk.wait(seconds=31)
    assert worker.sweep(desk.worker()) == 1
    desk.settle()

    with desk.look() as session:
        job = session.get_one(tables.Job, job_id)
        assert (job.status, job.attempts, job.key) == ("done", 2, dead.key)
        assert session.query(tables.Notice).count() == 2  # one for each clerk, not two
    assert _faults(desk) == []


def test_a_worker_that_wakes_up_after_its_lease_writes_nothing(desk: office.Office) -> None:
    desk.open("apply", "intake", matter="x")
    with desk.look() as session:
        job_id = session.scalars(sa.select(tables.Job.id)).one()
    with desk.work() as session:
        slow = jobs.claim(session, desk.time, job_id, "slow", timedelta(seconds=60))
    assert slow is not None
    desk.wait(seconds=61)
    worker.sweep(desk.worker())
    desk.settle()

    with desk.work() as session:
        written = jobs.finish(session, desk.time, slow, "slow", inputs.Returned(slow.at, {"posted": 9}))

    assert written is False
    assert _faults(desk) == []


def test_a_call_that_always_fails_becomes_an_incident_and_stops_no_other_case(desk: office.Office) -> None:
    broken = desk.open("apply", "intake", matter="x")
    with desk.work() as session:
        session.execute(sa.update(tables.Job).values(payload={"nonsense": 1}))
    sound = desk.open("apply", "intake", matter="y")

    for _ in range(40):
        desk.wait(minutes=61)

    assert desk.task(sound, "review_it")
    with desk.look() as session:
        incident = session.scalars(sa.select(tables.Incident)).one()
        assert session.get_one(tables.Case, incident.case_id).number == broken
        assert incident.attempts <= 5
    assert [one for one in _faults(desk) if one.number == sound] == []


def test_flipped_bits_in_a_state_are_found_on_that_case_alone_and_mended(
    desk: office.Office, full: bool, seed: int
) -> None:
    numbers = [desk.open("apply", "intake", matter=f"案{n}") for n in range(3)]
    desk.settle()
    chance = random.Random(seed)
    with desk.look() as session:
        row = (
            session.query(tables.Run)
            .join(tables.Case, tables.Case.id == tables.Run.case_id)
            .filter(tables.Case.number == numbers[1])
            .one()
        )
        case_id, original = row.case_id, row.state

    for _ in range(2000 if full else 20):
        damaged = bytearray(original)
        damaged[chance.randrange(len(damaged))] ^= 1 << chance.randrange(8)
        with desk.work() as session:
            session.execute(sa.update(tables.Run).where(tables.Run.case_id == case_id).values(state=bytes(damaged)))

        found = _faults(desk)

        assert {one.number for one in found} <= {numbers[1]}
        assert found
        with desk.work() as session:
            oracle.rebuild(session, desk.time, session.get_one(tables.Case, case_id))
        assert _faults(desk) == []


def test_a_flipped_bit_in_what_a_case_publishes_is_found_on_that_case_alone_and_mended(
    desk: office.Office, full: bool, seed: int
) -> None:
    numbers = [desk.open("apply", "intake", matter=f"案{n}") for n in range(3)]
    desk.settle()
    chance = random.Random(seed)
    raw = sa.type_coerce(tables.Case.shared, sa.Text)
    with desk.look() as session:
        case_id, original = session.execute(
            sa.select(tables.Case.id, raw).where(tables.Case.number == numbers[1])
        ).one()

    for _ in range(2000 if full else 20):
        at, bit = chance.randrange(len(original)), 1 << chance.randrange(7)
        flipped = chr(ord(original[at]) ^ bit) if ord(original[at]) != bit else "?"  # no NUL: PostgreSQL refuses it
        with desk.work() as session:
            session.execute(
                sa.update(tables.Case)
                .where(tables.Case.id == case_id)
                .values(shared=sa.type_coerce(original[:at] + flipped + original[at + 1 :], sa.Text))
            )

        assert {(one.number, one.code) for one in _faults(desk)} == {(numbers[1], "unreadable")}

        with desk.work() as session:
            oracle.rebuild(session, desk.time, lifecycle.lock_unread(session, numbers[1]))
        assert _faults(desk) == []


def test_a_date_that_gave_up_fires_again_when_it_is_retried(desk: office.Office) -> None:
    number = desk.open("apply", "intake", matter="x")
    desk.settle()
    with desk.look() as session:
        waiting = session.scalars(sa.select(tables.Deadline.id).where(tables.Deadline.status == "waiting")).one()
    with desk.work() as session:
        deadlines.give_up(session, desk.time, waiting, "broken")
    desk.wait(hours=2)
    with desk.look() as session:
        assert session.get_one(tables.Deadline, waiting).status == "incident"
        incident = session.scalars(sa.select(tables.Incident.id)).one()

    with desk.work() as session:
        incidents.retry(session, desk.actor("operator"), desk.time, incident)
    desk.settle()

    with desk.look() as session:
        assert session.get_one(tables.Deadline, waiting).status == "fired"
    assert desk.task(number, "review_it")
    assert _faults(desk) == []
