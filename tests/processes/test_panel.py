"""The panel of article 15: formed of five kinds, silent until all have spoken, complete without the recused, advising only."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import orjson
import pytest

from tests import city
from tests.processes import answers
from tests.processes.story import PANEL, Story, at, form_and_evaluate, forms_panel, panel_meets, text_of
from tests.processes.test_duties import grant
from workflow_service import errors
from workflow_service.audit import replay
from workflow_service.bundles import forms
from workflow_service.cases import ballots, countersigning, pages, ports, queries
from workflow_service.storage import tables

SECRET = "only-for-the-panel-until-opened"
FACTS: dict[str, Any] = {
    "mixed_ownership": "yes",
    "no_precedent": "yes",
    "state_equity_loss_major": "no",
    "loss_level": "minor",
}


@pytest.fixture
def story(town: city.City) -> Story:
    """A complex case whose investigation is over; its panel is to be formed."""
    story = Story(town, town.open("applicant_1", "intake", **answers.application("6.4")))
    story.is_accepted(complex_=True)
    story.is_investigated("6.4", **FACTS)
    return story


def everything_shown(story: Story, name: str) -> str:
    """All that one person can get to see of a case: file, tasks, journal, export, replay; what is refused is left out."""
    town, actor, number = story.town, story.town.actor(name), story.number
    last = town.journal(number)[-1].seq
    with town.work() as session:
        looks: list[Callable[[], object]] = [
            lambda: pages.case_file(session, actor, town.time, number),
            lambda: [pages.task_page(session, actor, town.time, task) for task in town.open_tasks(number)],
            lambda: [row.__dict__ for row in queries.journal(session, actor, town.time, number, size=500).items],
            lambda: replay.state_at(session, queries.readable(session, actor, town.time, number, "state"), last),
            lambda: replay.steps(session, queries.readable(session, actor, town.time, number, "replay")),
        ]
        seen: list[object] = []
        for look in looks:
            with suppress(errors.NotFound, errors.NotAllowed):
                seen.append(look())
    return repr(seen)


def opinions(story: Story) -> list[tables.SealedAnswer]:
    with story.town.look() as session:
        return session.query(tables.SealedAnswer).order_by(tables.SealedAnswer.at, tables.SealedAnswer.task_id).all()


def stored_bytes(story: Story) -> bytes:
    """Everything that lies in the database, as a thief of its file would see it."""

    def texts() -> Iterator[str]:
        with story.town.look() as session:
            for table in tables.Table.metadata.sorted_tables:
                for row in session.execute(table.select()):
                    yield repr(tuple(row))

    return "".join(texts()).encode()


def evaluates(story: Story, name: str, **more: object) -> None:
    task = story.town.task_of(story.number, "evaluate", name)
    opinion = {"proposed_outcome": "EXEMPT", "declared_no_conflict": True, "codes_met": ["6.4"], **answers.CRITERIA}
    story.town.do(name, task, **{**opinion, **more})


def test_nobody_can_read_an_opinion_before_all_are_in(story: Story) -> None:
    forms_panel(story)
    evaluates(story, "panel_expert_1", dissent=SECRET)

    assert SECRET.encode() not in stored_bytes(story)
    for name in ("panel_chair_1", "panel_expert_2", "chief_1", "admin_1", "operator_1", "auditor_1"):
        assert SECRET not in everything_shown(story, name)
    assert "commitment" in everything_shown(story, "auditor_1")  # the auditor does see that there is an opinion
    assert SECRET not in repr([ports.exported(story.number, entry) for entry in story.town.journal(story.number)])
    with story.town.work() as session, pytest.raises(errors.Conflict):
        sealed = session.query(tables.SealedAnswer).one()
        ballots.open_all(session, story.town.time, story.town.safe, sealed.case_id, sealed.run, "evaluate")


def test_a_half_typed_opinion_is_not_readable_in_the_database_either(story: Story) -> None:
    forms_panel(story)
    task = story.town.task_of(story.number, "evaluate", "panel_expert_1")

    with pytest.raises(errors.Conflict):
        story.town.saves_draft("panel_expert_1", task, dissent=SECRET)

    assert SECRET.encode() not in stored_bytes(story)


def test_opened_opinions_match_the_commitments_that_stand_in_the_journal(story: Story) -> None:
    form_and_evaluate(story, dissenter="panel_expert_2")

    bodies = "".join(entry.body for entry in story.town.journal(story.number))
    kept = [(one, story.town.safe.unlock(one.ciphertext)) for one in opinions(story)]
    assert len(kept) == len(PANEL)
    for one, plain in kept:
        assert ballots.commitment(plain["salt"], plain["answers"]) == one.commitment
        assert one.commitment in bodies
    assert "不同意从轻" in bodies
    story.holds()


def test_an_opinion_changed_behind_the_service_is_not_opened(story: Story) -> None:
    form_and_evaluate(story)
    with story.town.work() as session:
        sealed = session.query(tables.SealedAnswer).filter_by(by="panel_expert_1").one()
        plain = story.town.safe.unlock(sealed.ciphertext)
        plain["answers"]["proposed_outcome"] = "NOT_TOLERATED"
        sealed.ciphertext = story.town.safe.lock(plain)
        session.flush()
        with pytest.raises(errors.CannotAdvance):
            ballots.open_all(session, story.town.time, story.town.safe, sealed.case_id, sealed.run, "evaluate")


def test_the_chair_closes_the_vote_after_eight_working_days_and_the_silent_are_named(story: Story) -> None:
    forms_panel(story)
    for name, _category in PANEL[:-1]:
        evaluates(story, name)
    with pytest.raises(StopIteration):
        story.town.task(story.number, "close_evaluation")
    story.town.wait(days=13)

    assert story.does("close_evaluation", close=True, reason="期限已过") == "panel_chair_1"

    assert "evaluate" not in story.elements()
    opened = story.returned("open_opinions")
    assert [one if isinstance(one, str) else one["member_id"] for one in opened["missing"]] == ["panel_expert_2"]
    assert len(opened["opinions"]) == len(PANEL) - 1
    story.holds()


@pytest.mark.parametrize("at_last", ["it is given", "it never is"])
def test_a_chair_who_keeps_waiting_is_asked_again(story: Story, at_last: str) -> None:
    forms_panel(story)
    for name, _category in PANEL[:-1]:
        evaluates(story, name)
    story.town.wait(days=13)
    for _ in range(2):
        story.does("close_evaluation", close=False, reason="再等等")
        assert story.elements() == ["evaluate"]
        story.town.wait(days=7)
        assert sorted(story.elements()) == ["close_evaluation", "evaluate"]

    if at_last == "it is given":
        evaluates(story, PANEL[-1][0])
    else:
        story.does("close_evaluation", close=True, reason="期限已过")

    assert story.elements() == ["record_panel_meeting"]
    story.holds()


def test_what_was_given_before_a_new_investigation_counts_no_more(story: Story) -> None:
    town = story.town
    forms_panel(story)
    for name, _category in PANEL[:-1]:
        evaluates(story, name, proposed_outcome="LIGHTEN")
    key = town.send("party_1", story.number, "statement_received", party="s1", mode="written", content="还有新的情况")
    story.does("register_appeal")
    story.does("answer_appeal", accepted="full", reason="有新情况", effect="reinvestigate")
    story.is_investigated("6.4", statements=[key], **FACTS)

    for name, _category in PANEL[:4]:
        evaluates(story, name, proposed_outcome="EXEMPT")
    town.wait(days=30)
    story.does("close_evaluation", close=True, reason="期限已过")

    opened = story.returned("open_opinions")
    assert opened["tally"] == {"EXEMPT": 4}
    assert opened["missing"] == [name for name, _category in PANEL[4:]]
    story.holds()


def test_a_dissenting_opinion_reaches_the_panels_paper_word_for_word(story: Story) -> None:
    form_and_evaluate(story, dissenter="panel_expert_2")
    panel_meets(story, {"s1": "LIGHTEN"})

    paper = next(one for one in story.town.documents(story.number) if one.template == "T12_panel_opinion")

    with story.town.look() as session:
        assert "不同意从轻，应免于问责" in text_of(session.get_one(tables.Attachment, paper.attachment_id).content)


def test_a_dissent_that_is_not_attached_keeps_the_meeting_from_being_recorded(story: Story) -> None:
    form_and_evaluate(story, dissenter="panel_expert_2")
    members = [name for name, _ in PANEL]
    votes = [{"user": name, "vote": "for"} for name in members]

    with pytest.raises(errors.Invalid):
        story.does("record_panel_meeting", attendees=members, votes=votes, dissents_attached=False, opinion="多数意见")


def test_a_panel_meeting_without_quorum_leads_back_to_forming_the_panel(story: Story) -> None:
    form_and_evaluate(story)
    few = [name for name, _ in PANEL[:4]]
    votes = [{"user": name, "vote": "for"} for name in few]

    story.does("record_panel_meeting", attendees=few, votes=votes, dissents_attached=True, opinion="多数意见")

    assert "form_panel" in story.elements()
    assert "issue_panel_opinion" not in story.elements()
    assert story.town.outcomes(story.number) == {}


def test_a_panel_needs_all_five_kinds_or_a_reason(story: Story) -> None:
    members = [{"user": name, "category": category} for name, category in PANEL if category != "expert"]
    story.does("form_panel", members=members, chair="panel_chair_1", secretary="panel_secretary_1")

    assert story.elements() == ["form_panel"]


def test_a_panel_known_to_be_needed_is_formed_while_the_investigation_runs(town: city.City) -> None:
    story = Story(town, town.open("applicant_1", "intake", **answers.application("6.4")))
    story.is_accepted(impact=True)

    assert {"form_panel", "plan_investigation"} <= set(story.elements())

    forms_panel(story)
    assert "evaluate" not in story.elements()  # nobody evaluates before the facts are known
    story.is_investigated("6.4", **FACTS)
    assert story.elements().count("evaluate") == len(PANEL)


def test_a_recused_member_is_out_at_once_the_opinion_void_but_kept_and_a_replacement_sits(story: Story) -> None:
    forms_panel(story)
    evaluates(story, "panel_expert_2")
    evaluates(story, "panel_expert_1")
    story.town.send(
        "applicant_1", story.number, "recusal_requested", person="panel_expert_2", ground="与当事人有亲属关系"
    )

    story.does("decide_recusal", granted=True, reason="情况属实", replacement="panel_expert_3")

    town = story.town
    with town.look() as session, pytest.raises(errors.NotFound):
        pages.case_file(session, town.actor("panel_expert_2"), town.time, story.number)
    given = {one.by: one.voided for one in opinions(story)}
    assert given["panel_expert_2"]
    assert given["panel_expert_1"] is None
    forms_panel(story, replaced={"panel_expert_2": "panel_expert_3"}, committed=True)
    waiting = {str(row.assignee) for row in story.rows("evaluate")}
    assert "panel_expert_3" in waiting
    assert not waiting & {"panel_expert_1", "panel_expert_2"}
    for name in sorted(waiting):
        evaluates(story, name)
    heard = {one["member_id"] for one in story.returned("open_opinions")["opinions"]}
    assert "panel_expert_2" not in heard
    assert {"panel_expert_1", "panel_expert_3"} <= heard
    story.holds()


def test_who_commits_to_confidentiality_sees_whom_and_what_the_case_concerns(story: Story) -> None:
    people = [{"user": name, "category": category} for name, category in PANEL]
    story.does("form_panel", members=people, chair="panel_chair_1", secretary="panel_secretary_1")
    task = story.town.task_of(story.number, "commit_confidentiality", "panel_expert_1")

    with story.town.work() as session:
        seen = pages.task_page(session, story.town.actor("panel_expert_1"), story.town.time, task)

    shared = story.town.shared(story.number)
    told = [{"name": one["name"], "org": one.get("org")} for one in shared["subjects"]]
    assert seen.shown == {"concerned": {"matter": shared["title"], "subjects": told}}


def countersigned(story: Story, element: str, *, add: tuple[Any, ...] = (), remove: tuple[Any, ...] = ()) -> None:
    with story.town.work() as session:
        task = story.rows(element)[0].id
        countersigning.change(session, story.town.actor("chief_1"), story.town.time, task, [*add], [*remove])


def test_nobody_is_added_to_or_taken_out_of_the_opinions_of_the_panel(story: Story) -> None:
    forms_panel(story)

    with pytest.raises(errors.Conflict):
        countersigned(story, "evaluate", add=("panel_expert_3",))
    with pytest.raises(errors.Conflict):
        countersigned(story, "evaluate", remove=("panel_expert_1",))


@pytest.mark.parametrize(
    ("added", "refusal"),
    [
        (["nobody"], errors.NotFound), ([5], errors.NotFound), (["investigator_1"], errors.NotAllowed),
        (["panel_expert_1"], errors.Conflict), (["panel_expert_3"] * 2, errors.Conflict),
    ],
)  # fmt: skip
def test_who_is_added_to_a_task_of_several_must_fit_it(
    story: Story, added: list[Any], refusal: type[Exception]
) -> None:
    people = [{"user": name, "category": category} for name, category in PANEL]
    story.does("form_panel", members=people, chair="panel_chair_1", secretary="panel_secretary_1")

    with pytest.raises(refusal):
        countersigned(story, "commit_confidentiality", add=(*added,))
    countersigned(story, "commit_confidentiality", add=("panel_expert_3",), remove=("panel_expert_2",))
    asked = {str(row.assignee) for row in story.rows("commit_confidentiality")}
    assert "panel_expert_3" in asked
    assert "panel_expert_2" not in asked


@pytest.mark.parametrize("post", ["chair", "secretary"])
def test_a_recused_chair_or_secretary_is_replaced_and_the_opinions_stand(story: Story, post: str) -> None:
    form_and_evaluate(story)
    if post == "chair":
        members = [name for name, _ in PANEL]
        votes = [{"user": name, "vote": "for"} for name in members]
        story.does("record_panel_meeting", attendees=members, votes=votes, opinion="同意")
    person = f"panel_{post}_1"
    story.town.send("applicant_1", story.number, "recusal_requested", person=person, ground="近亲属")
    story.does("decide_recusal", granted=True, reason="情况属实")
    people = [{"user": name, "category": category} for name, category in PANEL]
    sitting = {"members": people, "chair": "panel_chair_1", "secretary": "panel_secretary_1"}

    assert story.elements() == ["form_panel"]
    story.does("form_panel", **sitting)
    assert story.elements() == ["form_panel"], "who was recused does not come back"
    grant(story.town, "panel_expert_3", f"panel_{post}")
    story.does("form_panel", **{**sitting, post: "panel_expert_3"})
    assert story.elements() == ["record_panel_meeting"]
    story.holds()


def test_an_opinion_in_which_a_recused_member_had_a_part_does_not_reach_the_decision(story: Story) -> None:
    form_and_evaluate(story)
    panel_meets(story, {"s1": "EXEMPT"})
    story.town.send("applicant_1", story.number, "recusal_requested", person="panel_expert_2", ground="近亲属")

    story.does("decide_recusal", granted=True, reason="情况属实")

    assert story.elements() == ["form_panel"]
    forms_panel(story, replaced={"panel_expert_2": "panel_expert_3"}, committed=True)
    assert [row.assignee for row in story.rows("evaluate")] == ["panel_expert_3"]
    evaluates(story, "panel_expert_3")
    assert story.elements() == ["record_panel_meeting"]
    story.holds()


def proposed_again(story: Story) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the form of a panel to be formed again proposes, and what was answered before."""
    town = story.town
    with town.look() as session:
        task = next(one for one in story.rows("form_panel") if one.status == "open")
        seen = pages.task_page(session, town.actor("chief_1"), town.time, task.id)
        return forms.prefill(seen.form, seen.known), seen.known["form_panel"]


