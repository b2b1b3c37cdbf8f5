"""The city's forms: one for every step, with the fields and codes that the procedure fixes."""

import re
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.bundles import sheets
from tests.contract import USER_TASKS
from workflow_service import errors
from workflow_service.bundles import form_model, forms

MESSAGES = [
    "recusal_request",
    "withdrawal_request",
    "suspension_request",
    "resumption_request",
    "reopening_request",
    "clarification_request",
    "visit_request",
]

OUTCOMES = ["EXEMPT", "TERMINATE", "LIGHTEN", "NOT_TOLERATED"]
CONTRACT: list[tuple[str, str, list[str]]] = [
    ("submit_application", "applicant_kind", ["unit", "person", "organ"]),
    ("submit_application", "subjects.kind", ["leading_body", "person"]),
    ("review_acceptance", "decision", ["accept", "supplement", "reject", "transfer"]),
    ("record_evidence", "kind", ["talk", "document", "site", "expert", "audit"]),
    ("report_investigation", "loss_level", ["none", "minor", "moderate", "major"]),
    ("report_investigation", "impact_level", ["none", "limited", "bad"]),
    ("report_investigation", "pilot_level", ["none", "city", "province", "nation"]),
    ("report_investigation", "deployment", ["none", "centre", "province", "city"]),
    ("register_appeal", "mode", ["written", "oral"]),
    ("register_appeal", "party_signature", ["signed", "refused", "unavailable"]),
    ("answer_appeal", "accepted", ["full", "part", "no"]),
    ("answer_appeal", "effect", ["none", "reinvestigate", "reroute", "evidence_added"]),
    ("draft_simple_decision", "proposal", ["EXEMPT", "TERMINATE"]),
    ("record_meeting", "outcomes.outcome", OUTCOMES),
    ("evaluate", "proposed_outcome", OUTCOMES),
    ("supervise_correction", "kind", ["remind", "inquire", "other"]),
    ("accept_correction", "result", ["pass", "redo", "fail"]),
    ("verify_accusation", "verdict", ["untrue", "partly", "unverifiable", "malicious"]),
    ("review_archive", "retention", ["permanent", "30", "10"]),
]
CODES = (
    [f"4.{n}" for n in range(1, 4)] + [f"5.{n}" for n in range(1, 5)] + [f"6.{n}" for n in range(1, 5)]
    + [f"7.{n}" for n in range(1, 5)] + [f"8.{n}" for n in range(1, 4)] + [f"9.{n}" for n in range(1, 5)]
    + [f"10.{n}" for n in range(1, 4)] + [f"11.{n}" for n in range(1, 5)] + ["12"]
)  # fmt: skip


def field_of(form: forms.Form, path: str) -> forms.Field:
    name, _dot, inner = path.partition(".")
    found = form.answers[name]
    if inner:
        below = found.inner(inner)
        assert below is not None
        return below
    return found


def every_field(fields: tuple[forms.Field, ...]) -> list[forms.Field]:
    return [one for field in fields for one in (field, *every_field(field.fields))]


@pytest.mark.parametrize("name", [*USER_TASKS, *MESSAGES])
def test_every_step_and_message_has_its_form(name: str) -> None:
    assert sheets.city(name).id == name


@pytest.mark.parametrize(("name", "path", "values"), CONTRACT)
def test_the_codes_of_the_procedure_are_kept(name: str, path: str, values: list[str]) -> None:
    assert [one.value for one in field_of(sheets.city(name), path).options] == values


@pytest.mark.parametrize("name", ["submit_application", "report_investigation", "evaluate"])
def test_the_situations_are_exactly_the_thirty(name: str) -> None:
    form = sheets.city(name)
    field = form.answers.get("situation_codes") or form.answers["codes_met"]

    assert [one.value for one in field.options] == CODES


@pytest.mark.parametrize("name", sheets.NAMES)
def test_every_text_is_there_in_both_languages(name: str) -> None:
    form = sheets.city(name)

    missing = [one.name for one in every_field(form.fields) if not one.label_en or bool(one.help) != bool(one.help_en)]
    missing += [option.value for one in every_field(form.fields) for option in one.options if not option.label_en]
    missing += [check.message for check in form.checks if not check.message_en]

    assert form.title_en
    assert missing == []


