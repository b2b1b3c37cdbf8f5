"""Makes room for an inserted task in the drawing: everything to the right moves on, lanes and pools grow with it."""

from dataclasses import dataclass

from lxml import etree

_DI = "{http://www.omg.org/spec/BPMN/20100524/DI}"
_BOX = "{http://www.omg.org/spec/DD/20100524/DC}Bounds"
_POINT = "{http://www.omg.org/spec/DD/20100524/DI}waypoint"
_WIDTH, _HEIGHT, _GAP = 120, 80, 40
_ROOM = _WIDTH + 2 * _GAP
#: what is wider holds others (a pool, a lane, an open sub-process) and grows instead of moving
_SMALL = 140


@dataclass(frozen=True)
class Inserted:
    """What was inserted: into which flow, after which element, with which flow onward, in which lane."""

    flow: str
    source: str
    task: str
    onward: str
    lane: str


@dataclass(frozen=True)
class Box:
    """Where something is drawn."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        return self.x + self.width

    @property
    def middle(self) -> float:
        return self.y + self.height / 2


def insert(root: etree._Element, made: Inserted) -> None:
    """Draws the task and its flow; a diagram whose source or flow is not drawn stays as it is, and the check says so."""
    drawn = {one.get("bpmnElement", ""): one for one in root.iter(f"{_DI}BPMNShape", f"{_DI}BPMNEdge")}
    if made.source not in drawn or made.flow not in drawn:
        return
    line = _line(root, _box(drawn[made.source]).right)
    _spread(root, line)
    edge = drawn[made.flow]
    end = edge.findall(_POINT)[-1]
    last = (float(end.get("x", "0")), float(end.get("y", "0")))
    source = _box(drawn[made.source])
    band = _box(drawn[made.lane]) if made.lane in drawn else source
    inside = band.y <= source.middle <= band.y + band.height
    middle = source.middle if inside else band.middle
    task = Box(line + _GAP, middle - _HEIGHT / 2, _WIDTH, _HEIGHT)
    shape = etree.Element(f"{_DI}BPMNShape", {"id": f"{made.task}_shape", "bpmnElement": made.task})
    _write(etree.SubElement(shape, _BOX), task)
    drawn[made.source].addnext(shape)
    _route(edge, _steps((source.right, source.middle), (task.x, task.middle)))
    onward = etree.Element(f"{_DI}BPMNEdge", {"id": f"{made.onward}_edge", "bpmnElement": made.onward})
    _route(onward, _steps((task.right, task.middle), last) if last[0] >= task.right else _back(task, last))
    edge.addnext(onward)


def _box(shape: etree._Element) -> Box:
    found = shape.find(_BOX)
    assert found is not None
    x, y, width, height = (float(found.get(name, "0")) for name in ("x", "y", "width", "height"))
    return Box(x, y, width, height)


def _write(element: etree._Element, box: Box) -> None:
    for name, value in (("x", box.x), ("y", box.y), ("width", box.width), ("height", box.height)):
        element.set(name, f"{value:g}")


def _line(root: etree._Element, start: float) -> float:
    """The first place from a point on where no small shape would be cut."""
    boxes = [_box(one) for one in root.iter(f"{_DI}BPMNShape")]
    line, moved = start, True
    while moved:
        beyond = [one.right for one in boxes if one.width <= _SMALL and one.x < line < one.right]
        moved = bool(beyond)
        line = max([line, *beyond])
    return line


def _spread(root: etree._Element, line: float) -> None:
    """Moves everything beyond a vertical line to the right; what lies across it grows."""
    for box in list(root.iter(_BOX)):
        x, width = float(box.get("x", "0")), float(box.get("width", "0"))
        if x >= line:
            box.set("x", f"{x + _ROOM:g}")
        elif x + width > line and width > _SMALL:
            box.set("width", f"{width + _ROOM:g}")
    for point in root.iter(_POINT):
        x = float(point.get("x", "0"))
        if x > line:
            point.set("x", f"{x + _ROOM:g}")


def _steps(start: tuple[float, float], end: tuple[float, float]) -> list[tuple[float, float]]:
    """A way with right angles from left to right."""
    if start[1] == end[1]:
        return [start, end]
    turn = start[0] + _GAP / 2
    return [start, (turn, start[1]), (turn, end[1]), end]


def _back(task: Box, end: tuple[float, float]) -> list[tuple[float, float]]:
    """A way below the task, back to what lies on its left."""
    below = task.y + task.height + _GAP / 2
    middle = task.x + task.width / 2
    return [(middle, task.y + task.height), (middle, below), (end[0], below), end]


def _route(edge: etree._Element, points: list[tuple[float, float]]) -> None:
    """Gives an edge its points; they come before its label."""
    for old in edge.findall(_POINT):
        edge.remove(old)
    for place, (x, y) in enumerate(points):
        point = etree.Element(_POINT, {"x": f"{x:g}", "y": f"{y:g}"})
        edge.insert(place, point)
