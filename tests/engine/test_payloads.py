"""Wherever an expression can stand in a diagram, none leaves FEEL or uses up the machine."""

import contextlib
from pathlib import Path
from xml.sax.saxutils import escape

import pytest

from tests.engine.cases import Case
from tests.engine.drawing import Drawing, compiled
from tests.feel import payloads
from workflow_service.errors import BadBundle, CannotAdvance, Conflict

MARKS = {
    "collection": "<loopDataInputRef>{}</loopDataInputRef>",
    "cardinality": "<loopCardinality>{}</loopCardinality>",
    "completion": "<loopCardinality>2</loopCardinality><completionCondition>{}</completionCondition>",
}
PROPERTIES = ("due", "assignee", "set", "publish")
PLACES = [*PROPERTIES, *MARKS, "allowed", "condition", "conditional event", "payload", "timer", "parameter", "inputs"]


@pytest.mark.parametrize("place", PLACES)
def test_no_payload_gets_away(place: str, tmp_path: Path) -> None:
    def move(text: str) -> None:
        with contextlib.suppress(BadBundle, CannotAdvance, Conflict):
            case = Case(compiled(_drawn(place, text)))
            case.start("main", x={"y": 1}, l=[1, 2, 3], s="text")
            case.submit("r1.fill_in.1", a=1)
            case.submit("r1.middle.1", a=1)

    assert payloads.unbounded(move, tmp_path / "canary") == []


@pytest.mark.parametrize("place", PLACES)
def test_the_place_is_one_where_an_expression_is_read(place: str) -> None:
    with pytest.raises(BadBundle) as refused:
        compiled(_drawn(place, "1 +"))

    assert [one.rule for one in refused.value.findings] == ["FEEL"]


def _drawn(place: str, text: str) -> Drawing:
    drawing = Drawing("main")
    drawing.start("begin_case", **({"allowed": text} if place == "allowed" else {}))
    drawing.user("fill_in", **({place: text} if place in PROPERTIES else {}))
    drawing.gate("choose")
    drawing.flow("choose", "middle", when=text if place == "condition" else "1 = 1")
    drawing.end("end_other")
    drawing.flow("choose", "end_other", default=True)
    _middle(drawing, place, text)
    drawing.end("end_case")
    drawing.way("begin_case", "fill_in", "choose")
    drawing.way("middle", "end_case")
    return drawing


def _middle(drawing: Drawing, place: str, text: str) -> None:
    if place == "payload":
        drawing.throw("middle", message="m", payload=text)
    elif place == "timer":
        drawing.catch("middle", timer=text)
    elif place == "conditional event":
        drawing.catch("middle", condition=text)
    elif place == "parameter":
        drawing.service("middle", what=text)
    elif place == "inputs":
        drawing.decide("middle", "d", inputs=text)
    else:
        inside = MARKS[place].format(escape(text)) if place in MARKS else ""
        looped = f"<multiInstanceLoopCharacteristics>{inside}</multiInstanceLoopCharacteristics>" if inside else ""
        drawing.user("middle", many=looped)
