"""A decision model ready to answer: its parts compiled once, its types, and the models it imports."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from workflow_service.dmn import elements, item_types, links, logic, making, naming, reader
from workflow_service.dmn.cells import Evaluate
from workflow_service.dmn.errors import DmnError
from workflow_service.feel import values
from workflow_service.feel.scopes import Scope

_IMPORT_DEPTH = 8

FunctionMaker = Callable[[Scope, str], values.Function]


@dataclass(frozen=True)
class Made:
    """A compiled decision.

    Args:
        needs: what its scope holds.
        evaluate: its logic with the types applied, ``None`` when none is drawn.
        sees_all: whether all that is given is visible, because the model draws no inputs.
    """

    source: elements.Decision
    needs: tuple[links.Need, ...]
    evaluate: Evaluate | None
    sees_all: bool


@dataclass(frozen=True)
class Known:
    """A compiled business knowledge model: what its scope holds, and how a call's function is made."""

    source: elements.Knowledge
    needs: tuple[links.Need, ...]
    make: FunctionMaker | None
    coerce: item_types.Coerce | None


@dataclass
class Parts:
    """All that a model consists of, compiled.

    Args:
        imports: the imported models' parts by local name.
        faults: what could not be compiled; the rest works.
    """

    own: elements.Definitions
    book: item_types.Book
    directory: links.Directory
    imports: dict[str, "Parts"]
    faults: list[DmnError]
    names: frozenset[str]
    decisions: dict[str, Made] = field(default_factory=dict)
    knowledge: dict[str, Known] = field(default_factory=dict)
    local_needs: dict[str, tuple[str, ...]] = field(default_factory=dict)
    ranks: dict[str, int] = field(default_factory=dict)
    _orders: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def order(self, decision: str) -> tuple[str, ...]:
        """A decision and those it rests on in this model, each after what it needs."""
        if decision not in self._orders:
            self._orders[decision] = links.before(decision, self.local_needs, self.ranks)
        return self._orders[decision]

    def type_tests(self) -> dict[str, Callable[[Any], bool]]:
        """The tests of ``instance of`` for this model and those it imports."""
        found: dict[str, Callable[[Any], bool]] = {}
        for part in self.imports.values():
            found |= part.type_tests()
        return found | self.book.tests()


def compile_parts(xml: bytes, imports: Mapping[str, bytes]) -> Parts:
    """Reads and compiles a model and all it imports; raises DmnError when it can't be read or goes in a circle."""
    return _read(xml, imports, {}, ())


def _read(xml: bytes, imports: Mapping[str, bytes], done: dict[bytes, Parts], path: tuple[bytes, ...]) -> Parts:
    if xml in done:
        return done[xml]
    if xml in path or len(path) > _IMPORT_DEPTH:
        raise DmnError("导入层次过深，或模型互相导入", "imports are nested too deeply or go in a circle", kind="cycle")
    own = reader.definitions(xml)
    imported: dict[str, Parts] = {}
    spaces: dict[str, tuple[str, links.Directory]] = {}
    for one in own.imports:
        key = links.import_key(one)
        imported[key] = _read(_content(one, own, imports), imports, done, (*path, xml))
        spaces[one.namespace] = (key, imported[key].directory)
    done[xml] = _joined(own, imported, spaces)
    return done[xml]


def _joined(
    own: elements.Definitions, imported: dict[str, Parts], spaces: dict[str, tuple[str, links.Directory]]
) -> Parts:
    faults: list[DmnError] = []
    names = naming.names_in(own).union(*(_imported_names(part) for part in imported.values()))
    items = {item.name: item for item in own.items}
    book = item_types.Book(items, {name: part.book for name, part in imported.items()}, names, faults)
    book.check_loops()
    parts = Parts(own, book, links.Directory(own, spaces), imported, faults, names)
    _compile(parts)
    return parts


def _imported_names(parts: Parts) -> frozenset[str]:
    return parts.names | {part.variable.name for part in parts.own.drawn}


def _content(one: elements.Import, own: elements.Definitions, imports: Mapping[str, bytes]) -> bytes:
    """The file of an import: by its namespace, else by its file name, else the only one there is."""
    location = one.location.rsplit("/", 1)[-1]
    for key in (one.namespace, location, one.name):
        if key and key in imports:
            return imports[key]
    if len(imports) == 1 and len(own.imports) == 1:
        return next(iter(imports.values()))
    zh = f"缺少被导入的模型“{one.name or one.namespace}”，请一并提供"
    raise DmnError(zh, f"the imported model {one.name or one.namespace!r} is missing; provide it too", kind="import")


def _compile(parts: Parts) -> None:
    own = parts.own
    for decision in own.decisions:
        needs = parts.directory.needs(decision.needs, parts.faults, decision)
        parts.local_needs[decision.id] = tuple(
            need.id for need in needs if need.kind == "decision" and need.prefix is None
        )
        parts.decisions[decision.id] = _decision(parts, decision, needs)
    parts.ranks.update(links.ranked(parts.local_needs, {one.id: one for one in own.decisions}))
    for knowledge in own.knowledge:
        needs = parts.directory.needs(knowledge.needs, parts.faults, knowledge)
        parts.knowledge[knowledge.id] = _knowledge(parts, knowledge, needs)


def maker(parts: Parts, needs: tuple[links.Need, ...], *more: str) -> making.Maker:
    """What the compiler knows in an element that draws on ``needs``."""
    names = {need.name for need in needs} | {need.context for need in needs if need.context}
    return making.Maker(parts.names | names | {*more, *parts.book.items}, parts.book, parts.faults)


def _decision(parts: Parts, source: elements.Decision, needs: tuple[links.Need, ...]) -> Made:
    sees_all = not parts.own.inputs and not any(need.kind == "input" for need in needs)
    evaluate = None
    if source.logic is not None:
        known = maker(parts, needs)
        evaluate = logic.compile_boxed(source.logic, known)
        evaluate = making.typed(evaluate, source.variable.type_ref, known, source.place)
    return Made(source, needs, evaluate, sees_all)


def _knowledge(parts: Parts, source: elements.Knowledge, needs: tuple[links.Need, ...]) -> Known:
    if source.function is None:
        return Known(source, needs, None, None)
    # Its own name is in scope too, so that it may call itself.
    make = logic.function_maker(source.function, maker(parts, needs, source.variable.name))
    result = result_type(parts, source.variable.type_ref)
    return Known(source, needs, make, parts.book.coerce(result))


def result_type(parts: Parts, type_ref: str) -> str:
    """The type of what a function returns, given the type of its variable (DMN 1.1 wrote the result's itself)."""
    item = parts.book.function(type_ref)
    return type_ref if item is None else item.result or ""
