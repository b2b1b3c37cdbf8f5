"""Cases and tasks through the API, as a program of another office would drive them."""

import io
import re
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from bench import scale
from tests.web.conftest import ACCEPTED, House, application
from workflow_service.storage import database, people, tables


def problem(answer: Any, status: int) -> dict[str, Any]:
    """The body of a problem with this status."""
    assert answer.status_code == status, answer.get_data(as_text=True)
    assert answer.mimetype == "application/problem+json"
    body: dict[str, Any] = answer.json
    assert set(body) >= {"type", "title", "status", "detail", "errors"} and body["status"] == status
    return body


def review(number: str) -> str:
    return f"{number}.r1.review_acceptance.1"


def test_who_i_am(house: House) -> None:
    told = house.api("clerk_1", "GET", "/me").json

    assert told["name"] == "clerk_1" and told["roles"] == ["clerk"] and told["unit"] == "city-office"
    assert "case:task:work" in told["permissions"]


def test_a_new_case_answers_with_what_it_waits_for(house: House, opened: str) -> None:
    case = house.api("clerk_1", "GET", f"/cases/{opened}").json

    assert case["title"] == "加装电梯试点未达预期"
    assert [one["element"] for one in case["tasks"]] == ["review_acceptance"]
    assert case["tasks"][0]["due_at"].endswith("+08:00") and "工作日" in case["tasks"][0]["due_explained"]
    assert case["subjects"][0]["id"] == "s1"


def test_every_wrong_field_is_named_and_no_case_opened(house: House) -> None:
    wrong = application(matter="", situation_codes=["99"], unexpected=1)

    body = problem(house.api("applicant_1", "POST", "/cases", {"process": "intake", "data": wrong}), 422)

    assert {one["field"] for one in body["errors"]} == {"matter", "situation_codes", "unexpected"}
    assert house.api("auditor_1", "GET", "/cases").json["total"] == 0


@pytest.mark.parametrize(
    ("where", "field"),
    [
        ({"facts": "前\0后"}, "facts"),
        ({"subjects": [{"kind": "person", "name": "甲\0", "org": "甲局"}]}, "subjects.0.name"),
    ],
)
def test_a_null_character_is_told_with_the_field_that_holds_it(house: House, where: Any, field: str) -> None:
    wrong = application(**where)

    body = problem(house.api("applicant_1", "POST", "/cases", {"process": "intake", "data": wrong}), 422)

    assert [one["field"] for one in body["errors"]] == [field]


def test_errors_are_in_english_for_those_who_ask(house: House) -> None:
    answer = house.api("clerk_1", "GET", "/cases/RC-1999-00001", headers={"Accept-Language": "en"})

    assert problem(answer, 404)["type"] == "about:blank#not-found"


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/cases/{}/messages/reopening_requested", "There is no decision yet; make a statement instead"),
        ("/tasks/{}.r1.review_acceptance.1/submission", "“Review for acceptance”"),
    ],
)
def test_refusals_call_steps_and_requests_by_their_english_names(
    house: House, opened: str, path: str, told: str
) -> None:
    data = {"data": {"ground": "新证据"}}

    answer = house.api("clerk_1", "POST", path.format(opened), data, headers={"Accept-Language": "en"})

    detail = problem(answer, 409)["detail"]
    assert told in detail and not re.search("[\u4e00-\u9fff]", detail)


def test_what_cannot_be_taken_back_any_more_is_called_by_its_name(house: House, opened: str) -> None:
    task = f"/tasks/{review(opened)}"
    house.api("clerk_1", "POST", f"{task}/claim")
    house.api("clerk_1", "POST", f"{task}/submission", {"data": ACCEPTED})

    body = problem(house.api("clerk_1", "POST", f"{task}/withdraw"), 409)

    assert body["detail"] == "“受理审查”的办理结果已有后续处理，不能撤回"


