"""Finds the names of a model that its expressions may use although they contain blanks or symbols."""

import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

from workflow_service.dmn import elements

_KEY = re.compile(r'"((?:[^"\\]|\\.)+)"\s*:|([^\s:,(){}\[\]"<>=@][^:,(){}\[\]"<>=@]*):')


def walk(*parts: Any) -> Iterator[Any]:
    """Every part of a model below the given ones, and themselves."""
    waiting = list(parts)
    while waiting:
        part = waiting.pop()
        if isinstance(part, tuple):
            waiting.extend(part)
        elif is_dataclass(part):
            yield part
            waiting.extend(getattr(part, one.name) for one in fields(part))


def names_in(found: elements.Definitions) -> frozenset[str]:
    """The names of components, entries, columns, parameters and keys, wherever they stand."""
    names: set[str] = set()
    for part in walk(found.items, found.inputs, found.decisions, found.knowledge, found.services):
        if isinstance(part, elements.Variable | elements.Item | elements.Column):
            names.add(part.name)
        elif isinstance(part, elements.Literal):
            names.update(" ".join((quoted or plain).split()) for quoted, plain in _KEY.findall(part.text))
    return frozenset(name for name in names if name and not name.isidentifier())
