"""Two people with one case, or one account, at the same moment, on PostgreSQL: the second goes on from what the first left."""

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy.orm import Session

from tests import city
from tests.meanwhile import meanwhile
from tests.processes import answers
from tests.processes.story import Story, at
from workflow_service import errors, workdays
from workflow_service.audit import oracle
from workflow_service.cases import calendars, files, messages, opening, pages, sealed, tasks
from workflow_service.identity import accounts
from workflow_service.storage import database, reference, tables

ACCUSER = {"name": "举报人孔明", "contact": "0578-0000000", "account": "clerk_2"}


@pytest.fixture
def town(new_postgres: Callable[[], str]) -> Iterator[city.City]:
    opened = database.open_database(new_postgres())
    made = city.make(opened, at(2026, 1, 5))
    opened.safe = made.safe
    yield made
    opened.engine.dispose()


def test_a_look_at_what_is_sealed_is_recorded_behind_what_was_written_meanwhile(town: city.City) -> None:
    given = answers.application("4.1", applicant_kind="organ", accuser=ACCUSER)
    number = town.open("discipline_1", "intake", **given)
    clerk, discipline = town.actor("clerk_1"), town.actor("discipline_2")

    refused = meanwhile(
        town.db,
        lambda session: pages.comment(session, clerk, town.time, number, "请尽快"),
        lambda session: sealed.look(session, discipline, town.time, number, 1, "核查诬告线索"),
    )

    assert refused is None
    assert [one.kind for one in town.journal(number)[-2:]] == ["commented", "unsealed"]


def test_a_case_that_two_name_as_their_duplicate_is_linked_with_both(town: city.City) -> None:
    first, *others = (town.open("applicant_1", "intake", **answers.application("4.1")) for _ in range(3))
    ready = [town.task(number, "review_acceptance") for number in others]
    for task in ready:
        town.claim("clerk_1", task)
    clerk, form = town.actor("clerk_1"), {**answers.ORDINARY["review_acceptance"], "duplicate_of": first}
    acts = [
        lambda session, task=task: tasks.submit(session, clerk, town.time, task, form, "", town.safe) for task in ready
    ]  # type: ignore[misc]

    assert meanwhile(town.db, *acts) is None

    assert sorted(town.case(first).related) == sorted(others)


def test_an_upload_that_two_cases_want_at_once_belongs_to_the_first(town: city.City) -> None:
    applicant = town.actor("applicant_1")
    first, second = (town.case(town.open("applicant_1", "intake", **answers.application("4.1"))) for _ in range(2))
    with town.work() as session:
        kept = files.upload(session, applicant, town.time, "纪要.pdf", "application/pdf", b"%PDF-1.7")

    refused = meanwhile(
        town.db,
        lambda session: files.known_to(session, applicant, first)[kept.id],
        lambda session: files.known_to(session, applicant, second)[kept.id],
    )

    assert isinstance(refused, KeyError)
    with town.look() as session:
        assert session.get_one(tables.Attachment, kept.id).case_id == first.id


def test_of_two_statements_at_once_each_is_kept_under_its_own_key(town: city.City) -> None:
    story = Story(town, town.open("applicant_1", "intake", **answers.application("4.1")))
    story.is_accepted(simple=True, consensus=True)
    said = {"party": "s1", "mode": "written", "content": "当时的情况说明如下。"}
    party = town.actor("party_1")

    def state(session: Session) -> None:
        messages.receive(session, party, town.time, story.number, "statement_received", said)

    assert meanwhile(town.db, state, state) is None
    town.settle()

    assert story.elements().count("register_appeal") == 2
    with town.look() as session:
        assert oracle.examine(session, town.time) == []


def test_a_client_that_asks_twice_at_once_with_one_key_opens_one_case(town: city.City) -> None:
    applicant = town.actor("applicant_1")
    wanted = opening.Opening("intake", answers.application("4.1"), key="once")
    numbers = []

    def opens(session: Session) -> None:
        numbers.append(opening.open_once(session, applicant, town.time, wanted).number)

    assert meanwhile(town.db, opens, opens) is None

    assert numbers == ["RC-2026-00001"] * 2


def test_of_two_drafts_saved_at_once_the_later_is_kept(town: city.City) -> None:
    task = town.task(town.open("applicant_1", "intake", **answers.application("4.1")), "review_acceptance")
    town.claim("clerk_1", task)
    clerk = town.actor("clerk_1")

    refused = meanwhile(
        town.db,
        lambda session: tasks.save_draft(session, clerk, town.time, task, {"reason": "先存"}),
        lambda session: tasks.save_draft(session, clerk, town.time, task, {"reason": "后存"}),
    )

    assert refused is None
    with town.look() as session:
        assert session.get_one(tables.Draft, (task, "clerk_1")).data == {"reason": "后存"}


def test_of_two_who_approve_a_calendar_at_once_the_first_did(town: city.City) -> None:
    with town.work() as session:
        version = calendars.enter(session, city.CONSOLE, town.time, workdays.seed(), "更正")
    one, other = town.actor("admin_1"), town.actor("admin_2")

    refused = meanwhile(
        town.db,
        lambda session: calendars.approve(session, one, town.time, version),
        lambda session: calendars.approve(session, other, town.time, version),
    )

    assert isinstance(refused, errors.NotFound)
    with town.look() as session:
        assert session.get_one(reference.CalendarVersion, version).approved_by == "admin_1"


def test_of_two_who_set_the_roles_of_somebody_at_once_the_later_s_count(town: city.City) -> None:
    one, other = town.actor("admin_1"), town.actor("admin_2")

    refused = meanwhile(
        town.db,
        lambda session: accounts.set_roles(session, one, town.time, "clerk_3", ["records"]),
        lambda session: accounts.set_roles(session, other, town.time, "clerk_3", ["personnel"]),
    )

    assert refused is None
    assert town.actor("clerk_3").roles == {"personnel"}
