"""Opens cases and feeds them inputs: journal, state, tasks, jobs and deadlines in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, defer

from workflow_service import chinese_time, engine, errors
from workflow_service.bundles import programs
from workflow_service.cases import calendars, effects, extensions, pauses
from workflow_service.engine import inputs, view
from workflow_service.identity.actors import Actor
from workflow_service.storage import database, journal, numbers, steps, tables


def find(session: Session, number: str) -> tables.Case:
    """The case of a number, for looking; raises NotFound."""
    return _found(session.scalar(select(tables.Case).where(tables.Case.number == number)), number)


def lock_unread(session: Session, number: str) -> tables.Case:
    """The case of a number, locked to be mended: what it publishes is not read, for it may be damaged."""
    query = select(tables.Case).where(tables.Case.number == number).options(defer(tables.Case.shared))
    return _found(session.scalar(_held(query)), number)


def lock(session: Session, number: str) -> tables.Case:
    """The case of a number, locked for a step; raises NotFound."""
    return _found(session.scalar(_held(select(tables.Case).where(tables.Case.number == number))), number)


def _held(query: Select[tables.Case]) -> Select[tables.Case]:
    """What is locked is read as whoever held it before left it, also where the session has seen it earlier."""
    return query.with_for_update().execution_options(populate_existing=True)


def _found(case: tables.Case | None, number: str) -> tables.Case:
    if case is None:
        raise errors.NotFound("没有案号为“{number}”的案件，或您无权查看", number=number)
    return case


def lock_by_id(session: Session, case_id: int) -> tables.Case:
    """The case of an id, locked for a step."""
    return session.get_one(tables.Case, case_id, with_for_update=True, populate_existing=True)


def family_of(session: Session, case: tables.Case) -> view.Family:
    """The engine's state of a case, from its stored runs."""
    return family(case, steps.runs(session, case.id))


def family(case: tables.Case, rows: Sequence[steps.StoredRun | tables.Run]) -> view.Family:
    """The same from the rows of its runs."""
    runs = {
        row.id: view.Run(row.id, row.process, row.key, True, row.state, tuple(row.waits)) for row in rows if row.open
    }
    closed = tuple((row.id, row.process, row.key) for row in rows if not row.open)
    return view.Family(case.shared, runs, closed)


def feed(  # noqa: PLR0913  a step's whole context
    session: Session,
    actor: Actor,
    now: datetime,
    case: tables.Case,
    moved: inputs.Input,
    known: view.Family | None = None,
) -> view.Advanced:
    """Moves a locked case by one input and records all that follows; the caller's transaction commits it.

    Args:
        known: the case's state where the caller has read it already.

    Raises:
        Conflict: the input no longer fits (task not open, deadline not due).
        CannotAdvance: an expression, a table or the stored state fails; nothing was changed.
    """
    loaded = programs.of(session, case.bundle)
    step = _step(session, actor, now, Standing(case, loaded, known or family_of(session, case)), moved)
    _record(session, actor, now, step)
    return step.done


def _record(session: Session, actor: Actor, now: datetime, *steps: effects.Stepped) -> None:
    before = [step.case.shared for step in steps]
    effects.record(session, now, *steps)
    for step, known in zip(steps, before, strict=True):
        moved = [
            *pauses.react(session, now, step.case, step.loaded, step.done),
            *extensions.react(session, now, step.case, step.loaded, step.done, known),
        ]
        for follows in moved:
            standing = Standing(step.case, step.loaded, family_of(session, step.case))
            effects.record(session, now, _step(session, actor, now, standing, follows))


class Standing(NamedTuple):
    """A case before a step: its row, its bundle, its state."""

    case: tables.Case
    loaded: programs.Loaded
    family: view.Family


