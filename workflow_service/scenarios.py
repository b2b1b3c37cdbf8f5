"""Runs the stories beside the diagrams: people, clock and expected end, in seconds and on a database of their own."""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflow_service import demo, errors, mail, workdays, worker
from workflow_service.bundles import programs, publish, scenario_file
from workflow_service.bundles.scenario_file import Scenario
from workflow_service.cases import ballots, calendars, messages, opening, tasks
from workflow_service.identity import roster
from workflow_service.identity.actors import Actor
from workflow_service.settings import Settings
from workflow_service.storage import database, migrations, people, tables


class Stage:
    """Where scenarios run: a database, a clock, a worker."""

    def __init__(self, one: worker.Worker, set_clock: Callable[[datetime], None]) -> None:
        self.worker, self.set_clock = one, set_clock

    @property
    def now(self) -> datetime:
        return self.worker.clock()


@dataclass(frozen=True)
class Outcome:
    """How a scenario went: its case, the elements passed, and where it differs from what was expected."""

    scenario: Scenario
    number: str
    passed: frozenset[tuple[str, str]]
    differences: tuple[str, ...]


def run(stage: Stage, scenario: Scenario, steps: int | None = None) -> Outcome:
    """Plays a scenario, all of it or its first steps; a step that is refused ends it with the reason."""
    numbers, differences = list[str](), []
    for position, step in enumerate(scenario.steps[:steps], start=1):
        try:
            opened = _play(stage, numbers[-1] if numbers else "", filled(step, numbers))
            numbers += [opened] if opened else []
        except errors.ServiceError as refused:
            differences.append(f"第{position}步 {_name(step)}：{_said(refused)}")
            break
        worker.settle(stage.worker)
    with database.reading(stage.worker.db) as session:
        if steps is None and not differences:
            differences += _compare(session, numbers[-1], filled(scenario.expect, numbers))
        passed = frozenset[tuple[str, str]]().union(*(_passed(session, one) for one in numbers))
        return Outcome(scenario, numbers[-1] if numbers else "", passed, tuple(differences))


def filled(part: Any, numbers: Sequence[str]) -> Any:
    """A part of a scenario with the numbers of the cases that its story has opened so far."""
    if isinstance(part, Mapping):
        return {key: filled(value, numbers) for key, value in part.items()}
    if isinstance(part, list):
        return [filled(one, numbers) for one in part]
    if isinstance(part, str) and part.startswith("{case:"):
        return dict(enumerate(numbers, start=1)).get(int(part[6:-1]), part)
    return part


def _name(step: Mapping[str, Any]) -> str:
    return str(step.get("do") or step.get("send") or step.get("open") or step.get("clock"))


def _said(refused: errors.ServiceError) -> str:
    if isinstance(refused, errors.Invalid):
        return "；".join(f"{one.field} {one.template.format(**dict(one.params))}" for one in refused.errors)
    return str(refused)


def _play(stage: Stage, number: str, step: Mapping[str, Any]) -> str | None:
    if "clock" in step:
        stage.set_clock(datetime.fromisoformat(step["clock"]))
        return None
    with database.reading(stage.worker.db) as session:
        actor = roster.actor_named(session, step["by"])
        task_id = _task(session, number, step["do"], actor.name) if "do" in step else ""
    if task_id:
        with database.transaction(stage.worker.db) as session:
            tasks.claim(session, actor, stage.now, task_id)
    with database.transaction(stage.worker.db) as session:
        if "open" in step:
            return opening.open_case(session, actor, stage.now, step["open"], dict(step["data"])).number
        if "send" in step:
            messages.receive(session, actor, stage.now, number, step["send"], dict(step["data"]))
        else:
            tasks.submit(session, actor, stage.now, task_id, dict(step["data"]), "", stage.worker.safe)
    return None


def _task(session: Session, number: str, element: str, name: str) -> str:
    rows = session.scalars(
        select(tables.Task)
        .join(tables.Case, tables.Case.id == tables.Task.case_id)
        .where(tables.Case.number == number, tables.Task.status == "open", tables.Task.element == element)
        .order_by(tables.Task.opened_seq, tables.Task.id)
    ).all()
    if not rows:
        raise errors.Conflict("没有待办的“{element}”", element=element)
    own = [one for one in rows if one.assignee == name]
    return (own or list(rows))[0].id


