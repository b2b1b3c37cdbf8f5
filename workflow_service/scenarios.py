"""Runs the stories beside the diagrams: people, clock and expected end, in seconds and on a database of their own."""

import random
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflow_service import demo, engine, errors, mail, workdays, worker
from workflow_service.bundles import programs, publish, scenario_file
from workflow_service.bundles.scenario_file import Scenario
from workflow_service.cases import ballots, calendars, messages, opening, tasks
from workflow_service.engine import view
from workflow_service.identity import roster
from workflow_service.identity.actors import Actor
from workflow_service.settings import Settings
from workflow_service.storage import database, migrations, people, reference, tables

_CASE = re.compile(r"\{case:([0-9]{1,3})\}")


class Stage:
    """Where scenarios run: a database, a clock, a worker."""

    def __init__(self, one: worker.Worker, set_clock: Callable[[datetime], None]) -> None:
        self.worker, self.set_clock = one, set_clock

    @property
    def now(self) -> datetime:
        return self.worker.clock()


@dataclass(frozen=True)
class Difference:
    """Where a story went otherwise than it says.

    Args:
        step: the step that was refused, from 1; 0 at the end of the story.
        name: what the step does, or what was expected at the end.
        why: why the step was refused: wrong fields, or one reason without a field.
        wanted, found: what was expected at the end, and what there was.
    """

    step: int
    name: str
    why: tuple[errors.FieldError, ...] = ()
    wanted: Any = None
    found: Any = None

    def __str__(self) -> str:
        """The difference in Chinese, for the command line."""
        if not self.step:
            return f"{self.name}：应为 {self.wanted}，实为 {self.found}"
        told = (f"{one.field} {one.template.format(**dict(one.params))}".strip() for one in self.why)
        return f"第{self.step}步 {self.name}：{'；'.join(told)}"


@dataclass(frozen=True)
class Outcome:
    """How a scenario went: its case, the elements passed, and where it differs from what was expected."""

    scenario: Scenario
    number: str
    passed: frozenset[tuple[str, str]]
    differences: tuple[Difference, ...]


def run(stage: Stage, scenario: Scenario, steps: int | None = None) -> Outcome:
    """Plays a scenario, all of it or its first steps; a step that is refused ends it with the reason."""
    numbers, differences = list[str](), list[Difference]()
    for position, step in enumerate(scenario.steps[:steps], start=1):
        try:
            opened = _play(stage, numbers[-1] if numbers else "", filled(step, numbers))
            numbers += [opened] if opened else []
        except errors.ServiceError as refused:
            differences.append(Difference(position, _name(step), _why(refused)))
            break
        worker.settle(stage.worker)
    with database.reading(stage.worker.db) as session:
        if steps is None and not differences:
            differences += _compare(session, numbers[-1] if numbers else "", filled(scenario.expect, numbers))
        passed = frozenset[tuple[str, str]]().union(*(_passed(session, one) for one in numbers))
        return Outcome(scenario, numbers[-1] if numbers else "", passed, tuple(differences))


def filled(part: Any, numbers: Sequence[str]) -> Any:
    """A part of a scenario with the numbers of the cases that its story has opened so far."""
    if isinstance(part, Mapping):
        return {key: filled(value, numbers) for key, value in part.items()}
    if isinstance(part, list):
        return [filled(one, numbers) for one in part]
    named = _CASE.fullmatch(part) if isinstance(part, str) else None
    return part if named is None else dict(enumerate(numbers, start=1)).get(int(named[1]), part)


def _name(step: Mapping[str, Any]) -> str:
    return str(step.get("do") or step.get("send") or step.get("open") or step.get("clock"))


def _why(refused: errors.ServiceError) -> tuple[errors.FieldError, ...]:
    if isinstance(refused, errors.Invalid):
        return refused.errors
    return (errors.FieldError("", "refused", refused.template, tuple(refused.params.items())),)


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


def _compare(session: Session, number: str, expect: Mapping[str, Any]) -> list[Difference]:
    """What was expected and is not so; of a story that opened no case nothing is."""
    case = session.scalar(select(tables.Case).where(tables.Case.number == number))
    found = {} if case is None else _end(session, case)
    return [
        Difference(0, name, wanted=wanted, found=found.get(name))
        for name, wanted in expect.items()
        if found.get(name) != wanted
    ]


def _end(session: Session, case: tables.Case) -> dict[str, Any]:
    """How things stand with a case, in the words of an expectation."""
    waiting = session.scalars(
        select(tables.Task.element).where(tables.Task.case_id == case.id, tables.Task.status == "open")
    )
    return {
        "status": case.status,
        "outcomes": {one["subject_id"]: one["outcome"] for one in case.shared.get("outcomes") or ()},
        "end": case.shared.get("end"),
        "related": case.related,
        "variant": (programs.of(session, case.bundle).variant or {}).get("id"),
        "elements": sorted(waiting),
    }


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


def play(files: Mapping[str, bytes], scenario: Scenario, variants: Sequence[bytes] = ()) -> Outcome:
    """Plays a scenario of a bundle to its end on a stage of its own; raises BadBundle for a bundle that cannot run."""
    stage = rehearsal(files, scenario.starts_at, variants)
    try:
        return run(stage, scenario)
    finally:
        stage.worker.db.engine.dispose()


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


def keep(session: Session, actor: Actor, now: datetime, bundle: reference.Bundle, name: str, outcome: Outcome) -> None:  # noqa: PLR0913  who played what of which bundle
    """Notes how a scenario of a bundle went, in place of what was noted of it before."""
    told = [
        {**asdict(one), "why": [{**asdict(fault), "params": _plain(fault.params)} for fault in one.why]}
        for one in outcome.differences
    ]
    passed = sorted(outcome.passed)
    session.merge(
        reference.PlayedScenario(
            bundle_id=bundle.id,
            name=name,
            hash=bundle.hash,
            by=actor.name,
            at=now,
            differences=told,
            passed=passed,
        )
    )


def _plain(params: Sequence[tuple[str, object]]) -> list[list[object]]:
    return [[name, value if isinstance(value, str | int) else str(value)] for name, value in params]


@dataclass(frozen=True)
class Played:
    """How a scenario went when it was last played: by whom, when, and where it differs from what it says."""

    by: str
    at: datetime
    differences: tuple[Difference, ...]
    passed: frozenset[tuple[str, str]]


def played(session: Session, bundle: reference.Bundle) -> dict[str, Played]:
    """File name → how that scenario went, of those played since the bundle was changed last."""
    rows = session.scalars(
        select(reference.PlayedScenario).where(
            reference.PlayedScenario.bundle_id == bundle.id, reference.PlayedScenario.hash == bundle.hash
        )
    )
    return {
        row.name: Played(
            row.by, row.at, tuple(map(_difference, row.differences)), frozenset((one[0], one[1]) for one in row.passed)
        )
        for row in rows
    }


def _difference(told: Mapping[str, Any]) -> Difference:
    why = tuple(
        errors.FieldError(
            one["field"], one["code"], one["template"], tuple((key, value) for key, value in one["params"])
        )
        for one in told["why"]
    )
    return Difference(told["step"], told["name"], why, told["wanted"], told["found"])


def not_reached(program: engine.Program, passed: Iterable[frozenset[tuple[str, str]]]) -> list[view.Element]:
    """The user tasks that scenarios which passed these, by process and element, have not come to."""
    done = frozenset[tuple[str, str]]().union(*passed)
    return [
        one
        for process in program.process_names
        for one in program.elements(process)
        if one.kind == "userTask" and (one.process, one.id) not in done
    ]


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
