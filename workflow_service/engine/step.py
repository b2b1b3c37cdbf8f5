"""The engine's one verb: a family, an input and the time give a new family and what now waits; nothing else happens."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from workflow_service.engine import events, expressions, inputs, returns, specs, standing, state
from workflow_service.engine.expressions import Calendar
from workflow_service.engine.inputs import Address, Input
from workflow_service.engine.program import Program
from workflow_service.engine.standing import Pending, limit_of
from workflow_service.engine.tokens import Live, Token
from workflow_service.engine.view import Advanced, Entrance, Family, Limit
from workflow_service.engine.work import Work
from workflow_service.engine.work import fingerprint as digest_of
from workflow_service.errors import CalendarDataMissing, CannotAdvance, Conflict

CACHE = state.Cache()


def begin(case: Mapping[str, Any]) -> Family:
    """A family without runs, of a case with what it shows from the beginning."""
    return Family(expressions.plain({**case, "runs": []}), {}, ())


def advance(program: Program, family: Family, moved: Input, now: datetime, calendar: Calendar) -> Advanced:
    """Moves a case by one input.

    Args:
        program: the compiled bundle. family: the case's state; it is left as it is.
        moved: what happened. now: the time of the step, with a zone. calendar: computes working days.

    Raises:
        Conflict: the input no longer fits: its task is not open, its date is not reached.
        CannotAdvance: an expression, a decision or the stored state fails; the whole step is refused.
    """
    work = Work(program, family, now, calendar, CACHE)
    _MOVES[type(moved)](work, moved)
    work.settle()
    return work.done()


def _started(work: Work, moved: inputs.Started) -> None:
    if moved.process not in work.program.process_names:
        raise CannotAdvance("流程包中没有流程“{element}”", element=moved.process)
    work.begin(moved.process, "", expressions.plain(moved.data), "")


def _submitted(work: Work, moved: inputs.Submitted) -> None:
    live, token = work.open_at(moved.at, specs.Person)
    live.write(token, moved.at.element, expressions.plain(moved.data))
    _acted(live, moved.at.element, moved.by)
    live.last, before = None, live.serial
    token.run()
    work.settle()
    live.last = returns.remembered(work, moved, token, before)


def _acted(live: Live, element: str, by: str) -> None:
    live.facts["actors"] = {**live.facts.get("actors", {}), element: by}


def _returned(work: Work, moved: inputs.Returned | inputs.Skipped) -> None:
    live, token = work.open_at(moved.at, specs.Service)
    live.last = None
    live.write(token, token.task_spec.meta.result, expressions.plain(moved.result))
    token.complete()


def _failed(work: Work, moved: inputs.Failed) -> None:
    live, token = work.open_at(moved.at, specs.Service)
    live.last = None
    work.answered.add(moved.at)  # its job has ended by itself, nobody needs to drop it
    if not events.raise_error(token, moved.code):
        raise CannotAdvance(
            "服务“{element}”报告错误 {code}（{reason}），图中没有边界事件接住它",
            element=moved.at.element,
            code=moved.code,
            reason=moved.reason,
        )


def _received(work: Work, moved: inputs.Received) -> None:
    data = {**moved.data, "key": moved.key} if moved.key else dict(moved.data)
    reached = work.deliver("message", moved.message, expressions.plain(data))
    if not reached:
        raise Conflict("案件当前不接收消息“{message}”", message=moved.message)
    for run_id, element in reached:
        live = work.lives[run_id]
        live.last = None
        _acted(live, element, moved.by)


def _elapsed(work: Work, moved: inputs.Elapsed) -> None:
    live, token = work.open_at(moved.at, events.Catch)
    due = datetime.fromisoformat(token.internal_data["due"])
    if work.scope.now < due:
        raise Conflict("环节“{element}”的日期未到", element=moved.at.element)
    live.last = None
    token.task_spec.fire(token, {})


def _rescheduled(work: Work, moved: inputs.Rescheduled) -> None:
    _, token = work.open_at(moved.at, specs.Element)
    if isinstance(token.task_spec, specs.Service):
        raise Conflict("服务环节“{element}”没有期限", element=moved.at.element)
    due = moved.due.astimezone(UTC).isoformat()
    if recompute(work, token) != due:
        token.internal_data.pop("limit", None)
    token.internal_data["due"] = due


def recompute(work: Work, token: Token) -> str:
    """Computes a date again as it was computed when the token came, by the calendar of today."""
    since = token.internal_data.get("since")
    expression = token.task_spec.uses("timer") or token.task_spec.uses("due")
    if since is None or expression is None:
        return ""
    now, work.scope.now = work.scope.now, datetime.fromisoformat(since)
    specs.date_due(token, expression)
    work.scope.now = now
    return str(token.internal_data.get("due", ""))


def _repaired(work: Work, moved: inputs.Repaired) -> None:
    live = work.live(moved.run)
    live.last = None
    live.facts.update(expressions.plain(moved.data))


_MOVES: dict[type[Any], Callable[[Work, Any], None]] = {
    inputs.Started: _started,
    inputs.Submitted: _submitted,
    inputs.Returned: _returned,
    inputs.Skipped: _returned,
    inputs.Failed: _failed,
    inputs.Received: _received,
    inputs.Elapsed: _elapsed,
    inputs.Rescheduled: _rescheduled,
    inputs.Repaired: _repaired,
    inputs.SentBack: returns.sent_back,
    inputs.Withdrawn: returns.withdrawn,
    inputs.Countersigned: returns.countersigned,
}


@dataclass(frozen=True)
class Recomputed:
    """A date that another calendar or the data of today gives anew: where, the date that stands, the new one and its limit."""

    at: Address
    standing: datetime
    due: datetime
    limit: Limit | None = None


def _opened(program: Program, family: Family) -> dict[str, Live]:
    """Every open run, read from its bytes."""
    return {
        run.id: state.decode(program, run.process, run.state)
        for run in sorted(family.runs.values(), key=lambda one: int(one.id[1:]))
        if run.open
    }


def preview_return(program: Program, family: Family, at: Address, to_element: str) -> list[Address]:
    """Where tokens would stop if the work went back to an element; raises Conflict when it can't."""
    return [
        standing.address(at.run, token)
        for token in returns.stopped(_looking(program, family), at, to_element)
        if token.visit
    ]


