"""Who accused is sealed: encrypted, open to discipline inspection alone, on record at every look, in no paper."""

import io
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

from tests import city
from tests.bundles import sheets
from tests.processes import answers
from tests.processes.story import Story, at
from workflow_service import errors
from workflow_service.audit import replay
from workflow_service.cases import pages, queries, sealed
from workflow_service.storage import database, journal, tables

NAME = "举报人孔明"
ACCUSER = {"name": NAME, "contact": "0578-0000000", "account": "clerk_2"}


@pytest.fixture
def town(sqlite: database.Database) -> city.City:
    return city.make(sqlite, at(2026, 1, 5))


@pytest.fixture
def story(town: city.City) -> Story:
    """A case that the discipline organ began on a referral that names who accused."""
    given = answers.application("4.1", applicant_kind="organ", accuser=ACCUSER)
    return Story(town, town.open("discipline_1", "intake", **given))


def stored(town: city.City) -> str:
    """Everything that lies in the database, zip archives unpacked."""

    def texts() -> Iterator[str]:
        with town.look() as session:
            for table in tables.Table.metadata.sorted_tables:
                for row in session.execute(table.select()):
                    yield from (one.decode(errors="ignore") if isinstance(one, bytes) else repr(one) for one in row)
            for kept in session.query(tables.Attachment):
                if zipfile.is_zipfile(io.BytesIO(kept.content)):
                    with zipfile.ZipFile(io.BytesIO(kept.content)) as archive:
                        yield from (archive.read(one).decode(errors="ignore") for one in archive.namelist())

    return "".join(texts())


def shown(story: Story, name: str) -> str:
    """All that one person can get to see of a case."""
    town, actor, number = story.town, story.town.actor(name), story.number
    with town.work() as session:
        looks: list[Callable[[], object]] = [
            lambda: pages.case_file(session, actor, town.time, number),
            lambda: [pages.task_page(session, actor, town.time, task) for task in town.open_tasks(number)],
            lambda: [row.__dict__ for row in queries.journal(session, actor, town.time, number, size=500).items],
            lambda: replay.state_at(
                session, queries.readable(session, actor, town.time, number, "state"), town.journal(number)[-1].seq
            ),
            lambda: replay.steps(session, queries.readable(session, actor, town.time, number, "replay")),
            lambda: sealed.listed(session, actor, town.time, number),
            lambda: sealed.look(session, actor, town.time, number, 1, "想知道"),
        ]
        seen: list[object] = []
        for look in looks:
            with suppress(errors.NotFound, errors.NotAllowed):
                seen.append(look())
    return repr(seen)


def look(story: Story, by: str, reason: str = "核查诬告线索") -> object:
    actor = story.town.actor(by)
    with story.town.work() as session:
        (part,) = sealed.listed(session, actor, story.town.time, story.number)
        return sealed.look(session, actor, story.town.time, story.number, part.id, reason)


def test_discipline_opens_it_with_a_reason_and_the_look_is_on_record(story: Story) -> None:
    assert look(story, "discipline_2") == ACCUSER

    last = story.town.journal(story.number)[-1]
    assert (last.kind, last.actor, journal.body_of(last)["reason"]) == ("unsealed", "discipline_2", "核查诬告线索")
    with pytest.raises(errors.Invalid):
        look(story, "discipline_2", reason=" ")


@pytest.mark.parametrize(
    "who",
    ["clerk_1", "chief_1", "investigator_1", "party_1", "applicant_1", "signer_1", "records_1", "supervisor_1",
     "auditor_1", "operator_1", "admin_1", "process_owner_1", "discipline_east_1"],
)  # fmt: skip
def test_nobody_else_sees_who_accused(story: Story, who: str) -> None:
    assert NAME not in shown(story, who)


def test_it_lies_open_nowhere_in_the_database_nor_in_the_archive(story: Story) -> None:
    story.does("review_acceptance", decision="reject", in_scope=False, reason="不属于适用范围")
    story.does("review_archive")

    assert story.status() == "archived"
    assert NAME not in stored(story.town)
    story.holds()


def test_the_accuser_handles_nothing_of_the_case(story: Story) -> None:
    with pytest.raises(errors.NotAllowed):
        story.town.claim("clerk_2", story.town.task(story.number, "review_acceptance"))

    story.town.claim("clerk_1", story.town.task(story.number, "review_acceptance"))


def test_a_draft_keeps_nothing_of_a_sealed_field() -> None:
    form = {"verdict": "malicious", "accuser": ACCUSER}

    assert sealed.without(sheets.city("verify_accusation"), form) == {"verdict": "malicious"}


def test_who_accused_or_was_kept_out_is_kept_from_a_reopened_case_too(town: city.City) -> None:
    given = answers.application("4.1", applicant_kind="organ", accuser=ACCUSER)
    given["subjects"][0]["account"] = "party_1"
    story = Story(town, town.open("discipline_1", "intake", **given))
    town.send("party_1", story.number, "recusal_requested", person="clerk_3", ground="与举报人有亲属关系")
    story.does("decide_recusal", granted=True, reason="情况属实")
    story.is_accepted(simple=True, consensus=True)
    story.is_investigated("4.1", excel_motive="yes", new_approach="yes", external_cause="yes", goal_unmet="yes")
    story.does("draft_simple_decision", proposal="EXEMPT")
    story.does("record_meeting", **answers.meeting({"s1": "EXEMPT"}, story.committee()))
    story.is_decided(at(2026, 3, 2))
    town.send("party_1", story.number, "reopening_requested", ground="发现新的证据")

    story.does("decide_reopening", granted=True, reason="新证据可能改变结论")

    (again,) = town.case(story.number).related
    for name in (ACCUSER["account"], "clerk_3"):
        with pytest.raises(errors.NotAllowed):
            town.claim(name, town.task(again, "review_acceptance"))
    with town.look() as session:
        listed = queries.cases(session, town.actor("clerk_3"), town.time, queries.CaseFilter())
        assert again not in [one.number for one in listed.items]
    with town.work() as session:
        discipline = town.actor("discipline_1")
        (part,) = sealed.listed(session, discipline, town.time, again)
        assert sealed.look(session, discipline, town.time, again, part.id, "核对")["name"] == NAME
    Story(town, again).holds()
