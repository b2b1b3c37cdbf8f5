"""What can be repaired of an incident: what stands there now, as far as the operator may see it, and what a repair would do."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflow_service import dispatch, engine, errors, feel
from workflow_service.bundles import programs
from workflow_service.bundles.form_model import Expression, Field
from workflow_service.cases import access, calendars, incidents, involvement, lifecycle
from workflow_service.engine import inputs, view
from workflow_service.feel import nodes
from workflow_service.identity import permissions
from workflow_service.identity.actors import Actor
from workflow_service.storage import tables


@dataclass(frozen=True)
class Part:
    """A parameter of a call, an entry of one, or a value of a run.

    Args:
        name: its path: ``fields`` or, for an entry of it, ``fields.advice``.
        given: whether there is a value now. shown: whether this person may see it. value: the value, None where hidden.
        about: what the operation says of its parameter; None for data of a run, and for what the operation does not know.
        entries: where the diagram writes a value entry by entry, these, so that one can be set without seeing the others.
    """

    name: str
    given: bool
    shown: bool
    value: Any
    about: dispatch.Parameter | None = None
    entries: tuple["Part", ...] = ()


@dataclass(frozen=True)
class Mending:
    """An incident with all that a repair of it may change.

    Args:
        step: the element that gave up. call: the operation that it calls; None where the data of a run are at fault.
        kind: the name of the operation as it is drawn, also where this release does not know it.
    """

    incident: tables.Incident
    number: str
    step: view.Element | None
    call: dispatch.Signature | None
    kind: str
    parts: tuple[Part, ...]

    @property
    def hides(self) -> bool:
        """Whether something that stands there now is not shown."""
        return any(one.given and not one.shown for part in self.parts for one in part.entries or (part,))

    @property
    def fields(self) -> tuple[Part, ...]:
        """What can be set anew, one by one."""
        return tuple(one for part in self.parts for one in part.entries or (part,))


def of(session: Session, actor: Actor, now: datetime, incident_id: int) -> Mending:
    """An open incident, for whoever may resolve it; values of the case are shown to those who may read it, and on record.

    Raises:
        NotFound: there is no such incident. Conflict: it was resolved, or is about what somebody has stated.
    """
    incident, case = incidents.to_repair(session, actor, incident_id)
    loaded = programs.of(session, case.bundle)
    run = session.get(tables.Run, (case.id, incident.run))
    step = loaded.step(run.process, incident.element) if run else None
    sees = _sees(session, actor, case)
    if sees:
        access.remember(session, actor, now, case.id, f"incident {incident.id}")
    if incident.job_id is None:
        facts = engine.data(loaded.program, lifecycle.family_of(session, case)).get(incident.run, {})
        parts = [Part(name, True, sees, value if sees else None) for name, value in sorted(facts.items())]
        return Mending(incident, case.number, step, None, "", tuple(parts))
    job = session.get_one(tables.Job, incident.job_id)
    call = dispatch.signature(job.kind, dispatch.resolve(job.kind)) if dispatch.knows(job.kind) else None
    return Mending(incident, case.number, step, call, job.kind, tuple(_parts(job, call, loaded, sees)))


def _sees(session: Session, actor: Actor, case: tables.Case) -> bool:
    """Whether somebody may read what is said in a case, not only that steps are taken in it."""
    if not permissions.allows(permissions.within(actor, case.shared), permissions.Permission.JOURNAL_READ):
        return False
    return permissions.may_read(actor, case.place, involvement.of(session, case, actor.name))


def _parts(job: tables.Job, call: dispatch.Signature | None, loaded: programs.Loaded, sees: bool) -> list[Part]:
    """The parameters that the operation takes, then those that stand there and it does not know."""
    drawn, payload = _drawn(job, loaded), job.payload
    about = {one.name: one for one in call.parameters} if call else {}
    found = []
    for name in [*about, *(one for one in sorted(payload) if one not in about)]:
        made = _part(name, payload.get(name), name in payload, drawn.get(name), sees)
        found.append(replace(made, about=about.get(name)))
    return found


def _part(name: str, value: Any, given: bool, drawn: nodes.Node | None, sees: bool) -> Part:
    """A value with its entries where it has some; what stands in the diagram itself tells nothing of the case."""
    entries: tuple[Part, ...] = ()
    if isinstance(value, dict) and isinstance(drawn, nodes.ContextOf):
        inner = {one.key: one.value for one in drawn.entries}
        if sees or set(value) <= set(inner):
            entries = tuple(_part(f"{name}.{key}", value[key], True, inner.get(key), sees) for key in value)
    given = given and value is not None
    shown = sees or not given or _says(drawn, value)
    return Part(name, given, shown, value if shown else None, entries=entries)


def _drawn(job: tables.Job, loaded: programs.Loaded) -> dict[str, nodes.Node]:
    """What the diagram says of each parameter; nothing where it says different things in different places."""
    found: dict[str, nodes.Node] = {}
    for (_scope, element), meta in loaded.program.metas.items():
        if element == job.element and meta.node.operation == job.kind:
            for name, text in meta.node.parameters.items():
                with suppress(feel.FeelError):
                    found[name] = feel.compile(text.strip().removeprefix("=").strip()).ast
    return found


def _says(drawn: nodes.Node | None, value: Any) -> bool:
    """Whether the diagram writes this very value, as a literal or a list of them."""
    if isinstance(drawn, nodes.ListOf):
        return isinstance(value, list) and len(value) == len(drawn.items) and all(map(_says, drawn.items, value))
    return isinstance(drawn, nodes.Literal) and feel.to_json(drawn.value) == value


@dataclass(frozen=True)
class Change:
    """What a repair does to one value: the present one as the operator may see it, and the new one, or that it goes."""

    part: Part
    after: Any
    gone: bool


@dataclass(frozen=True)
class Foreseen:
    """What a repair would do.

    Args:
        changes: value by value. tasks: the steps that would wait for people then. calls: those that machines would do.
        stuck: why the case still could not move; empty when it could, or when only the call itself can tell.
    """

    changes: tuple[Change, ...]
    tasks: tuple[view.OpenTask, ...] = ()
    calls: tuple[str, ...] = ()
    stuck: errors.ServiceError | None = None


def foreseen(session: Session, actor: Actor, now: datetime, mending: Mending, data: Mapping[str, Any]) -> Foreseen:
    """What a repair of an incident, as ``of`` gave it, would do with these values, each by the path of its part.

    Nothing is written.

    Raises:
        Invalid: the call has no such parameter.
    """
    standing = {one.name: one for part in mending.parts for one in (part, *part.entries)}
    changes = tuple(
        Change(standing.get(name) or Part(name, False, True, None), value, value is None)
        for name, value in data.items()
    )
    if mending.incident.job_id is not None:
        job = session.get_one(tables.Job, mending.incident.job_id)
        incidents.set_anew(job, _whole(job.payload, data))
        return Foreseen(changes)
    return _tried(session, actor, now, mending, data, changes)


def repair(  # noqa: PLR0913  what, and why
    session: Session, actor: Actor, now: datetime, incident_id: int, data: Mapping[str, Any], reason: str
) -> tables.Incident:
    """Repairs an incident with values by the path of their parts; raises as ``incidents.repair`` does."""
    incident, _case = incidents.to_repair(session, actor, incident_id)
    if incident.job_id is None:
        return incidents.repair(session, actor, now, incident_id, dict(data), reason)
    whole = _whole(session.get_one(tables.Job, incident.job_id).payload, data)
    return incidents.repair(session, actor, now, incident_id, whole, reason)


def _whole(payload: Mapping[str, Any], data: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters as a whole from values by path: what is set within one leaves its other entries as they are."""
    found: dict[str, Any] = {}
    for path, value in data.items():
        name, _dot, key = path.partition(".")
        found[name] = {**(found.get(name) or payload.get(name) or {}), key: value} if key else value
    return found


