"""Counts and checks are right, name the article, and never decide."""

from typing import Any

import pytest

from handlers import assessment
from tests import fakes
from workflow_service.handler_api import BpmnError, PermanentFailure

KINDS = tuple(assessment.CATEGORIES)


def _members(count: int = 5) -> list[dict[str, str]]:
    return [{"user": f"m{n}", "category": KINDS[(n - 1) % 5], "org": f"单位{n}"} for n in range(1, count + 1)]


def _record(due: int, present: list[str], ayes: int, **more: Any) -> dict[str, Any]:
    votes = [{"user": user, "vote": "for" if n < ayes else "against"} for n, user in enumerate(present)]
    outcomes = [{"subject_id": "s1", "outcome": "EXEMPT", "grounds": "x"}]
    return {"members_due": due, "attendees": present, "votes": votes, "outcomes": outcomes, **more}


def _people(count: int) -> list[str]:
    return [f"c{n}" for n in range(1, count + 1)]


@pytest.mark.parametrize(
    ("due", "present", "ayes", "held", "passed"),
    [
        (7, 4, 4, True, True),  # just more than half present, all in favour
        (7, 5, 3, True, False),  # more than half of those present, not of those due
        (7, 7, 4, True, True),
        (8, 4, 4, False, False),  # exactly half is not more than half
        (8, 5, 4, True, False),  # four of eight
        (8, 5, 5, True, True),
        (1, 1, 1, True, True),
    ],
)
def test_votes_count_against_those_who_should_attend(
    due: int, present: int, ayes: int, held: bool, passed: bool
) -> None:
    result = assessment.check_meeting(fakes.context(), _record(due, _people(present), ayes))

    assert (result["held"], result["passed"]) == (held, passed)
    assert any(f"应到{due}人" in reason for reason in result["reasons"])


def test_an_absent_members_written_opinion_is_no_vote() -> None:
    record = _record(7, _people(5), 3)
    record["votes"].append({"user": "c7", "vote": "for", "opinion": "书面同意"})

    result = assessment.check_meeting(fakes.context(), record)

    assert not result["passed"]
    assert "1名未到会人员的书面意见不计入票数" in result["reasons"]


def test_a_member_who_is_listed_twice_has_one_vote() -> None:
    record = _record(7, _people(5), 3)
    record["votes"].append({"user": "c1", "vote": "for"})

    assert assessment.check_meeting(fakes.context(), record)["outcomes"][0]["ayes"] == 3


def test_a_recused_member_leaves_the_numerator_and_stays_in_the_denominator() -> None:
    record = _record(7, _people(5), 4, recused=["c1"])

    result = assessment.check_meeting(fakes.context(), record)

    assert (result["due"], result["present"]) == (7, 4)
    assert not result["passed"]


@pytest.mark.parametrize(
    "case",
    [
        {"recused": ["c1"]},  # a request that was granted
        {"subjects": [{"id": "s1", "account": "c1"}]},
        {"witnesses": ["c1"]},
        {"investigators": ["i1", "c1"]},
    ],
)
def test_who_must_not_vote_in_the_case_has_no_vote_whatever_the_record_says(case: dict[str, Any]) -> None:
    record = _record(7, _people(4), 4)
    assert assessment.check_meeting(fakes.context(), record)["passed"]

    result = assessment.check_meeting(fakes.context(case=case), record)

    assert (result["present"], result["held"], result["passed"]) == (3, False, False)
    assert any("不计入到会和赞成人数" in reason for reason in result["reasons"])


def test_the_setting_takes_recused_members_out_of_the_denominator() -> None:
    context = fakes.context(settings={"recused_in_denominator": "False"})

    result = assessment.check_meeting(context, _record(6, _people(5), 4, recused=["c1"]))

    assert result["due"] == 5
    assert result["passed"]


def test_each_subject_is_voted_on_by_itself() -> None:
    record = _record(5, _people(5), 5)
    record["outcomes"].append({"subject_id": "s2", "outcome": "LIGHTEN"})
    record["votes"] = [{"user": user, "vote": "for", "subject_id": "s1"} for user in _people(5)]
    record["votes"] += [{"user": user, "vote": "against", "subject_id": "s2"} for user in _people(5)]

    result = assessment.check_meeting(fakes.context(), record)

    assert [one["passed"] for one in result["outcomes"]] == [True, False]
    assert not result["passed"]


def test_the_simple_path_cannot_lighten() -> None:
    record = _record(5, _people(5), 5, outcomes=[{"subject_id": "s1", "outcome": "LIGHTEN"}])

    result = assessment.check_meeting(fakes.context(), record, ["EXEMPT", "TERMINATE"])

    assert not result["passed"]
    assert any("第14条" in reason for reason in result["reasons"])


