"""The page of processes shows what each county has in force, and lets an owner make a county's rules."""

import orjson

from tests.web.conftest import Browser, House, application
from workflow_service.storage import database, reference

OWNERS = ("process_owner_1", "process_owner_2")


def of(house: House, place: str) -> dict[str, object]:
    listed = house.api("process_owner_1", "GET", "/variants").json["items"]
    found: dict[str, object] = next(one for one in listed if one["place"] == place)
    return found


def newest(house: House, place: str) -> reference.Bundle:
    with database.reading(house.db) as session:
        return session.query(reference.Bundle).filter_by(place=place).order_by(reference.Bundle.id.desc()).first()


def put_in_force(house: House, bundle_id: int) -> None:
    """The draft is handed in by one owner, approved by the other, published."""
    author, other = (house.browser(one) for one in OWNERS)
    for browser, action in ((author, "submission"), (other, "approval"), (author, "publication")):
        answer = browser.post(f"/bundles/{bundle_id}/{action}")
        assert answer.status_code == 303, answer.get_data(as_text=True)


def write(browser: Browser, bundle: reference.Bundle, name: str, text: str) -> str:
    answer = browser.post(f"/bundles/{bundle.id}/text/{name}", text=text)
    return answer.get_data(as_text=True) if answer.status_code != 303 else ""


def test_the_page_says_for_each_county_what_is_in_force_and_how_it_differs(house: House) -> None:
    browser = house.browser("process_owner_1")

    page = browser.get("/bundles").get_data(as_text=True)
    english = browser.get("/bundles", headers={"Accept-Language": "en"}).get_data(as_text=True)

    assert "西岭县实施办法" in page
    assert "“受理审查”的期限由 5 个工作日（加急 3 个）改为 3 个工作日（加急 2 个）" in page
    assert "Rules of Xiling county" in english
    assert (
        "limit of “Review for acceptance”: 3 working days (2 if urgent) instead of 5 working days (3 if urgent)"
        in english
    )
    assert (of(house, "east")["variant"], of(house, "east")["bundle"]) == (None, of(house, "west")["parent"])


def test_a_case_says_which_countys_rules_it_runs_on(house: House) -> None:
    west = house.api("applicant_west_1", "POST", "/cases", {"process": "intake", "data": application()}).json["number"]
    city = house.api("applicant_1", "POST", "/cases", {"process": "intake", "data": application()}).json["number"]

    seen, other = (house.api("auditor_1", "GET", f"/cases/{one}").json for one in (west, city))
    page = house.browser("clerk_west_1").get(f"/cases/{west}").get_data(as_text=True)

    assert (seen["variant"]["id"], seen["variant"]["parent"]) == ("V1", other["bundle"])
    assert other["variant"] is None
    assert "西岭县实施办法 V1" in page


def test_an_owner_makes_a_variant_for_a_county_another_approves_it_and_new_cases_run_on_it(house: House) -> None:
    owner = house.browser("process_owner_1")
    answer = owner.post("/bundles", variant_of="east", title="东川县实施办法", title_en="Rules of Dongchuan")
    assert answer.status_code == 303
    draft = newest(house, "east")
    operation = {"do": "set_limit", "process": "intake", "element": "review_acceptance", "days": 2}
    told = orjson.loads(owner.get(f"/bundles/{draft.id}/raw/variant.json").data)

    wrong = write(
        owner, draft, "variant.json", orjson.dumps({**told, "operations": [{**operation, "days": 9}]}).decode()
    )
    assert "只能收紧" in wrong
    assert write(owner, draft, "variant.json", orjson.dumps({**told, "operations": [operation]}).decode()) == ""
    assert "第 2 版" not in owner.get(f"/bundles/{draft.id}").get_data(as_text=True)
    put_in_force(house, draft.id)

    east = of(house, "east")
    number = house.api("applicant_east_1", "POST", "/cases", {"process": "intake", "data": application()}).json[
        "number"
    ]
    assert house.api("auditor_1", "GET", f"/cases/{number}").json["bundle"] == east["bundle"]
    assert "改为 2 个工作日" in str(east["changes"])


def test_only_the_operations_of_a_variant_can_be_edited(house: House) -> None:
    owner = house.browser("process_owner_1")
    base = str(of(house, "west")["bundle"])
    owner.post("/bundles", base=base)
    draft = newest(house, "west")

    said = owner.post(f"/bundles/{draft.id}/text/roles.json", text="{}")

    assert said.status_code == 409
    assert "variant.json 中的操作" in said.get_data(as_text=True)
    assert "readonly" in owner.get(f"/bundles/{draft.id}/files/roles.json").get_data(as_text=True)
    assert "readonly" not in owner.get(f"/bundles/{draft.id}/files/variant.json").get_data(as_text=True)


def test_a_new_version_of_the_city_warns_of_conflicts_and_the_page_lists_them(house: House) -> None:
    owner = house.browser("process_owner_1")
    owner.post("/bundles", base=str(of(house, "west")["parent"]))
    draft = newest(house, "city")
    text = owner.get(f"/bundles/{draft.id}/raw/intake.bpmn").get_data(as_text=True)
    shorter = text.replace("if case.urgent = true then 3 else 5", "if case.urgent = true then 1 else 2")
    owner.client.put(
        f"/bundles/{draft.id}/raw/intake.bpmn", data=shorter.encode(), headers={"X-CSRF-Token": owner.csrf}
    )

    foreseen = owner.get(f"/bundles/{draft.id}").get_data(as_text=True)
    put_in_force(house, draft.id)

    west = of(house, "west")
    page = owner.get("/bundles").get_data(as_text=True)
    assert "V07" in foreseen
    assert "西岭县实施办法（west）" in foreseen
    assert (west["current"], len(west["conflicts"])) == (False, 1)  # type: ignore[arg-type]  # a list
    assert "落后于市级" in page
    assert "1 处冲突，仍按原版本办理" in page
    assert "只能收紧" in page


def test_the_citys_versions_stand_before_those_of_the_counties(house: House) -> None:
    places = [one["place"] for one in house.api("process_owner_1", "GET", "/bundles").json["items"]]

    assert places[0] == "city"
    assert places == sorted(places, key=lambda place: (place != "city", place))