def test_a_limit_of_a_year_without_a_calendar_is_told_as_provisional_and_never_as_late(house: House) -> None:
    house.time = datetime(2026, 12, 30, 1, tzinfo=UTC)
    number = house.api("applicant_1", "POST", "/cases", {"process": "intake", "data": application()}).json["number"]
    house.time = datetime(2027, 1, 10, 1, tzinfo=UTC)

    case = house.api("clerk_1", "GET", f"/cases/{number}").json
    pages = [
        house.browser("clerk_1").get(path).text
        for path in ("/inbox?scope=available", f"/cases/{number}", f"/tasks/{review(number)}")
    ]

    assert [one["overdue"] for one in (*case["tasks"], *case["deadlines"])] == [False, False]
    assert [one["provisional"] for one in case["deadlines"]] == [True]
    assert [("暂定" in page, "已逾期" in page) for page in pages] == [(True, False)] * 3
    assert house.api("clerk_1", "GET", "/tasks?scope=available&overdue=true").json["items"] == []


@pytest.mark.parametrize(
    ("asked", "told"),
    [("zh-TW,en;q=0.1", "没有"), ("zh-Hant-HK, en", "没有"), ("en-AU,zh;q=0.5", "There"), ("fr, de", "没有"), ("zh;q=0, en", "There")],
)  # fmt: skip
def test_the_reader_s_first_language_of_the_two_is_used(house: House, asked: str, told: str) -> None:
    answer = house.api("clerk_1", "GET", "/cases/RC-1999-00001", headers={"Accept-Language": asked})

    assert problem(answer, 404)["detail"].startswith(told)


def test_a_wrong_method_is_told_the_right_ones(house: House) -> None:
    answer = house.api("clerk_1", "DELETE", "/cases")

    problem(answer, 405)
    assert {"GET", "POST"} <= set(answer.headers["Allow"].split(", "))


def test_a_case_that_is_not_there_and_one_of_others_are_told_alike(house: House, opened: str) -> None:
    body = {"data": {"reason": "x"}}
    answers = [
        problem(house.api("applicant_2", "POST", f"/cases/{number}/messages/withdrawal_requested", body), 404)
        for number in (opened, "RC-1999-00001")
    ]

    assert answers[0]["detail"].replace(opened, "") == answers[1]["detail"].replace("RC-1999-00001", "")


@pytest.mark.parametrize(
    "raw",
    [
        b"{", b"[]", b"null", b'"x"', b"{\"data\": NaN}", b'{"data": {"a": 1e999}}', b'{"data": {}, "data": {}}',
        b'{"data": {"a": "\\ud800"}}', b'{"data": {"a": "\\u0000"}}', b"\xff\xfe{}", b'{"data":' + b"[" * 5000 + b"}",
        b'{"data": []}', b'{"data": {}, "extra": 1}', b"{}", b"<xml/>", b"data=1",
        b'{"data": {"a": ' + b"[" * 300 + b"]" * 300 + b"}}", b'{"extra": ' + b"[" * 900 + b"]" * 900 + b"}",
    ],
)  # fmt: skip
def test_a_body_that_is_not_what_is_asked_for_is_refused(house: House, opened: str, raw: bytes) -> None:
    house.api("clerk_1", "POST", f"/tasks/{review(opened)}/claim")

    answer = house.api(
        "clerk_1", "POST", f"/tasks/{review(opened)}/submission", data=raw, content_type="application/json"
    )

    problem(answer, 422)


@pytest.mark.parametrize(
    "value",
    [
        "𠮷㐂",
        "全角ＡＢＣ",
        "\u202egnp.exe",
        "<script>alert(1)</script>",
        "'; DROP TABLE task;--",
        "=cmd()",
        "\u200b",
        "é" * 200,
    ],
)
def test_naughty_texts_are_kept_as_they_are_or_refused_but_never_break(house: House, value: str) -> None:
    answer = house.api("applicant_1", "POST", "/cases", {"process": "intake", "data": application(matter=value)})

    assert answer.status_code in (201, 422)
    if answer.status_code == 201:
        number = answer.json["number"]
        page = house.browser("clerk_1").get(f"/cases/{number}").get_data(as_text=True)
        assert "<script>alert" not in page
        csv = house.api("auditor_1", "GET", "/exports/cases.csv").get_data(as_text=True)
        assert ",=cmd" not in csv
    for path in ("/cases", "/tasks"):
        found = house.api("auditor_1", "GET", path, query_string={"q": value, "status": value, "process": value})
        assert found.status_code in (200, 422)


