"""Built-in functions on numbers."""

import decimal
from collections.abc import Callable
from decimal import Decimal

from workflow_service.feel import arithmetic, errors
from workflow_service.feel.functions import Row
from workflow_service.feel.limits import Run
from workflow_service.feel.temporal import DaysTime, YearsMonths
from workflow_service.feel.values import NUMBERS, Value

_MIN_SCALE, _MAX_SCALE = -6111, 6176
# Rounding to a scale may need more digits than 34 before the number is shown again in 34.
_WIDE = decimal.Context(prec=12_400, Emax=999_999, Emin=-999_999, traps=[])


def _scaled(value: Decimal, scale: Decimal, rounding: str) -> Decimal:
    places = arithmetic.truncated(scale)
    if not _MIN_SCALE <= places <= _MAX_SCALE:
        raise errors.Refused("小数位数超出范围", "the scale is out of range")
    if -value.as_tuple().exponent <= places:  # type: ignore[operator]
        return value
    return NUMBERS.plus(value.quantize(Decimal((0, (1,), -places)), rounding=rounding, context=_WIDE))


def _to_scale(rounding: str) -> Callable[..., Decimal]:
    def call(run: Run, value: Decimal, scale: Decimal | None = None) -> Decimal:
        return _scaled(value, Decimal(0) if scale is None else scale, rounding)

    return call


def _absolute(run: Run, value: Value) -> Value:
    if type(value) is YearsMonths:
        return YearsMonths(abs(value.months))
    if type(value) is DaysTime:
        return DaysTime(abs(value.nanos))
    return abs(value)


def _modulo(run: Run, dividend: Decimal, divisor: Decimal) -> Decimal:
    if divisor == 0:
        raise errors.Refused("除数不能为零", "the divisor is zero")
    rest = NUMBERS.remainder(dividend, divisor)
    if not rest.is_finite():
        quotient = NUMBERS.divide(dividend, divisor).to_integral_value(rounding=decimal.ROUND_FLOOR)
        return arithmetic.number(NUMBERS.subtract(dividend, NUMBERS.multiply(divisor, quotient)))
    # The result has the sign of the divisor.
    return NUMBERS.add(rest, divisor) if rest != 0 and (rest < 0) != (divisor < 0) else rest


def _root(run: Run, value: Decimal) -> Decimal:
    if value < 0:
        raise errors.Refused("负数没有平方根", "a negative number has no square root")
    return NUMBERS.sqrt(value)


def _log(run: Run, value: Decimal) -> Decimal:
    if value <= 0:
        raise errors.Refused("只有正数才有对数", "only a positive number has a logarithm")
    run.spend(100)
    return arithmetic.number(NUMBERS.ln(value))


def _exp(run: Run, value: Decimal) -> Decimal:
    run.spend(80)
    return arithmetic.number(NUMBERS.exp(value))


def _whole(value: Decimal) -> bool:
    return value == value.to_integral_value()


def _last_bit(value: Decimal) -> int:
    # A number with zeros that are not written is a multiple of ten; it may be too long to be written out.
    return 0 if value.as_tuple().exponent > 0 else int(value) % 2  # type: ignore[operator]


def _odd(run: Run, value: Decimal) -> bool:
    return _whole(value) and _last_bit(value) == 1


def _even(run: Run, value: Decimal) -> bool:
    return _whole(value) and _last_bit(value) == 0


_ROUNDINGS = {
    "decimal": decimal.ROUND_HALF_EVEN,
    "round up": decimal.ROUND_UP,
    "round down": decimal.ROUND_DOWN,
    "round half up": decimal.ROUND_HALF_UP,
    "round half down": decimal.ROUND_HALF_DOWN,
}

ROWS: tuple[Row, ...] = (
    *((name, "n: number, scale: number", _to_scale(rounding)) for name, rounding in _ROUNDINGS.items()),
    ("floor", "n: number, scale: number?", _to_scale(decimal.ROUND_FLOOR)),
    ("ceiling", "n: number, scale: number?", _to_scale(decimal.ROUND_CEILING)),
    ("abs", "n: number|months|days", _absolute),
    ("modulo", "dividend: number, divisor: number", _modulo),
    ("sqrt", "number: number", _root),
    ("log", "number: number", _log),
    ("exp", "number: number", _exp),
    ("odd", "number: number", _odd),
    ("even", "number: number", _even),
)
