"""How much an expression may use, and the account from which one evaluation pays."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

from workflow_service.feel import errors


@dataclass(frozen=True)
class Limits:
    """The bounds of one expression; each has its own error, named by the field.

    Args:
        source: characters of the text.
        depth: nesting of the text, and of the tree that is read from it.
        fuel: steps of one evaluation; loops, calls and long lists pay by their size.
        frames: nesting of function calls, counted in levels of the functions' bodies.
        exponent: the power of ten that a number may reach (34 digits are kept, as in decimal128).
        string: characters of a string made by an expression.
        items: entries of a list made by an expression.
        parts: entries of a whole result, at any depth; the same list counts each time it stands there.
        pattern: characters of a regular expression.
        pattern_seconds: processor time that all regular expressions of one evaluation may search together.
    """

    source: int = 10_000
    depth: int = 100
    fuel: int = 50_000
    frames: int = 600
    exponent: int = 6_144
    string: int = 100_000
    items: int = 20_000
    parts: int = 100_000
    pattern: int = 500
    pattern_seconds: float = 0.02


DEFAULT = Limits()

_TEXTS = {
    "source": (
        "表达式过长（上限 {n} 个字符），请拆分",
        "the expression is too long (at most {n} characters); split it",
    ),
    "depth": (
        "表达式嵌套过深（上限 {n} 层），请拆分",
        "the expression is nested too deeply (at most {n} levels); split it",
    ),
    "fuel": (
        "表达式计算步骤过多（上限 {n} 步），请缩小列表或循环",
        "the expression takes too many steps (at most {n}); use smaller lists or loops",
    ),
    "frames": (
        "函数调用嵌套过深，请检查递归的终止条件",
        "function calls are nested too deeply; check where the recursion ends",
    ),
    "exponent": (
        "数字过大或过小（上限 10 的 {n} 次方）",
        "the number is too large or too small (at most 10 to the {n})",
    ),
    "string": ("文本过长（上限 {n} 个字符）", "the text is too long (at most {n} characters)"),
    "items": ("列表过长（上限 {n} 项）", "the list is too long (at most {n} entries)"),
    "parts": ("结果过大（上限共 {n} 项）", "the result is too large (at most {n} entries in all)"),
    "pattern": (
        "正则表达式过长或重复次数过多（上限 {n}）",
        "the pattern is too long or repeats too much (at most {n})",
    ),
    "pattern_seconds": (
        "正则表达式匹配超时（上限 {n} 秒），请简化",
        "the pattern searches too long (at most {n} seconds); simplify it",
    ),
}


def exceeded(limits: Limits, name: str, position: errors.Position | None = None) -> errors.FeelLimitError:
    """The error of one limit, to be raised by the caller."""
    zh, en = _TEXTS[name]
    bound = vars(limits)[name]
    return errors.FeelLimitError(name, zh.format(n=bound), en.format(n=bound), position)


class Calendar(Protocol):
    """Counts working days; raises an error of its own when a year's table is missing."""

    def after(self, start: date, days: int) -> date:
        """The ``days``-th working day after ``start`` (before it when negative)."""
        ...

    def between(self, start: date, end: date) -> int:
        """How many working days lie after ``start``, up to and including ``end``."""
        ...

    def is_working_day(self, day: date) -> bool:
        """Whether people work on that day."""
        ...


class Env(NamedTuple):
    """What an evaluation may ask of its surroundings.

    Args:
        clock: answers ``now()`` and ``today()``; in an environment without it both are null.
        calendar: answers the working-day functions; without it they are null.
        problems: collects why a value became null; without it nobody is told.
        types: tests for the named types of a model, used by ``instance of`` and typed parameters.
        limits: the bounds of this evaluation; those of the expression when not given.
    """

    clock: Callable[[], datetime] | None = None
    calendar: Calendar | None = None
    problems: list[errors.Problem] | None = None
    types: Mapping[str, Callable[[Any], bool]] = MappingProxyType({})
    limits: Limits | None = None


NOWHERE = Env()


class Run:
    """The account of one evaluation: what is left to spend and where problems are noted."""

    __slots__ = ("env", "limits", "fuel", "frames", "patience", "_moment")

    def __init__(self, env: Env, limits: Limits) -> None:
        self.env = env
        self.limits = limits
        self.fuel = limits.fuel
        self.frames = limits.frames
        self.patience = limits.pattern_seconds
        self._moment: datetime | None = None

    def moment(self) -> datetime | None:
        """The present, the same during the whole evaluation; ``None`` where there is no clock."""
        if self._moment is None and self.env.clock is not None:
            self._moment = self.env.clock()
        return self._moment

    def spend(self, steps: int) -> None:
        """Takes steps from the fuel; raises FeelLimitError when none is left."""
        self.fuel -= steps
        if self.fuel < 0:
            raise exceeded(self.limits, "fuel")

    def refuse(self, at: tuple[str, int], zh: str, en: str) -> Any:
        """Notes a problem and gives null, which the caller returns."""
        if self.env.problems is not None and len(self.env.problems) < 100:
            self.env.problems.append(errors.Problem(zh, en, errors.place(*at)))
        return None

    def text(self, value: str) -> str:
        """Lets a string of allowed size through."""
        if len(value) > self.limits.string:
            raise exceeded(self.limits, "string")
        self.spend(1 + len(value) // 64)
        return value

    def result(self, value: Any) -> Any:
        """Lets a result of allowed size through; a small expression could name one list in another many times over."""
        left, waiting = self.limits.parts, [value]
        while waiting:
            part = waiting.pop()
            if type(part) is list:
                left -= len(part)
                waiting.extend(part if left >= 0 else ())
            elif type(part) is dict:
                left -= len(part)
                waiting.extend(part.values() if left >= 0 else ())
        if left < 0:
            raise exceeded(self.limits, "parts")
        return value

    def entries(self, value: list[Any]) -> list[Any]:
        """Lets a list of allowed size through."""
        if len(value) > self.limits.items:
            raise exceeded(self.limits, "items")
        self.spend(1 + len(value))
        return value
