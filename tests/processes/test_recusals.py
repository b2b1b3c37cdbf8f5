"""A request for a recusal ends with its case, however that ends before anything is decided, and its sender is told."""

import pytest

from tests import city
from tests.processes import answers
from tests.processes.story import Story
from tests.processes.test_duties import grant
from workflow_service import errors
from workflow_service.bundles import forms, programs
from workflow_service.cases import callings, pages
from workflow_service.storage import database, people, tables


def applied(town: city.City) -> Story:
    """A case whose acceptance is being reviewed, with a request that the reviewer be recused."""
    story = Story(town, town.open("applicant_1", "intake", **answers.application("4.1")))
    town.send("applicant_1", story.number, "recusal_requested", person="clerk_2", ground="近亲属")
    assert story.elements() == ["review_acceptance", "decide_recusal"]
    return story


def ended(story: Story) -> None:
    """No task is left but the archive's, and who asked was told once."""
    town = story.town
    assert story.elements() == ["review_archive"]
    with town.look() as session:
        told = session.query(tables.Notice).filter_by(account="applicant_1", title="回避申请随案终结").all()
    assert len(told) == 1
    assert town.shared(story.number)["recused"] == []
    story.does("review_archive")
    assert story.status() == "archived"
    story.holds()


@pytest.mark.parametrize("about", ["clerk_2", "the approver"])
def test_it_ends_with_a_withdrawn_case(town: city.City, about: str) -> None:
    story = Story(town, town.open("applicant_1", "intake", **answers.application("4.1")))
    story.is_accepted(simple=True, consensus=True)
    person = town.shared(story.number)["approver"] if about == "the approver" else about
    town.send("applicant_1", story.number, "recusal_requested", person=person, ground="近亲属")
    assert ("decide_chief_recusal" in story.elements()) is (about == "the approver")

    town.send("applicant_1", story.number, "withdrawal_requested", reason="不再申请")
    story.does("decide_withdrawal", granted=True, reason="同意")

    ended(story)


@pytest.mark.parametrize(
    "review",
    [
        {"decision": "reject", "reason": "材料不实"},
        {"decision": "reject", "in_scope": False, "reason": "不属于适用范围"},
        {"decision": "transfer", "jurisdiction_ok": False, "reason": "属他县", "transfer_to": "东县"},
    ],
)
def test_it_ends_with_a_case_that_is_not_accepted(town: city.City, review: dict[str, object]) -> None:
    story = applied(town)

    story.does("review_acceptance", **review)

    ended(story)


def test_it_ends_with_an_application_that_lapses(town: city.City) -> None:
    story = applied(town)
    story.does("review_acceptance", decision="supplement", materials_complete=False, missing_items=["会议纪要"])

    town.wait(days=40)

    ended(story)


def test_it_is_still_decided_where_the_case_goes_on_ex_officio(town: city.City) -> None:
    story = applied(town)
    town.send("applicant_1", story.number, "withdrawal_requested", reason="不再申请")
    story.does("decide_withdrawal", granted=False, continue_ex_officio=True, reason="存在问责事实")

    assert "decide_recusal" in story.elements()
    story.does("decide_recusal", granted=True, reason="情况属实")
    assert town.shared(story.number)["recused"] == ["clerk_2"]
    story.holds()


def test_one_that_is_decided_stands_when_the_case_is_withdrawn(town: city.City) -> None:
    story = applied(town)
    story.does("decide_recusal", granted=True, reason="情况属实")
    town.send("applicant_1", story.number, "withdrawal_requested", reason="不再申请")
    story.does("decide_withdrawal", granted=True, reason="同意")

    assert story.elements() == ["review_archive"]
    assert town.shared(story.number)["recused"] == ["clerk_2"]


