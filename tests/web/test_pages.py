"""What people see: every desk's pages, and the way of a case through them."""

import io
import re
from urllib.parse import unquote

import pytest

from tests.web.conftest import ACCEPTED, House, application
from workflow_service import demo
from workflow_service.cases import lifecycle
from workflow_service.identity.actors import SYSTEM
from workflow_service.storage import database
from workflow_service.web import owner

PAGES = {
    "clerk_1": ["/inbox", "/inbox?scope=available", "/inbox?scope=all", "/inbox?scope=done&q=a", "/cases", "/start",
                "/notices", "/profile", "/cases/{case}", "/cases/{case}?tab=progress", "/cases/{case}?tab=documents",
                "/cases/{case}?tab=history", "/tasks/{task}", "/library"],
    "applicant_1": ["/start/intake", "/cases/{case}"],
    "auditor_1": ["/cases", "/audit/{case}/journal", "/audit/{case}/replay", "/audit/{case}/verification",
                  "/audit/{case}/access", "/operations", "/operations?tab=acts", "/bundles"],
    "process_owner_1": ["/bundles", "/bundles/1", "/bundles/1/limits", "/bundles/1/scenarios", "/bundles/1/files/intake.bpmn", "/bundles/1/files/route.dmn",
                        "/bundles/1/files/forms/visit.json", "/bundles/1/preview/forms/visit.json", "/bundles/try",
                        "/bundles/1/differences"],
    "operator_1": ["/operations", "/operations?tab=jobs", "/operations?tab=workers", "/operations?tab=closed"],
    "admin_1": ["/people", "/people?role=clerk&q=1", "/people/clerk_1", "/people/new", "/units", "/calendars?year=2026"],
}  # fmt: skip


@pytest.mark.parametrize("language", ["zh-CN", "en"])
@pytest.mark.parametrize("who", PAGES)
def test_every_page_of_a_desk_has_its_title_and_one_heading(house: House, opened: str, who: str, language: str) -> None:
    browser = house.browser(who)
    for path in PAGES[who]:
        to = path.format(case=opened, task=f"{opened}.r1.review_acceptance.1")

        answer = browser.get(to, headers={"Accept-Language": language})

        page = answer.get_data(as_text=True)
        assert answer.status_code == 200, to
        assert len(re.findall(r"<h1[ >]", page)) == 1, to
        assert re.search(r"<title>\s*\S.* · ", page), to
        assert "<style" not in page and " style=" not in page and "onclick" not in page, to
        assert re.search(r'<script(?! type="module" src=)', page) is None, to


def test_the_first_page_is_the_one_of_the_role(house: House) -> None:
    for who, start in (
        ("clerk_1", "/inbox"),
        ("auditor_1", "/cases"),
        ("process_owner_1", "/bundles"),
        ("operator_1", "/operations"),
        ("admin_1", "/operations"),
    ):
        assert house.browser(who).get("/").location == start


def test_what_was_typed_stays_when_somebody_else_has_done_the_task(house: House, opened: str) -> None:
    clerk, task = house.browser("clerk_1"), f"{opened}.r1.review_acceptance.1"
    clerk.post(f"/tasks/{task}/claim")
    house.api("clerk_1", "POST", f"/tasks/{task}/submission", {"data": ACCEPTED}, headers={"Idempotency-Key": "first"})

    for act in ("submit", "draft"):
        late = clerk.post(f"/tasks/{task}", act=act, reason="另一个标签页里写的")

        page = late.get_data(as_text=True)
        assert late.status_code == 409
        assert "您填写的内容没有提交" in page
        assert "另一个标签页里写的</textarea>" in page


def test_a_finished_task_shows_what_was_submitted(house: House, opened: str) -> None:
    clerk, task = house.browser("clerk_1"), f"{opened}.r1.review_acceptance.1"
    clerk.post(f"/tasks/{task}/claim")
    data = {**ACCEPTED, "reason": "材料齐全，予以受理"}
    house.api("clerk_1", "POST", f"/tasks/{task}/submission", {"data": data}, headers={"Idempotency-Key": "first"})

    assert "材料齐全，予以受理</textarea>" in clerk.get(f"/tasks/{task}").get_data(as_text=True)
    assert "材料齐全，予以受理" not in house.browser("applicant_1").get(f"/tasks/{task}").get_data(as_text=True)