def _tried(  # noqa: PLR0913  a repair's whole context
    session: Session,
    actor: Actor,
    now: datetime,
    mending: Mending,
    data: Mapping[str, Any],
    changes: tuple[Change, ...],
) -> Foreseen:
    """The step that gave up, taken once more with the new values, and forgotten."""
    incident, case = mending.incident, lifecycle.find(session, mending.number)
    loaded, family, calendar = (
        programs.of(session, case.bundle),
        lifecycle.family_of(session, case),
        calendars.Current(session),
    )
    moves: list[inputs.Input] = [inputs.Repaired(incident.run, dict(data), "", actor.name)]
    moves += [inputs.Elapsed(one) for one in _dates(session, incident)]
    tasks: list[view.OpenTask] = []
    calls: list[str] = []
    try:
        for move in moves:
            done = engine.advance(loaded.program, family, move, now, calendar)
            family = done.family
            tasks += done.opened
            calls += [one.operation for one in done.calls]
    except errors.ServiceError as refused:
        return Foreseen(changes, stuck=refused)
    return Foreseen(changes, tuple(tasks), tuple(calls))


def _dates(session: Session, incident: tables.Incident) -> list[inputs.Address]:
    """The dates that gave up with an incident."""
    row = tables.Deadline
    query = select(row).where(row.case_id == incident.case_id, row.run == incident.run, row.element == incident.element)
    found = session.scalars(query.where(row.status == "incident"))
    return [inputs.Address(one.run, one.element, one.visit) for one in found]


def awaited(loaded: programs.Loaded, job: tables.Job) -> list[str]:
    """What later steps read in the result of a call: whoever skips the call has to give it by hand."""
    results = {
        meta.result
        for (_scope, element), meta in loaded.program.metas.items()
        if element == job.element and meta.node.operation == job.kind
    }
    paths = {path for one in loaded.program.expressions() for path in one.compiled.free_names}
    paths |= {path for form in loaded.forms.values() for one in _of_form(form.fields) for path in one}
    parts = [path.split(".") for path in paths]
    return sorted({part[1].strip() for part in parts if len(part) > 1 and part[0].strip() in results})


def _of_form(fields: Sequence[Field]) -> Iterator[frozenset[str]]:
    """The names that the expressions of a form read."""
    for field in fields:
        given = (field.required, field.when, field.relevant, field.default, field.options_from)
        yield from (one.compiled.free_names for one in given if isinstance(one, Expression))
        yield from _of_form(field.fields)