def test_whoever_is_called_by_name_is_out_like_one_named_by_account(town: city.City) -> None:
    story = Story(town, town.open("applicant_1", "intake", **answers.application("4.1")))
    called = town.actor("clerk_2").display_name

    town.send("applicant_1", story.number, "recusal_requested", person=called, ground="近亲属")
    story.does("decide_recusal", granted=True, reason="情况属实")

    assert town.shared(story.number)["recused"] == ["clerk_2"]
    story.holds()


def test_a_name_that_several_bear_is_asked_about_and_a_strangers_is_kept(town: city.City) -> None:
    story = Story(town, town.open("applicant_1", "intake", **answers.application("4.1")))
    called = town.actor("clerk_2").display_name
    with database.transaction(town.db) as session:
        session.query(people.Account).filter_by(name="chief_2").one().display_name = called

    with pytest.raises(errors.Invalid) as refused:
        town.send("applicant_1", story.number, "recusal_requested", person=called, ground="近亲属")
    assert [one.code for one in refused.value.errors] == ["ambiguous_person"]

    town.send("applicant_1", story.number, "recusal_requested", person="外聘评估师", ground="近亲属")
    assert "decide_recusal" in story.elements()


def test_the_decision_stands_beside_what_was_asked_for(town: city.City) -> None:
    story = applied(town)
    chief = town.actor("chief_1")
    with town.look() as session:
        task = next(one for one in story.rows("decide_recusal"))
        seen = pages.task_page(session, chief, town.time, task.id)

    assert seen.shown == {"recusal_request": {"person": "clerk_2", "ground": "近亲属"}}


def test_names_in_lists_and_rows_stand_for_those_who_may_sit_there(town: city.City) -> None:
    called = [town.actor(name).display_name for name in ("committee_member_1", "clerk_2")]
    given = {"attendees": [*called, "committee_member_2"], "votes": [{"user": called[0], "vote": "for"}]}

    with town.look() as session:
        form = programs.of(session, programs.in_force(session, "city")).form("record_meeting")
        told = callings.by_account(session, "city", form.fields, given)

    assert told == {
        "attendees": ["committee_member_1", called[1], "committee_member_2"],  # a clerk is no member of the committee
        "votes": [{"user": "committee_member_1", "vote": "for"}],
    }


def test_any_heads_recusal_is_decided_by_the_committee_and_by_no_other_head(town: city.City) -> None:
    story = Story(town, town.open("applicant_1", "intake", **answers.application("4.1")))
    story.does("review_acceptance")
    town.send("applicant_1", story.number, "recusal_requested", person="chief_2", ground="近亲属")

    assert "decide_recusal" not in story.elements()
    story.does("decide_chief_recusal", granted=True, reason="属实")
    assert town.shared(story.number)["recused"] == ["chief_2"]
    story.holds()


def test_nobody_decides_on_their_own_recusal(town: city.City) -> None:
    story = Story(town, town.open("applicant_1", "intake", **answers.application("4.1")))
    story.does("review_acceptance")
    grant(town, "committee_secretary_1", "chief")
    town.send("applicant_1", story.number, "recusal_requested", person="committee_secretary_1", ground="近亲属")

    with pytest.raises(errors.Invalid):
        story.does("decide_chief_recusal", "committee_secretary_1", granted=False, reason="不属实")


def called_by_an_unknown_name(town: city.City) -> Story:
    story = Story(town, town.open("applicant_1", "intake", **answers.application("4.1")))
    town.send("applicant_1", story.number, "recusal_requested", person="李某某", ground="近亲属")
    return story


def test_whoever_decides_is_warned_of_a_name_without_an_account(town: city.City) -> None:
    story = called_by_an_unknown_name(town)
    with town.look() as session:
        seen = pages.task_page(session, town.actor("chief_1"), town.time, town.task(story.number, "decide_recusal"))

    assert [one["field"] for one in seen.warnings] == ["account"]
    with pytest.raises(errors.Invalid):
        story.does("decide_recusal", granted=True, reason="属实")


