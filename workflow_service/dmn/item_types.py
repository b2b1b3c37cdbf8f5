"""The types of a model: which values belong to them, and the small conversions that DMN allows."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from workflow_service.dmn import cells, elements
from workflow_service.dmn.errors import DmnError
from workflow_service.feel import temporal, temporal_text, types, values
from workflow_service.feel.limits import Run
from workflow_service.feel.values import Value

Accept = Callable[[Run, Value], bool]
Coerce = Callable[[Run, Value], tuple[bool, Value]]

_DEPTH = 12
_TEMPORAL = (types.DATE, types.TIME, types.DATE_TIME, types.MONTHS, types.DAYS)


def _anything(run: Run, value: Value) -> bool:
    return True


def _of_type(wanted: types.Type) -> Accept:
    return lambda run, value: types.member(value, wanted, {})


@dataclass
class Book:
    """The types of one model by name, those of imported models with their prefix.

    Args:
        items: the model's own item definitions by name.
        imported: the books of imported models by their local names.
        names: names with blanks or symbols that constraints may use.
        faults: collects what is wrong with the definitions.
    """

    items: Mapping[str, elements.Item]
    imported: Mapping[str, "Book"]
    names: frozenset[str]
    faults: list[DmnError]
    _accepts: dict[str, Accept] = field(default_factory=dict)

    def known(self, ref: str) -> bool:
        """Whether a type of that name exists; the empty name is any type."""
        return not ref or ref in types.SIMPLE or self._find(ref) is not None

    def _find(self, ref: str) -> "tuple[Book, elements.Item] | None":
        if ref in self.items:
            return self, self.items[ref]
        for prefix, book in self.imported.items():
            # An import without a name has a key with a blank before it, see links.
            bare = prefix.startswith(" ")
            if bare or ref.startswith(prefix + "."):
                found = book._find(ref if bare else ref[len(prefix) + 1 :])
                if found is not None:
                    return found
        return None

    def accept(self, ref: str) -> Accept:
        """The test of a type; an unknown one lets everything through."""
        if not ref or (ref in types.SIMPLE and ref not in self.items):
            return _of_type(types.SIMPLE[ref]) if ref else _anything
        if ref not in self._accepts:
            found = self._find(ref)
            # Looked up when asked for, because a type may contain itself.
            self._accepts[ref] = lambda run, value: self._accepts[ref](run, value)
            self._accepts[ref] = _anything if found is None else found[0]._compile(found[1])
        return self._accepts[ref]

    def _compile(self, item: elements.Item) -> Accept:
        single = self._single(item)
        allowed = cells.values_test(item.allowed, item.place, self.names, self.faults)
        constraint = cells.values_test(item.constraint, item.place, self.names, self.faults)

        def one(run: Run, value: Value) -> bool:
            return value is None or (single(run, value) and (allowed is None or allowed(run, value)))

        def many(run: Run, value: Value) -> bool:
            return value is None or (type(value) is list and all(one(run, entry) for entry in value))

        whole = many if item.collection else one
        if constraint is None:
            return whole
        return lambda run, value: whole(run, value) and (value is None or constraint(run, value))

    def _single(self, item: elements.Item) -> Accept:
        if item.result is not None:
            count = len(item.params)
            return lambda run, value: isinstance(value, values.Function) and len(value.params) == count
        if not item.components:
            return self.accept(item.base)
        parts = [(part.name, self._compile(part)) for part in item.components]

        def context(run: Run, value: Value) -> bool:
            return type(value) is dict and all(name in value and test(run, value[name]) for name, test in parts)

        return context

    def coerce(self, ref: str) -> Coerce | None:
        """Brings a value to a type: (fits, value); ``None`` when every value fits."""
        if not ref or ref == "Any" or not self.known(ref):
            return None
        accept = self.accept(ref)
        wants_moment = self.feel_type(ref) == types.DATE_TIME

        def bring(run: Run, value: Value) -> tuple[bool, Value]:
            if accept(run, value):
                return True, value
            if type(value) is list and len(value) == 1 and accept(run, value[0]):
                return True, value[0]
            if wants_moment and type(value) is temporal.Date:
                return True, _midnight(value)
            if type(value) is not list and accept(run, [value]):
                return True, [value]
            return False, None

        return bring

    def function(self, ref: str) -> elements.Item | None:
        """The definition when it is a function's type."""
        found = self._find(ref)
        return found[1] if found is not None and found[1].result is not None else None

    def feel_type(self, ref: str, depth: int = _DEPTH) -> types.Type:
        """The type as FEEL writes it, for inference; ``Any`` when unknown."""
        if ref in types.SIMPLE and ref not in self.items:
            return types.SIMPLE[ref]
        found = self._find(ref) if ref else None
        return types.ANY if found is None or depth == 0 else found[0].item_type(found[1], depth - 1)

    def item_type(self, item: elements.Item, depth: int = _DEPTH) -> types.Type:
        """The type of an item definition as FEEL writes it."""
        single: types.Type
        if item.result is not None:
            params = tuple(self.feel_type(param.type_ref, depth) for param in item.params)
            single = types.FunctionType(params, self.feel_type(item.result, depth))
        elif item.components:
            parts = ((part.name, self.item_type(part, depth - 1) if depth else types.ANY) for part in item.components)
            single = types.ContextType(tuple(parts))
        else:
            single = self.feel_type(item.base, depth)
        return types.ListType(single) if item.collection else single

    def allowed(self, ref: str) -> str:
        """The unary tests that limit the values of a type, empty when nothing does."""
        found = self._find(ref) if ref else None
        seen: set[str] = set()
        while found is not None and found[1].name not in seen:
            book, item = found
            if item.allowed or item.constraint:
                return item.allowed or item.constraint
            seen.add(item.name)
            found = book._find(item.base) if item.base else None
        return ""

    def tests(self) -> dict[str, Callable[[Any], bool]]:
        """A test by name for ``instance of``, which asks for the structure alone and not for allowed values."""
        own = {name: _instance(self.feel_type(name)) for name in self.items}
        for prefix, book in self.imported.items():
            own |= {name if prefix.startswith(" ") else f"{prefix}.{name}": test for name, test in book.tests().items()}
        return own

    def check_loops(self) -> None:
        """Raises DmnError when a type refines itself, so that nothing could ever belong to it."""
        for start in self.items.values():
            seen, item = set(), start
            while item.base in self.items and not item.components:
                if item.name in seen:
                    raise DmnError("数据类型引用了自身", "the type is defined by itself", start.place, "cycle")
                seen.add(item.name)
                item = self.items[item.base]


