"""The page on which an operator repairs an incident: the present values as far as the role sees them, then what will be done."""

from typing import Any

import pytest

from tests.conftest import NOW
from tests.web.conftest import House
from workflow_service.cases import failures, lifecycle
from workflow_service.storage import database, people, tables

SECRET = "甲局报表迟报两月"
PAYLOAD: dict[str, Any] = {
    "template": "T28_warning",
    "to": ["甲局"],
    "fields": {"unit": "甲局", "signs": SECRET, "advice": None, "review_date": None},
    "tempalte": "T03",
}


@pytest.fixture
def warned(house: House) -> int:
    """The incident of a letter that lacks its mandatory advice, and was given a parameter that it does not have."""
    answers = {"unit": "甲局", "signs": SECRET, "advice": "自查"}
    number = house.api("clerk_1", "POST", "/cases", {"process": "early_warning", "data": answers}).json["number"]
    with database.transaction(house.db) as session:
        case = lifecycle.lock(session, number)
        job = tables.Job(
            key="k", case_id=case.id, run="r1", element="issue_warning", visit=1, kind="notification.issue_letter",
            payload=PAYLOAD, actor="supervisor_1", due_at=NOW, status="incident", created_seq=1,
        )  # fmt: skip
        session.add(job)
        session.flush()
        cause = failures.Cause("r1", "issue_warning", "缺少“建议”", "trace-1", 1, job.id)
        return failures.open_one(session, house.time, case, cause).id


def _row(page: str, name: str) -> str:
    """What the page shows of a parameter."""
    return page.split(f"<code>{name}</code>", 1)[1].split("</tr>", 1)[0]


def _payload(house: House) -> dict[str, Any]:
    with database.reading(house.db) as session:
        found: dict[str, Any] = session.query(tables.Job).filter_by(key="k").one().payload
        return found


def _looks(house: House) -> list[str]:
    with database.reading(house.db) as session:
        return [one.what for one in session.query(people.Access).filter_by(account="operator_1")]


def test_an_operator_sees_what_the_diagram_writes_and_not_what_the_case_says(house: House, warned: int) -> None:
    page = house.browser("operator_1").get(f"/operations/incidents/{warned}").get_data(as_text=True)

    assert "T28_warning" in _row(page, "template") and "文书模板的编号" in _row(page, "template")
    assert "已隐藏" in _row(page, "fields.signs") and SECRET not in page
    assert "没有值" in _row(page, "fields.advice")
    assert "不能查阅案件内容" in page
    assert _looks(house) == []


def _may_read(house: House) -> None:
    with database.transaction(house.db) as session:
        account = session.query(people.Account).filter_by(name="operator_1").one()
        session.add(people.Grant(account_id=account.id, role="auditor", granted_by="admin_1", granted_at=NOW))


def test_who_may_read_the_case_sees_the_present_values_and_that_is_on_record(house: House, warned: int) -> None:
    _may_read(house)

    page = house.browser("operator_1").get(f"/operations/incidents/{warned}").get_data(as_text=True)

    assert _row(page, "fields.signs").count(SECRET) == 2  # beside the field, and in it
    assert "已隐藏" not in page
    assert f"incident {warned}" in _looks(house)


def test_a_look_at_what_a_repair_would_do_is_one_look_on_record(house: House, warned: int) -> None:
    _may_read(house)
    given = {"value.fields.advice": "请自查", "reason": "漏写建议"}

    house.browser("operator_1").post(f"/operations/incidents/{warned}/repair", step="look", **given)

    assert _looks(house).count(f"incident {warned}") == 1


def test_a_repair_is_shown_before_it_is_done_and_leaves_the_rest_as_it_was(house: House, warned: int) -> None:
    operator, path = house.browser("operator_1"), f"/operations/incidents/{warned}/repair"
    given = {
        "value.fields.advice": "请自查",
        "value.template": "T28_warning",
        "gone.tempalte": "1",
        "reason": "漏写建议",
    }

    shown = operator.post(path, step="look", **given).get_data(as_text=True)
    before = _payload(house)
    done = operator.post(path, step="do", **given)

    assert "还没有做任何改动" in shown and "再次执行“发预警提醒单”（印发公文）" in shown
    assert "没有值" in _row(shown, "fields.advice") and "请自查" in _row(shown, "fields.advice")
    assert "去掉" in _row(shown, "tempalte") and "<code>template</code>" not in shown
    assert before == PAYLOAD
    assert done.status_code == 303
    fields = {**PAYLOAD["fields"], "advice": "请自查"}
    assert _payload(house) == {"template": "T28_warning", "to": ["甲局"], "fields": fields}


def test_what_was_typed_is_there_again_on_the_way_back(house: House, warned: int) -> None:
    given = {"value.fields.advice": "请自查", "reason": "漏写建议"}

    page = house.browser("operator_1").post(f"/operations/incidents/{warned}/repair", step="edit", **given)

    assert ">请自查</textarea>" in page.get_data(as_text=True) and ">漏写建议</textarea>" in page.get_data(as_text=True)


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("value.to", '["甲局"', "不是有效的 JSON"),
        ("value.fields.advice", '{"a', "不是有效的 JSON"),
        ("reason", " ", "请填写理由"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(house: House, warned: int, field: str, typed: str, said: str) -> None:
    given = {"value.fields.unit": "乙局", "reason": "更正", field: typed}

    answer = house.browser("operator_1").post(f"/operations/incidents/{warned}/repair", **given)

    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert f'{field}-fault">' in page or f'id="{field}-fault"' in page
    assert said in page and ">乙局</textarea>" in page


def test_data_of_a_run_are_tried_before_they_are_kept(house: House, opened: str) -> None:
    with database.transaction(house.db) as session:
        case = lifecycle.lock(session, opened)
        cause = failures.Cause("r1", "review_acceptance", "数据有误", "trace-1", 1)
        incident = failures.open_one(session, house.time, case, cause).id
    operator = house.browser("operator_1")

    page = operator.get(f"/operations/incidents/{incident}").get_data(as_text=True)
    shown = operator.post(f"/operations/incidents/{incident}/repair", data='{"note": "补"}', reason="补上").get_data(
        as_text=True
    )

    assert "加装电梯" not in page and "已隐藏" in _row(page, "submit_application")
    assert "把上面的数据写入案件" in shown and "补" in _row(shown, "note")


@pytest.mark.parametrize("who", ["clerk_1", "auditor_1", "admin_1"])
def test_nobody_else_comes_to_the_page(house: House, warned: int, who: str) -> None:
    assert house.browser(who).get(f"/operations/incidents/{warned}").status_code == 403


def test_who_skips_a_call_is_told_what_later_steps_read_in_its_result(house: House, warned: int) -> None:
    operator = house.browser("operator_1")
    nothing = operator.get("/operations").get_data(as_text=True)
    with database.transaction(house.db) as session:
        job = session.get_one(tables.Job, session.get_one(tables.Incident, warned).job_id)
        job.element, job.kind = "check_meeting", "assessment.check_meeting"

    page = operator.get("/operations").get_data(as_text=True)

    assert "后面的环节不用这一步的结果" in nothing
    assert "后面的环节要用结果中的" in page and "passed" in page