def test_a_clerk_claims_and_submits_a_task_through_the_pages(house: House, opened: str) -> None:
    clerk, task = house.browser("clerk_1"), f"/tasks/{opened}.r1.review_acceptance.1"
    assert "签收后才能填写和提交" in clerk.get(task).get_data(as_text=True)

    assert clerk.post(f"{task}/claim").location.endswith("?said=claimed")
    wrong = clerk.post(task, act="submit", reason="还没有选")
    page = wrong.get_data(as_text=True)

    assert wrong.status_code == 422
    assert 'role="alert"' in page and "还没有选" in page and "请选择“审查决定”" in page
    sent = {name: "true" if value is True else value for name, value in ACCEPTED.items()}
    done = clerk.post(task, act="submit", key="k1", **sent)
    assert done.status_code == 303 and "said=submitted" in done.location
    assert "分流建议" in clerk.get(f"/cases/{opened}").get_data(as_text=True)


def test_a_double_click_submits_once(house: House, opened: str) -> None:
    clerk, task = house.browser("clerk_1"), f"/tasks/{opened}.r1.review_acceptance.1"
    clerk.post(f"{task}/claim")
    sent = {name: "true" if value is True else value for name, value in ACCEPTED.items()}

    answers = [clerk.post(task, act="submit", key="same", **sent) for _ in range(2)]

    assert [one.status_code for one in answers] == [303, 303]
    kinds = [one["kind"] for one in house.api("auditor_1", "GET", f"/cases/{opened}/journal").json["items"]]
    assert kinds.count("submitted") == 2  # the application, and this


def test_what_was_typed_survives_as_a_draft(house: House, opened: str) -> None:
    clerk, task = house.browser("clerk_1"), f"/tasks/{opened}.r1.review_acceptance.1"
    clerk.post(f"{task}/claim")

    assert clerk.post(f"{task}/draft", reason="写到一半").status_code == 204

    assert "写到一半" in clerk.get(task).get_data(as_text=True)


def test_an_application_through_the_page_keeps_what_was_typed_when_it_is_wrong(house: House) -> None:
    applicant = house.browser("applicant_1")

    answer = applicant.post("/start/intake", matter="某项目", **{"subjects.0.name": "某局"})

    page = answer.get_data(as_text=True)
    assert answer.status_code == 422 and "某项目" in page and "某局" in page
    assert "请填写“事实经过”" in page


def test_a_conflict_is_a_page_with_the_reason_and_a_way_back(house: House, opened: str) -> None:
    house.api("clerk_2", "POST", f"/tasks/{opened}.r1.review_acceptance.1/claim")

    answer = house.browser("clerk_1").post(f"/tasks/{opened}.r1.review_acceptance.1/claim")

    assert answer.status_code == 409 and "已由" in answer.get_data(as_text=True)


def test_the_replay_gets_the_diagrams_of_the_version_that_the_case_ran_on(house: House, opened: str) -> None:
    auditor = house.browser("auditor_1")
    told = auditor.get(f"/audit/{opened}/steps.json").json

    assert [one["kind"] for one in told["steps"]] == ["opened", "started", "submitted"]
    assert next(iter(told["diagrams"])) == "intake"
    xml = auditor.get(told["diagrams"]["intake"])
    assert xml.headers["Content-Disposition"].startswith("attachment") and b"submit_application" in xml.data


