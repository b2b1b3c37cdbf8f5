"""The types that operations, properties and built-in functions give, for telling types before anything runs."""

from workflow_service.feel import arithmetic, types
from workflow_service.feel.functions import Builtin, Signature
from workflow_service.feel.types import ANY, BOOLEAN, DATE, DATE_TIME, DAYS, MONTHS, NUMBER, STRING, TIME, Type

_KINDS: dict[type, str] = {
    types.ListType: "list",
    types.ContextType: "context",
    types.RangeType: "range",
    types.FunctionType: "function",
}


def kind_of(of: Type) -> str | None:
    """The kind of the values of a type, ``None`` when it can't be told."""
    if of == ANY or isinstance(of, types.Named):
        return None
    return of.name if isinstance(of, types.Simple) else _KINDS[type(of)]


def joined(left: Type, right: Type) -> Type:
    """The type of a value that is of one type or the other."""
    if left == types.NULL:
        return right
    return left if right in (left, types.NULL) else ANY


_MOMENTS = {"date": DATE, "time": TIME, "date and time": DATE_TIME}


def arithmetic_result(op: str, left: str, right: str) -> Type:
    """The type of a possible operation on two kinds."""
    if left == right:
        if left == "string":
            return STRING
        if left in _MOMENTS:
            return DAYS
        return NUMBER if op == "/" or left == "number" else types.SIMPLE[left]
    moments = [kind for kind in (left, right) if kind in _MOMENTS]
    if len(moments) == 2:
        return DAYS
    if moments:
        return _MOMENTS[moments[0]]
    return types.SIMPLE[left if right == "number" else right]


_PARTS: dict[str, dict[str, Type]] = {
    "date": dict.fromkeys(("year", "month", "day", "weekday"), NUMBER),
    "time": dict.fromkeys(("hour", "minute", "second"), NUMBER),
    "years and months duration": dict.fromkeys(("years", "months"), NUMBER),
    "days and time duration": dict.fromkeys(("days", "hours", "minutes", "seconds"), NUMBER),
    "range": {"start included": BOOLEAN, "end included": BOOLEAN},
}
_PARTS["time"] |= {"time offset": DAYS, "timezone": STRING}
_PARTS["date and time"] = _PARTS["date"] | _PARTS["time"]


def property_type(of: Type, name: str) -> Type | None:
    """The type of a property of a value, ``None`` when there is no such property."""
    if isinstance(of, types.RangeType) and name in ("start", "end"):
        return of.element
    return _PARTS.get(kind_of(of) or "", {}).get(name)


_RESULTS: dict[Type, tuple[str, ...]] = {
    BOOLEAN: (
        "contains",
        "starts with",
        "ends with",
        "matches",
        "list contains",
        "all",
        "any",
        "odd",
        "even",
        "not",
        "is",
        "is working day",
        "before",
        "after",
        "meets",
        "met by",
        "overlaps",
        "overlaps before",
        "overlaps after",
        "finishes",
        "finished by",
        "includes",
        "during",
        "starts",
        "started by",
        "coincides",
    ),
    NUMBER: (
        "number",
        "string length",
        "decimal",
        "round up",
        "round down",
        "round half up",
        "round half down",
        "floor",
        "ceiling",
        "modulo",
        "sqrt",
        "log",
        "exp",
        "count",
        "sum",
        "mean",
        "product",
        "median",
        "stddev",
        "day of year",
        "week of year",
        "working days between",
    ),
    STRING: (
        "string",
        "substring",
        "upper case",
        "lower case",
        "substring before",
        "substring after",
        "replace",
        "string join",
        "day of week",
        "month of year",
    ),
    DATE: ("date", "today", "working days after"),
    TIME: ("time",),
    DATE_TIME: ("date and time", "now", "start of day", "end of day"),
    MONTHS: ("years and months duration",),
    types.ListType(STRING): ("split",),
    types.ListType(NUMBER): ("mode", "index of"),
    types.CONTEXT: ("context", "context put", "context merge"),
    types.RangeType(ANY): ("range",),
}
_BY_NAME = {name: of for of, names in _RESULTS.items() for name in names}
_SAME_LIST = frozenset(
    ("sublist", "reverse", "distinct values", "duplicate values", "sort", "remove", "concatenate", "union")
)


def result(name: str, args: list[Type]) -> Type:
    """The type of a built-in function's result."""
    if name in _BY_NAME:
        return _BY_NAME[name]
    first = args[0] if args else ANY
    if name in _SAME_LIST:
        return first if isinstance(first, types.ListType) else types.ListType(ANY)
    if name in ("append", "insert before", "list replace", "flatten", "get entries"):
        return types.ListType(ANY)
    if name in ("min", "max"):
        return first.element if isinstance(first, types.ListType) else first
    return first if name == "abs" else ANY


def _fits(of: Type, kinds: frozenset[str]) -> bool:
    own = kind_of(of)
    if own is None or own in kinds or "any" in kinds or "list" in kinds:
        return own != "Null" or "null" in kinds or "any" in kinds
    return isinstance(of, types.ListType) and _fits(of.element, kinds)


def _signature_fits(signature: Signature, args: list[Type], names: tuple[str, ...] | None) -> bool:
    if names is None and signature.params and signature.params[-1].many:
        return len(args) >= len(signature.params)
    placed = signature.place(list(args), names)
    if placed is None:
        return False
    return all(param.many or _fits(of, param.kinds) for param, of in zip(signature.params, placed, strict=False))


def mismatch(function: Builtin, args: list[Type], names: tuple[str, ...] | None) -> tuple[str, str] | None:
    """What is wrong with the arguments of a built-in function, in both languages; ``None`` when they fit."""
    if any(_signature_fits(signature, args, names) for signature in function.signatures):
        return None
    ways = " / ".join(_shown(function.name, signature) for signature in function.signatures)
    given = "、".join(arithmetic.KIND_NAMES.get(kind_of(of) or "", "未知") for of in args)
    shown = ", ".join(str(of) for of in args)
    return f"函数 {function.name} 的参数不符（{given}），应为 {ways}", f"{function.name}({shown}) doesn't fit {ways}"


def _shown(name: str, signature: Signature) -> str:
    params = [f"{param.name}: {'|'.join(sorted(param.kinds))}" for param in signature.params]
    return f"{name}({', '.join(params)})"
