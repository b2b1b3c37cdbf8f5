"""What is appended in the modeler lies over nothing, and what was drawn before keeps its place and its way."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pytest
from flask import Flask
from lxml import etree
from playwright.sync_api import Page, expect

from tests.bundles import city

Open = Callable[..., Page]
Box = tuple[float, float, float, float]

DI = "{http://www.omg.org/spec/BPMN/20100524/DI}"
DC = "{http://www.omg.org/spec/DD/20100524/DC}"
DD = "{http://www.omg.org/spec/DD/20100524/DI}"
MODEL = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
FRAMES = ("lane", "participant", "subProcess")


@dataclass(frozen=True)
class Drawn:
    """A diagram as it is drawn: where shapes and labels are, which way flows take, what each flow connects."""

    shapes: dict[str, Box]
    labels: dict[str, Box]
    ways: dict[str, list[tuple[float, float]]]
    ends: dict[str, tuple[str, str]]
    hosts: dict[str, str]


def _drawn(xml: bytes) -> Drawn:
    root = etree.fromstring(xml)
    kinds = {one.get("id"): etree.QName(one).localname for one in root.iter() if str(one.tag).startswith(MODEL)}
    flows = {one.get("id"): (one.get("sourceRef"), one.get("targetRef")) for one in root.iter(f"{MODEL}sequenceFlow")}
    hosts = {one.get("id"): one.get("attachedToRef") for one in root.iter(f"{MODEL}boundaryEvent")}
    shapes = {one.get("bpmnElement"): _box(one.find(f"{DC}Bounds")) for one in root.iter(f"{DI}BPMNShape")}
    labels = {
        one.getparent().get("bpmnElement"): _box(one.find(f"{DC}Bounds"))
        for one in root.iter(f"{DI}BPMNLabel")
        if one.find(f"{DC}Bounds") is not None
    }
    ways = {
        one.get("bpmnElement"): [(float(at.get("x")), float(at.get("y"))) for at in one.iter(f"{DD}waypoint")]
        for one in root.iter(f"{DI}BPMNEdge")
    }
    solid = {one: box for one, box in shapes.items() if kinds.get(one) not in FRAMES}
    return Drawn(solid, labels, ways, flows, hosts)


def _box(bounds: Any) -> Box:
    x, y, width, height = (float(bounds.get(name)) for name in ("x", "y", "width", "height"))
    return x, y, x + width, y + height


def _parts(way: list[tuple[float, float]]) -> Iterator[Box]:
    for (x, y), (to_x, to_y) in pairwise(way):
        yield min(x, to_x), min(y, to_y), max(x, to_x), max(y, to_y)


def _meet(one: Box, other: Box) -> bool:
    return one[0] < other[2] - 1 and other[0] < one[2] - 1 and one[1] < other[3] - 1 and other[1] < one[3] - 1


def _touches(part: Box, box: Box) -> bool:
    thick = (part[0] - 2, part[1] - 2, part[2] + 2, part[3] + 2)
    return _meet(thick, box)


def _along(one: Box, other: Box) -> float:
    for low, across in ((0, 1), (1, 0)):
        flat = one[across] == one[across + 2] and other[across] == other[across + 2]
        if flat and abs(one[across] - other[across]) < 4:  # noqa: PLR2004  lines that look like one
            return min(one[low + 2], other[low + 2]) - max(one[low], other[low])
    return 0


def _over(before: Drawn, after: Drawn) -> list[str]:
    """What is new and lies over something else, as far as it is drawn."""
    fresh = after.shapes.keys() - before.shapes.keys()
    found = [
        f"{one} over {other}"
        for one in fresh
        for other, box in after.shapes.items()
        if other != one and other != after.hosts.get(one) and _meet(after.shapes[one], box)
    ]
    for flow in after.ways.keys() - before.ways.keys():
        found += _of_flow(after, flow)
    for one in after.labels.keys() - before.labels.keys():
        box = after.labels[one]
        found += [f"label {one} over {other}" for other, shape in after.shapes.items() if _meet(box, shape)]
        found += [f"label {one} over {other}" for other, at in after.labels.items() if other != one and _meet(box, at)]
        found += [
            f"{other} through label {one}"
            for other, way in after.ways.items()
            if any(_meet_line(p, box) for p in _parts(way))
        ]
    return found


def _meet_line(part: Box, box: Box) -> bool:
    return _touches((part[0] + 1, part[1] + 1, part[2] - 1, part[3] - 1), box) and _touches(part, box)


def _of_flow(after: Drawn, flow: str) -> Iterator[str]:
    ends = {*after.ends[flow], *(after.hosts.get(one) for one in after.ends[flow])}
    for part in _parts(after.ways[flow]):
        yield from (
            f"{flow} through {one}" for one, box in after.shapes.items() if one not in ends and _touches(part, box)
        )
        for other, way in after.ways.items():
            if other != flow and any(_along(part, one) > 5 for one in _parts(way)):  # noqa: PLR2004  more than a corner
                yield f"{flow} along {other}"


def _append(page: Page, element: str, what: str) -> str:
    """Appends something to an element by its menu; gives the id of what is new."""
    before = set(_ids(page))
    if not page.locator(f'.djs-element.selected[data-element-id="{element}"]').count():
        page.locator(f'.djs-element[data-element-id="{element}"] .djs-hit').first.click(force=True)
    page.locator(f".djs-context-pad.open .entry[data-action='append.{what}']").click()
    page.keyboard.press("Escape")
    (new,) = (one for one in _ids(page) if one not in before and one.startswith(("Activity", "Gateway", "Event")))
    return new


def _ids(page: Page) -> list[str]:
    ids: list[str] = page.locator(".djs-shape").evaluate_all("all => all.map(one => one.dataset.elementId)")
    return [one for one in ids if not one.endswith("_label")]


def _save(page: Page, site: tuple[str, Flask]) -> Drawn:
    page.get_by_role("button", name="保存").click()
    expect(page.locator(".saving-note")).to_have_text("已保存")
    return _drawn([one for one in site[1].config["SENT"] if one[0] == "save"][-1][2])


MIDDLE = """line => {
  const at = line.getPointAtLength(line.getTotalLength() / 2).matrixTransform(line.getScreenCTM());
  return [at.x, at.y];
}"""


def _name(page: Page, element: str, text: str) -> None:
    hit = page.locator(f'.djs-element[data-element-id="{element}"] > .djs-hit').first
    # a flow with corners has nothing to click on in the middle of its box
    if element.startswith("gateway_"):
        x, y = hit.evaluate(MIDDLE)
        page.mouse.click(x, y)
    else:
        hit.click(force=True)
    page.locator(".modeler-panel").get_by_label("名称", exact=True).fill(text)
    page.locator(".modeler-panel").get_by_label("名称", exact=True).press("Tab")


STEPS = [
    # a step that has a way on already, with room below it in its lane
    ("simple_case", "draft_simple_decision"),
    # beside a column of flows that cross the lane
    ("intake", "review_acceptance"),
    # within a sub-process
    ("correction", "sign_correction_notice"),
    # below a boundary event's way out
    ("accountability", "record_handover"),
]


@pytest.mark.parametrize(("file", "step"), STEPS)
def test_steps_that_are_appended_lie_over_nothing(
    open_island: Open, site: tuple[str, Flask], file: str, step: str
) -> None:
    page = open_island("modeler", f"?file={file}.bpmn")
    _append(page, step, "append-task")
    _append(page, step, "append-task")

    assert _over(_drawn(city.bundle().files[f"{file}.bpmn"]), _save(page, site)) == []


@pytest.mark.parametrize(("file", "step"), STEPS)
def test_a_gateway_with_two_named_branches_lies_over_nothing(
    open_island: Open, site: tuple[str, Flask], file: str, step: str
) -> None:
    page = open_island("modeler", f"?file={file}.bpmn")
    gateway = _append(page, step, "gateway")
    branches = [_append(page, gateway, "append-task") for _ in range(2)]
    for branch, text in zip(branches, ("同意", "不同意，退回补正"), strict=True):
        _name(page, f"{gateway}_to_{branch}".lower(), text)
    _name(page, gateway, "是否同意？")

    after = _save(page, site)

    assert _over(_drawn(city.bundle().files[f"{file}.bpmn"]), after) == []
    assert gateway in after.labels


def test_room_that_was_made_goes_with_the_step_when_it_is_undone(open_island: Open, site: tuple[str, Flask]) -> None:
    page = open_island("modeler", "?file=decision.bpmn")
    before = _drawn(city.bundle().files["decision.bpmn"])
    _append(page, "draft_decision", "append-task")
    with_step = _save(page, site)

    page.get_by_role("button", name="撤销").click()
    after = _save(page, site)

    assert with_step.shapes["check_draft"] != before.shapes["check_draft"]
    assert (after.shapes, after.ways) == (before.shapes, before.ways)


def test_flows_keep_the_way_they_were_drawn_when_room_is_made(open_island: Open, site: tuple[str, Flask]) -> None:
    page = open_island("modeler", "?file=decision.bpmn")
    before = _drawn(city.bundle().files["decision.bpmn"])
    _append(page, "draft_decision", "append-task")

    after = _save(page, site)

    def across(drawn: Drawn) -> dict[str, list[float]]:
        return {flow: [x for x, _ in drawn.ways[flow]] for flow in before.ways}

    assert across(after) == across(before)
