"""Three-valued logic: what ``and``, ``or`` and ``not`` make of true, false and everything else."""

from collections.abc import Callable

from workflow_service.feel.functions import Row
from workflow_service.feel.limits import Run
from workflow_service.feel.scopes import Scope
from workflow_service.feel.values import Value

Closure = Callable[[Scope], Value]


def negation(run: Run, value: bool) -> bool:
    """``not(value)``."""
    return not value


def joined(operands: tuple[Closure, ...], deciding: bool) -> Closure:
    """``and`` (decided by false) or ``or`` (decided by true) of several operands; stops when decided."""
    if len(operands) == 2:
        return _pair(operands[0], operands[1], deciding)

    other = not deciding

    def many(scope: Scope) -> bool | None:
        answer: bool | None = other
        for operand in operands:
            value: object = operand(scope)
            if value is other:
                continue
            if value is deciding:
                return deciding
            answer = None
        return answer

    return many


def _pair(left: Closure, right: Closure, deciding: bool) -> Closure:
    other = not deciding

    def pair(scope: Scope) -> bool | None:
        one: object = left(scope)
        if one is deciding:
            return deciding
        two: object = right(scope)
        if two is deciding:
            return deciding
        return other if one is other and two is other else None

    return pair


ROWS: tuple[Row, ...] = (("not", "negand: boolean", negation),)
