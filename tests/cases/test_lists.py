"""Lists against the plain reading of their rules: whoever looks finds each row once, in order, and no other's."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from bench import scale
from bench import tasks as drawn
from tests import drawing, office
from workflow_service import errors
from workflow_service.cases import inbox, involvement, paging, queries
from workflow_service.identity import permissions, substitutes
from workflow_service.identity.actors import Actor
from workflow_service.storage import database, people, tables

ROLES = ("clerk", "chief", "supervisor")
PLACES = ("city", "county1", "county2")
ACTORS = [
    Actor(0, "clerk1", "", frozenset({"clerk"}), "", "city"),
    Actor(0, "clerk2", "", frozenset({"clerk", "investigator"}), "", "county1"),
    Actor(0, "chief1", "", frozenset({"panel_member"}), "", "city"),
    Actor(0, "chief2", "", frozenset({"supervisor"}), "", "city"),
    Actor(0, "auditor", "", frozenset({"auditor"}), "", "city"),
]
CASES = 60


@pytest.fixture
def desk(db: database.Database, now: datetime) -> office.Office:
    """An office with cases in three places whose tasks are open, held, named, assigned and done, by chance."""
    files = drawn.bundle()
    made = office.make(db, now, files)
    chance = random.Random(20)
    with made.work() as session:
        for n in range(1, CASES + 1):
            row = scale.case_row(n, "0" * 64) | {
                "place": chance.choice(PLACES),
                "opened_by": chance.choice(("clerk1", "party7")),
            }
            session.execute(sa.insert(tables.Case), [row])
            for step in range(3):
                task = _task(chance, n, step, str(row["place"]), now)
                session.execute(sa.insert(tables.Task), [task])
                if task["assignees"] and task["status"] == "open":
                    named = [{"account": name, "task_id": task["id"]} for name in task["assignees"]]  # type: ignore[attr-defined]  # a list
                    session.execute(sa.insert(people.TaskCandidate), named)
        session.add(
            people.Substitution(absent="clerk1", substitute="chief1", starts_at=now, ends_at=now + timedelta(days=1), created_at=now)
        )  # fmt: skip
        session.add(people.CasePerson(account="clerk2", part="subject", case_id=3))
        session.add(people.CasePerson(account="clerk1", part="recused", case_id=4))
    return made


def _task(chance: random.Random, n: int, step: int, place: str, now: datetime) -> dict[str, object]:
    who = chance.choice(("clerk1", "clerk2", "chief1"))
    kind = chance.choice(("free", "free", "held", "assigned", "named", "done", "cancelled", "taken over"))
    status = kind if kind in ("done", "cancelled") else "open"
    return {
        **scale.task_row(n, f"step_{step}"), "place": place, "role": chance.choice(ROLES), "status": status,
        "name": chance.choice(("审查", "核实")), "process": chance.choice(("intake", "appeal")),
        "holder": None if kind in ("free", "named") else who,
        "assignee": "clerk1" if kind == "taken over" else who if kind == "assigned" else None,
        "assignees": ["clerk1", "clerk2"] if kind == "named" else None,
        "done_by": who if kind == "done" else None, "done_at": now + timedelta(minutes=chance.randrange(9)) if kind == "done" else None,
        "due_at": chance.choice((None, now + timedelta(days=chance.randrange(-9, 9)))),
        "due_limit": chance.choice((None, {"days": 5, "provisional": False}, {"days": 5, "provisional": True})),
        "paused_days": chance.choice((None, None, 3)), "priority": chance.choice((0, 0, 1, 5, -2)),
        "opened_at": now + timedelta(minutes=chance.randrange(9)),
    }  # fmt: skip


def _pages(desk: office.Office, asked: inbox.Listing, size: int, cap: int | None = None) -> Iterator[paging.Page]:
    after: str | None = ""
    while after is not None:
        with desk.look() as session:
            page = inbox.page(session, desk.time, asked, after, size, cap)
        yield page
        after = page.next


def _plainly(desk: office.Office, asked: inbox.Listing) -> list[tables.Task]:
    actor, wanted = asked.actor, asked.wanted
    with desk.look() as session:
        rows = list(session.scalars(sa.select(tables.Task)))
        titles = {one.id: one for one in session.scalars(sa.select(tables.Case))}
        absent = substitutes.absent_people(session, desk.time, actor.name)

    def available(task: tables.Task) -> bool:
        stand_ins = [Actor(0, name, "", roles, "", actor.place) for name, roles in absent]
        if task.holder is None:
            return any(involvement.candidate(one, task) for one in (actor, *stand_ins))
        own = task.assignee == actor.name != task.holder
        return own or (not task.sealed and any(task.holder == one.name for one in stand_ins))

    def listed(task: tables.Task) -> bool:
        return permissions.allows(actor, permissions.Permission.CASE_LIST_ALL) and permissions.reaches(
            actor, task.place
        )

    def fits(task: tables.Task) -> bool:
        if asked.scope == "done":
            inside = task.done_by == actor.name
        else:
            mine = task.holder == actor.name
            scopes = {"mine": mine, "available": available(task), "all": mine or available(task) or listed(task)}
            inside = task.status == "open" and scopes[asked.scope]
        case = titles[task.case_id]
        late = not wanted.overdue or _is_late(task, desk.time)
        found = any(wanted.q in one for one in (task.name, case.title, case.number))
        return inside and late and found and wanted.case in ("", case.number) and wanted.process in ("", task.process)

    return [one for one in rows if fits(one)]


def _is_late(task: tables.Task, now: datetime) -> bool:
    stands = task.paused_days is not None or (task.due_limit or {}).get("provisional")
    return task.due_at is not None and task.due_at < now and not stands


def _sorted(rows: list[tables.Task], asked: inbox.Listing, now: datetime) -> list[str]:
    def due(one: tables.Task) -> tuple[bool, datetime, str]:
        return one.due_at is None, one.due_at or now, one.id

    if asked.scope == "done":
        rows.sort(key=lambda one: (one.done_at or now, one.id), reverse=True)
    elif asked.wanted.sort == "opened":
        rows.sort(key=lambda one: (one.opened_at, one.id), reverse=True)
    else:
        rows.sort(key=lambda one: (-one.priority if asked.wanted.sort == "priority" else 0, *due(one)))
    return [one.id for one in rows]


@pytest.mark.parametrize("scope", ["mine", "available", "all", "done"])
@pytest.mark.parametrize("sort", ["due", "opened", "priority"])
def test_a_task_list_holds_what_the_rules_say_page_by_page(desk: office.Office, scope: str, sort: str) -> None:
    filters = ({}, {"overdue": True}, {"q": "核实"}, {"q": "第7号"}, {"process": "appeal"}, {"case": "B-000007"})
    for actor in ACTORS:
        for wanted in filters:
            asked = inbox.Listing(actor, scope, inbox.TaskFilter(sort=sort, **wanted))  # type: ignore[arg-type]  # mixed values
            expected = _sorted(_plainly(desk, asked), asked, desk.time)
            pages = list(_pages(desk, asked, 4))
            assert [row.task.id for page in pages for row in page.items] == expected, (actor.name, wanted)
            assert {page.total for page in pages} == {len(expected)}, (actor.name, wanted)


def test_pages_for_people_count_up_to_a_cap(desk: office.Office) -> None:
    asked = inbox.Listing(ACTORS[0], "all")
    whole = len(_plainly(desk, asked))

    assert [page.total for page in _pages(desk, asked, whole - 1, cap=7)] == [7, 7]
    with desk.look() as session:
        assert inbox.count(session, desk.time, asked) == whole
        assert inbox.count(session, desk.time, asked, cap=7) == 7


@pytest.mark.parametrize("after", ["x", "d~1", "z~1~y", "1d~1~B-000001.r1.step_1.1", "d~-999999999999999999~y"])
def test_a_place_that_no_page_gave_is_refused(desk: office.Office, after: str) -> None:
    with desk.look() as session, pytest.raises(errors.Invalid):
        inbox.page(session, desk.time, inbox.Listing(ACTORS[0], "all"), after)


@pytest.mark.parametrize("wanted", [{}, {"status": "suspended"}, {"q": "第1"}, {"overdue": True}, {"place": "county1"}])
def test_a_case_list_holds_what_one_may_read(desk: office.Office, wanted: dict[str, object]) -> None:
    filtered = queries.CaseFilter(**wanted)  # type: ignore[arg-type]  # mixed values
    for actor in ACTORS:
        with desk.look() as session:
            cases = list(session.scalars(sa.select(tables.Case).order_by(tables.Case.id.desc())))
            still = session.scalars(sa.select(tables.Task).where(tables.Task.status == "open"))
            late = {one.case_id for one in still if _is_late(one, desk.time)}
            expected = [
                one.number
                for one in cases
                if _may_list(session, actor, one)
                and filtered.status in ("", one.status)
                and filtered.place in ("", one.place)
                and filtered.q in one.title
                and (not filtered.overdue or one.id in late)
            ]
            found, after, totals = [], "", set()
            while after is not None:
                page = queries.cases(session, actor, desk.time, filtered, after, 7)
                found += [one.number for one in page.items]
                totals.add(page.total)
                after = page.next
        assert found == expected, actor.name
        assert totals == {len(expected)}


def _may_list(session: object, actor: Actor, case: tables.Case) -> bool:
    rows = session.scalars(sa.select(people.CasePerson).where(people.CasePerson.case_id == case.id, people.CasePerson.account == actor.name))  # type: ignore[attr-defined]  # fmt: skip
    parts = {one.part for one in rows}
    involved = involvement.of(session, case, actor.name)  # type: ignore[arg-type]  # a session
    told = permissions.Involvement(
        subject="subject" in parts, recused="recused" in parts, opened=involved.opened, holds=involved.holds
    )
    return permissions.may_read(actor, case.place, told)


def test_those_named_together_for_a_task_find_it_until_one_has_done_it(db: database.Database, now: datetime) -> None:
    shapes = [drawing.start("begin", roles="applicant"), drawing.person("apply_now", "申请单位"), drawing.end("over")]
    shapes.insert(2, drawing.person("judge", "经办", assignee='["clerk1", "chief2"]'))
    flows = [("begin", "apply_now"), ("apply_now", "judge"), ("judge", "over")]
    forms = [drawing.form("apply_now", drawing.text("matter")), drawing.form("judge", drawing.text("opinion"))]
    desk = office.make(db, now, drawing.bundle({"intake": drawing.process("intake", shapes, flows)}, forms))
    number = desk.open("apply", "intake", matter="x")

    def found(name: str) -> list[str]:
        with desk.look() as session:
            page = inbox.page(session, now, inbox.Listing(desk.actor(name), "available"))
        return [row.task.element for row in page.items]

    assert found("clerk1") == found("chief2") == ["judge"]
    assert found("clerk2") == []
    desk.do("chief2", desk.task(number, "judge"), opinion="同意")
    assert found("clerk1") == []
    with desk.look() as session:
        assert session.scalars(sa.select(people.TaskCandidate)).all() == []
