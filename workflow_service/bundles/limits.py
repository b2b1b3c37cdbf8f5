"""The limits that diagrams state in working days: where each stands, from when it counts, who is bound; and how one is changed."""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import orjson
from lxml import etree

from workflow_service import errors
from workflow_service.bundles import check_notice, names
from workflow_service.engine import diagram, document
from workflow_service.engine.diagram import Diagram, Node
from workflow_service.engine.document import BPMN, SPIFF

#: ``working days after(start, 5)``, or with a shorter number for urgent cases
_LIMIT = re.compile(
    r"(working days after\(((?:[^(),]|\([^()]*\))*),\s*)(?:if case\.urgent = true then (\d+) else )?(\d+)(\))"
)
_WHERE = (f"{SPIFF}property", f"{SPIFF}parameter")
#: what the correction counts its limits from: article 17 sets that day and the number
_SIGNING = frozenset({"date(decision.date)", "date(decided.date)"})
_DURATION = re.compile(r'duration\("(P\d+[DM])"\)')
_TELLS_DAYS = re.compile(r"(?<![这那每同第])(?:\d+\s*(?:个工作日|日内|天)|[一二两三四五六七八九十]+(?:个工作日|日|天))")
LONGEST = 365


@dataclass(frozen=True)
class Limit:
    """A number of working days, and the one for urgent cases."""

    days: int
    urgent: int | None = None

    @property
    def words(self) -> tuple[str, str]:
        """The limit as people say it."""
        days = (f"{self.days} 个工作日", f"{self.days} working days")
        if self.urgent is None or self.urgent == self.days:
            return days
        return f"{days[0]}（加急 {self.urgent} 个）", f"{days[1]} ({self.urgent} if urgent)"

    @property
    def text(self) -> str:
        """The number as FEEL."""
        if self.urgent is None or self.urgent == self.days:
            return str(self.days)
        return f"if case.urgent = true then {self.urgent} else {self.days}"

    @property
    def pair(self) -> tuple[int, int]:
        """Both numbers."""
        return self.days, self.days if self.urgent is None else self.urgent

    @property
    def is_possible(self) -> bool:
        """Whether people can work by it: at least a day, at most a year, and no more for urgent cases."""
        days, urgent = self.pair
        return 1 <= urgent <= days <= LONGEST


@dataclass(frozen=True)
class Row:
    """A limit at one step.

    Args:
        file, process, node: where it stands. start: the day it counts from, in FEEL.
        limit: the number; None for a date that is not counted in working days: ``start`` then holds it whole, or of
            a letter or message the durations of which it speaks.
        uses: what it is for: ``due`` of a task, ``timer`` that acts when it is over, ``text`` of a letter or message.
        also: steps of the process that tell the same limit in a letter or message, or whose letter this is.
    """

    file: str
    process: str
    node: Node
    start: str
    limit: Limit | None
    uses: tuple[str, ...]
    also: tuple[Node, ...] = ()

    @property
    def is_fixed(self) -> bool:
        """Whether the regulation itself sets it."""
        return self.limit is not None and self.start in _SIGNING and self.limit.days >= check_notice.MOST_DAYS

    @property
    def key(self) -> tuple[str, str, str]:
        """What stays the same when the number changes."""
        return self.file, self.node.id, self.start


def of(files: Mapping[str, bytes]) -> list[Row]:
    """Every limit of a bundle, file by file; diagrams that cannot be read have none."""
    return [row for name, root in _diagrams(files) for row in _rows(root, diagram.read(root, name))]


def _diagrams(files: Mapping[str, bytes]) -> Iterator[tuple[str, etree._Element]]:
    """The diagrams of a bundle that can be read, by their files' names."""
    for name in sorted(files):
        if names.kind(name) == "diagram":
            with suppress(errors.BadBundle):
                yield name, document.load(files[name], name)


def _rows(root: etree._Element, drawn: Diagram) -> list[Row]:
    nodes, elements = {one.id: one for one in drawn.nodes}, _elements(root)
    found: dict[tuple[str, str, Limit | None], Row] = {}
    for node in drawn.nodes:
        for start, limit, use in _stated(elements[node.id]):
            # a timer on a task that ends with the task's own limit is the same limit
            hosted = found.get((node.host, start, limit))
            owner = nodes[node.host] if hosted else node
            row = found.setdefault((owner.id, start, limit), Row(drawn.file, node.process, owner, start, limit, ()))
            if use not in row.uses:
                found[owner.id, start, limit] = replace(row, uses=(*row.uses, use))
    rows = list(found.values())
    return [replace(one, also=tuple(_same(one, rows))) for one in rows]


