"""Drafts in the hands of several process owners: who may approve, take back, delete; which of equal bundles is meant."""

import io
from pathlib import Path

import pytest
import sqlalchemy as sa
from werkzeug.test import TestResponse

from tests.web.conftest import House, hidden
from tests.web.test_variants import newest
from workflow_service import chinese_time
from workflow_service.bundles import publish
from workflow_service.storage import database, people, reference

AUTHOR, OTHER = "process_owner_1", "process_owner_2"
TEXT = "/bundles/{}/text/forms/visit.json"


def draft(house: House, note: str = "") -> reference.Bundle:
    """A draft of the version in force."""
    base = next(one for one in house.api(AUTHOR, "GET", "/bundles").json["items"] if one["status"] == "published")
    assert house.browser(AUTHOR).post("/bundles", base=base["hash"], note=note).status_code == 303
    return newest(house, "city")


def change(house: House, who: str, bundle: reference.Bundle, title: str, name: str = "forms/visit.json") -> None:
    with database.reading(house.db) as session:
        text = publish.files_of(session, bundle)[name].decode()
    altered = text.replace('"title": "', f'"title": "{title}', 1)
    assert house.browser(who).post(f"/bundles/{bundle.id}/text/{name}", text=altered).status_code == 303


def test_who_changed_a_draft_cannot_approve_it(house: House) -> None:
    made = draft(house)
    change(house, OTHER, made, "新")
    house.browser(AUTHOR).post(f"/bundles/{made.id}/submission")

    page = house.browser(OTHER).get(f"/bundles/{made.id}").get_data(as_text=True)
    answer = house.browser(OTHER).post(f"/bundles/{made.id}/approval")

    assert "您修改过此流程包，须由另一名流程管理员审批" in page
    assert f"/bundles/{made.id}/approval" not in page
    assert answer.status_code in (403, 409)
    assert newest(house, "city").status == "submitted"


def test_an_author_takes_a_submitted_draft_back_and_nobody_else_does(house: House) -> None:
    made = draft(house)
    change(house, AUTHOR, made, "新")
    house.browser(AUTHOR).post(f"/bundles/{made.id}/submission")

    refused = house.browser(OTHER).post(f"/bundles/{made.id}/recall")
    taken = house.browser(AUTHOR).post(f"/bundles/{made.id}/recall")

    assert (refused.status_code, taken.status_code) == (403, 303)
    assert newest(house, "city").status == "draft"


def test_an_author_deletes_a_draft_and_nobody_deletes_a_version(house: House) -> None:
    made = draft(house)

    refused = house.browser(OTHER).post(f"/bundles/{made.id}/discard")
    published = house.browser(AUTHOR).post("/bundles/1/discard")
    done = house.browser(AUTHOR).post(f"/bundles/{made.id}/discard")

    assert (refused.status_code, published.status_code, done.status_code) == (403, 409, 303)
    assert house.browser(AUTHOR).get(f"/bundles/{made.id}").status_code == 404
    assert newest(house, "city").id != made.id


def test_what_was_decided_of_a_draft_stays_with_it(house: House) -> None:
    made = draft(house)
    author, other = house.browser(AUTHOR), house.browser(OTHER)
    author.post(f"/bundles/{made.id}/submission")
    author.post(f"/bundles/{made.id}/recall")
    author.post(f"/bundles/{made.id}/submission")
    other.post(f"/bundles/{made.id}/rejection", note="期限未经会签")
    author.post(f"/bundles/{made.id}/submission")
    other.post(f"/bundles/{made.id}/approval", seen=newest(house, "city").hash)

    told = [(one["what"], one["by"], one["note"]) for one in newest(house, "city").decisions]
    assert told == [
        ("submitted", AUTHOR, ""), ("recalled", AUTHOR, ""), ("submitted", AUTHOR, ""),
        ("rejected", OTHER, "期限未经会签"), ("submitted", AUTHOR, ""), ("approved", OTHER, ""),
    ]  # fmt: skip
    assert "期限未经会签" in author.get(f"/bundles/{made.id}").get_data(as_text=True)


