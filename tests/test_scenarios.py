"""The stories beside the diagrams end as they say, in seconds."""

from dataclasses import replace
from pathlib import Path

import pytest

from workflow_service import scenarios, settings
from workflow_service.bundles import read, scenario_file

VARIANTS = read.read_variants(settings.shipped("bpmn"))
FILES = read.read_directory(settings.shipped("bpmn"), settings.shipped("forms")).files


@pytest.mark.parametrize("path", sorted(Path("bpmn/scenarios").glob("*.json")), ids=lambda path: path.stem)
def test_a_scenario_of_the_city_ends_as_it_says(path: Path) -> None:
    scenario = scenario_file.read(path.read_bytes())

    outcome = scenarios.play(FILES, scenario, VARIANTS)

    assert outcome.differences == ()


def test_a_scenario_that_ends_otherwise_says_where() -> None:
    scenario = scenario_file.read(Path("bpmn/scenarios/simple_case_exempted.json").read_bytes())
    wrong = scenario_file.Scenario(scenario.id, "", "", scenario.starts_at, scenario.steps[:2], {"status": "archived"})

    outcome = scenarios.play(FILES, wrong)

    assert [str(one) for one in outcome.differences] == ["status：应为 archived，实为 in_progress"]


def test_a_step_that_is_refused_ends_the_story_with_the_reason() -> None:
    scenario = scenario_file.read(Path("bpmn/scenarios/simple_case_exempted.json").read_bytes())
    hasty = {"do": "sign_decision", "by": "signer_1", "data": {}}
    empty = {**scenario.steps[1], "data": {}}

    early = scenarios.play(FILES, replace(scenario, steps=(scenario.steps[0], hasty)))
    blank = scenarios.play(FILES, replace(scenario, steps=(scenario.steps[0], empty)))

    assert [str(one) for one in early.differences] == ["第2步 sign_decision：没有待办的“sign_decision”"]
    assert [one.step for one in blank.differences] == [2]
    assert {"in_scope", "decision"} <= {one.field for one in blank.differences[0].why}


def test_a_story_that_opens_no_case_differs_from_whatever_it_expects() -> None:
    scenario = scenario_file.read(Path("bpmn/scenarios/simple_case_exempted.json").read_bytes())

    empty = scenarios.play(FILES, replace(scenario, steps=(), expect={"status": "archived"}))

    assert [str(one) for one in empty.differences] == ["status：应为 archived，实为 None"]


@pytest.mark.parametrize("written", ["{case:x}", "{case:}", "{case:", "{case:-1}", "{case:2}"])
def test_what_names_no_case_of_the_story_stands_as_it_is_written(written: str) -> None:
    assert scenarios.filled({"number": [written, "{case:1}"]}, ["RC-2026-00001"]) == {
        "number": [written, "RC-2026-00001"]
    }