def _compare(session: Session, number: str, expect: Mapping[str, Any]) -> list[str]:
    case = session.scalars(select(tables.Case).where(tables.Case.number == number)).one()
    waiting = session.scalars(
        select(tables.Task.element).where(tables.Task.case_id == case.id, tables.Task.status == "open")
    )
    found = {
        "status": case.status,
        "outcomes": {one["subject_id"]: one["outcome"] for one in case.shared.get("outcomes") or ()},
        "end": case.shared.get("end"),
        "related": case.related,
        "variant": (programs.of(session, case.bundle).variant or {}).get("id"),
        "elements": sorted(waiting),
    }
    return [
        f"{name}：应为 {wanted}，实为 {found.get(name)}" for name, wanted in expect.items() if found.get(name) != wanted
    ]


def _passed(session: Session, number: str) -> frozenset[tuple[str, str]]:
    rows = session.execute(
        select(tables.Task.process, tables.Task.element)
        .join(tables.Case, tables.Case.id == tables.Task.case_id)
        .where(tables.Case.number == number, tables.Task.status == "done")
    )
    return frozenset((row.process, row.element) for row in rows)


def rehearsal(files: Mapping[str, bytes], starts_at: datetime, variants: Sequence[bytes] = ()) -> Stage:
    """A stage on an empty database in memory, with the demo city's people, the official calendar, a bundle and variants."""
    db = database.open_database("sqlite:///:memory:")
    migrations.upgrade(db)
    chance = random.Random(1)
    db.random = lambda size: chance.randbytes(size).hex()
    time = [starts_at.astimezone(UTC)]
    with database.transaction(db) as session:
        furnish(session, time[0], files)
        publish.first_variants(session, time[0], variants)
    one = worker.Worker("rehearsal", db, lambda: time[0], Settings(), mail.Silent(), ballots.Safe(b"rehearsal"), chance)

    def set_clock(now: datetime) -> None:
        demo.pass_time(one, lambda at: time.__setitem__(0, at), now.astimezone(UTC))

    return Stage(one, set_clock)


def furnish(session: Session, now: datetime, files: Mapping[str, bytes]) -> None:
    """Puts people without passwords, a calendar and a published bundle into an empty database."""
    demo.enter_units(session)
    for one in demo.newcomers(lambda _size: ""):
        account = people.Account(
            name=one.name,
            display_name=one.display_name,
            unit=one.unit,
            password="",
            active=True,
            created_at=now,
            password_at=now,
        )
        session.add(account)
        session.flush()
        session.add_all(
            people.Grant(account_id=account.id, role=role, granted_by="rehearsal", granted_at=now) for role in one.roles
        )
    console, shipped = (Actor(0, name, name, frozenset({"admin"}), "", "city") for name in ("console", "shipped"))
    calendars.approve(session, shipped, now, calendars.enter(session, console, now, workdays.seed(), "official"))
    publish.first(session, now, publish.Origin("city", files))


def not_reached(files: Mapping[str, bytes], outcomes: Sequence[Outcome]) -> list[tuple[str, str]]:
    """The user tasks, by process and element, that no scenario has passed."""
    program = programs.load("", files).program
    passed = frozenset[tuple[str, str]]().union(*(one.passed for one in outcomes))
    drawn = {
        (one.process, one.id)
        for process in program.process_names
        for one in program.elements(process)
        if one.kind == "userTask"
    }
    return sorted(drawn - passed)


SAMPLES = (
    ("simple_case_exempted", 2), ("county_terminated", 99), ("panel_split_outcome", 18), ("statements_answered", 7),
    ("accused_falsely_cleared", 1), ("notice_sent_late", 9),
)  # fmt: skip
"""The stories that demo mode begins with, and after how many steps each is left for people to go on."""


def populate(one: worker.Worker) -> int:
    """Plays the beginnings of some stories at the present time, so that no screen of the demo is empty; only once."""
    with database.reading(one.db) as session:
        if session.scalar(select(tables.Case.id).limit(1)) is not None:
            return 0
        files = programs.of(session, programs.in_force(session, "city")).files
    stage, played = Stage(one, lambda _now: None), 0
    for scenario in scenario_file.in_bundle(files):
        for wanted, steps in SAMPLES:
            if wanted == scenario.id:
                first_wait = next((n for n, step in enumerate(scenario.steps) if "clock" in step), steps)
                run(stage, scenario, min(steps, first_wait))
                played += 1
    return played
