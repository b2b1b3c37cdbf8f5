"""The oracle sees each kind of damage; an oracle that cannot fail proves nothing."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tests import city, office
from tests.processes import answers
from tests.processes.story import Story
from workflow_service.audit import oracle
from workflow_service.cases import lifecycle, messages
from workflow_service.storage import database, journal, steps, tables


def _codes(desk: office.Office) -> set[str]:
    with desk.look() as session:
        return {one.code for one in oracle.examine(session, desk.time)}


def _sql(text: str) -> Callable[[Session], None]:
    def act(session: Session) -> None:
        session.execute(sa.text(text))

    return act


def _append_again(kind: str) -> Callable[[Session], None]:
    """Writes the last entry of a kind once more, with a chain that holds: what only somebody with the code could do."""

    def act(session: Session) -> None:
        case = session.scalars(sa.select(tables.Case)).one()
        entry = [one for one in journal.entries(session, case.id) if one.kind == kind][-1]
        line: dict[str, Any] = {name: getattr(entry, name) for name in ("kind", "version", "at", "actor", "bundle")}
        journal.append(session, case, journal.Line(**line, body=journal.body_of(entry)), entry.salt)
        steps.save_case(session, case)

    return act


def _drop_last_entry(session: Session) -> None:
    """Takes the guard off the journal and cuts its end."""
    if session.get_bind().dialect.name == "sqlite":
        session.execute(sa.text("DROP TRIGGER entry_no_delete"))
    else:
        session.execute(sa.text("ALTER TABLE entry DISABLE TRIGGER ALL"))
    session.execute(sa.text("DELETE FROM entry WHERE seq = (SELECT max(seq) FROM entry)"))


def _change_an_entry(session: Session) -> None:
    if session.get_bind().dialect.name == "sqlite":
        session.execute(sa.text("DROP TRIGGER entry_no_update"))
    else:
        session.execute(sa.text("ALTER TABLE entry DISABLE TRIGGER ALL"))
    session.execute(sa.text("UPDATE entry SET actor = 'somebody' WHERE seq = 2"))


def _forge(session: Session) -> None:
    """Changes what the case publishes, with a checksum that holds."""
    session.scalars(sa.select(tables.Case)).one().shared = {"status": "decided"}


DAMAGES: list[tuple[str, Callable[[Session], None], str]] = [
    ("a lost entry", _drop_last_entry, "chain"),
    ("a changed entry", _change_an_entry, "chain"),
    ("a head that was turned back", _sql("UPDATE case_file SET head_seq = head_seq - 1"), "chain"),
    ("a doubled effect", _append_again("returned"), "doubled"),
    ("a doubled submission", _append_again("submitted"), "submitted_twice"),
    ("an entry that cannot be executed again", _append_again("submitted"), "replay"),
    ("a case whose data was changed", _sql("UPDATE case_file SET shared = replace(shared, 'registered', 'decided')"), "unreadable"),
    ("a forged state of the case", _forge, "state"),
    ("a run that was closed by hand", _sql("UPDATE run SET open = false"), "state"),
    ("an effect without its job", _sql("DELETE FROM job"), "job_missing"),
    ("a job without its effect", _sql("INSERT INTO job SELECT id + 100, key || 'x', case_id, run, 'other', visit, kind, payload, actor, due_at, 'done', 1, 0, NULL, NULL, NULL, 1, 1 FROM job"), "effect_missing"),
    ("a task that nobody will see", _sql("UPDATE task SET status = 'cancelled' WHERE status = 'open'"), "task_rows"),
    ("a date that never comes", _sql("DELETE FROM deadline"), "timer_rows"),
    ("a job nobody does", _sql("UPDATE job SET status = 'todo', due_at = '2020-01-01 00:00:00'"), "late"),
    ("a job in dead hands", _sql("UPDATE job SET status = 'run', lease_until = '2020-01-01 00:00:00'"), "stuck"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("damage", "code"), [(act, code) for _name, act, code in DAMAGES], ids=[one[0] for one in DAMAGES]
)
def test_it_sees(desk: office.Office, damage: Callable[[Session], None], code: str) -> None:
    desk.open("apply", "intake", matter="x")
    desk.settle()
    assert _codes(desk) == set()

    with desk.work() as session:
        damage(session)

    assert code in _codes(desk)


def test_it_sees_a_call_that_the_state_asks_for_and_no_row_knows(desk: office.Office) -> None:
    desk.open("apply", "intake", matter="x")
    assert _codes(desk) == set()

    with desk.work() as session:
        session.execute(sa.delete(tables.Job))

    assert _codes(desk) == {"job_rows"}


@pytest.fixture
def stated(db: database.Database, now: datetime) -> Story:
    """A case to which a withdrawal was sent that the engine has not seen yet."""
    town = city.make(db, now)
    story = Story(town, town.open("applicant_1", "intake", **answers.application("4.1")))
    town.settle()
    actor = town.actor("applicant_1")
    with town.work() as session:
        messages.receive(session, actor, town.time, story.number, "withdrawal_requested", {"reason": "不再需要"})
    return story


@pytest.mark.parametrize(
    ("damage", "code"),
    [
        ("DELETE FROM message", "message_missing"),
        ("UPDATE message SET status = 'fed'", "message_fed"),
        ("UPDATE message SET received_at = '2020-01-01 00:00:00'", "message_late"),
        ("UPDATE case_file SET messages_waiting = 0", "messages_waiting"),
    ],
)
def test_it_sees_what_became_of_a_message(stated: Story, damage: str, code: str) -> None:
    assert _codes(stated.town) == set()

    with stated.town.work() as session:
        session.execute(sa.text(damage))

    assert code in _codes(stated.town)


def _messages(town: city.City) -> list[tables.Message]:
    with town.look() as session:
        return session.query(tables.Message).all()


def test_a_lost_count_of_waiting_messages_is_mended_with_the_case(stated: Story) -> None:
    town = stated.town
    with town.work() as session:
        session.execute(sa.text("UPDATE case_file SET messages_waiting = 0"))
    town.settle()
    assert [row.status for row in _messages(town)] == ["waiting"]

    with town.work() as session:
        oracle.rebuild(session, town.time, lifecycle.lock(session, stated.number))
    town.settle()

    assert _codes(town) == set()
    assert [row.status for row in _messages(town)] == ["fed"]