def test_claiming_what_somebody_else_holds_is_a_conflict_that_names_them(house: House, opened: str) -> None:
    assert house.api("clerk_1", "POST", f"/tasks/{review(opened)}/claim").json["holder"] == "clerk_1"

    body = problem(house.api("clerk_2", "POST", f"/tasks/{review(opened)}/claim"), 409)

    assert "clerk_1" in body["detail"]


def test_submitting_twice_with_one_key_gives_the_same_answer(house: House, opened: str) -> None:
    house.api("clerk_1", "POST", f"/tasks/{review(opened)}/claim")
    path, key = f"/tasks/{review(opened)}/submission", {"Idempotency-Key": "once"}

    first = house.api("clerk_1", "POST", path, {"data": ACCEPTED}, headers=key)
    again = house.api("clerk_1", "POST", path, {"data": ACCEPTED}, headers=key)
    other = house.api("clerk_1", "POST", path, {"data": {**ACCEPTED, "reason": "x"}}, headers=key)

    assert first.status_code == 200 and first.json["case"] == opened
    assert again.json == first.json
    problem(other, 409)


def test_one_key_does_not_open_two_different_cases(house: House) -> None:
    key = {"Idempotency-Key": "once"}
    form = {"process": "intake", "data": application()}

    first, again = (house.api("applicant_1", "POST", "/cases", form, headers=key) for _ in range(2))
    other = house.api("applicant_1", "POST", "/cases", {**form, "data": application(matter="另一事项")}, headers=key)

    assert again.json["number"] == first.json["number"]
    problem(other, 409)


def test_a_task_done_by_another_key_is_gone(house: House, opened: str) -> None:
    house.api("clerk_1", "POST", f"/tasks/{review(opened)}/claim")
    path = f"/tasks/{review(opened)}/submission"
    house.api("clerk_1", "POST", path, {"data": ACCEPTED}, headers={"Idempotency-Key": "a"})

    problem(house.api("clerk_1", "POST", path, {"data": ACCEPTED}, headers={"Idempotency-Key": "b"}), 409)


def test_a_draft_comes_back_to_its_owner_only(house: House, opened: str) -> None:
    task = f"/tasks/{review(opened)}"
    house.api("clerk_1", "POST", f"{task}/claim")

    assert house.api("clerk_1", "PUT", f"{task}/draft", {"data": {"reason": "未完"}}).status_code == 204

    assert house.api("clerk_1", "GET", task).json["draft"] == {"reason": "未完"}
    assert house.api("clerk_2", "GET", task).json["draft"] is None
    problem(house.api("clerk_2", "PUT", f"{task}/draft", {"data": {}}), 409)


def test_a_task_tells_its_form_in_order(house: House, opened: str) -> None:
    told = house.api("clerk_1", "GET", f"/tasks/{review(opened)}").json

    names = [one["name"] for one in told["form"]["fields"] if one["type"] != "section"]
    assert names[:3] == ["in_scope", "jurisdiction_ok", "materials_complete"]
    assert told["data"]["submit_application"]["matter"] == "加装电梯试点未达预期"
    assert "claim" in told["may"]