@pytest.mark.parametrize(("reference", "passed"), [("", False), ("问责〔2026〕3号", True)])
def test_termination_needs_an_accountability_procedure(reference: str, passed: bool) -> None:
    context = fakes.context(data={"submit_application": {"accountability_case_ref": reference}})
    record = _record(5, _people(5), 5, outcomes=[{"subject_id": "s1", "outcome": "TERMINATE"}])

    assert assessment.check_meeting(context, record)["passed"] is passed


def test_deferral_and_an_objection_are_handed_on_without_an_error() -> None:
    record = _record(5, _people(5), 5, deferred=True, consensus_objection=True, outcomes=None)

    result = assessment.check_meeting(fakes.context(), record)

    assert result["deferred"]
    assert result["consensus_objection"]
    assert result["outcomes"] == []


def test_a_panel_of_five_categories_stands() -> None:
    result = assessment.check_panel(
        fakes.context(), _members(), "m1", "k1", None, ["i1"], [{"id": "s1", "org": "某局"}]
    )

    assert result["ok"]
    assert result["odd"]
    assert result["categories"] == list(KINDS)
    assert result["warnings"] == []


def test_a_missing_category_needs_a_reason() -> None:
    with pytest.raises(BpmnError, match="专家") as refused:
        assessment.check_panel(fakes.context(), _members()[:4])

    assert refused.value.code == "ERR_PANEL"
    assert assessment.check_panel(fakes.context(), _members()[:4], missing_category_reason="本市无此专业")[
        "missing"
    ] == ["expert"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"user": "i1"}, "参加了本案调查"),  # an investigator
        ({"org": "某局"}, "同属某局"),  # a colleague of the subject
        ({"user": "p1"}, "是本案当事人"),  # the subject
        ({"user": "w1"}, "是本案证人"),  # a witness
        ({"user": "r1"}, "已经回避本案"),  # somebody recused before
        ({"conflict": True}, "申报了应当回避的情形"),  # declared by the member
        ({"user": "m2"}, "重复"),  # the same person twice
    ],
)
def test_a_conflict_of_interest_sends_the_panel_back(change: dict[str, Any], said: str) -> None:
    members = [{**_members()[0], **change}, *_members()[1:]]
    subjects = [{"id": "s1", "name": "张某", "org": "某局", "account": "p1"}]

    with pytest.raises(BpmnError, match=said):
        assessment.check_panel(fakes.context(), members, "m3", "k1", None, ["i1"], subjects, ["w1"], ["r1"])


@pytest.mark.parametrize(("chair", "secretary", "said"), [("r1", "k1", "组长"), ("m1", "i1", "秘书")])
def test_who_may_not_be_a_member_neither_leads_the_panel_nor_keeps_its_record(
    chair: str, secretary: str, said: str
) -> None:
    with pytest.raises(BpmnError, match=f"不能担任{said}"):
        assessment.check_panel(fakes.context(), _members(), chair, secretary, None, ["i1"], recused=["r1"])


def test_an_even_panel_is_a_warning_only() -> None:
    result = assessment.check_panel(fakes.context(), _members(6), "m1", "m2")

    assert not result["odd"]
    assert len(result["warnings"]) == 2


@pytest.mark.parametrize(
    ("present", "recused", "quorum"),
    [
        (4, [], True),  # four of five
        (3, [], False),  # three of five is less than two thirds
        (3, ["m5"], True),  # three of four
        (2, ["m4", "m5"], True),  # two of three, exactly two thirds
    ],
)
def test_two_thirds_of_the_members_not_recused_make_a_quorum(present: int, recused: list[str], quorum: bool) -> None:
    votes = [{"user": f"m{n}", "vote": "for"} for n in range(1, present + 1)]

    if quorum:
        assert assessment.check_panel_meeting(fakes.context(), _members(), recused, [], votes)["quorum"]
    else:
        with pytest.raises(BpmnError) as refused:
            assessment.check_panel_meeting(fakes.context(), _members(), recused, [], votes)
        assert refused.value.code == "ERR_QUORUM"


def test_the_record_of_the_meeting_says_who_was_there() -> None:
    context = fakes.context(data={"record_panel_meeting": {"attendees": ["m1", "m2", "m3", "m4"], "recused": ["m5"]}})

    result = assessment.check_panel_meeting(context, _members(), votes=[{"user": "m1", "vote": "for"}])

    assert result["present"] == ["m1", "m2", "m3", "m4"]
    assert result["due"] == 4