def test_a_version_is_drafted_checked_refused_to_its_author_and_published_by_two(house: House) -> None:
    author, other = house.browser("process_owner_1"), house.browser("process_owner_2")
    base = house.api("process_owner_1", "GET", "/bundles").json["items"][0]["hash"]
    draft = author.post("/bundles", base=base).location.split("?")[0]
    number = draft.rpartition("/")[2]
    form = author.get(f"/bundles/{number}/raw/forms/visit.json").get_data(as_text=True)
    headers = {"X-CSRF-Token": author.csrf}

    broken = author.client.put(f"/bundles/{number}/raw/forms/visit.json", data=b"{", headers=headers)
    assert broken.json["findings"] and author.post(f"{draft}/submission").status_code == 422
    stale = {**headers, "If-Match": '"0000"'}
    assert author.client.put(f"/bundles/{number}/raw/forms/visit.json", data=form, headers=stale).status_code == 409
    changed = form.replace('"title": "', '"title": "新', 1)
    assert author.post(f"/bundles/{number}/text/forms/visit.json", text=changed).status_code == 303
    assert author.post(f"{draft}/submission").status_code == 303, author.get(draft).get_data(as_text=True)
    assert author.post(f"{draft}/approval").status_code == 403
    assert author.post(f"{draft}/publication").status_code == 409

    assert other.post(f"{draft}/approval").status_code == 303
    assert author.post(f"{draft}/publication").status_code == 303
    assert "现行" in author.get("/bundles").get_data(as_text=True)
    assert "visit.json" in author.get(f"{draft}/differences?with=1").get_data(as_text=True)


def test_an_expression_is_tried_and_its_fault_explained(house: House) -> None:
    owner = house.browser("process_owner_1")

    assert ">3<" in owner.post("/bundles/try", expression="a + 1", context='{"a": 2}').get_data(as_text=True)
    assert 'class="blocked"' in owner.post("/bundles/try", expression="a +", context="{}").get_data(as_text=True)
    for context in ("{", "[1]", "3", "null"):
        assert 'class="blocked"' in owner.post("/bundles/try", expression="a", context=context).get_data(as_text=True)


def test_a_decision_is_tried_with_the_rules_that_matched(house: House) -> None:
    owner = house.browser("process_owner_1")

    answer = owner.client.post(
        "/bundles/1/try/route.dmn",
        json={"decision": "route", "inputs": {"complex": True}},
        headers={"X-CSRF-Token": owner.csrf},
    )

    assert answer.status_code == 200 and answer.json["trace"]["decision"] == "route"
    wrong = owner.client.post(
        "/bundles/1/try/route.dmn",
        json={"inputs": 3},
        headers={"X-CSRF-Token": owner.csrf, "Accept": "application/json"},
    )
    assert (wrong.status_code, wrong.json["errors"][0]["field"]) == (422, "inputs")


@pytest.mark.parametrize("when", ["0001-01-01T00:00", "tomorrow", ""])
def test_an_absence_without_a_time_that_there_is_comes_back(house: House, when: str) -> None:
    chief = house.browser("chief_1")

    answer = chief.post("/profile/substitutes", substitute="chief_2", starts_at=when, ends_at="2026-12-01T00:00")

    assert answer.status_code == 422 and "请选择日期和时间" in answer.get_data(as_text=True)


def test_a_checked_file_is_never_answered_with_a_fault_of_ours(house: House) -> None:
    for content in (b"", b"\x00\x01", b"PK\x03\x04junk", b"<html/>", "<流程".encode("utf-16"), b"{}"):
        answer = house.api("process_owner_1", "POST", "/bundles/check?name=x.bpmn", data=content or b" ")
        assert answer.status_code == 422 and answer.json["findings"], content


def test_a_calendar_is_entered_by_one_and_approved_by_another(house: House) -> None:
    one, other = house.browser("admin_1"), house.browser("admin_2")

    answer = one.post("/calendars", year="2027", source="某文件", days="2027-01-01 休 元旦\n2027-01-02 班")
    version = re.search(r"version=(\d+)", answer.location)[1]

    assert one.post("/calendars", year="2027", source="某文件", days="2027-13-01 休").status_code == 422
    for year in ("２０２７", "9" * 5000, "二〇二七"):
        assert one.post("/calendars", year=year, source="某文件", days="2027-01-01 休").status_code == 422
    assert one.post(f"/calendars/{version}/approve").status_code == 403
    assert other.post(f"/calendars/{version}/approve").status_code == 303
    assert "元旦" in other.get("/calendars?year=2027").get_data(as_text=True)


def test_names_stand_where_codes_would(house: House) -> None:
    profile = house.browser("clerk_1").get("/profile").get_data(as_text=True)
    owner = house.browser("process_owner_1")
    listed, one = owner.get("/bundles").get_data(as_text=True), owner.get("/bundles/1").get_data(as_text=True)

    assert f"<dt>单位</dt><dd>{demo.PLACES['city']}{demo.UNITS['office']}</dd>" in profile
    assert "city-" not in profile
    assert f"<small>{demo.PLACES['city']}　<code>" in listed and "<small>city" not in listed
    assert f"<span>{demo.PLACES['city']}</span>" in one


