"""The stories beside the diagrams end as they say, in seconds."""

from pathlib import Path

import pytest

from workflow_service import scenarios, settings
from workflow_service.bundles import read, scenario_file

VARIANTS = read.read_variants(settings.shipped("bpmn"))
FILES = read.read_directory(settings.shipped("bpmn"), settings.shipped("forms")).files


@pytest.mark.parametrize("path", sorted(Path("bpmn/scenarios").glob("*.json")), ids=lambda path: path.stem)
def test_a_scenario_of_the_city_ends_as_it_says(path: Path) -> None:
    scenario = scenario_file.read(path.read_bytes())

    outcome = scenarios.run(scenarios.rehearsal(FILES, scenario.starts_at, VARIANTS), scenario)

    assert outcome.differences == ()


def test_a_scenario_that_ends_otherwise_says_where() -> None:
    scenario = scenario_file.read(Path("bpmn/scenarios/simple_case_exempted.json").read_bytes())
    wrong = scenario_file.Scenario(scenario.id, "", "", scenario.starts_at, scenario.steps[:2], {"status": "archived"})

    outcome = scenarios.run(scenarios.rehearsal(FILES, scenario.starts_at), wrong)

    assert len(outcome.differences) == 1
    assert "archived" in outcome.differences[0]
