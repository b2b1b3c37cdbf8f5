"""What the compilers of boxed expressions share: names, types, and calls."""

from dataclasses import dataclass, replace

from workflow_service.dmn import cells, item_types
from workflow_service.dmn.cells import Evaluate
from workflow_service.dmn.errors import DmnError, Place
from workflow_service.feel import errors, values
from workflow_service.feel.limits import Run
from workflow_service.feel.scopes import Scope
from workflow_service.feel.values import Value


@dataclass(frozen=True)
class Maker:
    """What the compiler knows at a place of the model.

    Args:
        names: the variables in scope, and the names that may follow a dot.
        book: the model's types.
        faults: collects what can't be compiled; such a part answers null.
    """

    names: frozenset[str]
    book: item_types.Book
    faults: list[DmnError]

    def knowing(self, *names: str) -> "Maker":
        """The same place with more variables."""
        return replace(self, names=self.names | set(names))


def typed(evaluate: Evaluate, type_ref: str, maker: Maker, place: Place) -> Evaluate:
    """The same function with its result brought to a type; null when it can't be."""
    coerce = maker.book.coerce(type_ref)
    if coerce is None:
        return evaluate

    def bring(scope: Scope) -> Value:
        value = evaluate(scope)
        fits, brought = coerce(scope.run, value)
        if not fits:
            cells.note(scope.run, place, *mismatch(value, type_ref))
        return brought

    return bring


def mismatch(value: Value, type_ref: str) -> tuple[str, str]:
    """What is said of a value that isn't of its type."""
    shown = cells.brief(value)
    return (
        f"值 {shown} 不符合类型“{type_ref}”，结果按空值处理；请核对类型或取值",
        f"the value {shown} is not a {type_ref!r} and became null; check the type or the value",
    )


def call(run: Run, function: values.Function, args: list[Value], names: tuple[str, ...], place: Place) -> Value:
    """Calls a function by parameter names; null with a note when it refuses."""
    try:
        return function.invoke(run, args, names)
    except errors.Refused as refused:
        return cells.note(run, place, refused.zh, refused.en)