@pytest.mark.parametrize(
    ("language", "titles"),
    [
        ("zh", {"intake.bpmn": "受理分流", "route.dmn": "认定路径", "forms/visit.json": "回访谈心",
                "forms/letters/T29_typical_case.json": "典型案例（脱敏）",
                "scenarios/simple_case_exempted.json": "简易认定：免于问责并按期纠错"}),
        ("en", {"intake.bpmn": "Intake and triage", "route.dmn": "Path of the procedure", "forms/visit.json": "Return visit",
                "forms/letters/T29_typical_case.json": "Typical case", "roles.json": "roles.json",
                "scenarios/simple_case_exempted.json": "Simple case: exempted and corrected in time"}),
    ],
)  # fmt: skip
def test_the_files_of_a_version_are_called_in_the_readers_language(
    house: House, language: str, titles: dict[str, str]
) -> None:
    page = house.browser("process_owner_1").get("/bundles/1", headers={"Accept-Language": language})

    text = page.get_data(as_text=True)
    for name, title in titles.items():
        assert f'files/{name}">{title}</a>' in text, name


def test_a_file_that_cannot_be_read_goes_by_its_name(house: House) -> None:
    with house.app.test_request_context("/"):
        assert [
            owner.title_of(*one) for one in (("forms/x.json", b"{"), ("forms/x.json", b"[]"), ("x.bpmn", b"<"))
        ] == ["", "", ""]


def test_the_way_to_the_next_task_goes_round_those_one_holds(house: House, opened: str) -> None:
    other = house.api("applicant_1", "POST", "/cases", {"process": "intake", "data": application()}).json["number"]
    clerk = house.browser("clerk_1")

    def lead(after: str = "") -> str:
        return unquote(clerk.get(f"/inbox/next?after={after}").location)

    assert lead() == "/inbox?said=no_next"
    held = [f"{number}.r1.review_acceptance.1" for number in (opened, other)]
    for task in held:
        clerk.post(f"/tasks/{task}/claim")
    listed = [one["id"] for one in house.api("clerk_1", "GET", "/tasks?scope=mine").json["items"]]
    assert sorted(listed) == sorted(held)
    assert (lead(), lead("gone")) == (f"/tasks/{listed[0]}", f"/tasks/{listed[0]}")
    assert (lead(listed[0]), lead(listed[1])) == (f"/tasks/{listed[1]}", f"/tasks/{listed[0]}")
    house.api("clerk_1", "POST", f"/tasks/{listed[1]}/release")
    assert lead(listed[0]) == "/inbox?said=no_next"
    assert "没有其他由您签收的任务" in clerk.get("/inbox?said=no_next").get_data(as_text=True)


def test_a_look_is_told_in_words_and_recorded_once(house: House, opened: str) -> None:
    browser = house.browser("auditor_1")
    for path in ("verification", "journal", "replay", "steps.json"):
        browser.get(f"/audit/{opened}/{path}")
    for path in ("journal", "state"):
        house.api("auditor_2", "GET", f"/cases/{opened}/{path}")

    page = browser.get(f"/audit/{opened}/access").get_data(as_text=True)

    told = re.findall(r'data-label="内容">(\w+)', page)
    assert told == ["某一时刻的状态", "日志", "回放", "日志", "核验", "案件"]
    assert "verification</" not in page


def test_a_record_that_was_tampered_with_says_so_wherever_it_is_read(house: House, opened: str) -> None:
    browser, warning = house.browser("auditor_1"), "第 2 条不能通过核验"
    whole = [browser.get(f"/audit/{opened}/{page}").get_data(as_text=True) for page in ("journal", "replay")]
    with house.db.engine.begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER entry_no_update")
        connection.exec_driver_sql("UPDATE entry SET body = '{}' WHERE seq = 2")

    altered = [browser.get(f"/audit/{opened}/{page}").get_data(as_text=True) for page in ("journal", "replay")]

    assert [warning in page for page in (*whole, *altered)] == [False, False, True, True]
    replayed = browser.get(f"/audit/{opened}/steps.json").get_json()["steps"]
    assert [one["entry"] for one in replayed] == [1]  # as far as it can be executed


