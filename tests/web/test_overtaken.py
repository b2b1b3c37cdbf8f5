"""A draft that another publication has overtaken: it undoes nothing unseen, and its owner's work is carried over."""

from tests.web.conftest import House
from tests.web.test_drafts import AUTHOR, OTHER, change, draft, files
from tests.web.test_variants import newest
from workflow_service.bundles import publish
from workflow_service.identity import roster
from workflow_service.storage import database, reference

VISIT, ANSWER = "forms/visit.json", "forms/answer_appeal.json"


def release(house: House, bundle: reference.Bundle, *steps: str) -> list[int]:
    """Goes the steps to publication; gives what each answers."""
    who = {"approval": OTHER}
    return [house.browser(who.get(step, AUTHOR)).post(f"/bundles/{bundle.id}/{step}").status_code for step in steps]


def published_meanwhile(house: House, title: str, name: str) -> reference.Bundle:
    """A version with another title of one form, begun and published."""
    other = draft(house)
    change(house, AUTHOR, other, title, name)
    assert release(house, other, "submission", "approval", "publication") == [303, 303, 303]
    return other


def title(house: House, bundle: reference.Bundle, name: str) -> str:
    return files(house, bundle)[name].decode().split('"title": "')[1].split('"')[0]


def page(house: House, bundle: reference.Bundle, who: str = AUTHOR) -> str:
    return house.browser(who).get(f"/bundles/{bundle.id}").get_data(as_text=True)


def status(house: House, bundle: reference.Bundle) -> str:
    with database.reading(house.db) as session:
        return publish.by_id(session, bundle.id).status


def test_an_overtaken_draft_is_refused_until_it_has_taken_the_new_version_in(house: House) -> None:
    mine = draft(house)
    change(house, AUTHOR, mine, "甲", VISIT)
    published_meanwhile(house, "乙", ANSWER)

    refused = release(house, mine, "submission")
    told, listed = page(house, mine), house.browser(AUTHOR).get("/bundles").get_data(as_text=True)
    taken = house.browser(AUTHOR).post(f"/bundles/{mine.id}/newest").status_code
    after = release(house, mine, "submission", "approval", "publication")

    assert refused == [422]
    assert "V08" in told
    assert "并入第 2 版" in told
    assert "落后于现行版本" in listed
    assert (taken, after) == (303, [303, 303, 303])
    assert (title(house, mine, VISIT)[:1], title(house, mine, ANSWER)[:1]) == ("甲", "乙")


def test_a_file_changed_on_both_sides_is_chosen_by_its_owner(house: House) -> None:
    mine = draft(house)
    change(house, AUTHOR, mine, "甲", VISIT)
    change(house, AUTHOR, mine, "甲", ANSWER)
    published_meanwhile(house, "乙", VISIT)
    browser = house.browser(AUTHOR)

    silent = browser.post(f"/bundles/{mine.id}/newest").status_code
    kept = title(house, mine, VISIT)
    chosen = browser.post(f"/bundles/{mine.id}/newest", **{f"file-{VISIT}": "theirs"}).status_code

    assert (silent, kept[:1]) == (422, "甲")
    assert chosen == 303
    assert (title(house, mine, VISIT)[:1], title(house, mine, ANSWER)[:1]) == ("乙", "甲")


def test_a_version_approved_before_another_was_published_is_taken_back_by_its_author(house: House) -> None:
    mine = draft(house)
    change(house, AUTHOR, mine, "甲", VISIT)
    release(house, mine, "submission", "approval")
    published_meanwhile(house, "乙", ANSWER)

    refused = release(house, mine, "publication")
    back = release(house, mine, "recall")

    assert (refused, back, status(house, mine)) == ([409], [303], "draft")
    with database.reading(house.db) as session:
        assert publish.by_id(session, mine.id).approved_by is None


def test_what_was_handed_in_before_another_was_published_cannot_be_approved(house: House) -> None:
    mine = draft(house)
    change(house, AUTHOR, mine, "甲", VISIT)
    release(house, mine, "submission")
    published_meanwhile(house, "乙", ANSWER)

    assert f"/bundles/{mine.id}/approval" not in page(house, mine, OTHER)
    assert release(house, mine, "approval") == [409]


def test_a_draft_of_an_older_version_shows_what_it_would_undo(house: House) -> None:
    first = house.api(AUTHOR, "GET", "/bundles").json["items"]
    old = next(one["hash"] for one in first if one["status"] == "published" and one["place"] == "city")
    published_meanwhile(house, "乙", ANSWER)

    house.browser(AUTHOR).post("/bundles", base=old)
    listed = house.api(AUTHOR, "GET", "/bundles").json["items"]
    back = next(one for one in listed if one["status"] == "draft")
    with database.reading(house.db) as session:
        made = publish.by_hash(session, back["hash"], "draft")
        told = page(house, made)

    assert back["hash"] == old
    assert "V08" not in told
    assert f"file={ANSWER.replace('/', '%2F')}" in told or f"file={ANSWER}" in told


def test_an_uploaded_bundle_shows_what_it_changes(house: House) -> None:
    content = files(house, draft(house))
    content[VISIT] = content[VISIT].replace(b'"title": "', '"title": "甲'.encode(), 1)
    with database.transaction(house.db) as session:
        publish.upload(session, roster.actor_named(session, AUTHOR), house.time, publish.Origin("city", content))

    told = page(house, newest(house, "city"))
    assert "还没有改动" not in told
    assert told.count(f"file={VISIT}") + told.count(f"file={VISIT.replace('/', '%2F')}") == 1
