"""The types of FEEL as written after ``instance of``, and which values belong to them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from workflow_service.feel.values import Function, Range, Value, kind


@dataclass(frozen=True, slots=True)
class Simple:
    """A type that is known by its name alone: ``number``, ``date and time``, ``Any``, ``Null`` ..."""

    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class ListType:
    """``list<element>``."""

    element: "Type"

    def __str__(self) -> str:
        return f"list<{self.element}>"


@dataclass(frozen=True, slots=True)
class RangeType:
    """``range<element>``."""

    element: "Type"

    def __str__(self) -> str:
        return f"range<{self.element}>"


@dataclass(frozen=True, slots=True)
class ContextType:
    """``context<name: type, ...>``; further entries are allowed."""

    entries: tuple[tuple[str, "Type"], ...]

    def __str__(self) -> str:
        return f"context<{', '.join(f'{name}: {of}' for name, of in self.entries)}>"

    def entry(self, name: str) -> "Type | None":
        """The type of an entry, ``None`` when there is none of that name."""
        return dict(self.entries).get(name)


@dataclass(frozen=True, slots=True)
class FunctionType:
    """``function<parameters> -> result``."""

    params: tuple["Type", ...]
    result: "Type"

    def __str__(self) -> str:
        return f"function<{', '.join(str(param) for param in self.params)}> -> {self.result}"


@dataclass(frozen=True, slots=True)
class Named:
    """A type of the model; the environment knows its test."""

    name: str

    def __str__(self) -> str:
        return self.name


Type: TypeAlias = Simple | ListType | RangeType | ContextType | FunctionType | Named

ANY = Simple("Any")
NULL = Simple("Null")
NUMBER = Simple("number")
STRING = Simple("string")
BOOLEAN = Simple("boolean")
DATE = Simple("date")
TIME = Simple("time")
DATE_TIME = Simple("date and time")
MONTHS = Simple("years and months duration")
DAYS = Simple("days and time duration")
CONTEXT = ContextType(())

SIMPLE: dict[str, Type] = {
    of.name: of for of in (ANY, NULL, NUMBER, STRING, BOOLEAN, DATE, TIME, DATE_TIME, MONTHS, DAYS)
}
SIMPLE |= {
    "dateTime": DATE_TIME,
    "dayTimeDuration": DAYS,
    "yearMonthDuration": MONTHS,
    "list": ListType(ANY),
    "context": CONTEXT,
    "range": RangeType(ANY),
}

Tests: TypeAlias = Mapping[str, Callable[[Value], bool]]


def _in_list(value: Value, of: ListType, tests: Tests) -> bool:
    return type(value) is list and all(member(entry, of.element, tests) for entry in value)


def _in_range(value: Value, of: RangeType, tests: Tests) -> bool:
    return type(value) is Range and member(value.low, of.element, tests) and member(value.high, of.element, tests)


def _in_context(value: Value, of: ContextType, tests: Tests) -> bool:
    if type(value) is not dict:
        return False
    return all(name in value and member(value[name], entry, tests) for name, entry in of.entries)


def _in_function(value: Value, of: FunctionType, tests: Tests) -> bool:
    if not isinstance(value, Function) or len(value.params) != len(of.params):
        return False
    takes = all(conforms(wanted, own or ANY) for wanted, own in zip(of.params, value.types, strict=True))
    return takes and conforms(value.result or ANY, of.result)


def _in_simple(value: Value, of: Simple, tests: Tests) -> bool:
    return of == ANY or kind(value) == of.name


def _in_named(value: Value, of: Named, tests: Tests) -> bool:
    test = tests.get(of.name)
    return test is not None and test(value)


_MEMBER: dict[type, Callable[[Value, Any, Tests], bool]] = {
    ListType: _in_list,
    RangeType: _in_range,
    ContextType: _in_context,
    FunctionType: _in_function,
    Simple: _in_simple,
    Named: _in_named,
}


def member(value: Value, of: Type, tests: Tests) -> bool:
    """Whether a value, or null, belongs to a type."""
    return value is None or _MEMBER[type(of)](value, of, tests)


def weight(value: Value, of: Type) -> int:
    """How many parts of a value are looked at to tell whether it belongs to a type."""
    if isinstance(of, ListType) and type(value) is list:
        inner = isinstance(of.element, ListType | ContextType | Named)
        return 1 + len(value) + (sum(weight(entry, of.element) for entry in value) if inner else 0)
    if isinstance(of, ContextType) and type(value) is dict:
        return 1 + sum(weight(value.get(name), entry) for name, entry in of.entries)
    if isinstance(of, Named) and type(value) in (list, dict):
        return 1 + sum(weight(entry, of) for entry in (value.values() if type(value) is dict else value))
    return 1


def instance(value: Value, of: Type, tests: Tests) -> bool:
    """``value instance of type``: null is an instance of Null alone."""
    return of == NULL if value is None else member(value, of, tests)


def _context_conforms(own: ContextType, wanted: ContextType) -> bool:
    entries = dict(own.entries)
    return all(name in entries and conforms(entries[name], of) for name, of in wanted.entries)


def _function_conforms(own: FunctionType, wanted: FunctionType) -> bool:
    if len(own.params) != len(wanted.params):
        return False
    takes = all(conforms(theirs, ours) for ours, theirs in zip(own.params, wanted.params, strict=True))
    return takes and conforms(own.result, wanted.result)


def conforms(own: Type, wanted: Type) -> bool:
    """Whether every value of one type belongs to the other (what is ``Any`` may, so it is let through)."""
    if ANY in (own, wanted) or own in (NULL, wanted):
        return True
    if isinstance(own, ContextType) and isinstance(wanted, ContextType):
        return _context_conforms(own, wanted)
    if isinstance(own, FunctionType) and isinstance(wanted, FunctionType):
        return _function_conforms(own, wanted)
    pairs = isinstance(own, ListType) and isinstance(wanted, ListType)
    if pairs or (isinstance(own, RangeType) and isinstance(wanted, RangeType)):
        return conforms(own.element, wanted.element)  # type: ignore[union-attr]
    return False
