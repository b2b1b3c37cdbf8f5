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
