"""The page of limits shows all of a version's, and changes those of a draft."""

from tests.web.conftest import House
from tests.web.test_drafts import AUTHOR, draft
from tests.web.test_variants import newest

REVIEW = {"file": "intake.bpmn", "element": "review_acceptance", "before_days": "5", "before_urgent": "3"}


def test_an_owner_changes_a_limit_and_sees_what_it_was(house: House) -> None:
    made = draft(house)
    browser = house.browser(AUTHOR)

    answer = browser.post(f"/bundles/{made.id}/limits", **REVIEW, days="4", urgent="2", expected=made.hash)
    page = browser.get(f"/bundles/{made.id}/limits").get_data(as_text=True)

    assert answer.status_code == 303
    assert "4 个工作日（加急 2 个）" in page
    assert "原为 5 个工作日（加急 3 个）" in page


def test_what_the_regulation_sets_has_no_field_and_cannot_be_changed(house: House) -> None:
    made = draft(house)
    browser = house.browser(AUTHOR)
    given = {"file": "correction.bpmn", "element": "sign_correction_notice", "before_days": "5", "days": "6"}

    page = browser.get(f"/bundles/{made.id}/limits").get_data(as_text=True)
    answer = browser.post(f"/bundles/{made.id}/limits", **given)

    assert 'value="sign_correction_notice"' not in page
    assert answer.status_code == 409
    assert newest(house, "city").hash == made.hash


def test_a_draft_that_changed_meanwhile_and_wrong_numbers_are_refused(house: House) -> None:
    made = draft(house)
    browser = house.browser(AUTHOR)

    stale = browser.post(f"/bundles/{made.id}/limits", **REVIEW, days="4", expected="0" * 64)
    wrong = browser.post(f"/bundles/{made.id}/limits", **REVIEW, days="soon", expected=made.hash)

    assert (stale.status_code, wrong.status_code) == (409, 422)
    assert "此文件已在别处被修改" in stale.get_data(as_text=True)
    assert "请填写1至365之间的工作日数" in wrong.get_data(as_text=True)
    assert 'value="soon" aria-invalid="true"' in wrong.get_data(as_text=True)
    assert newest(house, "city").hash == made.hash


def test_a_published_version_and_a_countys_draft_are_only_shown(house: House) -> None:
    browser = house.browser(AUTHOR)
    page = browser.get("/bundles/1/limits").get_data(as_text=True)
    west = next(one for one in house.api(AUTHOR, "GET", "/bundles").json["items"] if one["place"] == "west")
    browser.post("/bundles", base=west["hash"])
    county = browser.get(f"/bundles/{newest(house, 'west').id}/limits").get_data(as_text=True)

    assert "受理审查" in page
    assert 'class="limit-form"' not in page + county
    assert "variant.json" in county


def test_dates_that_are_not_counted_in_days_are_said_in_words(house: House) -> None:
    browser = house.browser(AUTHOR)

    page = browser.get("/bundles/1/limits").get_data(as_text=True)
    browser.get("/language/en")
    english = browser.get("/bundles/1/limits").get_data(as_text=True)

    assert "通知书写明的整改期限" in page and "“制定调查方案”中的“计划完成日期”" in page
    assert "“决定中止”中的“预计恢复日期”；没有填写的，中止之日起 3 个月" in page
    assert "if left empty: The day of the suspension + 3 months" in english
    assert "<code>" not in page.partition("<h2>不以天数计的期限")[0].partition("<main")[2]


def test_an_expression_of_another_kind_is_shown_as_one(house: House) -> None:
    made, browser = draft(house), house.browser(AUTHOR)
    drawn = browser.get(f"/bundles/{made.id}/raw/correction.bpmn").get_data(as_text=True)
    altered = drawn.replace('name="due" value="date(rectify_by)"', 'name="due" value="max(date(rectify_by), today())"')
    assert browser.post(f"/bundles/{made.id}/text/correction.bpmn", text=altered).status_code == 303

    page = browser.get(f"/bundles/{made.id}/limits").get_data(as_text=True)

    assert '<span class="muted">表达式</span> <code>max(date(rectify_by), today())</code>' in page
