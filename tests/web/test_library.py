"""The library of typical cases as pages and as an API."""

from urllib.parse import quote

import pytest

from tests import city
from tests.cases.test_library import LIFTS, publish
from tests.web.conftest import House

NUMBER = "容错例〔2026〕1号"


@pytest.fixture
def filled(house: House) -> House:
    publish(city.City(house.db, house.time), summary=f"<b>{LIFTS['summary']}</b>")
    return house


@pytest.mark.parametrize(
    "who", ["applicant_1", "clerk_east_1", "process_owner_1", "auditor_1", "operator_1", "admin_1"]
)
def test_everybody_finds_it_in_the_navigation_and_reads_it(filled: House, who: str) -> None:
    browser = filled.browser(who)

    listed = browser.get("/library").get_data(as_text=True)
    page = browser.get(f"/library/{quote(NUMBER)}").get_data(as_text=True)

    assert 'href="/library" aria-current="page"' in listed
    assert LIFTS["title"] in listed and f"/library/{quote(NUMBER)}" in listed
    assert "&lt;b&gt;" in page and "<b>" not in page
    assert "容缺清单应当公开。" in page and "9.4 为优化服务对非必要件容缺受理、审查而有失误" in page
    assert ("办理过程" in page) == (who == "auditor_1")


def test_a_search_without_a_hit_says_so_and_offers_the_way_back(filled: House) -> None:
    page = filled.browser("clerk_1").get("/library?q=地铁").get_data(as_text=True)

    assert "没有符合条件的案例" in page and 'href="/library">清除条件' in page


def test_the_filter_offers_the_situations_in_use_in_the_readers_language(filled: House) -> None:
    page = filled.browser("clerk_1").get("/library?code=8.1", headers={"Accept-Language": "en"}).get_data(as_text=True)

    assert '<option value="8.1" selected>8.1 Streamlining reform led to legal dispute or risk loss' in page
    assert '<option value="9.4">' in page and '<option value="4.1"' not in page


def test_an_empty_library_says_how_cases_come_in(house: House) -> None:
    assert "案例库还没有案例" in house.browser("clerk_1").get("/library").get_data(as_text=True)


def test_programs_search_and_read_it(filled: House) -> None:
    listed = filled.api("clerk_1", "GET", f"/library?q={quote('电梯')}&code=9.4&size=1").json
    one = filled.api("clerk_1", "GET", f"/library/{quote(NUMBER)}").json
    nothing = filled.api("clerk_1", "GET", "/library?code=4.1").json

    assert (listed["total"], listed["next"], [item["id"] for item in listed["items"]]) == (1, None, [NUMBER])
    assert listed["items"][0]["codes"][1] == {
        "code": "8.1",
        "label": "8.1 创新精简条件、材料、程序而生法律纠纷或风险损失",
    }
    assert (one["lesson"], one["published_at"][-6:], one["file"]) == (LIFTS["lesson"], "+08:00", "RC-2026-00001")
    assert nothing["items"] == []


def test_a_number_that_is_none_is_told_in_a_sentence(filled: House) -> None:
    answer = filled.api("clerk_1", "GET", "/library/none")

    assert (answer.status_code, answer.json["detail"]) == (404, "案例库中没有编号为“none”的案例")
    assert filled.browser("clerk_1").get("/library/none").status_code == 404
    assert filled.api("clerk_1", "GET", "/library?after=none").status_code == 422


def test_the_head_of_the_publishing_body_takes_it_out_with_a_reason_and_nobody_finds_it_any_more(filled: House) -> None:
    chief, path = filled.browser("chief_1"), f"/library/{quote(NUMBER)}"
    assert "撤下此案例" in chief.get(path).get_data(as_text=True)
    assert "撤下此案例" not in filled.browser("clerk_1").get(path).get_data(as_text=True)

    blank = chief.post(f"{path}/withdrawal", reason=" ")
    done = chief.post(f"{path}/withdrawal", reason="当事人撤回同意")

    assert (blank.status_code, done.status_code) == (422, 303)
    told = blank.get_data(as_text=True)
    assert '<details class="card" open>' in told and "请填写撤下的理由</p>" in told
    assert "案例已从案例库撤下" in chief.get(done.location).get_data(as_text=True)
    for path_ in ("/library", f"/library?q={quote('电梯')}"):
        assert LIFTS["title"] not in filled.browser("clerk_1").get(path_).get_data(as_text=True)
    assert filled.api("clerk_1", "GET", "/library").json["total"] == 0
    gone = filled.api("clerk_1", "GET", path)
    assert (gone.status_code, gone.json["detail"]) == (404, f"案例“{NUMBER}”已从案例库撤下")
    seen = chief.get(path).get_data(as_text=True)
    assert "当事人撤回同意" in seen and "撤下此案例" not in seen


def test_programs_withdraw_it_once_and_only_for_the_body_that_published_it(filled: House) -> None:
    path = f"/library/{quote(NUMBER)}/withdrawal"

    def status(who: str, **data: str) -> int:
        return filled.api(who, "POST", path, data).status_code

    assert status("clerk_1", reason="x") == 403
    assert status("chief_east_1", reason="x") == 403
    assert status("chief_1") == 422
    done = filled.api("chief_1", "POST", path, {"reason": "事实有误"}).json
    assert (done["withdrawn_for"], done["withdrawn_at"][-6:]) == ("事实有误", "+08:00")
    assert status("chief_1", reason="x") == 409
    entry = filled.api("auditor_1", "GET", f"/cases/{done['file']}/journal").json["items"][-1]
    assert (entry["kind"], entry["actor"]) == ("library_withdrawn", "chief_1")
    assert filled.api("auditor_1", "GET", f"/cases/{done['file']}/verification").json["chain"]["holds"]