@pytest.mark.parametrize("name", sheets.NAMES)
def test_a_field_of_personal_data_says_what_for(name: str) -> None:
    assert [one.name for one in every_field(sheets.city(name).fields) if one.sensitive and not one.purpose] == []


@pytest.mark.parametrize("name", sheets.NAMES)
def test_the_schema_is_valid_and_closed(name: str) -> None:
    schema = forms.to_schema(sheets.city(name))

    jsonschema_rs.meta.validate(schema)
    assert schema["additionalProperties"] is False


@pytest.mark.parametrize("name", sheets.NAMES)
def test_nothing_given_names_what_is_missing_and_never_fails(name: str) -> None:
    assert set(sheets.wrong(sheets.city(name), {}).values()) <= {"required", "check", "too_few"}


def nonsense() -> st.SearchStrategy[Any]:
    odd = st.sampled_from(
        [None, True, -1, 2**70, 1e308, float("nan"), float("inf"), "", "x" * 16_384, "\x00", "\ud800", "一" * 300]
    )
    return st.recursive(
        odd,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
        max_leaves=8,
    )


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_nonsense_is_refused_and_never_an_accident(data: st.DataObject) -> None:
    form = sheets.city(data.draw(st.sampled_from(sheets.NAMES)))
    names = st.sampled_from([*form.answers, "__proto__"])
    answers = data.draw(st.dictionaries(names, nonsense(), max_size=6))

    try:
        sheets.check(form, answers)
    except errors.Invalid as found:
        assert found.errors


def value_of(field: forms.Field) -> st.SearchStrategy[Any]:
    """Values that fit a field's type."""
    word = st.from_regex(r"[一-龥]{12,20}", fullmatch=True)
    options = [one.value for one in field.options] or ["s1"]
    simple: dict[str, st.SearchStrategy[Any]] = {
        "text": word,
        "longtext": word,
        "boolean": st.booleans(),
        "tristate": st.sampled_from(["yes", "no", "unknown"]),
        "integer": st.integers(3, 9),
        "decimal": st.decimals(0, 10**9, places=2).map(str),
        "date": st.dates().filter(lambda day: 1900 <= day.year <= 2200).map(str),
        "datetime": st.just("2026-09-18T09:00:00+08:00"),
        "choice": st.sampled_from(options),
        "choices": st.lists(st.sampled_from(options), min_size=1, max_size=3, unique=True),
        "person": st.sampled_from(["lin", "zhou", "wu"]),
        "people": st.just(["lin", "zhou"]),
        "texts": st.lists(word, min_size=1, max_size=2),
        "file": st.just("f1"),
        "files": st.just(["f1"]),
    }  # fmt: skip
    if field.pattern:
        return st.from_regex(form_model.PATTERNS[field.pattern][0], fullmatch=True)
    if field.type == "group":
        return object_of(field.fields)
    if field.type == "rows":
        return st.lists(object_of(field.fields), min_size=1, max_size=2)
    return simple[field.type]


def object_of(fields: tuple[forms.Field, ...]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {one.name: value_of(one) for one in form_model.carrying(fields) if one.access == "write"}
    )


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.data())
def test_filled_in_rightly_a_form_is_refused_by_its_rules_alone(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sheets.NAMES))
    form = sheets.city(name)
    scope = sheets.around(
        {"runs": [{"process": "appeal", "key": "s1", "open": False, "run": "r2"}]}, decision_path="simple"
    )
    answers = data.draw(object_of(form.fields))

    found = sheets.wrong(form, answers, scope)

    assert set(found.values()) <= {"check", "pattern", "option"}, (found, answers)
    assert all(re.search("outcome|sha256", path) for path, code in found.items() if code != "check")
    assert "unknown_field" in sheets.wrong(form, {**answers, "approved_by": "me"}, scope).values()
