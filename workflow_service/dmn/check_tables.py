"""Looks for rules of a table that overlap, contradict, are never reached or are missing, by exact regions."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from workflow_service.dmn import cells, elements, regions
from workflow_service.dmn.findings import Finding, Texts, at
from workflow_service.dmn.regions import Axis
from workflow_service.feel import types

Box = tuple[int, ...]

# More boxes than this are not looked through; a table of that kind is better split.
_BOXES = 4_000
_PAIRS = 300_000
_SHOWN = 5


@dataclass(frozen=True)
class Grid:
    """A table cut into regions.

    Args:
        sure: for each rule the regions it surely accepts, ``None`` when a cell can't be told beforehand.
        most: for each rule the regions it accepts at most.
    """

    table: elements.Table
    axes: tuple[Axis, ...]
    domain: Box
    sure: tuple[Box | None, ...]
    most: tuple[Box, ...]


def check(
    table: elements.Table, type_of: Callable[[elements.Column], types.Type], allowed: Callable[[elements.Column], str]
) -> Iterator[Finding]:
    """The findings of a table.

    Args:
        type_of: the type of what a column tests.
        allowed: the unary tests that a column's values satisfy, empty for any.
    """
    grid = _grid(table, type_of, allowed)
    if any(axis.too_many for axis in grid.axes):
        yield _too_large(grid)
    never = list(_never(grid))
    yield from never
    dead = {finding.row for finding in never}
    if table.policy in ("UNIQUE", "ANY"):
        yield from _overlaps(grid, dead)
    if table.policy in ("FIRST", "ANY"):
        yield from _covered(grid, dead)
    if table.policy in ("UNIQUE", "ANY", "FIRST", "PRIORITY"):
        yield from _gaps(grid)


def _grid(
    table: elements.Table, type_of: Callable[[elements.Column], types.Type], allowed: Callable[[elements.Column], str]
) -> Grid:
    axes = []
    for index, column in enumerate(table.inputs):
        own = [rule.tests[index] for rule in table.rules]
        axes.append(regions.axis(column, own, type_of(column), allowed(column)))
    sure: list[Box | None] = []
    most: list[Box] = []
    for row in range(len(table.rules)):
        masks = [axis.masks[row] for axis in axes]
        most.append(
            tuple(
                (axis.domain | _nulls(axis)) if mask is None else mask for axis, mask in zip(axes, masks, strict=True)
            )
        )
        sure.append(None if None in masks else most[-1])
    return Grid(table, tuple(axes), tuple(axis.domain for axis in axes), tuple(sure), tuple(most))


def _nulls(axis: Axis) -> int:
    return sum(1 << at for at, region in enumerate(axis.regions) if region.point and region.sample is None)


def _never(grid: Grid) -> Iterator[Finding]:
    """Cells that nothing can satisfy."""
    for row, rule in enumerate(grid.table.rules):
        for index, axis in enumerate(grid.axes):
            if axis.masks[row] is not None and not grid.most[row][index] & (axis.domain | _nulls(axis)):
                yield at(
                    rule.tests[index].place,
                    "dmn-unreachable",
                    Texts(
                        "没有任何允许的取值能满足这个条件，规则永远不会命中",
                        "no allowed value satisfies this condition, so the rule never matches",
                        "改正这个单元格的条件，或删除该规则",
                        "correct the condition in this cell or delete the rule",
                    ),
                )
                break


def _meet(one: Box, other: Box) -> Box | None:
    both = tuple(left & right for left, right in zip(one, other, strict=True))
    return both if all(both) else None


def _overlaps(grid: Grid, dead: set[int]) -> Iterator[Finding]:
    known = [(row, box) for row, box in enumerate(grid.sure) if box is not None and row + 1 not in dead]
    if len(known) ** 2 > 2 * _PAIRS:
        yield _too_large(grid)
        return
    for at_, (row, box) in enumerate(known):
        for other, other_box in known[:at_]:
            common = _meet(box, other_box)
            if common is not None and not _harmless(grid, row, other):
                yield _overlap(grid, other, row, common)


def _harmless(grid: Grid, row: int, other: int) -> bool:
    """Whether two rules that match together may do so: in an ANY table, unless their constant outputs differ."""
    if grid.table.policy == "UNIQUE":
        return False
    pairs = zip(grid.table.rules[row].outputs, grid.table.rules[other].outputs, strict=True)
    return not any(
        one.text != two.text and cells.is_constant(one) and cells.is_constant(two) and not _equal(one, two)
        for one, two in pairs
    )


def _equal(one: elements.Literal, two: elements.Literal) -> bool:
    return bool(cells.parsed(one.text, ()) == cells.parsed(two.text, ()))


def _overlap(grid: Grid, first: int, second: int, common: Box) -> Finding:
    zh, en = _situation(grid, common)
    rule = grid.table.rules[second]
    narrow = next((at_ for at_, mask in enumerate(common) if mask != grid.domain[at_]), 0)
    place = rule.tests[narrow].place if rule.tests else rule.place
    label = place.column
    one, two = first + 1, second + 1
    if grid.table.policy == "UNIQUE":
        texts = Texts(
            f"规则 {one} 与规则 {two} 在{zh}时同时命中，而命中策略为“唯一”",
            f"rules {one} and {two} match together when {en}, but the hit policy is UNIQUE",
            f"修改规则 {one} 或规则 {two} 的列“{label}”使两者互斥，或改用命中策略“首个”",
            f"change column {label!r} of rule {one} or {two} so that they exclude each other, or use hit policy FIRST",
        )
        return at(place, "dmn-overlap", texts)
    texts = Texts(
        f"规则 {one} 与规则 {two} 在{zh}时同时命中而输出不同，命中策略“任意”不允许",
        f"rules {one} and {two} match together when {en} with different outputs, which hit policy ANY forbids",
        f"使规则 {one} 与规则 {two} 的输出一致，或修改列“{label}”使两者互斥",
        f"give rules {one} and {two} the same outputs, or change column {label!r} so that they exclude each other",
    )
    return at(place, "dmn-any", texts)


def _situation(grid: Grid, box: Box) -> tuple[str, str]:
    """A box in words: the columns that it narrows."""
    zh, en = [], []
    for axis, mask, domain in zip(grid.axes, box, grid.domain, strict=True):
        if mask != domain and len(axis.regions) > 1:
            text_zh, text_en = regions.shown(axis, mask)
            zh.append(f"“{axis.label}”为 {text_zh} ")
            en.append(f"{axis.label!r} is {text_en}")
    return "且".join(zh) or "任何情况下", " and ".join(en) or "anything is given"


def _minus(boxes: Sequence[Box], taken: Box) -> list[Box] | None:
    """What is left of boxes when another is taken out; ``None`` when it falls into too many pieces."""
    left: list[Box] = []
    for box in boxes:
        common = _meet(box, taken)
        if common is None:
            left.append(box)
            continue
        rest = box
        for axis, mask in enumerate(common):
            outside = rest[axis] & ~mask
            if outside:
                left.append((*rest[:axis], outside, *rest[axis + 1 :]))
            rest = (*rest[:axis], mask, *rest[axis + 1 :])
        if len(left) > _BOXES:
            return None
    return left


def _covered(grid: Grid, dead: set[int]) -> Iterator[Finding]:
    """Rules that earlier ones leave nothing to; in an ANY table only those that one earlier rule covers."""
    for row, rule in enumerate(grid.table.rules):
        if row + 1 in dead:
            continue
        earlier = [(at_, box) for at_, box in enumerate(grid.sure[:row]) if box is not None]
        left: list[Box] | None = [grid.most[row]]
        used = []
        for at_, box in earlier:
            if left and _meet(grid.most[row], box) is not None:
                used.append(str(at_ + 1))
                left = _minus(left, box)
            if left is None:
                yield _too_large(grid)
                return
        if not left and used and (grid.table.policy == "FIRST" or len(used) == 1):
            yield _hidden(grid, rule, used)


def _hidden(grid: Grid, rule: elements.Rule, used: list[str]) -> Finding:
    zh, en = "、".join(used), ("rules " if len(used) > 1 else "rule ") + ", ".join(used)
    place = rule.tests[0].place if rule.tests else rule.place
    texts = Texts(
        f"这条规则永远轮不到：它的情形已全部被规则 {zh} 覆盖",
        f"this rule is never reached: all of its cases belong to {en}",
        f"把规则 {rule.number} 移到规则 {used[0]} 之前，收窄规则 {zh}，或删除规则 {rule.number}",
        f"move rule {rule.number} before rule {used[0]}, narrow {en}, or delete rule {rule.number}",
    )
    # Under ANY the rule adds nothing but breaks nothing either.
    return at(place, "dmn-unreachable", texts, "error" if grid.table.policy == "FIRST" else "warning")


def _gaps(grid: Grid) -> Iterator[Finding]:
    if not grid.axes or any(column.default is not None for column in grid.table.outputs):
        return
    left = [grid.domain]
    for box in grid.most:
        rest = _minus(left, box)
        if rest is None:
            yield _too_large(grid)
            return
        left = rest
    for box in left[:_SHOWN]:
        yield _gap(grid, box)


def _gap(grid: Grid, box: Box) -> Finding:
    zh, en = _situation(grid, box)
    texts = Texts(
        f"缺少规则：{zh}时没有规则命中，结果为空",
        f"a rule is missing: when {en} no rule matches and the result is null",
        "增加一条覆盖该情形的规则，或为输出列设置默认值",
        "add a rule for this case, or give the output column a default",
    )
    return at(grid.table.place, "dmn-gap", texts, "warning")


def _too_large(grid: Grid) -> Finding:
    texts = Texts(
        "表太大，不能查明全部重叠和遗漏",
        "the table is too large to find every overlap and gap",
        "把表拆成几个决策",
        "split the table into several decisions",
    )
    return at(grid.table.place, "dmn-size", texts, "info")
