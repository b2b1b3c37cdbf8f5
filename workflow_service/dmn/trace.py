"""What a question to a model looked at: inputs, rules that matched, the articles they rest on, and problems."""

from dataclasses import dataclass
from typing import Any

from workflow_service.dmn.errors import DmnError
from workflow_service.feel import values
from workflow_service.feel.values import Value

ARTICLE = "依据"
"""The heading of the annotation column that names the article a rule rests on."""


@dataclass(frozen=True)
class RuleTrace:
    """A rule that matched.

    Args:
        number: its 1-based row.
        annotations: the texts of its annotation columns by heading.
        outputs: its outputs by column; ``None`` when the table did not need them.
    """

    number: int
    id: str
    annotations: dict[str, str]
    outputs: dict[str, Value]

    @property
    def article(self) -> str:
        """The article that the rule rests on, empty when none is written."""
        return self.annotations.get(ARTICLE, "")

    def to_json(self) -> dict[str, Any]:
        """JSON data: number, id, article, annotations, outputs."""
        return {
            "number": self.number,
            "id": self.id,
            "article": self.article,
            "annotations": self.annotations,
            "outputs": values.to_json(self.outputs),
        }


@dataclass(frozen=True)
class TableTrace:
    """A table that was asked: its inputs by column, the rules that matched, whether the default came out."""

    element: str
    name: str
    policy: str
    inputs: dict[str, Value]
    rules: tuple[RuleTrace, ...]
    default: bool = False

    def to_json(self) -> dict[str, Any]:
        """JSON data: element, name, policy, inputs, rules, default."""
        return {
            "element": self.element,
            "name": self.name,
            "policy": self.policy,
            "inputs": values.to_json(self.inputs),
            "rules": [rule.to_json() for rule in self.rules],
            "default": self.default,
        }


@dataclass(frozen=True)
class ProblemTrace:
    """Why something became null or had no answer; ``failure`` is empty for a mere null."""

    message: str
    message_en: str
    element: str
    line: int
    rule: int
    column: str
    failure: str = ""

    def to_json(self) -> dict[str, Any]:
        """JSON data with the fields' names."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


@dataclass(frozen=True)
class DecisionTrace:
    """A decision that was made: what it drew on, its tables, its value and its problems."""

    id: str
    name: str
    inputs: dict[str, Value]
    tables: tuple[TableTrace, ...]
    value: Value
    problems: tuple[ProblemTrace, ...]

    def to_json(self) -> dict[str, Any]:
        """JSON data: id, name, inputs, tables, value, problems."""
        return {
            "id": self.id,
            "name": self.name,
            "inputs": values.to_json(self.inputs),
            "tables": [table.to_json() for table in self.tables],
            "value": values.to_json(self.value),
            "problems": [problem.to_json() for problem in self.problems],
        }


@dataclass(frozen=True)
class Trace:
    """The answer to a question with all decisions made for it, in the order in which they were made.

    Args:
        failure: the broken rule of a table (two rules matched where one may), ``None`` when all went well.
    """

    decision: str
    value: Value
    decisions: tuple[DecisionTrace, ...]
    failure: DmnError | None = None

    @property
    def problems(self) -> tuple[ProblemTrace, ...]:
        """Why something became null, over all decisions."""
        return tuple(problem for made in self.decisions for problem in made.problems)

    @property
    def articles(self) -> tuple[str, ...]:
        """The articles of all rules that matched, each once, in order."""
        rules = (rule for made in self.decisions for table in made.tables for rule in table.rules)
        return tuple(dict.fromkeys(rule.article for rule in rules if rule.article))

    def to_json(self) -> dict[str, Any]:
        """JSON data: decision, value, decisions, articles, problems, failure (both languages)."""
        failure = None
        if self.failure is not None:
            failure = {"message": self.failure.message_zh, "message_en": self.failure.message_en}
        return {
            "decision": self.decision,
            "value": values.to_json(self.value),
            "decisions": [made.to_json() for made in self.decisions],
            "articles": list(self.articles),
            "problems": [problem.to_json() for problem in self.problems],
            "failure": failure,
        }
