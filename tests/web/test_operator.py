"""The operators' desk: what gave up is seen, resolved once, and only by those who may."""

import random
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.conftest import NOW
from tests.web.conftest import House
from workflow_service import app as joined
from workflow_service import demo, mail, settings, worker
from workflow_service.cases import ballots, failures, lifecycle
from workflow_service.storage import database


@pytest.fixture
def incident(house: House, opened: str) -> int:
    """The id of an incident of a case."""
    with database.transaction(house.db) as session:
        case = lifecycle.lock(session, opened)
        cause = failures.Cause("r1", "review_acceptance", "邮件服务器不可用", "trace-1", 3)
        return failures.open_one(session, house.time, case, cause).id


def test_an_incident_is_shown_with_its_cause_on_the_list_and_on_the_case(
    house: House, incident: int, opened: str
) -> None:
    page = house.browser("operator_1").get("/operations").get_data(as_text=True)
    told = house.api("operator_1", "GET", "/incidents").json

    assert "邮件服务器不可用" in page and "trace-1" in page
    assert told["items"][0]["case"] == opened and told["items"][0]["attempts"] == 3
    assert house.api("auditor_1", "GET", f"/cases/{opened}").json["incidents"][0]["id"] == incident


def test_an_incident_is_resolved_once(house: House, incident: int) -> None:
    operator = house.browser("operator_1")

    assert operator.post(f"/operations/incidents/{incident}/retry").status_code == 303
    assert operator.post(f"/operations/incidents/{incident}/retry").status_code == 409
    assert house.api("operator_1", "GET", "/incidents").json["items"] == []
    assert len(house.api("operator_1", "GET", "/incidents?closed=true").json["items"]) == 1


def test_a_repair_needs_a_reason_and_good_json(house: House, incident: int) -> None:
    path = f"/incidents/{incident}/repair"

    assert house.api("operator_1", "POST", path, {"data": {}, "reason": " "}).status_code == 422
    assert house.api("operator_1", "POST", path, {"data": []}).status_code == 422
    operator = house.browser("operator_1")
    assert operator.post(f"/operations/incidents/{incident}/repair", data="{", reason="x").status_code == 422


@pytest.mark.parametrize("who", ["clerk_1", "auditor_1", "admin_1"])
def test_nobody_else_resolves_incidents(house: House, incident: int, who: str) -> None:
    assert house.api(who, "POST", f"/incidents/{incident}/retry").status_code == 403


def test_jobs_and_workers_are_listed_without_their_parameters(house: House, opened: str) -> None:
    house.api("clerk_1", "POST", f"/tasks/{opened}.r1.review_acceptance.1/claim")

    assert "payload" not in str(house.api("operator_1", "GET", "/jobs").json)
    assert house.api("operator_1", "GET", "/workers").json["items"] == []


def test_the_demo_clock_moves_forward_only(house: House, tmp_path: Path) -> None:
    clock = demo.MovableClock(lambda: NOW)
    chosen = replace(settings.Settings(), data_dir=str(tmp_path), demo=True)
    one = worker.Worker("test", house.db, clock, chosen, mail.Silent(), ballots.Safe(b"test"), random.Random(1))
    house.app = joined.create_app(chosen, clock, one)

    moved = house.api("admin_1", "POST", "/clock", {"now": (NOW + timedelta(days=2)).isoformat()})

    assert moved.status_code == 200 and moved.json["now"].startswith("2026-09-16T09:00:00+08:00")
    assert house.api("admin_1", "POST", "/clock", {"now": NOW.isoformat()}).status_code == 409
    assert house.api("admin_1", "POST", "/clock", {"now": "soon"}).status_code == 422
    assert house.api("admin_1", "GET", "/clock").json == moved.json
