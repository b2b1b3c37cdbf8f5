"""Joins the parts of a model: what each element draws on, in which order, and that nothing goes in a circle."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from workflow_service.dmn import elements
from workflow_service.dmn.errors import DmnError

Kind = Literal["input", "decision", "knowledge"]

# Stands before the namespace of an import without a name.
_NAMELESS = " "


@dataclass(frozen=True)
class Need:
    """One thing that an element draws on.

    Args:
        prefix: key of the imported model it stands in, ``None`` for the model itself.
        id: its id in that model.
        name: the variable under which it is seen.
    """

    kind: Kind
    prefix: str | None
    id: str
    name: str

    @property
    def context(self) -> str | None:
        """The variable below which it is seen, ``None`` when it is seen as it is."""
        return None if self.prefix is None or self.prefix.startswith(_NAMELESS) else self.prefix


def import_key(one: elements.Import) -> str:
    """The key of an import: its name, or something that no name can be for one without (DMN 1.5 allows several)."""
    return one.name or _NAMELESS + one.namespace


class Directory:
    """Finds elements by reference, in the model and in those it imports."""

    def __init__(self, own: elements.Definitions, imported: Mapping[str, tuple[str, "Directory"]]) -> None:
        self.own = own
        # by namespace as written in the import: its key and the other model's elements
        self.imported = imported
        self.by_id: dict[str, elements.Drawn] = {part.id: part for part in own.drawn}

    def find(self, href: str) -> tuple[str | None, elements.Drawn] | None:
        """The import's local name (``None``: this model) and the element of a reference."""
        namespace, _, ident = href.rpartition("#")
        if namespace and namespace in self.imported:
            prefix, other = self.imported[namespace]
            found = other.by_id.get(ident)
            return None if found is None else (prefix, found)
        own = self.by_id.get(ident)
        return None if own is None else (None, own)

    def needs(self, of: elements.Requirements, faults: list[DmnError], user: elements.Drawn) -> tuple[Need, ...]:
        """What an element draws on; a reference that leads nowhere is a fault."""
        found = []
        groups: tuple[tuple[Kind, tuple[str, ...]], ...] = (
            ("input", of.inputs),
            ("decision", of.decisions),
            ("knowledge", of.knowledge),
        )
        for kind, hrefs in groups:
            for href in hrefs:
                target = self.find(href)
                if target is None:
                    zh, en = f"引用的“{href}”不存在，请重新连线", f"the reference {href!r} leads nowhere; draw it anew"
                    faults.append(DmnError(zh, en, user.place, "reference"))
                else:
                    found.append(Need(_kind(target[1], kind), target[0], target[1].id, target[1].variable.name))
        return tuple(found)


def _kind(target: elements.Drawn, meant: Kind) -> Kind:
    if isinstance(target, elements.InputData):
        return "input"
    return "decision" if isinstance(target, elements.Decision) else meant if meant == "knowledge" else "knowledge"


def ranked(needs: Mapping[str, Sequence[str]], parts: Mapping[str, elements.Decision]) -> dict[str, int]:
    """Each decision's place in an order in which what it needs comes first; raises DmnError on a circle."""
    ranks: dict[str, int] = {}
    for start in needs:
        path: dict[str, None] = {}
        waiting: list[tuple[str, bool]] = [(start, False)]
        while waiting:
            current, leaving = waiting.pop()
            if leaving:
                path.popitem()
                ranks[current] = len(ranks)
            elif current in path:
                raise _circle([*path][[*path].index(current) :], parts)
            elif current not in ranks:
                path[current] = None
                waiting.append((current, True))
                waiting.extend((need, False) for need in needs[current])
    return ranks


def _circle(members: Sequence[str], parts: Mapping[str, elements.Decision]) -> DmnError:
    names = "、".join(parts[one].name for one in members)
    zh, en = f"决策互相依赖：{names}；请去掉一条连线", f"decisions depend on each other: {names}; remove an arrow"
    return DmnError(zh, en, parts[members[0]].place, "cycle")


def before(start: str, needs: Mapping[str, Sequence[str]], ranks: Mapping[str, int]) -> tuple[str, ...]:
    """A decision and all it rests on, each after what it needs."""
    found, waiting = {start}, [start]
    while waiting:
        fresh = [need for need in needs[waiting.pop()] if need not in found]
        found.update(fresh)
        waiting.extend(fresh)
    return tuple(sorted(found, key=ranks.__getitem__))
