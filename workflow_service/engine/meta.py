"""A drawn node together with its compiled expressions: what its behaviour needs at run time."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from workflow_service.engine.diagram import Event, Many, Node
from workflow_service.engine.expressions import Expression


@dataclass(frozen=True)
class Meta:
    """A node with its expressions by use (``due``, ``set``, ``timer`` ...) and its service parameters by name."""

    node: Node
    uses: Mapping[str, Expression] = field(default_factory=dict)
    parameters: Mapping[str, Expression] = field(default_factory=dict)

    @cached_property
    def id(self) -> str:
        """The element's id."""
        return self.node.id

    @cached_property
    def writes(self) -> bool:
        """Whether it sets or publishes something once it is done."""
        return "set" in self.uses or "publish" in self.uses

    @cached_property
    def event(self) -> Event:
        """The event's definition."""
        return self.node.event

    @cached_property
    def many(self) -> Many | None:
        """The multi-instance marks."""
        return self.node.many

    @cached_property
    def form(self) -> str:
        """The id of the task's form."""
        return self.node.properties.get("form") or self.node.id

    @cached_property
    def result(self) -> str:
        """The data name that takes the result of a service or a decision."""
        return self.node.result or self.node.properties.get("result") or self.node.id
