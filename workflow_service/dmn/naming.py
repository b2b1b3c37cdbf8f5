"""Finds the names of a model that its expressions may use although they contain blanks or symbols."""

import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

from workflow_service.dmn import elements

_BEFORE = re.compile(r'[,(){}\[\]"<>=@]')


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
    """The names that may follow a dot: components, entries, columns, outputs of services, and keys.

    A name with a dot is left out: it would hide the path that is written alike.
    """
    names: set[str] = set()
    if any(len(service.outputs) > 1 for service in found.services):
        names.update(decision.variable.name for decision in found.decisions)
    for part in walk(found.items, found.decisions, found.knowledge):
        names.update(_of_part(part))
    return frozenset(name for name in names if name and not name.isidentifier() and "." not in name)


def _of_part(part: Any) -> Iterator[str]:
    if isinstance(part, elements.Item | elements.Column):
        yield part.name
    elif isinstance(part, elements.Context):
        yield from (entry.variable.name for entry in part.entries if entry.variable is not None)
    elif isinstance(part, elements.Relation):
        yield from (column.name for column in part.columns)
    elif isinstance(part, elements.Literal):
        yield from _keys(part.text)


def _keys(text: str) -> Iterator[str]:
    """What stands before each colon: in time that grows with the text alone."""
    for piece in text.split(":")[:-1]:
        piece = piece.rstrip()
        before = piece[:-1].rpartition('"')[2] if piece.endswith('"') else _BEFORE.split(piece)[-1]
        yield " ".join(before.split())