@pytest.mark.parametrize(
    ("decided", "recused"),
    [
        ({"granted": True, "account": "clerk_2"}, ["clerk_2"]),
        ({"granted": True, "no_account": True}, ["李某某"]),  # an expert from outside sits on a panel by name
        ({"granted": False}, []),
    ],
)
def test_the_account_given_with_the_decision_is_kept_out(
    town: city.City, decided: dict[str, object], recused: list[str]
) -> None:
    story = called_by_an_unknown_name(town)

    story.does("decide_recusal", reason="情况属实", **decided)

    assert town.shared(story.number)["recused"] == recused
    story.holds()


def test_a_head_cannot_be_named_to_a_head_by_account(town: city.City) -> None:
    story = called_by_an_unknown_name(town)

    with pytest.raises(errors.Invalid):
        story.does("decide_recusal", "chief_1", granted=True, account="chief_1", reason="情况属实")


@pytest.mark.parametrize(("granted", "why_not"), [(True, "您已回避本案"), (False, None)])
def test_who_is_to_be_recused_does_nothing_in_the_case_until_that_is_decided(
    town: city.City, granted: bool, why_not: str | None
) -> None:
    story = Story(town, town.open("applicant_1", "intake", **answers.application("4.1")))
    story.does("review_acceptance", "clerk_2")
    task = town.task(story.number, "propose_route")
    town.claim("clerk_2", task)
    town.send("applicant_1", story.number, "recusal_requested", person="clerk_2", ground="近亲属")

    with pytest.raises(errors.NotAllowed, match="还没有决定"):
        town.do("clerk_2", task, **answers.route())
    story.does("decide_recusal", granted=granted, reason="已核实")

    if why_not is None:
        town.do("clerk_2", task, **answers.route())
        assert story.elements() == ["approve_route"]
    else:
        with pytest.raises(errors.NotAllowed, match=why_not):
            town.do("clerk_2", task, **answers.route())
    assert town.shared(story.number)["challenged"] == []
    story.holds()


def test_of_two_requests_about_one_person_the_second_still_waits(town: city.City) -> None:
    story = applied(town)
    town.send("applicant_1", story.number, "recusal_requested", person="clerk_2", ground="利害关系")

    story.does("decide_recusal", granted=False, reason="不属实")

    assert [one["key"] for one in town.shared(story.number)["challenged"]] == ["H2"]
    with pytest.raises(errors.NotAllowed, match="还没有决定"):
        town.claim("clerk_2", town.task(story.number, "review_acceptance"))


@pytest.mark.parametrize("step", ["record_evidence", "report_investigation"])
def test_the_team_is_named_anew_when_one_of_it_is_recused(town: city.City, step: str) -> None:
    story = Story(town, town.open("applicant_1", "intake", **answers.application("4.1")))
    story.is_accepted(simple=True, consensus=True)
    story.does("plan_investigation", "investigator_1", team=["investigator_1", "investigator_2"])
    if step == "report_investigation":
        story.does("record_evidence", "investigator_1", kind="document", summary="会议记录")
    town.send("applicant_1", story.number, "recusal_requested", person="investigator_1", ground="近亲属")
    story.does("decide_recusal", granted=True, reason="属实", replacement="investigator_3")

    assert story.elements() == ["plan_investigation"]
    with pytest.raises(errors.Invalid) as refused:
        story.does("plan_investigation", "investigator_3", team=["investigator_1", "investigator_2"])
    assert [one.field for one in refused.value.errors] == ["team"]
    with town.look() as session:
        seen = pages.task_page(session, town.actor("investigator_3"), town.time, town.task(story.number, "plan_investigation"))  # fmt: skip
        assert forms.prefill(seen.form, seen.known)["team"] == ["investigator_3", "investigator_2"]

    story.does("plan_investigation", "investigator_3", team=["investigator_3", "investigator_2"])
    story.does("record_evidence", "investigator_3")
    story.does("report_investigation", "investigator_3", **answers.report("4.1"))
    assert story.elements() == ["draft_simple_decision"]
    assert town.shared(story.number)["investigators"] == ["investigator_3", "investigator_2"]
    story.holds()
