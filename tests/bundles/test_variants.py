"""Variants in force: built on the city's version, carried along when it changes, never lost without a word."""

from datetime import datetime

import orjson
import pytest
from sqlalchemy.orm import Session

from tests import city
from tests.conftest import NOW
from tests.processes import answers
from workflow_service import errors
from workflow_service.audit import oracle
from workflow_service.bundles import overlay, publish, read, variant_file, variants
from workflow_service.identity.actors import Actor
from workflow_service.storage import database, reference

AUTHOR, APPROVER = (Actor(n, f"process_owner_{n}", "", frozenset({"process_owner"}), "", "city") for n in (1, 2))


@pytest.fixture
def town(sqlite: database.Database) -> city.City:
    return city.make(sqlite, NOW)


def approved(session: Session, bundle: reference.Bundle, now: datetime = NOW) -> None:
    publish.submit(session, AUTHOR, now, bundle.id)
    session.flush()
    publish.approve(session, APPROVER, now, bundle.hash)
    session.flush()


def release(session: Session, bundle: reference.Bundle, now: datetime = NOW) -> reference.Bundle:
    """The draft is handed in, approved by another person and published."""
    approved(session, bundle, now)
    return publish.publish(session, AUTHOR, now, bundle.hash)


def next_city(session: Session, old: bytes, new: bytes, name: str = "intake.bpmn") -> reference.Bundle:
    """A draft of the city's next version with a text of one file replaced."""
    base = variants.in_force(session, "city")
    assert base is not None
    draft = publish.new_draft(session, AUTHOR, NOW, base.hash)
    content = publish.files_of(session, draft)[name]
    assert old in content
    publish.change(session, AUTHOR, NOW, draft.id, publish.Change(name, content.replace(old, new)))
    session.flush()
    return draft


def west(session: Session) -> tuple[reference.Bundle, variant_file.Variant]:
    bundle = variants.in_force(session, "west")
    assert bundle is not None
    named = variants.variant_of(publish.files_of(session, bundle))
    assert named is not None
    return bundle, named


def test_a_new_version_of_the_city_carries_the_variants_that_fit_along_at_once(town: city.City) -> None:
    with town.work() as session:
        before, named = west(session)
        newer = release(session, next_city(session, "受理审查结论？".encode(), "受理结论？".encode()))

        after, again = west(session)

        assert (before.version, after.version) == (1, 2)
        assert (again.operations, again.base) == (named.operations, newer.hash)
        assert "受理结论？".encode() in publish.files_of(session, after)["intake.bpmn"]
        assert [one.severity for one in publish.findings(session, after)] == []
        assert all(one.is_current and not one.conflicts for one in variants.overview(session))


def test_a_variant_that_no_longer_fits_keeps_its_version_and_a_draft_lists_the_conflicts(town: city.City) -> None:
    with town.work() as session:
        before, named = west(session)
        draft = next_city(session, b"if case.urgent = true then 3 else 5", b"if case.urgent = true then 1 else 2")
        assert [one.severity for one in publish.findings(session, draft) if one.rule == "V07"] == ["warning"]

        release(session, draft)

        after, _ = west(session)
        unsolved = next(one for one in publish.listed(session, AUTHOR) if one.place == "west")
        kept = variants.variant_of(publish.files_of(session, unsolved))
        standing = next(one for one in variants.overview(session) if one.place == "west")
        assert after.id == before.id
        assert (unsolved.status, unsolved.note) == ("draft", "市级第 2 版：1 处冲突待处理")
        assert kept is not None
        assert kept.operations == named.operations
        assert [one.rule for one in publish.findings(session, unsolved)] == ["V03"]
        assert (standing.is_current, [one.rule for one in standing.conflicts]) == (False, ["V03"])
        with pytest.raises(errors.BadBundle):
            publish.submit(session, AUTHOR, NOW, unsolved.id)