def test_lists_are_paged_without_gaps_or_repeats(house: House) -> None:
    numbers = [
        house.api("applicant_1", "POST", "/cases", {"process": "intake", "data": application(matter=f"第{n}件")}).json[
            "number"
        ]
        for n in range(5)
    ]
    seen, after = [], ""
    while after is not None:
        page = house.api("auditor_1", "GET", "/cases", query_string={"size": 2, "after": after}).json
        assert len(page["items"]) <= 2 and page["total"] == 5
        seen += [one["number"] for one in page["items"]]
        after = page["next"]

    assert sorted(seen) == sorted(numbers)
    tasks = house.api("clerk_1", "GET", "/tasks?scope=available&size=3").json
    assert len(tasks["items"]) == 3 and tasks["next"] and tasks["total"] == 5


@pytest.mark.parametrize("query", ["size=0", "size=201", "size=x", "size=-1", "scope=theirs", "sort=name;drop"])
def test_a_parameter_out_of_its_limits_is_named(house: House, query: str) -> None:
    body = problem(house.api("clerk_1", "GET", f"/tasks?{query}"), 422)

    assert body["errors"][0]["field"] == query.split("=")[0]


def test_a_file_comes_back_as_a_download_and_only_to_those_who_may_read_it(house: House) -> None:
    sent = {"file": (io.BytesIO(b"<script>alert(1)</script>"), "../../evil\u202e.html")}
    kept = house.api("applicant_1", "POST", "/attachments", data=sent, content_type="multipart/form-data")

    assert kept.status_code == 201 and "/" not in kept.json["name"] and "\u202e" not in kept.json["name"]
    answer = house.api("applicant_1", "GET", f"/attachments/{kept.json['id']}")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.mimetype == "application/octet-stream"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    problem(house.api("clerk_1", "GET", f"/attachments/{kept.json['id']}"), 404)


def test_who_read_a_file_of_a_case_is_on_record(house: House) -> None:
    sent = {"file": (io.BytesIO(b"x"), "会议纪要.pdf")}
    kept = house.api("applicant_1", "POST", "/attachments", data=sent, content_type="multipart/form-data").json["id"]
    given = {"process": "intake", "data": {**application(), "attachments": [{"type": "会议纪要", "file": kept}]}}
    number = house.api("applicant_1", "POST", "/cases", given).json["number"]

    house.api("clerk_1", "GET", f"/attachments/{kept}")

    with database.reading(house.db) as session:
        looks = session.query(people.Access).join(tables.Case, tables.Case.id == people.Access.case_id)
        found = [one.what for one in looks.filter(people.Access.account == "clerk_1", tables.Case.number == number)]
    assert found == ["file 会议纪要.pdf"]


def test_a_chinese_file_name_travels_in_a_form_that_every_server_can_send(house: House) -> None:
    sent = {"file": (io.BytesIO(b"x"), "关于容错的通知.docx")}
    kept = house.api("applicant_1", "POST", "/attachments", data=sent, content_type="multipart/form-data").json

    answer = house.api("applicant_1", "GET", f"/attachments/{kept['id']}")

    disposition = answer.headers["Content-Disposition"]
    assert disposition.isascii() and "filename*=UTF-8''%E5%85%B3%E4%BA%8E" in disposition


def test_too_large_an_upload_is_refused_in_a_sentence(house: House) -> None:
    sent = {"file": (io.BytesIO(b"x" * 300_000), "big.bin")}

    problem(house.api("applicant_1", "POST", "/attachments", data=sent, content_type="multipart/form-data"), 413)


def test_the_journal_says_who_did_what_and_what_changed(house: House, opened: str) -> None:
    house.api("clerk_1", "POST", f"/tasks/{review(opened)}/claim")
    told = house.api("auditor_1", "GET", f"/cases/{opened}/journal").json

    kinds = [one["kind"] for one in told["items"]]
    assert kinds == ["opened", "started", "submitted", "claimed"]
    assert told["items"][3]["element"] == "review_acceptance" and told["items"][3]["actor"] == "clerk_1"
    assert any(one["path"] == "case.title" for one in told["items"][2]["diff"])
    assert len({one["hash"] for one in told["items"]}) == 4


