"""Which parts of a process run side by side, and so from where to where work can be sent back without losing a token."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

Region = tuple[str, str]


@dataclass(frozen=True)
class Chart:
    """The flow graph of one scope.

    Args:
        edges: (source, target) pairs; an activity leads to its boundary events as well.
        forks: gateways that may send out several tokens.
        asides: boundary events that do not interrupt, so that their branch runs beside the activity.
        starts, tasks: start events and user tasks, in the order of the diagram.
    """

    edges: tuple[tuple[str, str], ...]
    forks: frozenset[str]
    asides: frozenset[str]
    starts: tuple[str, ...]
    tasks: tuple[str, ...] = ()

    @cached_property
    def after(self) -> Mapping[str, list[str]]:
        """Next nodes by node."""
        found: dict[str, list[str]] = {}
        for source, target in self.edges:
            found.setdefault(source, []).append(target)
            found.setdefault(target, [])
        return found

    def reach(self, starts: Iterable[str], without: Iterable[str] = ()) -> frozenset[str]:
        """The nodes that can be reached, the starts included, without passing some."""
        closed = frozenset(without)
        seen: set[str] = set()
        todo = [one for one in starts if one not in closed]
        while todo:
            one = todo.pop()
            if one not in seen:
                seen.add(one)
                todo.extend(other for other in self.after.get(one, ()) if other not in closed)
        return frozenset(seen)

    def follows(self, node: str, later: str) -> bool:
        """Whether a token can come from one node to another."""
        if node not in self._later:
            self._later[node] = self.reach(self.after.get(node, ()))
        return later in self._later[node]

    @cached_property
    def _later(self) -> dict[str, frozenset[str]]:
        """The nodes after a node, by node, as far as somebody has asked."""
        return {}

    @cached_property
    def regions(self) -> Mapping[Region, frozenset[str]]:
        """The nodes within each branch of each fork, and within the branch of each aside."""
        found = {}
        for fork in sorted(self.forks):
            join = self._join(fork)
            for branch in self.after.get(fork, ()):
                found[fork, branch] = self.reach([branch], [join]) if branch != join else frozenset()
        everything = self.reach(self.starts)
        for aside in sorted(self.asides):
            found[aside, aside] = everything - self.reach(self.starts, [aside])
        return found

    def _join(self, fork: str) -> str:
        """The first node that every way from a fork must pass, asides left aside; empty when its branches end apart."""
        branches = self.after.get(fork, ())
        reached = self.reach(branches, self.asides)
        ends = {one for one in reached if not self.after.get(one)}
        must = {one for one in reached - {fork} if not self.reach(branches, [one, *self.asides]) & (ends - {one})}
        first = (one for one in sorted(must) if not self.reach(branches, [one, *self.asides]) & (must - {one}))
        return next(first, "")

    def around(self, node: str) -> frozenset[Region]:
        """The branches that a node lies in."""
        return frozenset(region for region, inside in self.regions.items() if node in inside)

    def refusal(self, at: str, to: str) -> str:
        """Why work at a node cannot be sent back to another; empty when it can."""
        if at == to:
            return "不能退回到当前环节本身"
        if not self.follows(to, at):
            return "该环节不在当前环节之前"
        if not self.around(to) <= self.around(at):
            return "该环节位于并行分支之内，而当前环节已在分支之外"
        return ""

    def swept(self, node: str, to: str) -> bool:
        """Whether a token at a node must stop when the work goes back to another: it lies on what will be done anew."""
        return (node == to or self.follows(to, node)) and self.around(to) <= self.around(node)
