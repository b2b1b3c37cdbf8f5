"""A case in memory that a test moves in plain words; after every move its state is read back from bytes."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from workflow_service import engine
from workflow_service.engine import inputs, step, view
from workflow_service.errors import CalendarDataMissing

NOON = datetime(2026, 9, 18, 4, 0, tzinfo=UTC)


class Weekdays:
    """A calendar where Monday to Friday are worked, known to the end of 2026."""

    version = "weekdays"

    def after(self, start: date, days: int) -> date:
        end = self._count(start, days)
        if end.year > 2026:
            raise CalendarDataMissing(end.year)
        return end

    def provisional_after(self, start: date, days: int) -> tuple[date, bool]:
        end = self._count(start, days)
        return end, end.year > 2026

    def _count(self, start: date, days: int) -> date:
        at = start
        for _ in range(days):
            at += timedelta(days=1)
            while not self.is_working(at):
                at += timedelta(days=1)
        return at

    def provisional_between(self, start: date, end: date) -> int:
        return sum(self.is_working(start + timedelta(days=one)) for one in range(1, (end - start).days + 1))

    def is_working(self, day: date) -> bool:
        return day.weekday() < 5


def at(address: str) -> inputs.Address:
    """The address that ``r1.fill.1`` writes."""
    run, element, visit = address.split(".")
    return inputs.Address(run, element, int(visit))


@dataclass
class Case:
    """A family that moves; ``fresh`` drops what is kept in memory before each move, so that bytes alone count."""

    program: engine.Program
    fresh: bool = False
    now: datetime = NOON
    shared: dict[str, Any] = field(default_factory=lambda: {"number": "RC-2026-00001"})

    def __post_init__(self) -> None:
        self.family: view.Family = engine.begin(self.shared)
        self.done: view.Advanced | None = None
        self.history: list[tuple[inputs.Input, datetime, str]] = []

    def move(self, moved: inputs.Input) -> view.Advanced:
        if self.fresh:
            step.CACHE.clear()
        done = engine.advance(self.program, self.family, moved, self.now, Weekdays())
        self.history.append((moved, self.now, done.fingerprint))
        self.family, self.done = done.family, done
        return done

    def start(self, process: str, **data: Any) -> view.Advanced:
        return self.move(inputs.Started(process, data))

    def submit(self, address: str, by: str = "clerk", **data: Any) -> view.Advanced:
        return self.move(inputs.Submitted(at(address), data, by))

    def give(self, address: str, result: Any = None) -> view.Advanced:
        return self.move(inputs.Returned(at(address), result))

    def fail(self, address: str, code: str) -> view.Advanced:
        return self.move(inputs.Failed(at(address), code, "why"))

    def receive(self, message: str, key: str = "", **data: Any) -> view.Advanced:
        return self.move(inputs.Received(message, data, key, "party"))

    def elapse(self, address: str) -> view.Advanced:
        return self.move(inputs.Elapsed(at(address)))

    def back(self, address: str, element: str) -> view.Advanced:
        return self.move(inputs.SentBack(at(address), element, "why", "chief"))

    def undo(self, address: str, by: str = "clerk") -> view.Advanced:
        return self.move(inputs.Withdrawn(at(address), by))

    def open(self) -> list[str]:
        """Addresses of the open tasks, calls and timers."""
        waiting = engine.pending(self.program, self.family)
        return sorted(str(one.at) for one in (*waiting.tasks, *waiting.calls, *waiting.timers))

    def data(self, run: str = "r1") -> dict[str, Any]:
        return engine.data(self.program, self.family)[run]

    def is_open(self, run: str = "r1") -> bool:
        return self.family.runs[run].open if run in self.family.runs else False
