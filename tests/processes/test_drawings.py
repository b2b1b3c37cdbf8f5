"""The city's diagrams and tables as files: complete, drawn so that a person can read them, true to the regulation."""

from functools import cache
from itertools import combinations, product
from typing import Any

import orjson
import pytest
from lxml import etree

from tests.contract import USER_TASKS
from tests.processes import drawn
from workflow_service import dmn

PROCESSES = sorted(path.stem for path in drawn.HERE.glob("*.bpmn"))
NAMES = {
    "bpmn": "http://www.omg.org/spec/BPMN/20100524/MODEL",
    "di": "http://www.omg.org/spec/BPMN/20100524/DI",
    "dc": "http://www.omg.org/spec/DD/20100524/DC",
    "dd": "http://www.omg.org/spec/DD/20100524/DI",
}
Box = tuple[float, float, float, float]


@cache
def model(name: str) -> dmn.Model:
    return dmn.read((drawn.HERE / f"{name}.dmn").read_bytes())


@cache
def root(process: str) -> etree._Element:
    return etree.fromstring((drawn.HERE / f"{process}.bpmn").read_bytes())


def nodes(process: str) -> list[etree._Element]:
    endings = ("Event", "Task", "Gateway", "callActivity", "subProcess")
    return [one for one in root(process).iter(f"{{{NAMES['bpmn']}}}*") if etree.QName(one).localname.endswith(endings)]


def boxes(process: str) -> dict[str, Box]:
    found = {}
    for shape in root(process).iterfind(".//di:BPMNShape", NAMES):
        bounds = shape.find("dc:Bounds", NAMES)
        assert bounds is not None
        x, y, width, height = (float(bounds.get(name, "0")) for name in ("x", "y", "width", "height"))
        found[shape.get("bpmnElement", "")] = (x, y, x + width, y + height)
    return found


def test_every_process_of_the_procedure_is_drawn() -> None:
    named = {
        "accountability", "appeal", "archive", "clarification", "confirmation", "correction", "decision", "early_warning",
        "follow_up", "intake", "investigation", "panel", "recusal", "result_use", "simple_case", "standard_case",
        "suspension", "typical_case", "withdrawal",
    }  # fmt: skip
    assert named <= set(PROCESSES)
    assert [root(one).find("bpmn:process", NAMES).get("id") for one in PROCESSES] == PROCESSES


@pytest.mark.parametrize("process", PROCESSES)
def test_no_shape_covers_another_and_all_stand_in_the_pool(process: str) -> None:
    places = boxes(process)
    pool = places[f"pool_{process}"]
    kinds = {one.get("id", ""): etree.QName(one).localname for one in nodes(process)}
    assert set(kinds) <= set(places)
    for one in kinds:
        assert pool[0] < places[one][0] and places[one][2] < pool[2], one
        assert pool[1] < places[one][1] and places[one][3] < pool[3], one
    standing = [one for one, kind in kinds.items() if kind not in ("subProcess", "boundaryEvent")]
    for first, second in combinations(standing, 2):
        a, b = places[first], places[second]
        assert a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1], (first, second)


@pytest.mark.parametrize("process", PROCESSES)
def test_flows_run_level_or_upright(process: str) -> None:
    for edge in root(process).iterfind(".//di:BPMNEdge", NAMES):
        points = [(float(one.get("x", "0")), float(one.get("y", "0"))) for one in edge.iterfind("dd:waypoint", NAMES)]
        for (x1, y1), (x2, y2) in zip(points, points[1:], strict=False):
            assert x1 == x2 or y1 == y2, edge.get("bpmnElement")


@pytest.mark.parametrize("process", PROCESSES)
def test_boundary_events_stand_on_the_border_of_their_activity(process: str) -> None:
    places = boxes(process)
    for one in nodes(process):
        host = one.get("attachedToRef")
        if host:
            x, y = ((places[one.get("id", "")][side] + places[one.get("id", "")][side + 2]) / 2 for side in (0, 1))
            left, top, right, bottom = places[host]
            assert x in (left, right) or y in (top, bottom), one.get("id")


def test_every_lane_is_a_role_and_every_article_points_at_elements() -> None:
    roles = orjson.loads((drawn.HERE / "roles.json").read_bytes())
    lanes = {lane.get("name") for one in PROCESSES for lane in root(one).iterfind(".//bpmn:lane", NAMES)}
    assert lanes == set(roles["lanes"])
    assert {role for role in roles["lanes"].values() if role} <= set(roles["roles"])
    articles = orjson.loads((drawn.HERE / "articles.json").read_bytes())
    drawn_elements = {f"{one}#{node.get('id')}" for one in PROCESSES for node in nodes(one)}
    assert {element for article in articles.values() for element in article["elements"]} <= drawn_elements
    assert {str(number) for number in range(1, 24)} <= set(articles)


def test_the_tasks_that_are_contract_are_all_drawn() -> None:
    tasks = {
        one.get("id") for process in PROCESSES for one in nodes(process) if etree.QName(one).localname == "userTask"
    }
    assert set(USER_TASKS) <= tasks


