"""Each SQL statement of each thing that can be done to a case fails in turn: all of it is there then, or nothing."""

import itertools
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from tests import office
from tests.chaos.test_faults import failing_at
from tests.chaos.test_model import with_appeal
from workflow_service import errors, settings, worker
from workflow_service.audit import oracle
from workflow_service.cases import deadlines, incidents, messages, opening, tasks
from workflow_service.storage import database, tables


@dataclass
class Desk:
    """An office with one case, and the machine that works for it however often a call of it fails."""

    office: office.Office
    number: str = ""

    @property
    def hand(self) -> worker.Worker:
        return replace(self.office.worker(), settings=settings.Settings(retry_limit=1000, lease_seconds=60))

    @property
    def review(self) -> str:
        return f"{self.number}.r1.review_it.1"

    def entries(self, *kinds: str) -> int:
        """How many entries there are, of some kinds or of all."""
        with self.office.look() as session:
            found = session.query(tables.Entry)
            return (found.filter(tables.Entry.kind.in_(kinds)) if kinds else found).count()

    def faults(self) -> list[oracle.Fault]:
        """Everything that is not as it must be, but for what merely waits for a worker to look."""
        with self.office.look() as session:
            found = oracle.examine(session, self.office.time)
        return [one for one in found if one.code not in ("late", "message_late")]

    def goes_on(self) -> None:
        """Time passes until leases are over and what failed is due again."""
        self.office.time += timedelta(hours=2)
        worker.sweep(self.hand)


def _open(desk: Desk) -> None:
    applicant = desk.office.actor("apply")
    wanted = opening.Opening("intake", {"matter": "x"}, key="once")
    with desk.office.work() as session:
        opening.open_once(session, applicant, desk.office.time, wanted)


def _work(desk: Desk) -> None:
    worker.run_due_jobs(desk.hand)


def _claim(desk: Desk) -> None:
    desk.office.claim("clerk1", desk.review)


def _claimed(desk: Desk) -> None:
    _work(desk)
    _claim(desk)


def _give_back(desk: Desk) -> None:
    clerk = desk.office.actor("clerk1")
    with desk.office.work() as session:
        tasks.release(session, clerk, desk.office.time, desk.review)


def _state(desk: Desk) -> None:
    applicant = desk.office.actor("apply")
    with desk.office.work() as session:
        messages.receive(session, applicant, desk.office.time, desk.number, "statement_received", {"text": "不服"})


def _feed(desk: Desk) -> None:
    worker.feed_messages(desk.hand)


def _late(desk: Desk) -> None:
    _work(desk)
    desk.office.time += timedelta(hours=2)


def _fire(desk: Desk) -> None:
    worker.fire_due(desk.hand)


def _given_up(desk: Desk) -> None:
    _late(desk)
    with desk.office.work() as session:
        waiting = session.scalars(sa.select(tables.Deadline.id).where(tables.Deadline.status == "waiting")).one()
        deadlines.give_up(session, desk.office.time, waiting, "broken")


def _retry(desk: Desk) -> None:
    operator = desk.office.actor("operator")
    with desk.office.work() as session:
        incident = session.scalars(sa.select(tables.Incident.id).where(tables.Incident.closed_at.is_(None))).one()
        incidents.retry(session, operator, desk.office.time, incident)


Act = Callable[[Desk], None]
ACTS: dict[str, tuple[Act, Act, str]] = {
    "a case is opened": (lambda _desk: None, _open, "opened"),
    "a job is done": (lambda _desk: None, _work, "returned"),
    "a task is claimed": (_work, _claim, "claimed"),
    "a task is given back": (_claimed, _give_back, "released"),
    "a statement is made": (_work, _state, "message_kept"),
    "a statement reaches its case": (_state, _feed, "received"),
    "a date comes": (_late, _fire, "elapsed"),
    "an incident is tried again": (_given_up, _retry, "incident_retried"),
}
"""What comes before, what is done, and the entry that tells of it."""


@pytest.mark.parametrize("what", ACTS)
def test_whichever_statement_fails_it_is_done_wholly_or_not_at_all(
    db: database.Database, now: datetime, what: str
) -> None:
    before, act, entry = ACTS[what]
    desk = Desk(office.make(db, now, with_appeal()))
    if act is not _open:
        desk.number = desk.office.open("apply", "intake", matter="x")
    before(desk)
    kept = desk.entries()
    failed = 0

    for n in itertools.count(1):
        with failing_at(desk.office, n), suppress(errors.Unavailable):
            act(desk)
        assert desk.faults() == []
        if desk.entries(entry):
            break
        failed += 1
        assert desk.entries() == kept
        if act is _work:
            desk.goes_on()

    print(f"{failed} statements")
    assert failed > 3
    assert desk.entries(entry) == 1
    _until_over(desk)


def _until_over(desk: Desk) -> None:
    """Whatever failed on the way, the case comes to its end."""
    desk.number = desk.number or "RC-2026-00001"
    desk.goes_on()
    worker.settle(desk.hand)
    with suppress(errors.Conflict):
        _claim(desk)
    desk.office.submit("clerk1", desk.review, opinion="同意")
    desk.goes_on()
    worker.settle(desk.hand)
    assert desk.faults() == []
    with desk.office.look() as session:
        assert session.query(tables.Notice).filter_by(title="新").count() == 2
