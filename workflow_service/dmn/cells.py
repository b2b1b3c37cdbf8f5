"""The one door to FEEL: compiles the texts of a model and says where in the model a problem arose."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

from workflow_service.dmn import elements
from workflow_service.dmn.errors import DmnError, Place
from workflow_service.feel import builtins, closures, errors, limits, nodes, parse, values
from workflow_service.feel import closures_flow as flow
from workflow_service.feel.limits import Run
from workflow_service.feel.scan import Names
from workflow_service.feel.scopes import Scope
from workflow_service.feel.values import Value

Evaluate: TypeAlias = Callable[[Scope], Value]
Match: TypeAlias = Callable[[Scope, Value], bool | None]
BOUNDS = limits.DEFAULT
NOTHING = limits.NOWHERE

# What one call of a model's function costs of the nesting that a run allows, beside its expression.
_CALL = 5


@dataclass(frozen=True)
class Note:
    """Why something became null or had no answer, with its place; a failure is no mere null but a broken rule."""

    zh: str
    en: str
    place: Place
    failure: str = ""


class Session(Run):
    """The account of one question to a model, with the notes and tables met on the way.

    Args:
        listening: whether notes and tables are kept.
    """

    __slots__ = ("notes", "tables", "listening", "failure")

    def __init__(self, env: limits.Env, bounds: limits.Limits, listening: bool) -> None:
        super().__init__(env, bounds)
        self.listening = listening
        self.notes: list[Note] = []
        self.tables: list[object] = []
        self.failure: DmnError | None = None


def note(run: Run, place: Place, zh: str, en: str) -> None:
    """Keeps a problem with its place; the value of what met it is null."""
    if isinstance(run, Session) and run.listening and len(run.notes) < 200:
        run.notes.append(Note(zh, en, place))


def fail(run: Run, fault: DmnError) -> None:
    """Keeps a broken rule of a table; the first one is the failure of the whole question."""
    if isinstance(run, Session):
        run.failure = run.failure or fault
        if run.listening:
            run.notes.append(Note(fault.plain_zh, fault.plain_en, fault.place, fault.kind))


def collect(run: Run, place: Place) -> None:
    """Gives the problems that FEEL noted since the last time the place at which they arose."""
    problems = run.env.problems
    if problems:
        for problem in problems:
            note(run, place, problem.zh, problem.en)
        problems.clear()


@contextmanager
def deeper(run: Run) -> Iterator[None]:
    """Counts one call of a model's function."""
    run.spend(_CALL)
    run.frames -= _CALL
    if run.frames < 0:
        raise limits.exceeded(run.limits, "frames")
    yield
    run.frames += _CALL


def fresh_run() -> Run:
    """An account for a test that stands alone."""
    return Run(limits.NOWHERE, BOUNDS)


def brief(value: Value) -> str:
    """A value's text, shortened for a message."""
    text = values.quoted(value) if type(value) is str else values.text(value)
    return text if len(text) <= 60 else text[:57] + "..."


def fault_of(problem: errors.FeelError, place: Place) -> DmnError:
    """A FEEL error as a fault of the model."""
    line, column = problem.position or (0, 0)
    zh = f"{problem.message_zh}（第 {line} 行第 {column} 字符）" if column else problem.message_zh
    en = f"{problem.message_en} (line {line}, character {column})" if column else problem.message_en
    return DmnError(zh, en, place, "limit" if isinstance(problem, errors.FeelLimitError) else "syntax")


@lru_cache(maxsize=64)
def _spelled(names: frozenset[str]) -> Names:
    # Made once for all cells of a table; reading copies it.
    return Names(names)


def parsed(text: str, names: Iterable[str]) -> nodes.Node:
    """The nodes of an expression; raises FeelError."""
    return parse.expression(text, BOUNDS, builtins.NAMES, _spelled(frozenset(names)))


def parsed_tests(text: str, names: Iterable[str]) -> nodes.Tests:
    """The nodes of unary tests; raises FeelError."""
    return parse.tests(text, BOUNDS, builtins.NAMES, _spelled(frozenset(names)))


def _build(text: str, names: Iterable[str]) -> closures.Build:
    return closures.Build(text, True, frozenset(names))


def plain(text: str, names: Iterable[str]) -> Evaluate:
    """The function of an expression written in this package."""
    return closures.make(parsed(text, names), _build(text, names))


def _null(scope: Scope) -> Value:
    return None


def expression(box: elements.Literal, names: frozenset[str], faults: list[DmnError]) -> Evaluate:
    """The function of a literal expression; one that can't be compiled is a fault and answers null."""
    return compiled(box, names, faults)[0]


