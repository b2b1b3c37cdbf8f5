"""The scenarios of a version or draft, played from its page."""

import orjson
import pytest

from tests.web.conftest import Browser, House
from workflow_service import scenarios
from workflow_service.bundles import publish, read
from workflow_service.storage import database, reference, tables

STORY = "scenarios/typical_case_published.json"


@pytest.fixture
def owner(house: House) -> Browser:
    return house.browser("process_owner_1")


def only_story(house: House, owner: Browser) -> int:
    """A draft with a single scenario; gives its id."""
    owner.post("/bundles", base=current(house))
    with database.transaction(house.db) as session:
        made = session.query(reference.Bundle).filter_by(status="draft").one()
        others = session.query(reference.BundleFile).filter(reference.BundleFile.bundle_id == made.id)
        for one in others.filter(reference.BundleFile.name.startswith("scenarios/")):
            if one.name != STORY:
                session.delete(one)
        session.flush()
        made.hash = read.Bundle.of(publish.files_of(session, made)).hash
        return made.id


def current(house: House) -> str:
    with database.reading(house.db) as session:
        return str(session.query(reference.Bundle).filter_by(place="city", status="published").one().hash)


def page(browser: Browser, made: int, language: str = "zh-CN") -> str:
    return browser.get(f"/bundles/{made}/scenarios", headers={"Accept-Language": language}).get_data(as_text=True)


def test_a_story_is_played_and_what_none_comes_to_is_listed(house: House, owner: Browser) -> None:
    made = only_story(house, owner)
    before = page(owner, made)

    played = owner.post(f"/bundles/{made}/scenarios", name=STORY)

    after = page(owner, made)
    assert (played.status_code, played.location) == (
        303,
        f"/bundles/{made}/scenarios?said=played#typical_case_published.json",
    )
    assert "未试演" in before and "/files/follow_up.bpmn" not in before
    assert "通过" in after and "没有情景走到的人工环节" in after and "follow_up.bpmn#element=visit" in after
    assert "1 个中试演了 1 个" in owner.get(f"/bundles/{made}").get_data(as_text=True)
    with database.reading(house.db) as session:
        assert session.query(tables.Case).count() == 0  # nothing of the service's own was touched


def test_a_story_that_goes_otherwise_says_where_in_the_readers_language(house: House, owner: Browser) -> None:
    made = only_story(house, owner)
    with database.reading(house.db) as session:
        story = orjson.loads(publish.files_of(session, publish.by_id(session, made))[STORY])
    story["steps"][1] = {"do": "approve_typical_case", "by": "chief_1", "data": {"approved": True}}
    owner.post(f"/bundles/{made}/text/{STORY}", text=orjson.dumps(story).decode())

    owner.post(f"/bundles/{made}/scenarios", name=STORY)

    assert "没有待办的“approve_typical_case”" in page(owner, made)
    assert "no open task" in page(owner, made, "en").lower()
    assert "有 1 个不符" in owner.get(f"/bundles/{made}").get_data(as_text=True)


def test_after_a_change_a_story_has_not_been_played(house: House, owner: Browser) -> None:
    made = only_story(house, owner)
    owner.post(f"/bundles/{made}/scenarios", name=STORY)

    with database.reading(house.db) as session:
        text = publish.files_of(session, publish.by_id(session, made))["forms/visit.json"].decode()
    assert owner.post(f"/bundles/{made}/text/forms/visit.json", text=text.replace("回访", "走访")).status_code == 303

    assert "未试演" in page(owner, made)
    with database.reading(house.db) as session:
        assert scenarios.played(session, publish.by_id(session, made)) == {}


def test_a_draft_with_errors_is_told_so_instead_of_being_played(house: House, owner: Browser) -> None:
    made = only_story(house, owner)
    owner.post(f"/bundles/{made}/text/roles.json", text='{"lanes": {}, "roles": {}}')

    answer = owner.post(f"/bundles/{made}/scenarios", name=STORY)

    assert answer.status_code == 422 and "R03" in answer.get_data(as_text=True)


@pytest.mark.parametrize("name", ["", "scenarios/none.json", "roles.json", "../x"])
def test_only_a_scenario_of_the_draft_is_played(house: House, owner: Browser, name: str) -> None:
    made = only_story(house, owner)

    assert owner.post(f"/bundles/{made}/scenarios", name=name).status_code == 404


def test_auditors_see_how_stories_went_and_cannot_play_them(house: House, owner: Browser) -> None:
    made = only_story(house, owner)
    owner.post(f"/bundles/{made}/scenarios", name=STORY)
    auditor = house.browser("auditor_1")

    assert "通过" in page(auditor, made) and ">试演<" not in page(auditor, made)
    assert auditor.post(f"/bundles/{made}/scenarios", name=STORY).status_code == 403


def test_a_draft_is_deleted_with_how_its_stories_went(house: House, owner: Browser) -> None:
    made = only_story(house, owner)
    owner.post(f"/bundles/{made}/scenarios", name=STORY)

    assert owner.post(f"/bundles/{made}/discard").status_code == 303

    with database.reading(house.db) as session:
        assert session.query(reference.PlayedScenario).count() == 0
