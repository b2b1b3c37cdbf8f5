"""The stories beside the diagrams end as they say, in seconds."""

from pathlib import Path

import pytest

from workflow_service import scenarios, settings
from workflow_service.bundles import read

VARIANTS = read.read_variants(settings.shipped("bpmn"))
FILES = read.read_directory(settings.shipped("bpmn"), settings.shipped("forms")).files


@pytest.mark.parametrize("path", sorted(Path("bpmn/scenarios").glob("*.json")), ids=lambda path: path.stem)
def test_a_scenario_of_the_city_ends_as_it_says(path: Path) -> None:
    scenario = scenarios.read(path.read_bytes())

    outcome = scenarios.run(scenarios.rehearsal(FILES, scenario.starts_at, VARIANTS), scenario)

    assert outcome.differences == ()


def test_a_scenario_that_ends_otherwise_says_where() -> None:
    scenario = scenarios.read(Path("bpmn/scenarios/simple_case_exempted.json").read_bytes())
    wrong = scenarios.Scenario(scenario.id, "", "", scenario.starts_at, scenario.steps[:2], {"status": "archived"})

    outcome = scenarios.run(scenarios.rehearsal(FILES, scenario.starts_at), wrong)

    assert len(outcome.differences) == 1
    assert "archived" in outcome.differences[0]


def test_a_file_that_is_no_scenario_is_refused_with_the_missing_part() -> None:
    with pytest.raises(ValueError, match="steps"):
        scenarios.read(b'{"id": "x", "title": "x", "title_en": "x", "starts_at": "2026-01-05T10:00:00+08:00"}')
