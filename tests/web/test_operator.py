"""The operators' desk: what gave up is seen, resolved once, and only by those who may."""

import random
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from markupsafe import escape

from tests.conftest import NOW
from tests.web.conftest import House
from workflow_service import app as joined
from workflow_service import demo, mail, settings, worker
from workflow_service.cases import ballots, failures, lifecycle
from workflow_service.storage import database, tables


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


def test_what_gave_up_for_one_cause_is_retried_together(house: House, opened: str) -> None:
    refused = "邮件服务器拒绝：\n550 “no” <relay>"
    with database.transaction(house.db) as session:
        case = lifecycle.lock(session, opened)
        for n, cause in enumerate((refused, refused, refused, "邮件服务器不可用")):
            failures.open_one(session, house.time, case, failures.Cause(f"r{n + 1}", "notify", cause, f"trace-{n}", 3))
    operator = house.browser("operator_1")
    page = operator.get("/operations").get_data(as_text=True)
    to = page.split('/alike"')[0].rpartition('"')[2] + "/alike"

    assert house.browser("auditor_1").post(to).status_code == 403
    retried, again = (operator.post(to) for _ in range(2))

    assert "重试 3 项" in page and "重试 1 项" not in page
    assert (retried.status_code, again.status_code) == (303, 409)
    left = house.api("operator_1", "GET", "/incidents").json["items"]
    assert [one["cause"] for one in left] == ["邮件服务器不可用"]
    assert "同因异常" not in operator.get("/operations").get_data(as_text=True)


def test_a_repair_needs_a_reason_and_good_json(house: House, incident: int) -> None:
    path = f"/incidents/{incident}/repair"

    assert house.api("operator_1", "POST", path, {"data": {}, "reason": " "}).status_code == 422
    assert house.api("operator_1", "POST", path, {"data": []}).status_code == 422
    operator = house.browser("operator_1")
    assert operator.post(f"/operations/incidents/{incident}/repair", data="{", reason="x").status_code == 422


@pytest.mark.parametrize(
    ("data", "reason", "said"),
    [
        ('{"to": ', "stale address", "第1行"),
        ("[1]", "stale address", "JSON 对象"),
        ('{"to": 1}', " ", "请填写理由"),
        ("{}", "stale address", "请至少改一项"),
    ],
)
def test_a_refused_repair_stands_in_its_form_as_it_was_typed(
    house: House, incident: int, data: str, reason: str, said: str
) -> None:
    answer = house.browser("operator_1").post(f"/operations/incidents/{incident}/repair", data=data, reason=reason)

    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert said in page
    assert f">{escape(data)}</textarea>" in page and f">{reason}</textarea>" in page


def test_a_blank_reason_for_a_skip_is_asked_for_in_its_dialog(house: House, failed_call: int) -> None:
    answer = house.browser("operator_1").post(f"/operations/incidents/{failed_call}/skip", result="{", reason=" ")

    page = answer.get_data(as_text=True)
    assert answer.status_code == 422 and "请填写理由</p>" in page and "不是有效的 JSON" in page
    assert "open>" in page.split(f'id="skip-{failed_call}"')[1][:80]


@pytest.fixture
def failed_call(house: House, incident: int) -> int:
    """The incident, of a call with a wrong value and a name that no parameter has."""
    with database.transaction(house.db) as session:
        row = session.get_one(tables.Incident, incident)
        job = tables.Job(
            key="k", case_id=row.case_id, run="r1", element="issue_acceptance", visit=1, kind="notification.issue_letter",
            payload={"template": "T99", "templat": "T03"}, actor="clerk_1", due_at=NOW, status="incident", created_seq=1,
        )  # fmt: skip
        session.add(job)
        session.flush()
        row.job_id = job.id
    return incident


def test_a_parameter_that_the_call_does_not_have_is_refused_and_can_be_taken_away(
    house: House, failed_call: int
) -> None:
    path = f"/incidents/{failed_call}/repair"

    refused = house.api("operator_1", "POST", path, {"data": {"tempalte": "T03"}, "reason": "x"})
    mended = house.api("operator_1", "POST", path, {"data": {"template": "T03", "templat": None}, "reason": "x"})

    assert refused.status_code == 422 and "没有参数“tempalte”" in refused.json["errors"][0]["message"]
    assert mended.status_code == 200
    with database.reading(house.db) as session:
        assert session.query(tables.Job).filter_by(key="k").one().payload == {"template": "T03"}


def test_the_journal_tells_what_was_repaired_and_why(house: House, failed_call: int, opened: str) -> None:
    given = {"data": {"template": "T03"}, "reason": "编号已更正"}

    house.api("operator_1", "POST", f"/incidents/{failed_call}/repair", given)

    page = house.browser("auditor_1").get(f"/audit/{opened}/journal").get_data(as_text=True)
    row = page.split("异常已修复")[1].split("</table>")[0]
    assert "受理审查" in row and "编号已更正" in row
    assert row.index("T99") < row.index("T03")


def test_an_incident_is_called_by_its_step_and_whoever_resolved_it_by_name(house: House, incident: int) -> None:
    operator = house.browser("operator_1")
    waiting = operator.get("/operations").get_data(as_text=True)
    operator.post(f"/operations/incidents/{incident}/retry")
    closed = operator.get("/operations?tab=closed").get_data(as_text=True)

    assert "<h2>受理审查" in waiting
    assert "由 operator_1 " not in closed


def test_operators_are_told_of_an_incident_and_not_of_each_further_one(house: House, incident: int) -> None:
    with database.transaction(house.db) as session:
        case = session.get_one(tables.Case, session.get_one(tables.Incident, incident).case_id)
        failures.open_one(session, house.time, case, failures.Cause("r1", "elsewhere", "磁盘已满", "trace-2", 3))
    operator = house.browser("operator_1")

    page = operator.get("/notices").get_data(as_text=True)

    assert page.count("有案件出现异常") == 1
    assert "邮件服务器不可用" in page and "磁盘已满" not in page


def test_a_message_that_failed_is_refused_with_a_reason_from_the_page(house: House, incident: int) -> None:
    with database.transaction(house.db) as session:
        row = session.get_one(tables.Incident, incident)
        made = tables.Message(
            case_id=row.case_id, name="statement", key="k", data={}, sender="party_1", received_at=NOW, status="failed"
        )
        session.add(made)
        session.flush()
        row.message_id = made.id

    page = house.browser("operator_1").get("/operations").get_data(as_text=True)

    assert f"/operations/incidents/{incident}/skip" in page
    assert f"/operations/incidents/{incident}/repair" not in page


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
    assert house.api("admin_1", "POST", "/clock", {"now": "9999-12-31T23:59:59+08:00"}).status_code == 409
    assert house.api("admin_1", "GET", "/clock").json == moved.json