def last_submission(program: Program, family: Family, run: str) -> dict[str, Any] | None:
    """Element, visit and person of the submission in a run that may still be taken back."""
    last = _looking(program, family).live(run).last
    return None if last is None else {name: last[name] for name in ("element", "visit", "by")}


def _looking(program: Program, family: Family) -> Work:
    """A step that is never finished: it reads the stored bytes and leaves the kept runs alone."""
    return Work(program, family, datetime.fromtimestamp(0, UTC), _NoCalendar(), state.Cache(0))


class _NoCalendar:
    """Stands in where no date is ever computed."""

    version = ""

    def after(self, start: date, days: int) -> date:
        raise CalendarDataMissing(start.year)

    def provisional_after(self, start: date, days: int) -> tuple[date, bool]:
        raise CalendarDataMissing(start.year)

    def provisional_between(self, start: date, end: date) -> int:
        raise CalendarDataMissing(start.year)

    def is_working(self, day: date) -> bool:
        raise CalendarDataMissing(day.year)


def open_tasks(program: Program, family: Family) -> Pending:
    """All tasks, calls and timers that wait, derived from the state alone; raises CorruptState."""
    waiting: dict[Address, Token] = {}
    for run_id, live in _opened(program, family).items():
        waiting.update(standing.waiting(run_id, live))
    return standing.of(waiting)


def data(program: Program, family: Family) -> dict[str, dict[str, Any]]:
    """The data of every open run by its id."""
    return {run_id: live.facts for run_id, live in _opened(program, family).items()}


def fingerprint(program: Program, family: Family) -> str:
    """The digest of the shared data and of all open runs' states, however they are packed."""
    digests = {run_id: state.encode(live)[1] for run_id, live in _opened(program, family).items()}
    return digest_of(family.case, digests)


def admits(program: Program, family: Family, entrance: Entrance, now: datetime, calendar: Calendar) -> bool:
    """Whether a case's present state allows an entrance (its ``allowed`` condition); raises CannotAdvance."""
    expression = program.allowed.get(entrance.element)
    if expression is None:
        return True
    work = Work(program, family, now, calendar, CACHE)
    return expressions.truth(expression, {}, work.scope)


def recomputed(program: Program, family: Family, now: datetime, calendar: Calendar) -> list[Recomputed]:
    """The dates of open tasks and timers that this calendar and the case's present data give otherwise than they stand."""
    found = []
    work = Work(program, family, now, calendar, state.Cache(0))
    for run in family.runs.values():
        if not run.open:
            continue
        work.live(run.id)
        for at, token in work.before[run.id].items():
            standing = str(token.internal_data.get("due", ""))
            due = recompute(work, token)
            if standing and due and due != standing:
                limit = limit_of(token.internal_data)
                found.append(Recomputed(at, datetime.fromisoformat(standing), datetime.fromisoformat(due), limit))
    return found
