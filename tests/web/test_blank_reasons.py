"""What lacks its reason comes back on its own page: the sentence beside the field, and all that was filled in."""

import re
from urllib.parse import unquote

from tests.web.conftest import ACCEPTED, House, application
from tests.web.test_drafts import AUTHOR, OTHER, draft
from tests.web.test_variants import newest


def _said_beside(page: str, name: str, sentence: str) -> bool:
    """Whether a sentence stands beside a field, which names it as its description."""
    field = re.search(rf'<(?:textarea|input) id="([^"]+)" name="{name}"[^>]*aria-invalid="true"', page)
    return field is not None and f'id="{field[1]}-fault">{sentence}</p>' in page


def test_a_rejection_without_a_reason_comes_back_on_the_page_of_the_draft(house: House) -> None:
    made = draft(house)
    house.browser(AUTHOR).post(f"/bundles/{made.id}/submission")

    answer = house.browser(OTHER).post(f"/bundles/{made.id}/rejection", note=" \n ")

    page = answer.get_data(as_text=True)
    assert answer.status_code == 422 and "检查结果" in page
    assert re.search(r'<dialog id="reject"[^>]* open>', page)
    assert _said_beside(page, "note", "请填写退回理由")
    assert newest(house, "city").status == "submitted"


def test_a_task_sent_back_without_a_reason_keeps_where_it_was_to_go(house: House, opened: str) -> None:
    clerk = house.browser("clerk_1")
    house.api("clerk_1", "POST", f"/tasks/{opened}.r1.review_acceptance.1/claim")
    sent = {"data": ACCEPTED}
    house.api(
        "clerk_1", "POST", f"/tasks/{opened}.r1.review_acceptance.1/submission", sent, headers={"Idempotency-Key": "a"}
    )
    task = next(
        one["id"] for one in house.api("clerk_1", "GET", f"/cases/{opened}").json["tasks"] if one["status"] == "open"
    )
    house.api("clerk_1", "POST", f"/tasks/{task}/claim")

    answer = clerk.post(f"/tasks/{task}/transfer", to="clerk_2", reason="  ")

    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert re.search(r'<dialog id="transfer"[^>]* open>', page) and not re.search(
        r'<dialog id="delegate"[^>]* open>', page
    )
    assert _said_beside(page, "reason", "请填写“理由”")
    assert '<option value="clerk_2" selected>' in page
    assert house.api("clerk_1", "GET", f"/tasks/{task}").json["holder"] == "clerk_1"


def test_a_blank_remark_comes_back_on_the_page_of_the_case(house: House, opened: str) -> None:
    answer = house.browser("clerk_1").post(f"/cases/{opened}/comments", text=" ")

    assert answer.status_code == 422
    assert _said_beside(answer.get_data(as_text=True), "text", "请填写备注内容")


def test_a_look_at_what_is_sealed_without_a_reason_opens_nothing(house: House) -> None:
    given = application(applicant_kind="organ", accuser={"name": "举报人孔明", "contact": "0578"})
    number = house.api("discipline_1", "POST", "/cases", {"process": "intake", "data": given}).json["number"]
    part = house.api("discipline_1", "GET", f"/cases/{number}/sealed").json["items"][0]["id"]

    answer = house.browser("discipline_1").post(f"/cases/{number}/sealed", part=str(part), reason=" ")

    page = answer.get_data(as_text=True)
    assert answer.status_code == 422 and "举报人孔明" not in page
    assert _said_beside(page, "reason", "请填写理由")


def test_the_language_is_changed_where_the_form_stands(house: House, opened: str) -> None:
    at = {"Referer": f"http://localhost/cases/{opened}?tab=overview"}
    clerk = house.browser("clerk_1")

    answer = clerk.client.post(f"/cases/{opened}/comments", data={"csrf": clerk.csrf, "text": " "}, headers=at)

    link = re.search(r'href="(/[^"]*)">English</a>', answer.get_data(as_text=True))
    assert link is not None and f"/cases/{opened}" in unquote(link[1]) and "comments" not in link[1]


def test_a_county_variant_without_its_names_is_asked_for_them(house: House) -> None:
    answer = house.browser(AUTHOR).post("/bundles", variant_of="east", title=" ", title_en="East")

    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert re.search(r'<dialog id="variant-east"[^>]* open>', page)
    assert _said_beside(page, "title", "请填写") and 'value="East"' in page
