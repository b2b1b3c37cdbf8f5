"""Built-in functions: their signatures, and how arguments are matched to them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from workflow_service.feel import arithmetic, errors
from workflow_service.feel.limits import Run
from workflow_service.feel.values import NUMBERS, Function, Value, kind

Row = tuple[str, str, Callable[..., Value]]
"""A name, a signature such as ``string: string, length: number?``, and the function (run first).

Kinds are joined by ``|``; ``any`` lets everything through, ``null`` allows null; ``?`` marks what may be left out, and
``*`` a last parameter that takes one list or any number of arguments.
"""

_SHORT = {"datetime": "date and time", "months": "years and months duration", "days": "days and time duration"}


@dataclass(frozen=True, slots=True)
class Param:
    """One parameter of a signature."""

    name: str
    kinds: frozenset[str]
    optional: bool
    many: bool


def _param(text: str) -> Param:
    name, _, kinds = text.partition(":")
    bare = kinds.strip().rstrip("?*")
    names = frozenset(_SHORT.get(word, word) for word in bare.split("|"))
    return Param(name.strip(), names, kinds.endswith("?"), kinds.endswith("*"))


@dataclass(frozen=True, slots=True)
class Signature:
    """One way to call a built-in function."""

    params: tuple[Param, ...]
    call: Callable[..., Value]

    def place(self, args: list[Value], names: tuple[str, ...] | None) -> list[Value] | None:
        """The arguments in order of the parameters, ``None`` when they don't fit in number or name."""
        if names is not None:
            return self._by_name(dict(zip(names, args, strict=True)))
        if self.params and self.params[-1].many:
            return self._many(args)
        required = sum(not param.optional for param in self.params)
        return args if required <= len(args) <= len(self.params) else None

    def _by_name(self, given: dict[str, Value]) -> list[Value] | None:
        known = {param.name for param in self.params}
        if not given.keys() <= known or any(not p.optional and p.name not in given for p in self.params):
            return None
        found: list[Value] = []
        for param in self.params:
            if param.name not in given:
                break
            value = given[param.name]
            found.append([value] if param.many and param.name != "list" else value)
        return found if len(found) == len(given) else None

    def _many(self, args: list[Value]) -> list[Value] | None:
        fixed = len(self.params) - 1
        if len(args) <= fixed:
            return None
        rest = args[fixed:]
        # sum([1, 2]) and sum(1, 2) are the same; concatenate([1], [2]) takes its lists as they are.
        if self.params[fixed].name == "list" and len(rest) == 1:
            return rest if rest[0] is None or type(rest[0]) is list else [rest]
        return [*args[:fixed], rest]


def fit(value: Value, kinds: frozenset[str]) -> tuple[bool, Value]:
    """Whether a value has one of the kinds, after the conversions between a value and a list of one."""
    own = kind(value)
    if own == "number":
        value = NUMBERS.create_decimal(value) if type(value) is int else value
    if own in kinds or "any" in kinds:
        return True, value
    if own == "list" and len(value) == 1 and "list" not in kinds:
        return fit(value[0], kinds)
    if "list" in kinds and value is not None:
        return True, [value]
    return False, value


class Builtin(Function):
    """A function of the standard, with one or more signatures."""

    __slots__ = ("signatures",)

    def __init__(self, name: str, signatures: Iterable[Signature]) -> None:
        self.signatures = tuple(signatures)
        first = self.signatures[0]
        super().__init__(name, [param.name for param in first.params], self._call)

    def _call(self, run: Run, args: list[Value]) -> Value:
        return self.invoke(run, args, None)

    def invoke(self, run: Run, args: list[Value], names: tuple[str, ...] | None) -> Value:
        """Calls the first signature that fits; raises Refused when none does."""
        wrong: errors.Refused | None = None
        for signature in self.signatures if names is None else self._in_order(names):
            placed = signature.place(args, names)
            if placed is None:
                continue
            fitted: list[Value] = []
            for param, value in zip(signature.params, placed, strict=False):
                fits, value = fit(value, param.kinds | {"list"} if param.many else param.kinds)
                if not fits:
                    wrong = wrong or self._mismatch(param, value)
                    break
                fitted.append(value)
            else:
                return signature.call(run, *fitted)
        raise wrong or self._unknown_call()

    def _in_order(self, names: tuple[str, ...]) -> list[Signature]:
        # before(point, range) and before(range, point) have the same names: the order in which they are given tells.
        return sorted(self.signatures, key=lambda one: tuple(param.name for param in one.params) != names)

    def _mismatch(self, param: Param, value: Value) -> errors.Refused:
        own = kind(value)
        wanted = "、".join(arithmetic.KIND_NAMES.get(word, word) for word in sorted(param.kinds - {"null"}))
        return errors.Refused(
            f"函数 {self.name} 的参数“{param.name}”应为{wanted}，实际是{arithmetic.KIND_NAMES[own]}",
            f"{self.name}: parameter {param.name!r} should be {' or '.join(sorted(param.kinds - {'null'}))}, got {own}",
        )

    def _unknown_call(self) -> errors.Refused:
        ways = " / ".join(f"{self.name}({', '.join(p.name for p in s.params)})" for s in self.signatures)
        return errors.Refused(
            f"参数的个数或名称不对，应为 {ways}", f"wrong number or names of arguments, expected {ways}"
        )


def table(rows: Iterable[Row]) -> dict[str, Builtin]:
    """Built-in functions by name; rows of one name are its signatures, tried in order."""
    found: dict[str, list[Signature]] = {}
    for name, params, call in rows:
        parts = tuple(_param(text) for text in params.split(",")) if params else ()
        found.setdefault(name, []).append(Signature(parts, call))
    return {name: Builtin(name, signatures) for name, signatures in found.items()}
