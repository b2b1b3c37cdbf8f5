"""Where an expression finds its variables while it runs."""

from collections.abc import Mapping
from typing import Any

from workflow_service.feel import values
from workflow_service.feel.limits import Run
from workflow_service.feel.values import Value


class Scope(dict[str, Value]):
    """Local variables; what isn't there is looked for further out."""

    __slots__ = ("run", "outer")

    def __init__(self, run: Run, outer: "Scope | None") -> None:
        self.run = run
        self.outer = outer

    def __missing__(self, name: str) -> Value:
        if self.outer is None:
            raise KeyError(name)
        return self.outer[name]


class Root(Scope):
    """The data given by the host; a value is converted when it is asked for the first time."""

    __slots__ = ("raw",)

    def __init__(self, run: Run, raw: Mapping[str, Any]) -> None:
        self.run = run
        self.outer = None
        self.raw = raw

    def __missing__(self, name: str) -> Value:
        found = values.from_python(self.raw[name])
        self[name] = found
        return found