@pytest.mark.parametrize("body", ["{not json", "[1]", "null", '{"at": 1}', '{"at": {}, "data": []}'])
def test_an_entry_that_is_no_record_any_more_does_not_keep_the_others_from_being_read(
    house: House, opened: str, body: str
) -> None:
    with house.db.engine.begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER entry_no_update")
        connection.exec_driver_sql("UPDATE entry SET body = ? WHERE seq = 3", (body,))
    browser = house.browser("auditor_1")

    told = {
        page: browser.get(f"/audit/{opened}/{page}") for page in ("journal", "verification", "replay", "steps.json")
    }
    journal, verification = (told[page].get_data(as_text=True) for page in ("journal", "verification"))

    assert [one.status_code for one in told.values()] == [200] * 4
    assert house.api("auditor_1", "GET", f"/cases/{opened}/journal").status_code == 200
    assert house.browser("clerk_1").get(f"/cases/{opened}?tab=history").status_code == 200
    assert ("不能重现" if body.startswith('{"') else "内容不能读取") in journal
    assert "第 3 条：内容与其摘要不符" in verification
    assert "日志不能重新执行，无从比较" in verification
    assert not re.search("line 1|expected|object|indices", verification.split("<main")[1])


@pytest.mark.parametrize(
    ("days", "said"),
    [
        ("", "请录入这一年的放假和调休日期"),
        ("2026-01-01 休 元旦", "第1行的日期不在2027年"),
        ("2027-01-01 休 元旦\n\n2027-01-01 班", "第3行的日期已经录入过"),
        ("2027-01-01 休 元旦\n明天 放假", "第2行应为“日期 休/班 名称”"),
    ],
)
def test_a_year_that_was_typed_wrongly_is_refused_with_its_line(house: House, days: str, said: str) -> None:
    answer = house.browser("admin_1").post("/calendars", year="2027", source="某文件", days=days)

    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert said in page
    assert (days or 'name="days"') in page
    assert 'value="某文件"' in page


def test_an_administrator_enters_and_renames_units(house: House) -> None:
    admin = house.browser("admin_1")
    given = {"code": "west-library", "name": "西县图书室", "place": "west"}

    entered = admin.post("/units", **given)
    renamed = admin.post("/units/west-library", name="西县图书馆")
    page = admin.get("/units").get_data(as_text=True)

    assert (entered.status_code, renamed.status_code) == (303, 303)
    assert 'value="西县图书馆"' in page
    assert "west-library" in admin.get("/people/new").get_data(as_text=True)
    assert house.browser("clerk_1").post("/units", **given).status_code == 403


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"code": "city-office"}, "已有代码为“city-office”的单位"),
        ({"code": "A b"}, "只用小写字母、数字和连字符"),
        ({"place": "north"}, "请填写"),  # a new place needs a name
        ({"name": " "}, "请填写"),
        ({"name": "图书\u202e室"}, "看不见的字符"),
    ],
)
def test_a_unit_that_cannot_be_is_refused_and_stays_as_typed(house: House, wrong: dict[str, str], said: str) -> None:
    given = {"code": "west-library", "name": "西县图书室", "place": "west", **wrong}

    answer = house.browser("admin_1").post("/units", **given)
    page = answer.get_data(as_text=True)

    assert answer.status_code == 422
    assert said in page
    assert f'value="{given["code"]}"' in page


def test_a_calendar_names_people_not_accounts(house: House) -> None:
    browser = house.browser("admin_1")
    browser.post("/calendars", year="2027", source="某文件", days="2027-01-01 休 元旦")

    versions = browser.get("/calendars").get_data(as_text=True).split("<aside>")[1]

    assert "<br>admin_1" not in versions and "<br>console" not in versions
    assert "命令行" in versions


