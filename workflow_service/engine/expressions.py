"""FEEL as the engine uses it: compiled once per bundle, evaluated over a run's data, results turned to plain JSON."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from decimal import Decimal
from math import isfinite
from typing import Any, Protocol

from workflow_service import chinese_time, feel
from workflow_service.engine.view import Limit
from workflow_service.errors import CalendarDataMissing, CannotAdvance

GENEROUS = 50
FRUGAL = feel.Limits(fuel=5_000)


class Calendar(Protocol):
    """The working-day calendar a step computes dates with."""

    @property
    def version(self) -> str: ...

    def after(self, start: date, days: int) -> date: ...

    def provisional_after(self, start: date, days: int) -> tuple[date, bool]: ...

    def provisional_between(self, start: date, end: date) -> int: ...

    def is_working(self, day: date) -> bool: ...


@dataclass
class Recorder:
    """A calendar that remembers how each date was computed, so that a due date can explain itself."""

    calendar: Calendar
    made: list[Limit] = field(default_factory=list)

    def after(self, start: date, days: int) -> date:
        """The nth working day after a day; a provisional one where no table is published yet."""
        try:
            end, provisional = self.calendar.after(start, days), False
        except CalendarDataMissing:
            end, provisional = self.calendar.provisional_after(start, days)
        self.made.append(Limit(start, days, end, str(self.calendar.version), provisional))
        return end

    def between(self, start: date, end: date) -> int:
        """Working days between two days; where no table is published yet each day counts, as it does in a date."""
        return self.calendar.provisional_between(start, end)

    def is_working_day(self, day: date) -> bool:
        """Whether people work on a day."""
        return self.calendar.is_working(day)


@dataclass(frozen=True)
class Expression:
    """A compiled expression with the place where it stands.

    Args:
        process, element: where it is drawn.
        use: what it is for: ``condition``, ``due``, ``set`` ...
        source: its text.
        compiled: the FEEL engine's form.
        roots: the top-level names it reads; empty when that is unknown and it needs all.
    """

    process: str
    element: str
    use: str
    source: str
    compiled: feel.Expression
    roots: frozenset[str]


def compile_text(process: str, element: str, use: str, source: str) -> Expression:
    """Compiles the text of an expression, a leading ``=`` allowed; raises feel.FeelError."""
    text = source.strip()
    if text.startswith("="):
        text = text[1:].strip()
    compiled = feel.compile(text)
    return Expression(process, element, use, text, compiled, _roots(compiled))


def _roots(compiled: feel.Expression) -> frozenset[str]:
    return compiled.mentioned


@dataclass
class Scope:
    """What an expression sees in one step: the clock, the calendar, the shared case."""

    now: datetime
    recorder: Recorder
    case: Callable[[], Mapping[str, Any]]
    asked: int = 0

    def env(self) -> feel.Env:
        """The surroundings the FEEL engine asks for, with a fresh list of problems.

        A step that asks more than ``GENEROUS`` times gets less fuel for each further answer, so that a loop of heavy
        expressions ends in about a second; no clock decides that, or replay could decide otherwise.
        """
        self.asked += 1
        limits = None if self.asked <= GENEROUS else FRUGAL
        return feel.Env(clock=lambda: chinese_time.local(self.now), calendar=self.recorder, problems=[], limits=limits)


def evaluate(expression: Expression, data: Mapping[str, Any], scope: Scope) -> Any:
    """The FEEL value of an expression; raises CannotAdvance when a limit or an error ends it."""
    return _evaluate(expression, data, scope)[0]


def _evaluate(expression: Expression, data: Mapping[str, Any], scope: Scope) -> tuple[Any, str]:
    seen = {name: data[name] for name in expression.roots if name in data}
    if "case" in expression.roots:
        seen["case"] = scope.case()
    env = scope.env()
    try:
        value = expression.compiled.evaluate(seen, env=env)
    except feel.FeelError as problem:
        raise refusal(expression, problem.message_zh, problem.message_en) from None
    except CalendarDataMissing as missing:
        raise refusal(expression, str(missing)) from None
    return value, "；".join(problem_text(one) for one in env.problems or [])


def problem_text(problem: Any) -> str:
    """The Chinese sentence of a FEEL problem."""
    return str(getattr(problem, "zh", problem))


def refusal(expression: Expression, why: str, why_en: str = "") -> CannotAdvance:
    """The error that names an element, its expression and why it has no usable value, in English too if known."""
    return CannotAdvance(
        "环节“{element}”的表达式“{expression}”（{use}）无法使用：{why}",
        element=expression.element,
        expression=expression.source,
        use=USES.get(expression.use, expression.use),
        why=why,
        why_en=why_en,
    )


USES = {
    "condition": "流转条件",
    "due": "办理期限",
    "timer": "定时时间",
    "assignee": "指定办理人",
    "set": "赋值",
    "publish": "公布数据",
    "payload": "消息内容",
    "inputs": "决策输入",
    "allowed": "允许条件",
    "collection": "多实例集合",
    "cardinality": "多实例数量",
    "completion": "多实例完成条件",
    "loop": "循环条件",
    "conditional": "条件事件",
}


def truth(expression: Expression, data: Mapping[str, Any], scope: Scope) -> bool:
    """The boolean value of a condition; anything else refuses the step, because nobody may guess a way."""
    value, why = _evaluate(expression, data, scope)
    if value is True or value is False:
        return bool(value)
    found = "结果为空" if value is None else f"结果不是“是/否”而是 {value}"
    raise refusal(expression, f"{found}（{why}）" if why else found)


def context(expression: Expression, data: Mapping[str, Any], scope: Scope) -> dict[str, Any]:
    """The plain JSON object an expression gives; raises CannotAdvance for anything else."""
    value, why = _evaluate(expression, data, scope)
    if not isinstance(value, dict):
        raise refusal(expression, "结果不是一组数据（context）" + (f"：{why}" if why else ""))
    return {str(name): plain(one) for name, one in sorted(value.items())}


def moment(
    expression: Expression, data: Mapping[str, Any], scope: Scope, *, optional: bool = False
) -> tuple[datetime | None, Limit | None]:
    """The UTC time an expression gives and how it was computed; a date means the end of that day in Shanghai.

    Args:
        optional: whether data that is missing means that there is no date, rather than a fault.
    """
    made = scope.recorder.made
    before = len(made)
    value, why = _evaluate(expression, data, scope)
    if value is None and (optional or not why):
        return None, None
    at = as_time(feel.to_python(value))
    if at is None:
        raise refusal(expression, "结果不是日期或日期时间" + (f"：{why}" if why else ""))
    day = chinese_time.local(at).date()
    limits = made[before:]
    return at.astimezone(UTC), next((one for one in reversed(limits) if one.end == day), limits[-1] if limits else None)


def as_time(value: Any) -> datetime | None:
    """A time for a date (its end in Shanghai), a date and time, or the ISO text of either; None for anything else."""
    if isinstance(value, str):
        value = _from_text(value)
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=chinese_time.SHANGHAI)
    if isinstance(value, date):
        return chinese_time.end_of(value)
    return None


def _from_text(value: str) -> date | datetime | None:
    try:
        return date.fromisoformat(value) if len(value) == 10 else datetime.fromisoformat(value)
    except ValueError:
        return None


def plain(value: Any, depth: int = 0) -> Any:
    """A FEEL or Python value as plain JSON with sorted keys: integers and floats, ISO text for times.

    Equal inputs must give equal bytes, live or replayed, so objects are put in order here, at the door.
    A decimal becomes an integer when it is one, else the nearest float (17 digits); sums that must stay exact
    are kept as text and read with ``number()``.

    Raises:
        CannotAdvance: for what JSON cannot hold, invalid text and data nested deeper than 60 levels.
    """
    if isinstance(value, str):
        return value if value.isascii() else _valid(value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | float | Decimal):
        return _number(value)
    if depth > DEEPEST:
        raise CannotAdvance("数据的嵌套超过 {limit} 层", limit=DEEPEST, element="")
    if isinstance(value, Mapping):
        return {str(name): plain(value[name], depth + 1) for name in sorted(value, key=str)}
    if isinstance(value, list | tuple):
        return [plain(one, depth + 1) for one in value]
    return _text(value)


def _text(value: Any) -> str:
    """ISO text, with an offset in place of a zone's name, which other readers of the JSON would not know."""
    known = feel.to_python(value) if isinstance(value, _TEMPORAL) else value
    if isinstance(known, date | time):
        return known.isoformat()
    if isinstance(value, _TEMPORAL):
        return str(value)
    raise CannotAdvance("值“{value}”不能保存在案件数据中", value=str(value)[:80], element="")


def _valid(value: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError:
        raise CannotAdvance("文本含有无效字符，不能保存", element="") from None
    return value


DEEPEST = 60
_TEMPORAL = (feel.Date, feel.DateTime, feel.Time, feel.DaysTime, feel.YearsMonths)


def _number(value: int | float | Decimal) -> int | float | str:
    if isinstance(value, int):
        return value if -(2**63) <= value < 2**63 else str(value)
    near = float(value)
    if not isfinite(near):
        return str(value)
    return int(near) if near == int(near) and abs(near) < 2**53 else near