def compiled(box: elements.Literal, names: frozenset[str], faults: list[DmnError]) -> tuple[Evaluate, bool]:
    """The function of a literal expression, and whether it stands for one number, string, boolean or null."""
    if box.language != "feel":
        zh = f"表达式用 {box.language} 编写，本系统只执行 FEEL；请改写为 FEEL"
        en = f"the expression is written in {box.language}; only FEEL is run, so rewrite it in FEEL"
        return _faulty(DmnError(zh, en, box.place, "foreign"), faults), False
    if not box.text:
        return _null, False
    try:
        node = parsed(box.text, names)
    except errors.FeelError as problem:
        return _faulty(fault_of(problem, box.place), faults), False
    closure = closures.make(node, _build(box.text, names))
    if isinstance(node, nodes.Literal):
        return closure, True
    return _counted(closure, nodes.measure(node), box.place), False


def _faulty(fault: DmnError, faults: list[DmnError]) -> Evaluate:
    faults.append(fault)
    return lambda scope: note(scope.run, fault.place, fault.plain_zh, fault.plain_en)


def _counted(closure: Evaluate, size: tuple[int, int], place: Place) -> Evaluate:
    weight, depth = size

    def evaluate(scope: Scope) -> Value:
        run = scope.run
        run.spend(weight)
        run.frames -= depth
        if run.frames < 0:
            raise limits.exceeded(run.limits, "frames")
        value = closure(scope)
        run.frames += depth
        if run.env.problems:
            collect(run, place)
        return value

    return evaluate


@dataclass(frozen=True)
class Cell:
    """The compiled tests of a cell; ``match`` is ``None`` when everything passes, ``listed`` are the tests as written."""

    match: Match | None
    weight: int
    place: Place
    listed: tuple[nodes.Node, ...] = ()


_PASS = Cell(None, 0, Place())


def tests(box: elements.Literal, names: frozenset[str], faults: list[DmnError]) -> Cell:
    """The unary tests of a cell; what can't be compiled is a fault and never matches."""
    if box.text in ("", "-"):
        return _PASS
    try:
        node = parsed_tests(box.text, names)
    except errors.FeelError as problem:
        never = _faulty(fault_of(problem, box.place), faults)
        return Cell(lambda scope, value: never(scope), 1, box.place)
    if not node.tests and not node.negated:
        return _PASS
    return Cell(_matcher(node, _build(box.text, names | {"?"})), nodes.measure(node)[0], box.place, node.tests)


def _matcher(node: nodes.Tests, build: closures.Build) -> Match:
    found = tuple(flow.tested(test, build, True) for test in node.tests)
    whole = found[0] if len(found) == 1 else flow.any_test(found)
    asks = any(isinstance(part, nodes.Name) and part.name == "?" for part in nodes.walk(node))
    if asks:
        whole = _asking(whole)
    if not node.negated:
        plain_condition = len(found) == 1 and not asks and isinstance(node.tests[0], _CONDITIONS)
        return _condition(closures.make(node.tests[0], build), whole) if plain_condition else whole

    def negated(scope: Scope, value: Value) -> bool | None:
        answer = whole(scope, value)
        return None if answer is None else not answer

    return negated


_CONDITIONS = (nodes.And, nodes.Or, nodes.Compare, nodes.Between, nodes.In)


def _condition(closure: Evaluate, whole: Match) -> Match:
    """A cell with a whole condition, tested against true or false: the commonest kind in a table of situations."""

    def test(scope: Scope, value: Value) -> bool | None:
        answer = closure(scope)
        if type(answer) is bool and type(value) is bool:
            return answer is value
        return whole(scope, value)

    return test


def _asking(match: Match) -> Match:
    def ask(scope: Scope, value: Value) -> bool | None:
        inner = Scope(scope.run, scope)
        inner["?"] = value
        return match(inner, value)

    return ask


def values_test(
    text: str, place: Place, names: frozenset[str], faults: list[DmnError]
) -> Callable[[Run, Value], bool] | None:
    """The test of allowed values; ``None`` when every value is allowed."""
    return passing(tests(elements.Literal(text, place), names, faults))


def passing(cell: Cell) -> Callable[[Run, Value], bool] | None:
    """The test of the values that a cell lists; ``None`` when everything passes."""
    if cell.match is None:
        return None
    match, weight = cell.match, cell.weight

    def allowed(run: Run, value: Value) -> bool:
        run.spend(weight)
        return match(Scope(run, None), value) is True

    return allowed


def constant(node: nodes.Node) -> Evaluate:
    """The function of a node that names nothing."""
    return closures.make(node, _build("", ()))


def is_constant(box: elements.Literal) -> bool:
    """Whether a cell holds a number, a string, a boolean or null."""
    try:
        return box.language == "feel" and isinstance(parsed(box.text, ()), nodes.Literal)
    except errors.FeelError:
        return False