def test_what_was_uploaded_is_opened_where_it_is_told_and_by_whoever_sent_it(house: House) -> None:
    sent = {"file": (io.BytesIO(b"%PDF-1.7"), "会议纪要.pdf")}
    kept = house.api("applicant_1", "POST", "/attachments", data=sent, content_type="multipart/form-data").json["id"]
    rows = [{"type": "会议纪要", "file": kept}]
    given = {"process": "intake", "data": {**application(), "attachments": rows}}
    given["data"]["subjects"] = [{**given["data"]["subjects"][0], "account": "party_1"}]
    number = house.api("applicant_1", "POST", "/cases", given).json["number"]
    link = f'<a href="/files/{kept}">会议纪要.pdf</a>'
    clerk = house.browser("clerk_1")

    for path in (f"/tasks/{number}.r1.review_acceptance.1", f"/cases/{number}?tab=history"):
        assert link in clerk.get(path).get_data(as_text=True), path
    assert link in house.browser("applicant_1").get(f"/cases/{number}?tab=documents").get_data(as_text=True)
    concerned = house.browser("party_1")
    assert concerned.get(f"/cases/{number}").status_code == 200
    assert (concerned.get(f"/files/{kept}").status_code, clerk.get(f"/files/{kept}").status_code) == (404, 200)


def test_what_was_uploaded_is_called_by_its_name_when_the_form_comes_back(house: House) -> None:
    applicant = house.browser("applicant_1")
    sent = applicant.client.post(
        "/api/v1/attachments",
        data={"file": (io.BytesIO(b"%PDF-1.7"), "会议纪要（终稿）.pdf")},
        headers={"X-CSRF-Token": applicant.csrf},
    )
    upload = {"attachments.0.type": "会议纪要", "attachments.0.file": sent.json["id"]}

    refused = applicant.post("/start/intake", matter="", **upload)

    assert refused.status_code == 422
    assert "会议纪要（终稿）.pdf</span>" in refused.get_data(as_text=True)
    other = house.browser("applicant_2").post("/start/intake", matter="", **upload)
    assert "已上传的文件</span>" in other.get_data(as_text=True)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("情况说明.pdf", b"", "文件是空的，请重新选择"),
        ("情况说明.EXE", b"text", "不能上传可执行文件或者带宏的文件"),
        ("情况说明.pdf", b"MZ\x90\x00", "不能上传可执行文件或者带宏的文件"),
    ],
)
def test_a_file_that_cannot_be_kept_is_refused_beside_its_field_and_what_was_typed_stays(
    house: House, name: str, content: bytes, said: str
) -> None:
    upload = {"attachments.0.file": (io.BytesIO(content), name)}

    answer = house.browser("applicant_1").post("/start/intake", matter="改造工程", **upload)

    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert said in page
    assert "改造工程" in page


def test_the_zero_character_is_refused_wherever_it_stands(house: House) -> None:
    clerk = house.browser("clerk_1")

    assert clerk.get("/library/%00").status_code == 404
    assert clerk.get("/cases?q=a%00b").status_code == 422
    answer = clerk.post("/cases/RC-2026-00001/comments", text="a\0b")
    assert answer.status_code == 422
    assert "“text”含有空字符，请删去" in answer.get_data(as_text=True)


def test_a_number_that_no_row_can_have_is_nobody_s_page(house: House) -> None:
    assert house.browser("process_owner_1").get(f"/bundles/{10**25}").status_code == 404
    assert house.api("operator_1", "POST", f"/incidents/{2**31}/retry", {}).status_code == 404


def test_who_looked_at_a_task_is_told_by_its_step_and_a_paper_by_its_number(house: House, opened: str) -> None:
    house.browser("clerk_1").get(f"/tasks/{opened}.r1.review_acceptance.1")
    with database.transaction(house.db) as session:
        case = lifecycle.lock(session, opened)
        lifecycle.note(session, SYSTEM, house.time, case, "document_issued", {"number": "容错函〔2026〕7号"})
    auditor = house.browser("auditor_1")

    accesses = auditor.get(f"/audit/{opened}/access").get_data(as_text=True)
    pages = [auditor.get(f"/audit/{opened}/journal"), house.browser("clerk_1").get(f"/cases/{opened}?tab=history")]
    steps = auditor.get(f"/audit/{opened}/steps.json").get_data(as_text=True)

    assert "任务 受理审查" in accesses
    assert (
        all("印发公文 容错函〔2026〕7号" in one.get_data(as_text=True) for one in pages)
        and "容错函〔2026〕7号" in steps
    )
