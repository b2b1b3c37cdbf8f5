"""Filters of the inbox and of the case list, kept under names of their own."""

import pytest

from tests.web.conftest import House
from workflow_service.cases import saved

HURRY = "/inbox?scope=available&overdue=true&sort=opened"


def test_a_filter_is_kept_under_a_name_and_stands_above_its_list(house: House) -> None:
    clerk = house.browser("clerk_1")
    offered = clerk.get(HURRY).get_data(as_text=True)

    kept = clerk.post(HURRY, name="逾期待签收")

    used, elsewhere = (clerk.get(path).get_data(as_text=True) for path in (kept.location, "/inbox"))
    assert "保存此筛选" in offered
    assert (kept.status_code, kept.location) == (303, "/inbox?scope=available&sort=opened&overdue=true")
    assert 'aria-current="page">逾期待签收</a>' in used and "保存此筛选" not in used
    assert ">逾期待签收</a>" in elsewhere and "保存此筛选" not in elsewhere
    assert "逾期待签收" not in clerk.get("/cases").get_data(as_text=True)
    assert "逾期待签收" not in house.browser("clerk_2").get("/inbox").get_data(as_text=True)


def test_the_same_name_takes_the_place_of_the_one_before(house: House) -> None:
    auditor = house.browser("auditor_1")

    auditor.post("/cases?status=decided", name="要看的")
    auditor.post("/cases?status=archived&after=x&evil=1", name="要看的")

    page = auditor.get("/cases").get_data(as_text=True)
    assert page.count("要看的") == 1 and 'href="/cases?status=archived"' in page


@pytest.mark.parametrize("name", ["", "  ", "长" * 41, "a\u202eb"])
def test_a_name_that_cannot_be_comes_back_with_the_reason_and_the_filter(house: House, name: str) -> None:
    answer = house.browser("clerk_1").post(HURRY, name=name)

    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert 'id="filter-name-fault"' in page and '<option value="opened" selected>' in page


def test_there_is_an_end_to_keeping(house: House) -> None:
    clerk = house.browser("clerk_1")
    for n in range(saved.MOST):
        assert clerk.post(f"/inbox?q={n}", name=f"第{n}个").status_code == 303

    refused, renewed = clerk.post("/inbox?q=x", name="再来"), clerk.post("/inbox?q=y", name="第3个")

    assert (refused.status_code, renewed.status_code) == (422, 303)
    assert "至多保存 20 个" in refused.get_data(as_text=True)


def test_only_whose_it_is_gives_a_filter_up(house: House) -> None:
    clerk = house.browser("clerk_1")
    page = clerk.get(clerk.post("/cases?status=decided", name="已决定的").location).get_data(as_text=True)
    to = page.split('action="/filters/')[1].split('"')[0]

    refused = house.browser("clerk_2").post(f"/filters/{to}")
    gone = clerk.post(f"/filters/{to}")

    assert (refused.status_code, gone.status_code, gone.location) == (404, 303, "/cases?status=decided")
    assert "已决定的" not in clerk.get("/cases").get_data(as_text=True)


def test_a_filter_that_says_more_than_can_be_kept_is_refused_and_an_empty_one_is_not_offered(house: House) -> None:
    clerk = house.browser("clerk_1")

    refused, empty = clerk.post(f"/inbox?q={'电' * 200}", name="长"), clerk.get("/inbox?q=%20")

    assert refused.status_code == 422 and "不能保存，请先缩短" in refused.get_data(as_text=True)
    assert "保存此筛选" not in empty.get_data(as_text=True)