def test_a_draft_that_was_given_back_is_not_deleted(house: House) -> None:
    made = draft(house)
    house.browser(AUTHOR).post(f"/bundles/{made.id}/submission")
    house.browser(OTHER).post(f"/bundles/{made.id}/rejection", note="期限未经会签")

    assert house.browser(AUTHOR).post(f"/bundles/{made.id}/discard").status_code == 409
    assert "删除草稿" not in house.browser(AUTHOR).get(f"/bundles/{made.id}").get_data(as_text=True)


def test_a_draft_equal_to_its_version_is_not_taken_for_it(house: House) -> None:
    made = draft(house)
    page = house.browser(AUTHOR).get("/bundles").get_data(as_text=True)
    house.browser(AUTHOR).post(f"/bundles/{made.id}/submission")
    draft(house, "again")

    approved = house.browser(OTHER).post(f"/bundles/{made.id}/approval")
    published = house.browser(AUTHOR).post(f"/bundles/{made.id}/publication")

    assert "None" not in page
    assert (approved.status_code, published.status_code) == (303, 303)
    with database.reading(house.db) as session:
        assert publish.by_id(session, made.id).version == 2


def upload(house: House, bundle: reference.Bundle, *sent: tuple[str, bytes]) -> TestResponse:
    files = [(io.BytesIO(content), name) for name, content in sent]
    return house.browser(AUTHOR).post(f"/bundles/{bundle.id}/files", file=files)


def files(house: House, bundle: reference.Bundle) -> dict[str, bytes]:
    with database.reading(house.db) as session:
        return publish.files_of(session, bundle)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("correction.bpmn", b"<?xml version='1.0'?>\n<a>\n<b></a>", "correction.bpmn:3"),
        ("correction.bpmn", b"", "correction.bpmn"),
        ("visit.json", b'{"id": "visit",\n "title":', "forms/visit.json:2"),
        ("route.dmn", b"hello", "route.dmn"),
        ("hello.txt", b"hello", "hello.txt"),
        ("photo.png", b"\x89PNG", "photo.png"),
        ("x.zip", b"PK\x03\x04garbage", "ZIP"),
    ],
)
def test_an_upload_that_cannot_be_read_is_refused_with_its_place_and_nothing_is_lost(
    house: House, name: str, content: bytes, said: str
) -> None:
    made = draft(house)
    before = files(house, made)

    answer = upload(house, made, ("accept_correction.json", b"{}"), (name, content))

    assert answer.status_code == 422
    assert said in answer.get_data(as_text=True)
    assert files(house, made) == before


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("roles.json", b'{"lanes": 3}'), ("roles.json", b'{"lanes": [], "roles": []}'), ("roles.json", b"null"), ("articles.json", b"[1]"),
        ("visit.json", b'{"id": "visit", "fields": 3}'), ("visit.json", b"[]"), ("T05_rights.json", b'{"id": 3, "body": 1}'),
        ("intake.bpmn", b'<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"><process id="intake"/></definitions>'),
    ],
)  # fmt: skip
def test_a_draft_with_a_file_of_the_wrong_shape_can_still_be_opened_and_mended(
    house: House, name: str, content: bytes
) -> None:
    made = draft(house)
    stored = next(one for one in files(house, made) if one.rpartition("/")[2] == name)
    sound = files(house, made)[stored]
    assert upload(house, made, (name, content)).status_code == 303
    browser = house.browser(AUTHOR)

    pages = ["", f"/files/{stored}", "/catalog.json", "/limits", "/differences", "/files/correction.bpmn"]
    told = {page: browser.get(f"/bundles/{made.id}{page}").status_code for page in pages}
    handed_in = browser.post(f"/bundles/{made.id}/submission").status_code

    assert told == dict.fromkeys(pages, 200)
    assert handed_in == 422
    assert upload(house, made, (name, sound)).status_code == 303