def _step(session: Session, actor: Actor, now: datetime, standing: Standing, moved: inputs.Input) -> effects.Stepped:
    case, calendar = standing.case, calendars.Current(session)
    done = engine.advance(standing.loaded.program, standing.family, moved, now, calendar)
    line = journal.Line(
        moved.kind,
        moved.version,
        now,
        actor.name,
        inputs.to_body(moved),
        on_behalf_of=actor.on_behalf_of,
        origin=actor.origin,
        bundle=case.bundle,
        calendar=calendar.used,
        fingerprint=done.fingerprint,
    )
    seq = journal.append(session, case, line, database.random_of(session)(16))
    by = moved.by if isinstance(moved, inputs.Submitted) else ""
    return effects.Stepped(case, standing.loaded, done, seq, actor.name, by)


def note(  # noqa: PLR0913  an entry is all of this
    session: Session, actor: Actor, now: datetime, case: tables.Case, kind: str, body: dict[str, Any]
) -> int:
    """Writes an entry that does not move the engine (a claim, a transfer, an issued document) and gives its number."""
    seq = _written(session, actor, now, case, kind, body)
    steps.save_case(session, case)
    return seq


def _written(  # noqa: PLR0913  an entry is all of this
    session: Session, actor: Actor, now: datetime, case: tables.Case, kind: str, body: dict[str, Any]
) -> int:
    # The case itself is stored by the caller, or by the step that follows in the same transaction.
    line = journal.Line(
        kind, 1, now, actor.name, body, on_behalf_of=actor.on_behalf_of, origin=actor.origin, bundle=case.bundle
    )
    seq = journal.append(session, case, line, database.random_of(session)(16))
    steps.hold(case, version=case.version + 1)
    return seq


def create(  # noqa: PLR0913  who opens what where
    session: Session,
    actor: Actor,
    now: datetime,
    process: str,
    place: str,
    bundle: str,
    known: Mapping[str, Any] | None = None,
) -> tables.Case:
    """A new case of a place on a bundle, to be begun at once; ``known`` is what it publishes from its first moment."""
    number = _next_number(session, now)
    shared = {
        "number": number,
        "place": place,
        "opened_at": chinese_time.local(now).isoformat(),  # diagrams and forms ask for its day
        "opened_by": actor.name,
        "status": "registered",
        **(known or {}),
    }
    row = {
        "number": number,
        "process": process,
        "title": "",
        "place": place,
        "status": "registered",
        "version": 0,
        "bundle": bundle,
        "opened_at": now,
        "opened_by": shared["opened_by"],
        "closed_at": None,
        "shared": shared,
        "head_seq": 0,
        "head_hash": "",
        "runs_started": 0,
        "messages_waiting": 0,
        "related": [],
        "retention": None,
    }
    case = steps.add_case(session, row)
    _written(session, actor, now, case, "opened", {"process": process, "shared": shared})
    return case


@dataclass(frozen=True)
class FirstForm:
    """The form with which a process begins: its element, its fields, and who filled it in."""

    element: str
    data: dict[str, Any]
    by: str


def begin(session: Session, actor: Actor, now: datetime, case: tables.Case, form: FirstForm) -> None:
    """Starts the first run of a new case and submits its first form: two entries of the journal, one state stored."""
    loaded = programs.of(session, case.bundle)
    new = Standing(case, loaded, view.Family(case.shared, {}))
    begun = _step(session, actor, now, new, inputs.Started(case.process, {}))
    first = next(one.at for one in begun.done.opened if one.at.element == form.element)
    submitted = inputs.Submitted(first, form.data, form.by)
    filled = _step(session, actor, now, Standing(case, loaded, begun.done.family), submitted)
    _record(session, actor, now, begun, filled)


def _next_number(session: Session, now: datetime) -> str:
    year = chinese_time.local(now).year
    return f"RC-{year}-{numbers.take(session, now, 'RC', year, ''):05d}"


def as_system(actor: Actor) -> Actor:
    """The same act recorded as the system's own."""
    return actor._replace(id=0, name="system", on_behalf_of=None)