def _instance(wanted: types.Type) -> Callable[[Any], bool]:
    return lambda value: types.instance(value, wanted, {})


def from_text(value: Value, of: types.Type) -> Value:
    """A value that was given as JSON, where dates, times and durations are text, as its type wants it."""
    if isinstance(value, str) and of in _TEMPORAL:
        found = temporal_text.any_of(value)
        return found if found is not None and types.member(found, of, {}) else value
    if isinstance(value, list) and isinstance(of, types.ListType):
        return [from_text(entry, of.element) for entry in value]
    if isinstance(value, dict) and isinstance(of, types.ContextType):
        return {name: from_text(entry, of.entry(name) or types.ANY) for name, entry in value.items()}
    return value


def _midnight(day: temporal.Date) -> temporal.DateTime:
    # DMN 1.5, 10.3.2.9.4: midnight at UTC.
    return temporal.DateTime(day, temporal.Time(0, 0, 0, 0, temporal.Zone(offset=0)))


def names_of(items: Mapping[str, elements.Item]) -> frozenset[str]:
    """The names of all components, however deep."""
    found: set[str] = set()
    waiting = list(items.values())
    while waiting:
        item = waiting.pop()
        found.update(part.name for part in item.components)
        waiting.extend(item.components)
    return frozenset(found)