def test_every_form_that_asks_for_a_file_sends_it(house: House) -> None:
    made = draft(house)

    for path in ("/bundles", f"/bundles/{made.id}"):
        page = house.browser(AUTHOR).get(path).get_data(as_text=True)
        asking = [one for one in page.split("<form ")[1:] if 'type="file"' in one.partition("</form>")[0]]
        assert asking and all('enctype="multipart/form-data"' in one.partition(">")[0] for one in asking), path


def test_an_uploaded_file_goes_where_one_of_its_name_lies(house: House) -> None:
    made = draft(house)
    letter, form = b'{"id": "T05_rights"}', b'{"id": "brand_new"}'

    answer = upload(house, made, ("T05_rights.json", letter), ("brand_new.json", form))

    found = files(house, made)
    assert answer.status_code == 303
    assert (found["forms/letters/T05_rights.json"], found["forms/brand_new.json"]) == (letter, form)


def test_tables_have_a_title_in_both_languages(house: House) -> None:
    browser = house.browser(AUTHOR)

    chinese = browser.get("/bundles/1/files/route.dmn").get_data(as_text=True)
    english = browser.get("/bundles/1/files/route.dmn", headers={"Accept-Language": "en"}).get_data(as_text=True)

    assert "<h1>认定路径" in chinese
    assert "<h1>Path of the procedure" in english


def test_what_was_typed_over_somebody_elses_change_stands_on_the_page_and_can_be_saved(house: House) -> None:
    made = draft(house)
    change(house, OTHER, made, "新")
    mine = '{"id": "visit", "title": "我写的"}'

    answer = house.browser(AUTHOR).post(TEXT.format(made.id), text=mine, expected=made.hash)

    page = answer.get_data(as_text=True)
    assert answer.status_code == 409
    assert "您写的内容没有保存，仍在下面" in page
    assert "我写的" in page
    assert "我写的".encode() not in files(house, made)["forms/visit.json"]
    again = house.browser(AUTHOR).post(TEXT.format(made.id), text=mine, expected=hidden(page, "expected"))
    assert again.status_code != 409
    assert "我写的".encode() in files(house, made)["forms/visit.json"]


def test_two_owners_work_on_different_files_of_a_draft(house: House) -> None:
    made = draft(house)
    author = house.browser(AUTHOR)
    page = author.get(f"/bundles/{made.id}/files/forms/visit.json").get_data(as_text=True)
    diagram = author.get(f"/bundles/{made.id}/files/intake.bpmn").get_data(as_text=True)
    limits = author.get(f"/bundles/{made.id}/limits").get_data(as_text=True).split('value="intake.bpmn"')[0]
    version = diagram.split('data-version="')[1].split('"')[0]
    xml, headers = files(house, made)["intake.bpmn"], {"X-CSRF-Token": author.csrf, "If-Match": f'"{version}"'}
    change(house, OTHER, made, "新", "forms/review_acceptance.json")

    text = author.post(TEXT.format(made.id), text='{"id": "visit"}', expected=hidden(page, "expected"))
    drawn = author.client.put(f"/bundles/{made.id}/raw/intake.bpmn", data=xml + b"\n", headers=headers)
    headers["If-Match"] = f'"{drawn.json["version"]}"'
    drawn_again = author.client.put(f"/bundles/{made.id}/raw/intake.bpmn", data=xml, headers=headers)
    given = {"file": "intake.bpmn", "element": "review_acceptance", "before_days": "5", "before_urgent": "3"}
    limit = author.post(
        f"/bundles/{made.id}/limits",
        **given,
        days="4",
        urgent="3",
        expected=limits.rpartition('name="expected" value="')[2].split('"')[0],
    )

    assert 409 not in (text.status_code, drawn.status_code, drawn_again.status_code, limit.status_code)
    assert '"title": "新'.encode() in files(house, made)["forms/review_acceptance.json"]


