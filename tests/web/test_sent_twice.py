"""A form that is sent twice from one page has one effect: no answer may have come, or somebody went back."""

import pytest

from tests.web.conftest import House, application, hidden
from workflow_service.storage import database, tables

APPLIED = {
    "applicant_kind": "unit", "subjects.0.kind": "leading_body", "subjects.0.name": "甲局领导班子", "subjects.0.org": "甲局",
    "subjects.0.org_type": "party_government", "matter": "加装电梯试点未达预期", "situation_codes": "5.1",
    "facts": "试行期间上级政策调整。", "declaration": "true",
}  # fmt: skip
SAID = {"party": "s1", "mode": "written", "content": "当时的情况说明如下。"}


def count(house: House, table: type) -> int:
    with database.reading(house.db) as session:
        return session.query(table).count()


def accepted(house: House, number: str) -> None:
    """A case in which statements can be made."""
    task = house.api("clerk_1", "GET", f"/tasks?scope=available&case={number}").json["items"][0]["id"]
    house.api("clerk_1", "POST", f"/tasks/{task}/claim")
    review = {
        "in_scope": True, "jurisdiction_ok": True, "materials_complete": True, "decision": "accept", "reason": "材料齐全，符合条件",
    }  # fmt: skip
    done = house.api("clerk_1", "POST", f"/tasks/{task}/submission", {"data": review})
    assert done.status_code == 200, done.get_data(as_text=True)


def test_an_application_sent_twice_opens_one_case(house: House) -> None:
    applicant = house.browser("applicant_1")
    key = hidden(applicant.get("/start/intake").get_data(as_text=True), "key")

    first, second = (applicant.post("/start/intake", key=key, **APPLIED) for _ in range(2))

    assert (first.status_code, second.status_code) == (303, 303), first.get_data(as_text=True)
    assert first.location == second.location
    assert count(house, tables.Case) == 1


def test_what_was_altered_after_going_back_is_not_lost_and_is_sent_only_on_purpose(house: House) -> None:
    applicant = house.browser("applicant_1")
    key = hidden(applicant.get("/start/intake").get_data(as_text=True), "key")
    applicant.post("/start/intake", key=key, **APPLIED)
    other = {**APPLIED, "matter": "另一件事"}

    asked = applicant.post("/start/intake", key=key, **other)

    page = asked.get_data(as_text=True)
    assert asked.status_code == 409
    assert "从这一页已经提交过一次" in page and "另一件事" in page
    assert count(house, tables.Case) == 1
    assert applicant.post("/start/intake", key=hidden(page, "key"), **other).status_code == 303
    assert count(house, tables.Case) == 2


def test_a_statement_sent_twice_is_received_once(house: House, opened: str) -> None:
    accepted(house, opened)
    party, path = house.browser("party_1"), f"/cases/{opened}/messages/statement_received"
    with database.transaction(house.db) as session:
        case = session.query(tables.Case).filter_by(number=opened).one()
        case.shared = {**case.shared, "subjects": [{**case.shared["subjects"][0], "account": "party_1"}]}
    key = hidden(party.get(path).get_data(as_text=True), "key")

    answers = [party.post(path, key=key, **SAID) for _ in range(2)]

    assert [one.status_code for one in answers] == [303, 303], answers[0].get_data(as_text=True)
    assert count(house, tables.Message) == 1


def test_what_a_case_takes_no_more_comes_back_as_it_was_filled_in(house: House, opened: str) -> None:
    accepted(house, opened)
    applicant, path = house.browser("applicant_1"), f"/cases/{opened}/messages/withdrawal_requested"
    key = hidden(applicant.get(path).get_data(as_text=True), "key")
    with database.transaction(house.db) as session:
        case = session.query(tables.Case).filter_by(number=opened).one()
        case.shared = {**case.shared, "end": "REJECTED"}

    late, again = applicant.post(path, key=key, reason="情况已经变化"), applicant.get(path)

    page = late.get_data(as_text=True)
    assert late.status_code == 409 and "您填写的内容没有提交，仍在下面" in page and "情况已经变化" in page
    assert again.status_code == 409
    assert count(house, tables.Message) == 0


@pytest.mark.parametrize(("content", "status"), [(SAID["content"], 202), ("别的话", 409)])
def test_a_program_that_sends_a_message_again_gets_the_same_receipt(
    house: House, opened: str, content: str, status: int
) -> None:
    accepted(house, opened)
    path = f"/cases/{opened}/messages/statement_received"
    keyed = {"headers": {"Idempotency-Key": "k1"}}
    first = house.api("applicant_1", "POST", path, {"data": SAID}, **keyed)

    again = house.api("applicant_1", "POST", path, {"data": {**SAID, "content": content}}, **keyed)

    assert first.status_code == 202, first.get_data(as_text=True)
    assert again.status_code == status
    assert status != 202 or again.json == first.json
    assert count(house, tables.Message) == 1


def test_the_same_key_of_two_people_stands_for_two_cases(house: House) -> None:
    body = {"process": "intake", "data": application()}

    numbers = {
        house.api(who, "POST", "/cases", body, headers={"Idempotency-Key": "k"}).json["number"]
        for who in ("applicant_1", "applicant_2", "applicant_1")
    }

    assert len(numbers) == 2
