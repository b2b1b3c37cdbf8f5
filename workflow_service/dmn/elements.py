"""The parts of a decision model as they stand in the file, before anything is compiled."""

from dataclasses import dataclass
from typing import TypeAlias

from workflow_service.dmn.errors import DmnError, Place


@dataclass(frozen=True)
class Variable:
    """A name with the name of its type (empty for any)."""

    name: str
    type_ref: str = ""


@dataclass(frozen=True)
class Literal:
    """A FEEL text, or one in another language that can't be run."""

    text: str
    place: Place
    type_ref: str = ""
    language: str = "feel"


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Args:
        label: how messages call it.
        name: the output's name in a result of several outputs.
        expression: what is tested (inputs only).
        values: the unary tests that the column's values must satisfy, empty for any.
        default: what comes out when no rule matches (outputs only).
    """

    label: str
    place: Place
    name: str = ""
    expression: Literal | None = None
    values: str = ""
    type_ref: str = ""
    default: Literal | None = None


@dataclass(frozen=True)
class Rule:
    """A row of a table; ``notes`` are the texts of the annotation columns."""

    number: int
    id: str
    place: Place
    tests: tuple[Literal, ...]
    outputs: tuple[Literal, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Table:
    """A decision table; ``annotations`` are the headings of its annotation columns."""

    place: Place
    name: str
    policy: str
    aggregation: str
    inputs: tuple[Column, ...]
    outputs: tuple[Column, ...]
    annotations: tuple[str, ...]
    rules: tuple[Rule, ...]
    type_ref: str = ""


@dataclass(frozen=True)
class Entry:
    """A row of a boxed context; without a variable it is the result."""

    variable: Variable | None
    value: "Boxed"


@dataclass(frozen=True)
class Context:
    """A boxed context."""

    entries: tuple[Entry, ...]
    place: Place
    type_ref: str = ""


@dataclass(frozen=True)
class Invocation:
    """A boxed call with its arguments by name."""

    function: "Boxed"
    bindings: tuple[Entry, ...]
    place: Place
    type_ref: str = ""


@dataclass(frozen=True)
class ListOf:
    """A boxed list."""

    items: tuple["Boxed", ...]
    place: Place
    type_ref: str = ""


@dataclass(frozen=True)
class Relation:
    """A boxed table of contexts."""

    columns: tuple[Variable, ...]
    rows: tuple[tuple["Boxed", ...], ...]
    place: Place
    type_ref: str = ""


@dataclass(frozen=True)
class FunctionOf:
    """A boxed function; ``language`` is ``FEEL``, ``Java`` or ``PMML``."""

    params: tuple[Variable, ...]
    body: "Boxed"
    language: str
    place: Place
    type_ref: str = ""


@dataclass(frozen=True)
class Conditional:
    """Boxed if, then, else."""

    condition: "Boxed"
    yes: "Boxed"
    no: "Boxed"
    place: Place
    type_ref: str = ""


@dataclass(frozen=True)
class Filter:
    """A boxed filter."""

    source: "Boxed"
    match: "Boxed"
    place: Place
    type_ref: str = ""


@dataclass(frozen=True)
class Iterator:
    """Boxed ``for``, ``some`` or ``every``; ``body`` is the return or the condition."""

    word: str
    variable: Variable
    source: "Boxed"
    body: "Boxed"
    place: Place
    type_ref: str = ""


@dataclass(frozen=True)
class Broken:
    """An expression that is drawn wrongly: the rest of the model works without it."""

    fault: DmnError
    place: Place
    type_ref: str = ""


Boxed: TypeAlias = (
    Literal | Table | Context | Invocation | ListOf | Relation | FunctionOf | Conditional | Filter | Iterator | Broken
)


@dataclass(frozen=True)
class Requirements:
    """What an element draws on, as references (``#id`` or ``namespace#id``)."""

    inputs: tuple[str, ...] = ()
    decisions: tuple[str, ...] = ()
    knowledge: tuple[str, ...] = ()


@dataclass(frozen=True)
class InputData:
    """Something that is given from outside."""

    id: str
    name: str
    variable: Variable
    place: Place


@dataclass(frozen=True)
class Decision:
    """A decision with its logic (``None`` when none is drawn) and what it draws on."""

    id: str
    name: str
    variable: Variable
    logic: Boxed | None
    needs: Requirements
    place: Place


@dataclass(frozen=True)
class Knowledge:
    """A business knowledge model: a function with a name."""

    id: str
    name: str
    variable: Variable
    function: FunctionOf | None
    needs: Requirements
    place: Place


@dataclass(frozen=True)
class Service:
    """A decision service: the decisions it answers, and what it takes from its caller."""

    id: str
    name: str
    variable: Variable
    outputs: tuple[str, ...]
    encapsulated: tuple[str, ...]
    input_decisions: tuple[str, ...]
    input_data: tuple[str, ...]
    place: Place


Drawn: TypeAlias = InputData | Decision | Knowledge | Service


@dataclass(frozen=True)
class Item:
    """The definition of a type.

    Args:
        base: name of the type it refines, empty for a type with components or a function.
        allowed: unary tests for its values, for each entry of a collection.
        constraint: unary tests for the value as a whole.
        result: ``None`` unless it is a function's type; then the name of the result's type.
    """

    name: str
    place: Place
    base: str = ""
    collection: bool = False
    components: tuple["Item", ...] = ()
    allowed: str = ""
    constraint: str = ""
    params: tuple[Variable, ...] = ()
    result: str | None = None


@dataclass(frozen=True)
class Import:
    """Another model under a local name (empty: without prefix)."""

    name: str
    namespace: str
    location: str


@dataclass(frozen=True)
class Definitions:
    """All that a file says."""

    name: str
    namespace: str
    imports: tuple[Import, ...]
    items: tuple[Item, ...]
    inputs: tuple[InputData, ...]
    decisions: tuple[Decision, ...]
    knowledge: tuple[Knowledge, ...]
    services: tuple[Service, ...]

    @property
    def drawn(self) -> tuple[Drawn, ...]:
        """Everything that has an id and a variable."""
        return (*self.inputs, *self.decisions, *self.knowledge, *self.services)

    @property
    def functions(self) -> tuple[Knowledge | Service, ...]:
        """Everything that can be called."""
        return (*self.services, *self.knowledge)
