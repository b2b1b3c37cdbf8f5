"""Pages and programs are told what a form asks, and nothing that is not for them."""

import pytest

from tests.bundles import sheets
from workflow_service.bundles import form_conditions, forms


def told(form: forms.Form, name: str, **known: object) -> dict[str, object]:
    return next(one for one in forms.describe(form, sheets.around(**known))["fields"] if one["name"] == name)  # type: ignore[arg-type]


def test_hidden_fields_and_expressions_stay_on_the_server() -> None:
    form = sheets.make(
        {"name": "secret", "type": "text", "access": "hidden", "default": "me.name"},
        {"name": "shown", "type": "text", "default": '"first"'},
    )

    described = forms.describe(form, sheets.around())

    assert [one["name"] for one in described["fields"]] == ["shown"]
    assert described["fields"][0]["value"] == "first"
    assert "default" not in described["fields"][0]


def test_options_are_resolved_for_the_case() -> None:
    options = told(sheets.city("draft_correction_notice"), "object")["options"]

    assert options == [{"value": "s1", "label": "甲局领导班子"}, {"value": "s2", "label": "乙某"}]


def test_a_condition_a_browser_can_judge_is_told_as_data() -> None:
    field = told(sheets.city("register_appeal"), "note_taker")

    assert field["show"] == {"field": "mode", "op": "=", "value": "oral"}


@pytest.mark.parametrize("name", ["over_budget", "deployment", "residual_reason", "second_reviewer_ok"])
def test_the_facts_of_a_report_follow_the_situations_in_the_browser(name: str) -> None:
    assert "show" in told(sheets.city("report_investigation"), name)


def test_a_condition_on_the_data_is_judged_at_once() -> None:
    form = sheets.city("record_meeting")

    assert told(form, "consensus_objection", decision_path="simple")["visible"] is True
    assert told(form, "consensus_objection", decision_path="panel")["visible"] is False


def test_a_report_shows_the_facts_of_the_cited_situations_only() -> None:
    form, known = sheets.city("report_investigation"), {"submit_application": {"situation_codes": ["10.2"]}}

    seen = {one["name"] for one in forms.describe(form, sheets.around(**known))["fields"] if one["visible"]}

    assert {"emergency", "need_matched", "beyond_authority", "bought_before_approval", "in_scope"} <= seen
    assert not seen & {"mixed_ownership", "over_budget", "residual_reason"}


def test_what_stands_in_the_way_is_told_beforehand() -> None:
    case = {"runs": [{"run": "r2", "process": "appeal", "key": "S1", "open": True}]}

    found = forms.upfront(sheets.city("sign_decision"), sheets.around(case))

    assert [(one["article"], bool(one["message"]), bool(one["message_en"])) for one in found] == [("16", True, True)]
    assert forms.upfront(sheets.city("sign_decision"), sheets.around()) == []


def test_first_values_come_from_earlier_steps() -> None:
    drafted = [{"subject_id": "s1", "outcome": "EXEMPT"}]

    first = forms.prefill(sheets.city("sign_decision"), sheets.around(draft_decision={"outcomes": drafted}))

    assert first == {"outcomes": drafted, "decision_date": "2026-09-18", "approved": True}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a = true", {"field": "a", "op": "=", "value": True}),
        ('a != "x"', {"field": "a", "op": "!=", "value": "x"}),
        ('a in ("x", "y")', {"field": "a", "op": "in", "value": ["x", "y"]}),
        ('list contains(a, "4.1")', {"field": "a", "op": "contains", "value": "4.1"}),
        ("a = 3", {"field": "a", "op": "=", "value": 3}),
        (
            "a = true or b = false",
            {"any": [{"field": "a", "op": "=", "value": True}, {"field": "b", "op": "=", "value": False}]},
        ),
        ("a = true and b > 3", None),  # a number is compared by the server
        ("count(a) = 1", None),
        ("a = 1 or b = 2 and c = 3", None),  # which binds first is not for a browser
        ("a = true" + " or a = true" * 500, None),
    ],
)
def test_only_simple_conditions_become_data(source: str, expected: object) -> None:
    assert form_conditions.simple(source) == expected
