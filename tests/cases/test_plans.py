"""What runs all day and what everybody looks at all day reads its rows from an index, on both databases."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from bench import scale
from bench import tasks as drawn
from tests import office
from workflow_service import worker
from workflow_service.cases import inbox, queries
from workflow_service.storage import database, migrations

BIG = {"task", "case_file", "deadline", "job", "message"}


@pytest.fixture(scope="module")
def desk(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[office.Office]:
    """An office with enough cases that a plan which reads them all would be the wrong one."""
    folder = tmp_path_factory.mktemp("plans")
    url = f"sqlite:///{folder / 'plans.db'}" if request.param == "sqlite" else request.getfixturevalue("new_postgres")()
    opened = database.open_database(url)
    migrations.upgrade(opened)
    made = office.make(opened, drawn.NOW, drawn.bundle())
    scale.fill(made, 3000)
    if not opened.is_sqlite:
        with opened.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")
    yield made
    opened.engine.dispose()


both = pytest.mark.parametrize("desk", ["sqlite", "postgresql"], indirect=True)


def _plans(desk: office.Office, act: Callable[[], object]) -> list[tuple[str, str]]:
    """The statements that an act executes on big tables, each with its plan."""
    seen: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, text: str, values: Any, *_: Any) -> None:
        if text.startswith(("SELECT", "WITH", "UPDATE", "DELETE")):
            seen.append((text, values))

    sa.event.listen(desk.db.engine, "before_cursor_execute", note)
    act()
    sa.event.remove(desk.db.engine, "before_cursor_execute", note)
    with desk.db.engine.connect() as connection:
        if desk.db.is_sqlite:
            prefix = "EXPLAIN QUERY PLAN "
        else:
            prefix = "EXPLAIN "
            connection.exec_driver_sql("SET enable_seqscan = off")  # an empty table is read whole by right
        return [
            (text, "\n".join(str(row[-1]) for row in connection.exec_driver_sql(prefix + text, values)))
            for text, values in seen
        ]


def _read_whole(plan: str) -> set[str]:
    """The big tables that a plan reads from end to end or sorts to find their first rows."""
    found = set()
    for line in plan.splitlines():
        words = line.replace("(", " ").split()
        if words[:1] == ["SCAN"] and words[1] in BIG:
            found.add(words[1])
        if "Seq Scan on" in line and words[words.index("on") + 1] in BIG:
            found.add(words[words.index("on") + 1])
    return found


def _idle(desk: office.Office) -> None:
    one = desk.worker()
    worker.feed_messages(one)
    worker.fire_due(one)
    worker.due_jobs(one)
    worker.sweep(one)


@both
def test_a_worker_with_nothing_to_do_reads_no_table_whole(desk: office.Office) -> None:
    plans = _plans(desk, lambda: _idle(desk))

    assert len(plans) >= 5
    assert [(text, plan) for text, plan in plans if _read_whole(plan)] == []
    due = next(plan for text, plan in plans if "FROM deadline" in text and "due_at <=" in text)
    assert "deadline_due" in due
    assert any("deadline_by_calendar" in plan and "task_by_calendar" in plan for _text, plan in plans)


@both
@pytest.mark.parametrize(
    ("scope", "sort", "index"),
    [
        ("available", "due", "task_free_by_due"),
        ("available", "opened", "task_free_by_arrival"),
        ("available", "priority", "task_free_by_priority"),
        ("all", "due", "task_open_by_due"),
        ("all", "opened", "task_open_by_arrival"),
        ("all", "priority", "task_open_by_priority"),
        ("mine", "due", "task_held"),
        ("done", "due", "task_by_doer"),
    ],
)
def test_a_task_list_takes_its_rows_from_an_index(desk: office.Office, scope: str, sort: str, index: str) -> None:
    asked = inbox.Listing(desk.actor("clerk1"), scope, inbox.TaskFilter(sort=sort))

    def look() -> None:
        with desk.look() as session:
            inbox.page(session, desk.time, asked, size=20)

    plans = _plans(desk, look)
    assert [(text, plan) for text, plan in plans if _read_whole(plan)] == []
    assert any(index in plan for text, plan in plans if "case_file.number" in text)


@both
@pytest.mark.parametrize("who", ["apply", "clerk2", "auditor"])
@pytest.mark.parametrize("wanted", [{}, {"status": "suspended"}, {"place": "county3"}, {"overdue": True}])
def test_a_case_list_takes_its_rows_from_an_index(desk: office.Office, who: str, wanted: dict[str, Any]) -> None:
    def look() -> None:
        with desk.look() as session:
            queries.case_rows(session, desk.actor(who), desk.time, queries.CaseFilter(**wanted), size=20)

    for text, plan in _plans(desk, look):
        # the newest rows of the primary key are read in order until a page is full: that is no reading of the whole
        assert _read_whole(plan) <= {"case_file"}, (text, plan)
        assert "Seq Scan on case_file" not in plan, (text, plan)
