"""Clocks that jump and servers anywhere on earth: no date comes early, none is lost, and each is the same everywhere."""

import os
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta

import sqlalchemy as sa

from tests import fakes, office
from workflow_service import chinese_time, demo, feel, worker
from workflow_service.audit import oracle
from workflow_service.cases import jobs
from workflow_service.engine import expressions
from workflow_service.storage import database, reference, tables

ZONES = ("UTC", "Asia/Shanghai", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia")
TURNS = (
    datetime(2026, 3, 8, 7, tzinfo=UTC), datetime(2026, 11, 1, 6, tzinfo=UTC),  # New York's clocks are changed
    datetime(1986, 5, 3, 18, tzinfo=UTC), datetime(1991, 9, 14, 17, tzinfo=UTC),  # the first and the last time in Shanghai
)  # fmt: skip
DUE = (
    "today()", "now()", 'now() + duration("PT36H")', "end of day(today())", 'end of day(today() + duration("P30D"))',
    "end of day(working days after(today(), 5))",
)  # fmt: skip


def _sound(desk: office.Office) -> None:
    with desk.look() as session:
        assert oracle.examine(session, desk.time) == []


def _told(desk: office.Office) -> int:
    with desk.look() as session:
        return session.query(tables.Notice).filter_by(title="逾期").count()


def test_a_date_fires_at_its_time_and_once_however_the_clock_jumps(desk: office.Office) -> None:
    number, begin = desk.open("apply", "intake", matter="x"), desk.time
    desk.settle()

    for minutes in (-60, 0, -24 * 60, 59):
        desk.time = begin + timedelta(minutes=minutes)
        desk.settle()
        assert _told(desk) == 0
    for minutes in (61, -60, 365 * 24 * 60, -60):
        desk.time = begin + timedelta(minutes=minutes)
        desk.settle()
        assert _told(desk) == 2  # once to each chief

    desk.do("clerk1", desk.task(number, "review_it"), opinion="同意")
    assert desk.open_tasks(number) == []
    _sound(desk)


def test_what_a_clock_that_ran_ahead_has_put_off_is_done_when_it_is_right_again(desk: office.Office) -> None:
    begin = desk.time
    desk.time += timedelta(days=365)
    waiting, in_hands = (desk.open("apply", "intake", matter=str(n)) for n in range(2))
    with desk.work() as session:
        job = session.scalars(sa.select(tables.Job.id).where(tables.Job.key.startswith(in_hands))).one()
        assert jobs.claim(session, desk.time, job, "dead", timedelta(seconds=60))

    desk.time = begin
    worker.sweep(desk.worker())
    desk.settle()

    assert desk.task(waiting, "review_it") and desk.task(in_hands, "review_it")
    _sound(desk)


@contextmanager
def _server_in(zone: str) -> Iterator[None]:
    """While it holds, this process believes to be somewhere."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = zone
    time.tzset()
    try:
        yield
    finally:
        os.environ.pop("TZ") if before is None else os.environ.update(TZ=before)
        time.tzset()


def _moments(chance: random.Random, count: int) -> list[datetime]:
    """Times around the changes of clocks, and any others of the years whose calendar is known."""
    near = [one + timedelta(minutes=chance.randrange(-3000, 3000)) for one in TURNS for _ in range(count // 8)]
    first = datetime(2018, 1, 1, tzinfo=UTC)
    return near + [first + timedelta(minutes=chance.randrange(8 * 365 * 1440)) for _ in range(count // 2)]


def _computed(moment: datetime) -> list[object]:
    """What is computed from a moment: days, limits, the text that people read."""
    known = fakes.calendar() if moment.year > 2000 else None
    env = feel.Env(clock=lambda: moment.astimezone(chinese_time.SHANGHAI), calendar=known)
    found = [feel.to_python(feel.evaluate(one, {}, env=env)) for one in DUE]
    times = [expressions.as_time(one) for one in found]
    return [chinese_time.local(moment).isoformat(), *(one and one.astimezone(UTC) for one in times)]


def test_every_date_is_the_same_wherever_the_server_stands(full: bool, seed: int) -> None:
    moments = _moments(random.Random(seed), 10_000 if full else 200)
    computed = []
    for zone in ZONES:
        with _server_in(zone):
            computed.append([_computed(one) for one in moments])

    assert all(one == computed[0] for one in computed)
    assert all(None not in one[:6] for one in computed[0])


def test_a_case_that_moves_between_servers_of_the_world_stays_whole(db: database.Database, now: datetime) -> None:
    desk = office.make(db, now, office.two_steps())
    numbers = []
    for zone in ZONES:
        with _server_in(zone):
            db.engine.dispose()
            numbers.append(desk.open("apply", "intake", matter="x"))
            for other in numbers:
                with desk.look() as session:
                    due = session.get_one(tables.Task, desk.task(other, "review_it")).due_at
                assert due is not None and chinese_time.local(due).date() == date(2026, 9, 20)
            _sound(desk)
    for number in numbers:
        desk.do("clerk1", desk.task(number, "review_it"), opinion="同意")
    _sound(desk)


def test_a_worker_of_its_own_goes_by_the_clock_of_a_demo_wherever_that_is_moved(
    db: database.Database, now: datetime
) -> None:
    elsewhere = demo.clock_of(db, lambda: now)
    demo.clock_in(db, lambda: now)
    worker_s = demo.clock_of(db, lambda: now)
    before = worker_s()
    with database.transaction(db) as session:
        session.get_one(reference.Clock, 1).ahead += 3600

    assert elsewhere() == now  # where it began there was no demo
    assert (before, worker_s()) == (demo.BEGINNING, demo.BEGINNING + timedelta(hours=1))