def test_a_file_is_deleted_on_its_own_page(house: House) -> None:
    made = draft(house)
    author = house.browser(AUTHOR)

    whole = author.get(f"/bundles/{made.id}").get_data(as_text=True)
    one = author.get(f"/bundles/{made.id}/files/forms/visit.json").get_data(as_text=True)
    published = author.get("/bundles/1/files/forms/visit.json").get_data(as_text=True)
    answer = author.post(f"/bundles/{made.id}/removed", name="forms/visit.json")

    removal = f'action="/bundles/{made.id}/removed"'
    assert (removal in whole, removal in one, "/removed" in published) == (False, True, False)
    assert answer.status_code == 303
    assert "forms/visit.json" not in files(house, made)


def test_what_the_system_brought_says_so_in_the_readers_language(house: House) -> None:
    made = draft(house, "随系统安装")

    page = house.browser(AUTHOR).get(f"/bundles/{made.id}", headers={"Accept-Language": "en"}).get_data(as_text=True)

    assert "Shipped with the system" in page
    assert "随系统安装" not in page


def test_an_approver_sees_on_the_drafts_page_what_was_changed_and_in_words(house: House) -> None:
    made = draft(house)
    given = {"file": "intake.bpmn", "element": "review_acceptance", "before_days": "5", "before_urgent": "3"}
    house.browser(AUTHOR).post(f"/bundles/{made.id}/limits", **given, days="4", urgent="3")
    house.browser(AUTHOR).post(f"/bundles/{made.id}/submission")

    page = house.browser(OTHER).get(f"/bundles/{made.id}").get_data(as_text=True)
    difference = house.browser(OTHER).get(f"/bundles/{made.id}/differences?file=intake.bpmn").get_data(as_text=True)

    assert f"/bundles/{made.id}/differences?file=intake.bpmn" in page
    assert "forms/visit.json</small>" not in page.split("流程图</h")[0]
    assert "<code>办理期限</code>" in difference
    assert 'title="intake.bpmn">受理分流 <' in difference


def test_nobody_approves_what_was_changed_since_they_looked(house: House) -> None:
    made = draft(house)
    author, other = house.browser(AUTHOR), house.browser(OTHER)
    author.post(f"/bundles/{made.id}/submission")
    seen = newest(house, "city").hash
    assert f'name="seen" value="{seen}"' in other.get(f"/bundles/{made.id}").get_data(as_text=True)
    author.post(f"/bundles/{made.id}/recall")
    change(house, AUTHOR, made, "新")
    author.post(f"/bundles/{made.id}/submission")

    answer = other.post(f"/bundles/{made.id}/approval", seen=seen)

    assert answer.status_code == 409
    assert "流程包刚被修改，请重新打开后再操作" in answer.get_data(as_text=True)
    assert newest(house, "city").status == "submitted"


def test_whoever_edits_a_file_is_told_that_it_was_kept_and_what_it_breaks_in_others(house: House) -> None:
    made = draft(house)
    with database.reading(house.db) as session:
        roles = publish.files_of(session, made)["roles.json"].decode()
    browser = house.browser(AUTHOR)

    faulty = browser.post(
        f"/bundles/{made.id}/text/roles.json", text=roles.replace('"档案": "records"', '"档案": "recorder"')
    )
    broken = browser.post(
        f"/bundles/{made.id}/text/roles.json", text=roles.replace('"档案": "records"', '"档案": null')
    )

    assert (faulty.status_code, "已保存；有错误的草稿" in faulty.get_data(as_text=True)) == (422, True)
    assert broken.status_code == 303
    page = browser.get(f"/bundles/{made.id}/files/roles.json").get_data(as_text=True)
    assert "泳道“档案”没有人，却有人工任务" in page
    assert f"/bundles/{made.id}/files/archive.bpmn#element=" in page


def test_an_owner_is_warned_of_a_lane_whose_role_nobody_holds(house: House) -> None:
    made = draft(house)
    with database.transaction(house.db) as session:
        session.execute(sa.delete(people.Grant).where(people.Grant.role == "records"))

    page = house.browser(AUTHOR).get(f"/bundles/{made.id}").get_data(as_text=True)

    assert "目前没有人担任“records”，泳道“档案”的任务将无人办理" in page
    assert house.browser(AUTHOR).post(f"/bundles/{made.id}/submission").status_code == 303


