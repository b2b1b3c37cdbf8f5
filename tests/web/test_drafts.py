"""Drafts in the hands of several process owners: who may approve, take back, delete; which of equal bundles is meant."""

from tests.web.conftest import House
from tests.web.test_variants import newest
from workflow_service.bundles import publish
from workflow_service.storage import database, reference

AUTHOR, OTHER = "process_owner_1", "process_owner_2"
TEXT = "/bundles/{}/text/forms/visit.json"


def draft(house: House, note: str = "") -> reference.Bundle:
    """A draft of the version in force."""
    base = next(one for one in house.api(AUTHOR, "GET", "/bundles").json["items"] if one["status"] == "published")
    assert house.browser(AUTHOR).post("/bundles", base=base["hash"], note=note).status_code == 303
    return newest(house, "city")


def change(house: House, who: str, bundle: reference.Bundle, title: str) -> None:
    with database.reading(house.db) as session:
        text = publish.files_of(session, bundle)["forms/visit.json"].decode()
    altered = text.replace('"title": "', f'"title": "{title}', 1)
    assert house.browser(who).post(TEXT.format(bundle.id), text=altered).status_code == 303


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