@pytest.mark.parametrize("post", ["chair", "secretary"])
def test_the_replacement_of_a_recused_chair_or_secretary_is_proposed_in_the_post(story: Story, post: str) -> None:
    forms_panel(story)
    story.town.send("applicant_1", story.number, "recusal_requested", person=f"panel_{post}_1", ground="亲属关系")
    story.does("decide_recusal", granted=True, reason="情况属实", replacement="panel_expert_3")

    proposed, before = proposed_again(story)

    assert {one: proposed[one] for one in ("chair", "secretary")} == {
        "chair": before["chair"], "secretary": before["secretary"], post: "panel_expert_3",
    }  # fmt: skip


def test_the_replacement_named_with_a_recusal_is_proposed_in_the_seat_of_who_was_recused(story: Story) -> None:
    forms_panel(story)
    story.town.send("applicant_1", story.number, "recusal_requested", person="panel_expert_2", ground="亲属关系")
    story.does("decide_recusal", granted=True, reason="情况属实", replacement="panel_expert_3")

    proposed, _before = proposed_again(story)

    seats = dict(PANEL)
    assert [(one["user"], one["category"]) for one in proposed["members"]] == [
        ("panel_expert_3" if name == "panel_expert_2" else name, seats[name]) for name in seats
    ]


def test_a_panel_that_is_formed_again_begins_with_those_who_remain(story: Story) -> None:
    forms_panel(story)
    story.town.send("applicant_1", story.number, "recusal_requested", person="panel_expert_2", ground="亲属关系")
    story.does("decide_recusal", granted=True, reason="情况属实")

    proposed, before = proposed_again(story)

    remaining = [name for name, _category in PANEL if name != "panel_expert_2"]
    assert [one["user"] for one in proposed["members"]] == remaining
    assert (proposed["chair"], proposed["secretary"]) == (before["chair"], "panel_secretary_1")


