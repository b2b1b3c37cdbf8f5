"""The journal proves that nothing was altered."""

from datetime import UTC, datetime
from typing import Any

import pytest
import rfc8785
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workflow_service.storage import database, journal, steps, tables


def _case(session: Any, now: datetime) -> tables.Case:
    case = tables.Case(
        number="RC-2026-00001", process="intake", title="", place="city", status="registered", bundle="b" * 64, opened_at=now,
        opened_by="wang", shared={}, related=[], version=0, head_seq=0, head_hash="", runs_started=0, messages_waiting=0,
    )  # fmt: skip
    session.add(case)
    session.flush()
    return case


def _write(session: Any, case: tables.Case, now: datetime, count: int) -> None:
    for n in range(count):
        journal.append(session, case, journal.Line("noted", 1, now, "wang", {"n": n, "text": "说明"}), f"{n:032x}")
    steps.save_case(session, case)


def _verify(db: database.Database) -> journal.Break | None:
    with database.reading(db) as session:
        case = session.scalars(sa.select(tables.Case)).one()
        return journal.verify(case.number, journal.entries(session, case.id), case.head_seq, case.head_hash)


def _unguarded(db: database.Database, statement: str) -> None:
    """Changes the journal as somebody with the keys of the database could: the guard is taken away first."""
    with db.engine.begin() as connection:
        if db.is_sqlite:
            connection.exec_driver_sql("DROP TRIGGER IF EXISTS entry_no_update")
            connection.exec_driver_sql("DROP TRIGGER IF EXISTS entry_no_delete")
        else:
            connection.exec_driver_sql("DROP TRIGGER IF EXISTS entry_guard ON entry")
        connection.exec_driver_sql(statement)


def test_an_unaltered_journal_holds(db: database.Database, now: datetime) -> None:
    with database.transaction(db) as session:
        _write(session, _case(session, now), now, 5)

    assert _verify(db) is None


@pytest.mark.parametrize(
    ("statement", "first_bad"),
    [
        ("UPDATE entry SET body = '{\"n\":9}' WHERE seq = 3", 3),  # the words of an entry
        ("UPDATE entry SET actor = 'li' WHERE seq = 2", 2),  # who acted
        ("UPDATE entry SET at = '2020-01-01 00:00:00' WHERE seq = 4", 4),  # when
        ("DELETE FROM entry WHERE seq = 3", 3),  # an entry in the middle
        ("DELETE FROM entry WHERE seq = 5", 5),  # the last entry
        ("UPDATE entry SET seq = 9 WHERE seq = 5", 5),  # its number
        ("UPDATE case_file SET head_hash = 'aa'", 5),  # the recorded head
    ],
)
def test_any_change_is_found_at_its_place(db: database.Database, now: datetime, statement: str, first_bad: int) -> None:
    with database.transaction(db) as session:
        _write(session, _case(session, now), now, 5)

    _unguarded(db, statement)

    broken = _verify(db)
    assert broken is not None
    assert broken.seq == first_bad


@pytest.mark.parametrize(
    ("after", "size", "first_bad"),
    [
        (0, 2, None),  # before the change
        (2, 1, 3),  # the changed entry
        (3, 2, None),  # behind it
        (0, None, 3),  # all
        (9, 5, None),  # behind the end
    ],
)
def test_a_part_of_a_journal_is_checked_alone(
    db: database.Database, now: datetime, after: int, size: int | None, first_bad: int | None
) -> None:
    with database.transaction(db) as session:
        _write(session, _case(session, now), now, 5)
    _unguarded(db, "UPDATE entry SET body = '{\"n\":9}' WHERE seq = 3")

    with database.reading(db) as session:
        broken = journal.verify_part(session, session.scalars(sa.select(tables.Case)).one(), after, size)

    assert (broken.seq if broken else None) == first_bad


@pytest.mark.parametrize(
    ("statement", "after", "first_bad"),
    [
        ("DELETE FROM entry WHERE seq = 3", 2, 3),
        ("DELETE FROM entry WHERE seq = 3", 3, 4),  # its joint with the entry before
        ("DELETE FROM entry WHERE seq = 5", 4, 5),
        ("UPDATE case_file SET head_hash = 'aa'", 4, 5),
        ("UPDATE case_file SET head_hash = 'aa'", 0, None),
    ],
)
def test_a_part_of_a_journal_is_joined_to_what_stands_around_it(
    db: database.Database, now: datetime, statement: str, after: int, first_bad: int | None
) -> None:
    with database.transaction(db) as session:
        _write(session, _case(session, now), now, 5)
    _unguarded(db, statement)

    with database.reading(db) as session:
        broken = journal.verify_part(session, session.scalars(sa.select(tables.Case)).one(), after, 2)

    assert (broken.seq if broken else None) == first_bad


def test_the_database_itself_refuses_to_change_an_entry(db: database.Database, now: datetime) -> None:
    with database.transaction(db) as session:
        _write(session, _case(session, now), now, 2)

    for statement in ("UPDATE entry SET actor = 'li'", "DELETE FROM entry"):
        with pytest.raises(sa.exc.DBAPIError, match="append-only"), db.engine.begin() as connection:
            connection.exec_driver_sql(statement)

    assert _verify(db) is None


def test_entries_of_a_rolled_back_step_leave_no_trace(db: database.Database, now: datetime) -> None:
    with database.transaction(db) as session:
        _write(session, _case(session, now), now, 1)

    with pytest.raises(RuntimeError), database.transaction(db) as session:
        _write(session, session.scalars(sa.select(tables.Case)).one(), now, 3)
        raise RuntimeError

    assert _verify(db) is None
    with database.reading(db) as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(tables.Entry)) == 1


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    column=st.sampled_from(
        ["kind", "actor", "body", "body_hash", "hash", "prev_hash", "fingerprint", "salt", "bundle"]
    ),
    seq=st.integers(1, 6),
)
def test_no_single_edit_goes_unseen(column: str, seq: int) -> None:
    """Works on the lines as they were read: what a forger can write into the table is any value of any column."""
    lines = _six_lines()
    original = getattr(lines[seq - 1], column)
    setattr(lines[seq - 1], column, "00" * 32 if len(original) == 64 and original != "00" * 32 else original + "0")

    head = _six_lines()[-1]
    broken = journal.verify("RC-1", lines, 6, head.hash)

    assert broken is not None


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers(-(2**53) + 1, 2**53 - 1)
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
        max_leaves=12,
    )
)
def test_bodies_are_written_as_the_standard_has_them(body: Any) -> None:
    assert journal.canonical(body) == rfc8785.dumps(body)


def _six_lines() -> list[tables.Entry]:
    at, previous, lines = datetime(2026, 1, 5, tzinfo=UTC), "", []
    for seq in range(1, 7):
        body = f'{{"n":{seq}}}'
        entry = tables.Entry(
            case_id=1, seq=seq, kind="noted", version=1, at=at, actor="wang", on_behalf_of=None, origin="", bundle="b" * 64, calendar="",
            body=body, salt="0" * 32, fingerprint="f" * 64, prev_hash=previous,
        )  # fmt: skip
        entry.body_hash = journal.body_hash(entry.salt, body)
        entry.hash = previous = journal.chain(
            previous, journal.header("RC-1", {name: getattr(entry, name) for name in journal.HEADER})
        )
        lines.append(entry)
    return lines