def test_a_variant_approved_on_an_older_version_of_the_city_is_not_published(town: city.City) -> None:
    with town.work() as session:
        mine = publish.new_draft(session, AUTHOR, NOW, west(session)[0].hash)
        told = orjson.loads(publish.files_of(session, mine)["variant.json"])
        told["operations"][0]["days"] = 2
        publish.change(session, AUTHOR, NOW, mine.id, publish.Change("variant.json", orjson.dumps(told)))
        session.flush()
        approved(session, mine)
        release(session, next_city(session, "受理审查结论？".encode(), "受理结论？".encode()))

        with pytest.raises(errors.Conflict, match="已改版"):
            publish.publish(session, AUTHOR, NOW, mine.hash)
        assert [one.rule for one in publish.findings(session, mine)] == ["V06"]


def test_a_copy_of_the_citys_files_is_no_variant(town: city.City) -> None:
    with town.work() as session:
        base = variants.in_force(session, "city")
        assert base is not None
        copy = publish.upload(session, AUTHOR, NOW, publish.Origin("east", publish.files_of(session, base)))

        assert [one.rule for one in publish.findings(session, copy)] == ["V05"]


def test_files_that_do_not_follow_from_the_operations_are_found(town: city.City) -> None:
    with town.work() as session:
        files = publish.files_of(session, west(session)[0])
        longer = files["intake.bpmn"].replace(
            b"if case.urgent = true then 2 else 3", b"if case.urgent = true then 20 else 30"
        )
        forged = publish.upload(session, AUTHOR, NOW, publish.Origin("west", {**files, "intake.bpmn": longer}))
        moved = publish.upload(session, AUTHOR, NOW, publish.Origin("east", files))

        assert [(one.rule, one.file) for one in publish.findings(session, forged)] == [("V05", "intake.bpmn")]
        assert [one.rule for one in publish.findings(session, moved)] == ["V05"]


def test_many_counties_follow_the_city_in_one_publication(town: city.City) -> None:
    with town.work() as session:
        current = variants.in_force(session, "city")
        assert current is not None
        model = read.Bundle.of(publish.files_of(session, current))
        for number in range(6):
            days = 2 if number % 3 else 4  # every third one asks for more than the city's next version allows
            operation = {"do": "set_limit", "process": "intake", "element": "review_acceptance", "days": days}
            named = variant_file.Variant(
                "V1", f"county{number}", f"第{number}县", f"County {number}", "city", (operation,)
            )
            publish.first(
                session, NOW, publish.Origin(named.place, overlay.derive(model, named).bundle.files, model.hash)
            )

        release(
            session, next_city(session, b"if case.urgent = true then 3 else 5", b"if case.urgent = true then 3 else 3")
        )

        standing = [one for one in variants.overview(session) if one.place.startswith("county")]
        behind = [one.place for one in standing if not one.is_current]
        assert len(standing) == 6
        assert sorted(behind) == sorted(f"county{number}" for number in range(0, 6, 3))
        assert all(one.conflicts for one in standing if one.place in behind)
        drafts = {one.place for one in publish.listed(session, AUTHOR) if one.status == "draft"}
        assert drafts == set(behind)


def test_a_countys_case_stays_on_its_version_and_is_executed_again_on_it(town: city.City) -> None:
    number = town.open("applicant_west_1", "intake", **answers.application("8.1"))
    started_on = town.case(number).bundle
    with town.work() as session:
        release(session, next_city(session, "受理审查结论？".encode(), "受理结论？".encode()))
    town.perform(
        number, "review_acceptance", in_scope=True, jurisdiction_ok=True, materials_complete=True, decision="accept"
    )

    later = town.open("applicant_west_1", "intake", **answers.application("8.1"))

    with town.look() as session:
        assert oracle.examine(session, town.time, [number]) == []
        assert town.case(number).bundle == started_on != town.case(later).bundle
        assert town.case(later).bundle == west(session)[0].hash
