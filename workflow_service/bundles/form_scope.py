"""What a form's expressions see, and how they are evaluated: the answers first, then the data of the run."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from workflow_service import feel
from workflow_service.bundles.form_model import Expression, Field, Option
from workflow_service.chinese_time import SHANGHAI

#: the entry of a scope that holds the time, so that ``today()`` and ``now()`` have a clock; expressions cannot read it
CLOCK = "clock"


class Seen(NamedTuple):
    """The names in sight: the answers of a row before those of the form, and these before the surroundings."""

    own: tuple[Mapping[str, Any], ...]
    around: Mapping[str, Any]
    env: feel.Env

    def within(self, row: Mapping[str, Any]) -> "Seen":
        """The same, seen from inside a row or group."""
        return Seen((row, *self.own), self.around, self.env)

    def value(self, expression: Expression) -> Any:
        """The value of an expression as plain JSON; None where it cannot be computed."""
        names = {name: self._of(name) for name in expression.roots | expression.compiled.mentioned}
        try:
            return plain(expression.compiled.evaluate(names, env=self.env))
        except feel.FeelError:
            # too costly or too deep to judge: as unknown as any other null
            return None

    def _of(self, name: str) -> Any:
        for answers in self.own:
            if name in answers:
                return answers[name]
        return self.around.get(name)

    def holds(self, expression: Expression | None) -> bool:
        """Whether a condition is true; where there is none, it is."""
        return expression is None or self.value(expression) is True


def seen(own: Mapping[str, Any], scope: Mapping[str, Any]) -> Seen:
    """The sight of a form whose own answers are ``own``.

    Args:
        scope: the run's data at top level, ``data``, ``case``, ``me``, and optionally ``clock``: the aware time.
    """
    at = scope.get(CLOCK)
    clock = (lambda: at.astimezone(SHANGHAI)) if isinstance(at, datetime) else None
    return Seen((own,), scope, feel.Env(clock=clock, calendar=scope.get("calendar"), problems=[]))


def plain(value: Any) -> Any:
    """A FEEL value as form data: whole numbers as integers, others as text, dates and times as ISO text."""
    if value is None or isinstance(value, bool | str | int):
        return value
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() and abs(value) < 2**53 else format(value, "f")
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, Mapping):
        return {str(name): plain(one) for name, one in value.items()}
    return _stamp(feel.to_python(value))


def _stamp(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(SHANGHAI).isoformat(timespec="seconds")
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value) if isinstance(value, timedelta) or value is not None else None


def required(one: Field, sight: Seen) -> bool:
    """Whether a field must be filled in, as things stand."""
    return one.required if isinstance(one.required, bool) else sight.holds(one.required)


def options(one: Field, sight: Seen) -> tuple[Option, ...]:
    """What can be chosen, as things stand: the fixed options, those the expression gives, or those it picks."""
    if one.options_from is None:
        return one.options
    given = sight.value(one.options_from)
    found: dict[str, Option] = {}
    for entry in given if isinstance(given, list) else ():
        value = _value(entry)
        if value and value not in found:  # what is given twice can be chosen once
            found[value] = _option(value, entry)
    return tuple(entry for entry in one.options if entry.value in found) if one.options else tuple(found.values())


def _value(entry: Any) -> str:
    """What is kept when an entry is chosen; empty when it can't be."""
    if isinstance(entry, dict):
        return str(entry.get("value") or "")
    return str(entry) if isinstance(entry, str | int) else ""


def _option(value: str, entry: Any) -> Option:
    if isinstance(entry, dict):
        return Option(value, str(entry.get("label") or value), str(entry.get("label_en") or ""))
    return Option(value, value)
