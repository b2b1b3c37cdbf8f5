"""The values of FEEL, their kinds, their text, and the way in from and out to Python."""

import datetime as python_time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal
from typing import Any, TypeAlias

from workflow_service.feel import errors, limits, temporal
from workflow_service.feel.temporal import Date, DateTime, DaysTime, Time, YearsMonths, Zone

Value: TypeAlias = Any
"""``Decimal`` (or ``int``), ``str``, ``bool``, ``None``, ``list``, ``dict``, a temporal type, ``Range`` or ``Function``."""

# decimal128: 34 digits, exponents to 6144; nothing traps, what isn't finite becomes null where it arises.
NUMBERS = Context(prec=34, Emax=6144, Emin=-6143, traps=[])


@dataclass(frozen=True, slots=True)
class Range:
    """An interval; an end that is ``None`` is open-ended when the range was written with a comparison (``< 5``).

    Args:
        low, high: the ends.
        low_in, high_in: whether the ends belong to it.
        half: ``True`` when written with a comparison, so that a missing end is no unknown end.
    """

    low: Value
    high: Value
    low_in: bool
    high_in: bool
    half: bool = False

    def __str__(self) -> str:
        return text(self)


class Function:
    """A function value: built in, defined in an expression, or given by the host.

    Args:
        name: its name in messages.
        params: the names of its parameters, in order.
        call: takes the run and the arguments in order, raises Refused when it can't answer.
        types: a type per parameter for ``instance of``, ``None`` for any.
    """

    __slots__ = ("name", "params", "call", "types", "result")

    def __init__(
        self,
        name: str,
        params: Sequence[str],
        call: Callable[[limits.Run, list[Value]], Value],
        types: Sequence[Any] | None = None,
        result: Any = None,
    ) -> None:
        self.name = name
        self.params = tuple(params)
        self.call = call
        self.types = tuple(types) if types is not None else (None,) * len(self.params)
        self.result = result

    def invoke(self, run: limits.Run, args: list[Value], names: tuple[str, ...] | None) -> Value:
        """Calls it with arguments in order, or named ones when ``names`` is given."""
        if len(args) != len(self.params):
            raise errors.Refused(
                f"函数 {self.name} 需要 {len(self.params)} 个参数，给了 {len(args)} 个",
                f"{self.name} takes {len(self.params)} arguments, got {len(args)}",
            )
        if names is None:
            return self.call(run, args)
        given = dict(zip(names, args, strict=True))
        for name in names:
            if name not in self.params:
                raise errors.Refused(f"函数 {self.name} 没有参数“{name}”", f"{self.name} has no parameter {name!r}")
        return self.call(run, [given[name] for name in self.params])

    def __str__(self) -> str:
        return f"function({', '.join(self.params)})"


KINDS: dict[type, str] = {
    Decimal: "number",
    int: "number",
    bool: "boolean",
    str: "string",
    type(None): "null",
    list: "list",
    dict: "context",
    Date: "date",
    Time: "time",
    DateTime: "date and time",
    YearsMonths: "years and months duration",
    DaysTime: "days and time duration",
    Range: "range",
}


def kind(value: Value) -> str:
    """The kind of a value: ``number``, ``string``, ``date and time``, ``function``, ``null`` ..."""
    return KINDS.get(type(value), "function")


# What needs no conversion on its way in; of a decimal it is asked whether it is finite.
_AS_IS = frozenset((int, bool, str, type(None), Date, Time, DateTime, YearsMonths, DaysTime, Range))
PLAIN = _AS_IS | {Decimal}


def _from_datetime(value: python_time.datetime) -> DateTime:
    offset = value.utcoffset()
    zone = None if offset is None else Zone(offset=int(offset.total_seconds()))
    clock = Time(value.hour, value.minute, value.second, value.microsecond * 1000, zone)
    return DateTime(Date(value.year, value.month, value.day), clock)


def _from_time(value: python_time.time) -> Time:
    offset = value.utcoffset()
    zone = None if offset is None else Zone(offset=int(offset.total_seconds()))
    return Time(value.hour, value.minute, value.second, value.microsecond * 1000, zone)


def _from_float(value: float) -> Decimal | None:
    number = Decimal(repr(value))
    return number if number.is_finite() else None


def _from_mapping(value: Mapping[Any, Any]) -> dict[str, Value]:
    # Most entries are what they are; asking that here saves a call for each.
    return {str(key): entry if type(entry) in _AS_IS else from_python(entry) for key, entry in value.items()}


_INWARDS: tuple[tuple[type, Callable[[Any], Value]], ...] = (
    (bool, bool),
    (Function, lambda value: value),
    (str, str),
    (int, int),
    (float, _from_float),
    (python_time.datetime, _from_datetime),
    (python_time.date, lambda value: Date(value.year, value.month, value.day)),
    (python_time.time, _from_time),
    (
        python_time.timedelta,
        lambda value: DaysTime((value.days * 86_400 + value.seconds) * temporal.NANO + value.microseconds * 1000),
    ),
    (Mapping, _from_mapping),
    (list, lambda value: [from_python(entry) for entry in value]),
    (tuple, lambda value: [from_python(entry) for entry in value]),
)