def test_processes_and_decisions_are_offered_by_their_titles(house: House) -> None:
    made = draft(house)

    told = house.browser(AUTHOR).get(f"/bundles/{made.id}/catalog.json").json

    assert {"id": "panel", "name": "认定小组"} in told["processes"]
    assert {"id": "route", "name": "认定路径"} in told["decisions"]


def test_the_approver_hears_of_a_draft_and_its_author_of_what_was_said(house: House) -> None:
    made = draft(house)
    change(house, AUTHOR, made, "新")

    house.browser(AUTHOR).post(f"/bundles/{made.id}/submission")
    house.browser(OTHER).post(f"/bundles/{made.id}/rejection", note="措辞请再核对")

    asked = house.browser(OTHER).get("/notices").get_data(as_text=True)
    told = house.browser(AUTHOR).get("/notices").get_data(as_text=True)
    assert f"草稿 {made.id} 等待审批" in asked
    assert f"草稿 {made.id} 已退回" in told
    assert "理由：措辞请再核对" in told
    assert "等待审批" not in told


def test_many_findings_do_not_hide_what_was_changed(house: House) -> None:
    made = draft(house)

    house.browser(AUTHOR).post(f"/bundles/{made.id}/text/roles.json", text='{"roles": {}, "lanes": {}}')

    page = house.browser(AUTHOR).get(f"/bundles/{made.id}").get_data(as_text=True)
    assert page.partition("<details><summary>其余")[0].count('class="finding-error"') == 8


def test_what_changes_in_a_letter_is_shown_by_the_paragraph_and_in_words(house: House) -> None:
    made, author = draft(house), house.browser(AUTHOR)
    name = "forms/letters/T28_warning.json"
    with database.reading(house.db) as session:
        text = publish.files_of(session, made)[name].decode()
    author.post(f"/bundles/{made.id}/text/{name}", text=text.replace("请届时说明改进情况", "请届时书面说明"))

    page = author.get(f"/bundles/{made.id}/differences?file={name}").get_data(as_text=True)

    rows = page.split("<tbody>")[1].split("</tbody>")[0]
    assert "正文第 5 段" in rows and "<code>文字</code>" in rows
    assert "请届时书面说明" in rows and "不进入容错认定程序" not in rows


LETTERS = sorted(one.stem for one in (Path(__file__).parents[2] / "forms" / "letters").glob("*.json"))


@pytest.mark.parametrize("letter", LETTERS)
def test_a_letter_is_previewed_with_the_names_of_its_fields(house: House, letter: str) -> None:
    answer = house.browser(AUTHOR).get(f"/bundles/1/preview/forms/letters/{letter}.json")

    page = answer.get_data(as_text=True).split('<article class="card paper">')[1].split("</article>")[0]
    assert answer.status_code == 200
    assert "<mark>" in page and "{" not in page


def test_the_preview_of_a_form_fills_in_what_depends_on_the_day(house: House) -> None:
    page = house.browser(AUTHOR).get("/bundles/1/preview/forms/record_meeting.json").get_data(as_text=True)

    assert f'value="{chinese_time.local(house.time).date()}"' in page


def test_the_preview_of_a_letter_says_when_a_part_appears(house: House) -> None:
    page = house.browser(AUTHOR).get("/bundles/1/preview/forms/letters/T14_decision.json").get_data(as_text=True)

    assert "“认定结果”是不予容错时" in page and "关于对<mark>认定对象</mark>免于问责的决定" in page


def test_a_letter_with_faults_says_them_in_place_of_its_preview(house: House) -> None:
    made, author = draft(house), house.browser(AUTHOR)
    name = "forms/letters/T28_warning.json"
    author.post(f"/bundles/{made.id}/text/{name}", text="{")

    answer = author.get(f"/bundles/{made.id}/preview/{name}")

    assert answer.status_code == 200 and "改正下列错误后才能预览" in answer.get_data(as_text=True)