@pytest.mark.parametrize(("complex_", "impact", "simple", "consensus", "barred"), product((False, True), repeat=5))
def test_the_path_needs_both_for_simple_either_for_the_panel_and_the_panel_wins(
    complex_: bool, impact: bool, simple: bool, consensus: bool, barred: bool
) -> None:
    facts = {
        "complex": complex_, "social_impact_large": impact, "circumstances_simple": simple,
        "general_consensus": consensus, "investigation_completed": True, "barred": barred,
    }  # fmt: skip
    expected = "panel" if complex_ or impact else "simple" if simple and consensus and not barred else "standard"
    assert model("route").decide("route", facts)["path"] == expected


def test_nothing_is_simple_before_the_investigation_is_completed() -> None:
    facts = {
        "complex": False, "social_impact_large": False, "circumstances_simple": True, "general_consensus": True,
        "investigation_completed": False, "barred": False,
    }  # fmt: skip
    assert model("route").decide("route", facts)["path"] == "standard"


def codes(**facts: str) -> list[str]:
    return [one["code"] for one in model("circumstances").decide("circumstances", {"facts": facts}) or []]


def test_the_situations_are_exactly_thirty() -> None:
    table = etree.fromstring((drawn.HERE / "circumstances.dmn").read_bytes())
    entries = table.iterfind(".//{*}rule/{*}outputEntry[1]/{*}text")
    counts = {4: 3, 5: 4, 6: 4, 7: 4, 8: 3, 9: 4, 10: 3, 11: 4}
    expected = [f"{article}.{number}" for article, count in counts.items() for number in range(1, count + 1)]
    assert [str(one.text).strip('"') for one in entries] == [*expected, "12"]


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"collective": "yes", "risk_assessed": "yes", "safeguards_preset": "yes"}, ["4.2"]),
        ({"collective": "yes", "risk_assessed": "yes", "safeguards_preset": "unknown"}, []),
        ({"lawful": "yes", "unforeseen": "yes", "misunderstood": "yes", "loss_level": "minor", "impact_level": "none"}, ["5.3"]),
        ({"lawful": "yes", "unforeseen": "yes", "misunderstood": "yes", "loss_level": "major", "impact_level": "none"}, []),
        ({"lawful": "yes", "unforeseen": "yes", "misunderstood": "yes", "loss_level": "minor", "impact_level": "bad"}, []),
        ({"legacy_issue": "yes", "unconventional_effective": "yes", "loss_level": "none", "impact_level": "limited"}, ["7.2"]),
        ({"emergency": "yes", "avoids_greater_harm": "yes", "no_time_collective": "yes", "steps_skipped": "yes"}, []),
        (
            {"emergency": "yes", "avoids_greater_harm": "yes", "no_time_collective": "yes", "steps_skipped": "yes", "fixed_afterwards": "yes"},
            ["10.1"],
        ),
        ({"took_responsibility": "yes", "controllable": "yes", "recoverable": "no"}, []),
        ({"pilot_level": "city", "not_forbidden": "yes", "procedure_followed": "yes", "collective": "yes"}, []),
        ({"pilot_level": "province", "not_forbidden": "yes", "procedure_followed": "yes", "collective": "yes"}, ["8.2"]),
        ({"deployment": "city", "no_private_gain": "yes", "remedied": "yes"}, []),
        ({"deployment": "city", "no_gain_self_other_unit": "yes", "remedied": "yes"}, ["5.2"]),
        ({"mixed_ownership": "yes", "no_precedent": "yes", "state_equity_loss_major": "no"}, ["6.4"]),
        ({"residual_reason_given": "yes", "second_reviewer_ok": "unknown"}, []),
        ({}, []),
    ],
)  # fmt: skip
def test_a_situation_matches_when_its_facts_are_established(facts: dict[str, str], expected: list[str]) -> None:
    assert codes(**facts) == expected


def gate(**facts: str) -> dict[str, Any]:
    answer: dict[str, Any] = model("eligibility").decide("eligibility", {"facts": {**drawn.GATE, **facts}})
    return answer


def test_the_gate_names_what_fails_and_what_is_unknown() -> None:
    assert gate()["eligible"] is True
    assert (gate(no_private_gain="no")["eligible"], gate(no_private_gain="no")["gate"][0]["fact"]) == (
        False,
        "no_private_gain",
    )
    assert gate(purpose="unknown")["eligible"] is None
    assert gate(purpose="other")["eligible"] is False


def test_the_negative_list_asks_for_a_human_check_and_rejects_nothing() -> None:
    answer = gate(neg_work_safety="yes")
    assert (answer["eligible"], [one["flag"] for one in answer["boundary"]]) == (True, ["neg_work_safety"])


def test_the_criteria_are_weighed_and_an_arbitrary_process_alone_fails_nothing() -> None:
    ratings = {"motive": "public", "nature": "responsible", "process": "not_applicable", "result": "controllable"}
    answer = model("criteria").decide("criteria", ratings)
    assert (answer["favourable"], answer["unfavourable"]) == (3, 0)
    answer = model("criteria").decide("criteria", {**ratings, "process": "arbitrary"})
    assert (answer["favourable"], answer["unfavourable"], "权衡" in answer["advice"]) == (3, 1, True)


@pytest.mark.parametrize(
    ("days", "urgings", "kind"), [(0, 0, "none"), (1, 0, "remind"), (1, 1, "inquire"), (9, 3, "other")]
)
def test_urging_grows_stronger(days: int, urgings: int, kind: str) -> None:
    assert model("urging").decide("urging", {"days_overdue": days, "urgings": urgings})["kind"] == kind