def _same(row: Row, rows: Iterable[Row]) -> Iterator[Node]:
    if row.limit is not None and not row.is_fixed:
        for one in rows:
            same = (one.start, one.limit) == (row.start, row.limit) and one.node is not row.node
            if same and ("text",) in (one.uses, row.uses):
                yield one.node


def _elements(root: etree._Element) -> dict[str, etree._Element]:
    return {one.get("id", ""): one for one in root.iter() if isinstance(one.tag, str) and one.tag.startswith(BPMN)}


def _stated(element: etree._Element) -> Iterator[tuple[str, Limit | None, str]]:
    for one, attribute in _places(element):
        text = one.get(attribute, "") if attribute else one.text or ""
        use = "timer" if one.tag == f"{BPMN}timeDate" else "due" if one.get("name") == "due" else "text"
        counted = list(_LIMIT.finditer(text))
        for match in counted:
            yield match[2].strip(), _limit(match), use
        durations = _DURATION.findall(text)
        if not counted and (use != "text" or durations):
            yield " ".join(durations) if use == "text" else text.strip(), None, use


def _limit(match: re.Match[str]) -> Limit:
    return Limit(int(match[4]), int(match[3]) if match[3] else None)


def _places(element: etree._Element) -> Iterator[tuple[etree._Element, str]]:
    """Where an element itself, not what it holds, may state a limit: the XML element, and its attribute or none for text."""
    for child in element:
        if child.tag == f"{BPMN}extensionElements" or child.tag.endswith("EventDefinition"):
            for one in child.iter():
                if one.tag in _WHERE and one.get("value"):
                    yield one, "value"
                elif one.text and one.text.strip():
                    yield one, ""


def at(root: etree._Element, element: str) -> list[Limit]:
    """The limits that one element states."""
    places = _places(_elements(root)[element])
    texts = (one.get(attribute, "") if attribute else one.text or "" for one, attribute in places)
    return [_limit(match) for text in texts for match in _LIMIT.finditer(text)]


def put(root: etree._Element, element: str, before: Limit, wanted: Limit) -> None:
    """Writes another number wherever an element states a limit."""

    def changed(match: re.Match[str]) -> str:
        return f"{match[1]}{wanted.text}{match[5]}" if _limit(match) == before else match[0]

    for one, attribute in _places(_elements(root)[element]):
        if attribute:
            one.set(attribute, _LIMIT.sub(changed, one.get(attribute, "")))
        else:
            one.text = _LIMIT.sub(changed, one.text or "")


@dataclass(frozen=True)
class Wanted:
    """Another number for the limit of a step, and for the other steps that are to follow it."""

    element: str
    before: Limit
    after: Limit
    also: tuple[str, ...] = ()


def changed(file: str, content: bytes, wanted: Wanted) -> bytes:
    """A diagram with one limit changed, the timers on its step included.

    Raises:
        Conflict: the step no longer states that limit, or the regulation sets it.
        Invalid: the number makes no sense.
    """
    root = document.load(content, file)
    drawn = diagram.read(root, file)
    row = next((one for one in _rows(root, drawn) if (one.node.id, one.limit) == (wanted.element, wanted.before)), None)
    if row is None:
        raise errors.Conflict("该环节的期限已在别处被修改，请重新打开后再改")
    if row.is_fixed:
        raise errors.Conflict("“{name}”的期限由条例第17条规定，不能修改", name=row.node.name)
    if any(not 1 <= days <= LONGEST for days in wanted.after.pair):
        raise errors.Invalid([errors.FieldError("days", "days", "请填写1至365之间的工作日数")])
    if wanted.after.pair[1] > wanted.after.days:
        raise errors.Invalid([errors.FieldError("urgent", "days", "加急期限不能长于一般期限")])
    known = {one.id for one in row.also}
    steps = [wanted.element, *(one for one in wanted.also if one in known)]
    timers = [one.id for one in drawn.nodes if one.host in steps]
    for element in (*steps, *timers):
        put(root, element, wanted.before, wanted.after)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8")) + b"\n"


def told(files: Mapping[str, bytes]) -> list[tuple[str, str, str]]:
    """Texts that tell a number of days and do not change with a limit: file, element, text."""
    texts = [(name, node.id, node.name) for name, root in _diagrams(files) for node in diagram.read(root, name).nodes]
    for name in sorted(files):
        if names.kind(name) in ("form", "letter"):
            with suppress(orjson.JSONDecodeError):
                texts += [(name, "", text) for text in dict.fromkeys(_texts(orjson.loads(files[name])))]
    return [one for one in texts if _TELLS_DAYS.search(one[2])]


def _texts(data: Any) -> Iterator[str]:
    if isinstance(data, str):
        yield data
    elif isinstance(data, Mapping):
        for one in data.values():
            yield from _texts(one)
    elif isinstance(data, list):
        for one in data:
            yield from _texts(one)
