"""Many want the same thing at once: exactly one gets it, and the others are told so at once."""

import threading
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests import office
from workflow_service import errors, worker
from workflow_service.audit import oracle
from workflow_service.cases import ballots, deadlines, tasks
from workflow_service.storage import tables


def at_once(count: int, act: Callable[[int], str]) -> Counter[str]:
    """Lets so many threads act at the same moment; gives how often each outcome came."""
    barrier, outcomes, guard = threading.Barrier(count), Counter[str](), threading.Lock()

    def run(n: int) -> None:
        barrier.wait()
        try:
            outcome = act(n)
        except errors.Conflict:
            outcome = "conflict"
        with guard:
            outcomes[outcome] += 1

    threads = [threading.Thread(target=run, args=(n,)) for n in range(count)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    return outcomes


def _sound(desk: office.Office) -> None:
    with desk.look() as session:
        assert oracle.examine(session, desk.time) == []


def test_of_many_who_claim_a_task_one_wins(desk: office.Office, full: bool) -> None:
    clients, rounds = (64, 200) if full else (8, 3)
    clerks = [desk.actor(name) for name in ("clerk1", "clerk2")]
    for _ in range(rounds):
        number = desk.open("apply", "intake", matter="x")
        desk.settle()
        task = desk.task(number, "review_it")

        def claim(n: int, task: str = task) -> str:
            with desk.work() as session:
                tasks.claim(session, clerks[n % 2], desk.time, task)
            return clerks[n % 2].name

        outcomes = at_once(clients, claim)

        winners = [name for name in outcomes if name != "conflict"]
        assert len(winners) == 1
        assert outcomes["conflict"] >= clients // 2
    _sound(desk)


def test_the_same_submission_many_times_has_one_effect(desk: office.Office, full: bool) -> None:
    number = desk.open("apply", "intake", matter="x")
    desk.settle()
    task = desk.task(number, "review_it")
    desk.claim("clerk1", task)

    outcomes = at_once(50 if full else 8, lambda _: desk.submit("clerk1", task, key="same", opinion="同意").case)

    assert outcomes == {number: outcomes.total()}
    with desk.look() as session:
        assert session.query(tables.Entry).filter(tables.Entry.kind == "submitted").count() == 2
    _sound(desk)


def test_different_submissions_of_one_task_have_one_winner(desk: office.Office, full: bool) -> None:
    for round_ in range(50 if full else 3):
        number = desk.open("apply", "intake", matter="x")
        desk.settle()
        task = desk.task(number, "review_it")
        desk.claim("clerk1", task)

        def send(n: int, task: str = task, round_: int = round_) -> str:
            desk.submit("clerk1", task, key=f"{round_}-{n}", opinion=str(n))
            return "done"

        outcomes = at_once(10, send)

        assert outcomes == {"done": 1, "conflict": 9}
    _sound(desk)


def test_a_date_that_many_workers_see_fires_once(desk: office.Office, full: bool) -> None:
    for _ in range(200 if full else 5):
        number = desk.open("apply", "intake", matter="x")
        desk.settle()
        with desk.look() as session:
            waiting = session.scalars(sa.select(tables.Deadline.id).where(tables.Deadline.status == "waiting")).one()
        desk.time += timedelta(hours=2)

        def fire(_n: int, waiting: int = waiting) -> str:
            with desk.work() as session:
                return "fired" if deadlines.fire(session, desk.time, waiting) else "late"

        outcomes = at_once(10, fire)

        assert outcomes["fired"] == 1
        desk.settle()
        desk.do("clerk1", desk.task(number, "review_it"), opinion="同意")
    _sound(desk)


def test_a_submission_and_its_reminder_do_not_hinder_one_another(desk: office.Office, full: bool) -> None:
    for _ in range(100 if full else 5):
        number = desk.open("apply", "intake", matter="x")
        desk.settle()
        task = desk.task(number, "review_it")
        desk.claim("clerk1", task)
        with desk.look() as session:
            waiting = session.scalars(sa.select(tables.Deadline.id).where(tables.Deadline.status == "waiting")).one()
        desk.time += timedelta(hours=2)

        def act(n: int, task: str = task, waiting: int = waiting) -> str:
            if n == 0:
                desk.submit("clerk1", task, opinion="同意")
                return "submitted"
            with desk.work() as session:
                return "fired" if deadlines.fire(session, desk.time, waiting) else "late"

        outcomes = at_once(2, act)

        assert outcomes["submitted"] == 1
        desk.settle()
        assert desk.open_tasks(number) == []
    _sound(desk)


def test_a_job_is_claimed_by_one_worker_only(desk: office.Office, full: bool) -> None:
    for _ in range(100 if full else 5):
        desk.open("apply", "intake", matter="x")
        with desk.look() as session:
            job = session.scalars(sa.select(tables.Job.id).where(tables.Job.status == "todo")).one()
        hands = [desk.worker() for _ in range(6)]

        outcomes = at_once(6, lambda n, job=job, hands=hands: str(worker.execute(hands[n], job)))  # type: ignore[misc]

        assert outcomes == {"True": 1, "False": 5}
    _sound(desk)


def test_processes_that_start_together_seal_with_one_key(tmp_path: Path) -> None:
    for round_ in range(20):
        folder = tmp_path / str(round_)

        outcomes = at_once(8, lambda n, folder=folder: ballots.safe_in(folder, str(n) * 64).digest(b""))  # type: ignore[misc]

        assert outcomes == {ballots.safe_in(folder, "x").digest(b""): 8}


@pytest.mark.parametrize("writers", [4])
def test_writers_are_served_in_the_order_of_their_coming(writers: int) -> None:
    from workflow_service.storage.database import Turnstile  # noqa: PLC0415  only this test needs it

    turnstile, order, inside = Turnstile(), [], []

    def pass_through(n: int) -> None:
        with turnstile:
            inside.append(n)
            assert len(inside) == 1
            order.append(n)
            inside.remove(n)

    threads = []
    with turnstile:
        for n in range(writers):
            thread = threading.Thread(target=pass_through, args=(n,))
            thread.start()
            while len(turnstile._waiting) < n + 1:  # noqa: SLF001  to know that it queues
                pass
            threads.append(thread)
    for thread in threads:
        thread.join()

    assert order == list(range(writers))