def test_dissent_is_listed_in_its_words_and_missing_ones_are_named() -> None:
    votes = [{"user": f"m{n}"} for n in range(1, 6)]
    opinions = [{"member_id": "m1", "dissent": "证据不足"}, {"member_id": "m2", "dissent": ""}]

    result = assessment.check_panel_meeting(fakes.context(), _members(), [], opinions, votes, False)

    assert result["dissents"] == [{"member_id": "m1", "text": "证据不足"}]
    assert result["not_submitted"] == ["m3", "m4", "m5"]
    assert "有不同意见，须原文附后" in result["reasons"]


def test_opinions_open_in_the_order_of_the_members() -> None:
    opinions = [{"member_id": "m3", "proposed_outcome": "EXEMPT"}, {"member_id": "m1", "proposed_outcome": "LIGHTEN"}]
    context = fakes.context(ballots=fakes.FakeBallots(opinions))

    result = assessment.open_opinions(context, "evaluate", _members(3))

    assert [one["member_id"] for one in result["opinions"]] == ["m1", "m3"]
    assert result["opinions"][0]["category"] == "discipline"
    assert result["missing"] == ["m2"]
    assert result["tally"] == {"LIGHTEN": 1, "EXEMPT": 1}


def test_the_opinion_of_a_former_member_is_void() -> None:
    opinions = [{"member_id": "m9", "proposed_outcome": "EXEMPT"}, {"member_id": "m1", "proposed_outcome": "LIGHTEN"}]
    context = fakes.context(ballots=fakes.FakeBallots(opinions))

    result = assessment.open_opinions(context, "evaluate", _members(3))

    assert [one["member_id"] for one in result["opinions"]] == ["m1"]
    assert (result["void"], result["tally"]) == (["m9"], {"LIGHTEN": 1})


def test_an_opinion_on_an_earlier_report_is_void() -> None:
    opinions = [{"member_id": "m1", "proposed_outcome": "EXEMPT"}, {"member_id": "m2", "proposed_outcome": "LIGHTEN"}]
    context = fakes.context(ballots=fakes.FakeBallots(opinions), case={"submitted_members": ["m2"]})

    result = assessment.open_opinions(context, "evaluate", _members(2))

    assert (result["missing"], result["void"], result["tally"]) == (["m1"], ["m1"], {"LIGHTEN": 1})


def test_opinions_stay_sealed_while_the_vote_is_open() -> None:
    context = fakes.context(ballots=fakes.FakeBallots([{"member_id": "m1"}], closed=False))

    with pytest.raises(PermanentFailure, match="密封"):
        assessment.open_opinions(context, "evaluate", _members())


FACTS = {"no_private_gain": "no", "situation_codes": ["12", "4.1"]}
MET = [{"code": "4.1", "reason": "采用新办法", "article": "4(1)"}]


def _advise(eligible: bool | None, met: list[dict[str, str]], **gate: Any) -> dict[str, Any]:
    criteria = {"items": [{"note": "动因方面：于公"}], "advice": "没有不利因素"}
    return assessment.assess_eligibility(fakes.context(), FACTS, met, {"eligible": eligible, **gate}, criteria)


def test_advice_names_facts_situations_and_articles() -> None:
    failing = [{"fact": "no_private_gain", "verdict": "fail", "reason": "有谋取私利的事实"}]

    result = _advise(False, MET, gate=failing)

    assert result["gate"] == [{"fact": "no_private_gain", "value": "no", "ok": False}]
    assert "有谋取私利的事实（第2条）" in result["reasons"]
    assert "4.1 采用新办法（第4条第1项）" in result["reasons"]
    assert "动因方面：于公（第13条）" in result["reasons"]


def test_a_cited_situation_without_its_facts_is_shown_as_such() -> None:
    codes = {one["code"]: one for one in _advise(True, MET)["codes"]}

    assert codes["4.1"]["matched"]
    assert not codes["12"]["matched"]
    assert codes["12"]["article"] == "12"


@pytest.mark.parametrize(
    ("eligible", "met", "boundary", "words"),
    [
        (None, MET, [], "补充调查"),  # a fact is unknown
        (False, MET, [], "仍须经组织认定"),  # article 12 cannot rescue it
        (True, MET, [{"flag": "neg_work_safety", "reason": "安全生产"}], "边界审核"),  # to a person, not refused
        (True, [], [], "没有符合的具体情形"),
        (True, MET, [], "可以研究容错"),
    ],
)
def test_the_result_is_advice(
    eligible: bool | None, met: list[dict[str, str]], boundary: list[Any], words: str
) -> None:
    assert words in _advise(eligible, met, boundary=boundary)["advice"]


def test_missing_things_are_named() -> None:
    result = assessment.check_completeness(fakes.context(), {"申请": "x", "附件": [], "声明": None, "次数": 0})

    assert result == {"complete": False, "missing": ["附件", "声明"]}