def test_whoever_gets_work_back_is_told_why(story: Story) -> None:
    town = story.town
    people = [{"user": name, "category": category} for name, category in PANEL if category != "expert"]
    story.does("form_panel", members=people, chair="panel_chair_1", secretary="panel_secretary_1")

    with town.look() as session:
        task = next(one for one in story.rows("form_panel") if one.status == "open")
        told = pages.task_page(session, town.actor("chief_1"), town.time, task.id).back
        others = pages.task_page(session, town.actor("clerk_1"), town.time, task.id).back

    assert told is not None and others is None
    assert (told.by, told.element) == ("system", "check_panel")
    assert "专家" in told.reason


def test_a_person_who_did_not_approve_is_named_with_the_reason(town: city.City) -> None:
    story = Story(town, town.open("applicant_1", "intake", **answers.application("6.4")))
    story.does("review_acceptance")
    story.does("propose_route", **answers.route(simple=True))
    chief = story.does("approve_route", **{**answers.route(simple=True), "approved": False, "reason": "请补充理由"})

    with town.look() as session:
        task = next(one for one in story.rows("propose_route") if one.status == "open")
        clerk = town.actor(task.holder or "clerk_1")
        told = pages.task_page(session, clerk, town.time, task.id).back

    assert told == pages.Return(chief, "approve_route", "请补充理由")


