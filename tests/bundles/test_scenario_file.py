"""What is wrong with a scenario is told before anybody plays it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson
import pytest

from workflow_service import settings
from workflow_service.bundles import check, read, scenario_file
from workflow_service.errors import BadBundle, Finding

SHIPPED = read.read_directory(settings.shipped("bpmn"), settings.shipped("forms")).files
STORY = orjson.loads(Path("bpmn/scenarios/county_terminated.json").read_bytes())
NAME = "scenarios/county_terminated.json"


def found(**changed: Any) -> list[Finding]:
    """What a bundle with one story, changed, is told of its scenarios."""
    others = {name: content for name, content in SHIPPED.items() if not name.startswith("scenarios/")}
    told = {key: value for key, value in {**STORY, **changed}.items() if value is not None}
    return of_scenarios({**others, NAME: orjson.dumps(told)})


def of_scenarios(files: Mapping[str, bytes]) -> list[Finding]:
    return [one for one in check.check(read.Bundle.of(files)) if one.rule in ("N01", "N02")]


@pytest.mark.parametrize(
    ("changed", "element"),
    [
        ({"title_en": None}, "title_en"),
        ({"steps": 3}, "steps"),
        ({"starts_at": "2026-01-05 10:00"}, "starts_at"),  # nobody knows where
        ({"hurry": True}, "hurry"),
        ({"expect": {"state": "archived"}}, "state"),
        ({"steps": ["open"]}, "steps"),
        ({"steps": [{"do": "visit", "open": "intake", "by": "clerk_1", "data": {}}]}, "steps"),  # which of them?
        ({"steps": [{"do": "visit", "data": {}}]}, "by"),
        ({"steps": [{"do": "visit", "by": "clerk_1", "data": []}]}, "data"),
        ({"steps": [{"clock": "tomorrow"}]}, "clock"),
        ({"steps": [{"clock": "9999-12-31T10:00:00+08:00"}]}, "clock"),  # nothing can be counted there
        ({"starts_at": "0001-01-01T00:00:00+08:00"}, "starts_at"),
        ({"steps": [{"clock": "2026-02-13T10:00:00+08:00"}] * 301}, "steps"),
    ],
)
def test_a_scenario_of_the_wrong_shape_is_an_error_at_its_place(changed: dict[str, Any], element: str) -> None:
    (fault,) = found(**changed)

    assert (fault.rule, fault.severity, fault.file, fault.element) == ("N01", "error", NAME, element)


@pytest.mark.parametrize(
    "content", [b"[]", b'"story"', b"{", b'{"id": "x", "title": "x", "starts_at": 3, "steps": {}}']
)
def test_what_is_no_scenario_cannot_be_played(content: bytes) -> None:
    with pytest.raises(BadBundle) as refused:
        scenario_file.read(content, NAME)

    assert {one.file for one in refused.value.findings} == {NAME}


@pytest.mark.parametrize(
    ("step", "wanted", "remedy"),
    [
        ({"do": "review_acceptanse", "by": "clerk_1", "data": {}}, "review_acceptanse", "review_acceptance"),
        ({"open": "intakes", "by": "clerk_1", "data": {}}, "intakes", "intake"),
        ({"send": "statement", "by": "clerk_1", "data": {}}, "statement", "statement_received"),
        ({"do": "route", "by": "clerk_1", "data": {}}, "route", "confirm"),  # a gateway or a table is nobody's work
    ],
)
def test_a_scenario_that_comes_to_what_is_not_there_is_told(step: dict[str, Any], wanted: str, remedy: str) -> None:
    told = [one for one in found(steps=[*STORY["steps"], step]) if one.rule == "N02"]

    assert [(one.severity, one.file, one.element) for one in told] == [("warning", NAME, wanted)]
    assert remedy in told[0].fix or remedy == "confirm"


def unpassed(**without: str) -> list[Finding]:
    """What a bundle with one story, some of its steps left out, is told of tasks that it does not come to."""
    steps = [one for one in STORY["steps"] if one.get("do") != without.get("do")]
    others = {name: content for name, content in SHIPPED.items() if not name.startswith("scenarios/")}
    return scenario_file.unpassed(read.Bundle.of({**others, NAME: orjson.dumps({**STORY, "steps": steps})}))


def test_the_citys_scenarios_come_to_every_user_task() -> None:
    assert scenario_file.unpassed(read.Bundle.of(SHIPPED)) == [] == of_scenarios(SHIPPED)


def test_a_user_task_that_no_scenario_comes_to_is_told_at_its_place() -> None:
    told = unpassed(do="visit")

    at = next(one for one in told if one.element == "visit")
    assert (at.rule, at.severity, at.file) == ("N03", "info", "follow_up.bpmn")
    assert "visit" not in {one.element for one in unpassed()}
    assert "submit_application" not in {one.element for one in told}  # who opens the case has done it


def test_a_bundle_without_scenarios_is_not_told_of_them() -> None:
    bare = read.Bundle.of({name: content for name, content in SHIPPED.items() if not name.startswith("scenarios/")})

    assert scenario_file.unpassed(bare) == []
