"""Sample cases through the HTTP API of a running demo server, as programs outside this repository drive it."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import server
from workflow_service import scenarios
from workflow_service.bundles import scenario_file


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[server.Server]:
    one = server.Server(tmp_path_factory.mktemp("demo"))
    one.start(wait=120)
    yield one
    one.stop()


class Player:
    """Plays a scenario with the tokens of the demo people."""

    def __init__(self, running: server.Server) -> None:
        self._running, self._people = running, running.people()
        self.numbers: list[str] = []

    @property
    def number(self) -> str:
        """The case that the story is at."""
        return self.numbers[-1]

    def call(self, who: str, method: str, path: str, data: Any = None, **headers: str) -> Any:
        answer = server.call(self._running.address, self._people[who]["token"], method, path, data, **headers)
        assert answer.status < 300, (who, method, path, answer)
        return answer.body

    def play(self, scenario: scenario_file.Scenario) -> dict[str, Any]:
        self.call("admin_1", "POST", "/clock", {"now": scenario.starts_at.isoformat()})
        for position, step in enumerate(scenario.steps):
            self._step(scenarios.filled(step, self.numbers), f"{scenario.id}-{position}")
        case: dict[str, Any] = self.call("auditor_1", "GET", f"/cases/{self.number}")
        return case

    def _step(self, step: Any, key: str) -> None:
        if "clock" in step:
            self.call("admin_1", "POST", "/clock", {"now": step["clock"]})
        elif "open" in step:
            opened = self.call(step["by"], "POST", "/cases", {"process": step["open"], "data": step["data"]})
            self.numbers.append(opened["number"])
        elif "send" in step:
            self.call(step["by"], "POST", f"/cases/{self.number}/messages/{step['send']}", {"data": step["data"]})
        else:
            task = self._task(step["by"], step["do"])
            self.call(step["by"], "POST", f"/tasks/{task}/claim")
            self.call(step["by"], "POST", f"/tasks/{task}/submission", {"data": step["data"]}, Idempotency_Key=key)

    def _task(self, who: str, element: str, patience: float = 20) -> str:
        """The id of a task, once the worker has done what comes before it."""
        end = time.monotonic() + patience
        while time.monotonic() < end:
            for scope in ("mine", "available"):
                listed = self.call(who, "GET", f"/tasks?scope={scope}&case={self.number}")["items"]
                for one in listed:
                    if one["element"] == element:
                        return str(one["id"])
            time.sleep(0.1)
        raise AssertionError(f"{who} finds no task {element}")


@pytest.mark.parametrize("name", ["panel_split_outcome", "simple_case_exempted"])  # in the order of their dates
def test_a_sample_case_ends_as_it_must_through_the_api(running: server.Server, name: str) -> None:
    scenario = scenario_file.read(Path(f"bpmn/scenarios/{name}.json").read_bytes())

    case = Player(running).play(scenario)

    assert case["status"] == scenario.expect["status"]
    assert {one["id"]: one["outcome"] for one in case["subjects"]} == scenario.expect["outcomes"]


def test_a_countys_cases_run_on_its_own_variant_and_know_each_other(tmp_path: Path) -> None:
    one = server.Server(tmp_path)
    one.start(wait=120)
    try:
        player = Player(one)
        case = player.play(scenario_file.read(Path("bpmn/scenarios/residual_clause_by_panel.json").read_bytes()))
        listed = player.call("process_owner_1", "GET", "/variants")["items"]
    finally:
        one.stop()

    west = next(place for place in listed if place["place"] == "west")
    assert (case["status"], [subject["outcome"] for subject in case["subjects"]]) == ("archived", ["EXEMPT"])
    assert case["related"] == [player.numbers[1]]
    assert (case["bundle"], case["variant"]["id"]) == (west["bundle"], "V1")
    assert (west["current"], case["variant"]["parent"]) == (True, west["parent"])


def test_the_demo_clock_does_not_go_back(running: server.Server) -> None:
    token = running.people()["admin_1"]["token"]

    answer = server.call(running.address, token, "POST", "/clock", {"now": "2020-01-01T00:00:00+08:00"})

    assert answer.status == 409
    assert answer.body["detail"]


def test_the_file_of_demo_people_is_closed_to_others(running: server.Server) -> None:
    assert (running.folder / "demo-people.json").stat().st_mode & 0o777 == 0o600