def from_python(value: Any) -> Value:
    """A Python value as a FEEL value; raises FeelError for a type FEEL doesn't have.

    Floats become the decimal of their shortest text, ``datetime`` keeps its offset, tuples become lists.
    """
    if type(value) is Decimal:
        return value if value.is_finite() else None
    if type(value) in PLAIN:
        return value
    for python_type, convert in _INWARDS:
        if isinstance(value, python_type):
            return convert(value)
    name = type(value).__name__
    raise errors.FeelError(f"表达式不能使用 {name} 类型的数据", f"an expression can't use data of type {name}")


def _zone_info(zone: Zone | None, offset: int | None) -> python_time.tzinfo | None:
    return None if zone is None else python_time.timezone(python_time.timedelta(seconds=offset or 0))


def _to_datetime(value: DateTime) -> python_time.datetime | str:
    if not 1 <= value.date.year <= 9999:
        return str(value)
    day, clock = value.date, value.time
    zone = _zone_info(clock.zone, temporal.offset_of(clock, day))
    parts = (day.year, day.month, day.day, clock.hour, clock.minute, clock.second, clock.nano // 1000)
    return python_time.datetime(*parts, tzinfo=zone)


def _to_date(value: Date) -> python_time.date | str:
    return python_time.date(value.year, value.month, value.day) if 1 <= value.year <= 9999 else str(value)


def _to_time(value: Time) -> python_time.time:
    zone = _zone_info(value.zone, temporal.offset_of(value))
    return python_time.time(value.hour, value.minute, value.second, value.nano // 1000, tzinfo=zone)


def _to_timedelta(value: DaysTime) -> python_time.timedelta | str:
    days, rest = divmod(value.nanos, temporal.DAY)
    if abs(days) > 999_999_999:
        return str(value)
    return python_time.timedelta(days=days, microseconds=rest // 1000)


_OUTWARDS: dict[type, Callable[[Any], Any]] = {
    Date: _to_date,
    Time: _to_time,
    DateTime: _to_datetime,
    DaysTime: _to_timedelta,
}


def _json_number(value: Decimal) -> int | float | str:
    if value == value.to_integral_value() and abs(value) < 2**53:
        return int(value)
    return float(value) if Decimal(repr(float(value))) == value else number_text(value)


def _walk(value: Value, leaf: Callable[[Value], Any], left: list[int]) -> Any:
    # The same list may stand in a value many times; what comes out is a tree, so its size is counted.
    left[0] -= 1
    if left[0] < 0:
        raise limits.exceeded(limits.DEFAULT, "items")
    if type(value) is list:
        return [_walk(entry, leaf, left) for entry in value]
    if type(value) is dict:
        return {key: _walk(entry, leaf, left) for key, entry in value.items()}
    return leaf(value)


def to_python(value: Value) -> Any:
    """A FEEL value with Python's own dates, times and timedeltas where they can hold it, else its text.

    Numbers stay ``Decimal``; years and months durations, ranges and functions stay what they are.
    """
    return _walk(value, lambda leaf: _OUTWARDS.get(type(leaf), lambda same: same)(leaf), [100_000])


def to_json(value: Value) -> Any:
    """A FEEL value as JSON data: numbers stay numbers where a double is exact, the rest is text."""

    def leaf(part: Value) -> Any:
        if type(part) is Decimal:
            return _json_number(part)
        return part if part is None or type(part) in (bool, int, str) else str(part)

    return _walk(value, leaf, [100_000])


def from_json(value: Any) -> Value:
    """JSON data as a FEEL value; temporal values stay text until ``date(...)`` and the like read them."""
    return from_python(value)


def number_text(value: Decimal | int) -> str:
    """A number without exponent and without superfluous zeros."""
    if type(value) is int:
        return number_text(NUMBERS.create_decimal(value))
    plain = format(value, "f")
    if "." in plain:
        plain = plain.rstrip("0").rstrip(".")
    return "0" if plain in ("-0", "") else plain


def quoted(value: str) -> str:
    """A string as a FEEL literal."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + escaped.replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t") + '"'


def _entry_key(key: str) -> str:
    return key if key.replace(" ", "").replace("_", "").isalnum() and not key[:1].isdigit() else quoted(key)


def _range_text(value: Range, part: Callable[[Value], str]) -> str:
    if value.half and value.low is None:
        return f"({'<=' if value.high_in else '<'} {part(value.high)})"
    if value.half and value.high is None:
        return f"({'>=' if value.low_in else '>'} {part(value.low)})"
    return f"{'[' if value.low_in else '('}{part(value.low)}..{part(value.high)}{']' if value.high_in else ')'}"


def text(value: Value, spend: Callable[[int], None] | None = None) -> str:
    """The text of a value as ``string()`` gives it; strings inside of lists and contexts are quoted.

    Args:
        spend: called with a few steps for each part, so that a long text can be stopped.
    """

    def part(inner: Value) -> str:
        return quoted(inner) if type(inner) is str else text(inner, spend)

    if spend is not None:
        spend(4)
    of_kind = type(value)
    if of_kind in (Decimal, int):
        return number_text(value)
    if of_kind is list:
        return "[" + ", ".join([part(entry) for entry in value]) + "]"
    if of_kind is dict:
        return "{" + ", ".join([f"{_entry_key(key)}: {part(entry)}" for key, entry in value.items()]) + "}"
    if of_kind is Range:
        return _range_text(value, part)
    return {True: "true", False: "false", None: "null"}[value] if value in (None, True, False) else str(value)