def test_the_panel_advises_and_the_committee_departs_only_with_a_reason(story: Story) -> None:
    form_and_evaluate(story)
    panel_meets(story, {"s1": "LIGHTEN"})
    assert story.town.outcomes(story.number) == {}
    record = answers.meeting({"s1": "EXEMPT"}, story.committee())
    with pytest.raises(errors.Invalid):
        story.does("record_meeting", **record)

    story.does("record_meeting", **record, departure_reason="损失已全部挽回")
    minutes = next(one for one in story.town.documents(story.number) if one.template == "T13_minutes")
    with story.town.look() as session:
        kept = session.get_one(tables.Attachment, minutes.attachment_id)
        assert "损失已全部挽回" in text_of(kept.content)
    story.is_decided(at(2026, 3, 20))

    assert story.town.outcomes(story.number) == {"s1": "EXEMPT"}


def test_the_members_of_the_panel_do_not_sign_the_decision(story: Story) -> None:
    form_and_evaluate(story)
    panel_meets(story, {"s1": "LIGHTEN"})
    story.does("record_meeting", **answers.meeting({"s1": "LIGHTEN"}, story.committee()))
    story.does("draft_decision")
    story.does("check_draft")

    with pytest.raises(errors.NotAllowed):
        story.town.claim("panel_chair_1", story.town.task(story.number, "sign_decision"))


def test_journal_rows_of_sealed_opinions_hold_a_commitment_and_nothing_else(story: Story) -> None:
    forms_panel(story)
    evaluates(story, "panel_expert_1", dissent=SECRET)

    last = next(one for one in reversed(story.town.journal(story.number)) if one.kind == "submitted")

    assert set(orjson.loads(last.body)["data"]) == {"member_id", "commitment"}