def test_the_record_can_be_verified_and_looked_at_entry_by_entry(house: House, opened: str) -> None:
    proof = house.api("auditor_1", "GET", f"/cases/{opened}/verification").json
    state = house.api("auditor_1", "GET", f"/cases/{opened}/state?entry=3").json

    assert proof["holds"] and proof["chain"]["holds"] and proof["execution"]["reproduced"] == proof["entries"]
    assert [one["element"] for one in state["tasks"]] == ["review_acceptance"] and state["at"].endswith("+08:00")
    problem(house.api("auditor_1", "GET", f"/cases/{opened}/state?entry=99"), 404)


def test_a_verification_judges_the_case_by_the_regulation_with_the_entries_that_prove_it(
    house: House, opened: str
) -> None:
    accepted = {"in_scope": True, "jurisdiction_ok": True, "materials_complete": True, "decision": "accept"}
    house.api("clerk_1", "POST", f"/tasks/{review(opened)}/claim")
    house.api("clerk_1", "POST", f"/tasks/{review(opened)}/submission", {"data": accepted})

    told = house.api("auditor_1", "GET", f"/cases/{opened}/verification").json["verdicts"]
    page = house.browser("auditor_1").get(f"/audit/{opened}/verification").get_data(as_text=True)

    open_window = {"rule": "window", "article": "16", "conclusion": "open", "about": "", "entries": [5], "due": None}
    assert told == [open_window]
    assert "始终可以陈述申辩" in page and f'/audit/{opened}/journal?after=4">第 5 条</a>' in page


def test_reading_a_case_is_written_down(house: House, opened: str) -> None:
    house.api("auditor_2", "GET", f"/cases/{opened}")

    page = house.browser("auditor_1").get(f"/audit/{opened}/access").get_data(as_text=True)

    assert "auditor_2" in page


def test_a_message_out_of_season_is_refused_with_the_reason_drawn_in_the_diagram(house: House, opened: str) -> None:
    answer = house.api(
        "applicant_1", "POST", f"/cases/{opened}/messages/resumption_requested", {"data": {"reason": "x"}}
    )

    assert answer.status_code in (403, 404, 409)


def test_a_case_says_why_it_does_not_move(house: House, opened: str) -> None:
    reasons = house.api("clerk_1", "GET", f"/cases/{opened}/why").json["reasons"]

    assert reasons[0]["kind"] == "task" and "受理审查" in reasons[0]["text"]


def test_the_export_holds_every_case_however_many_and_is_made_as_it_is_sent(house: House) -> None:
    with database.transaction(house.db) as session:
        session.execute(sa.insert(tables.Case), [scale.case_row(n, "0" * 64) for n in range(1, 1202)])

    answer = house.api("auditor_1", "GET", "/exports/cases.csv?place=city")
    assert answer.is_streamed
    lines = answer.get_data(as_text=True).splitlines()

    assert lines[0].startswith("\ufeff案号")
    assert len(lines) == 1 + sum(1 for n in range(1, 1202) if n % 10)
    assert lines[1].startswith("B-001201,")
    assert len(set(lines)) == len(lines)
    assert house.api("auditor_1", "GET", "/cases?place=city&size=1").json["total"] == len(lines) - 1


def test_a_draft_that_fits_no_field_does_not_keep_its_page_from_opening(house: House, opened: str) -> None:
    task = house.api("clerk_1", "GET", f"/tasks?scope=available&case={opened}").json["items"][0]["id"]
    house.api("clerk_1", "POST", f"/tasks/{task}/claim")
    odd = {"missing_items": 3, "decision": "受理", "reason": {"text": []}, "in_scope": "maybe", "what": 1}

    kept = house.api("clerk_1", "PUT", f"/tasks/{task}/draft", {"data": odd})

    page = house.browser("clerk_1").get(f"/tasks/{task}")
    assert (kept.status_code, page.status_code) == (204, 200)
    assert 'value="accept" checked' in page.get_data(as_text=True)
