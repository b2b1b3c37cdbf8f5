"""What changed in a case's data reads as on its forms, with the names of the data beside it."""

import html
from collections.abc import Iterator

import pytest

from tests.web.conftest import ACCEPTED, House
from workflow_service.bundles import programs
from workflow_service.storage import database
from workflow_service.web import data_names


@pytest.fixture
def names(house: House) -> Iterator[data_names.Names]:
    with house.app.test_request_context("/"), database.reading(house.db) as session:
        loaded = programs.of(session, programs.in_force(session, "city"))
        yield data_names.of(loaded, {"r1": "intake", "r2": "confirmation"})


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (
            "r1.review_acceptance.decision",
            "受理分流 r1 › 受理审查 › 审查决定",
        ),  # as on this form, not as the case publishes it
        ("r1.submit_application", "受理分流 r1 › 填写容错认定申请"),
        ("case.status", "案件 › 状态"),
        ("case.decision.number", "案件 › 决定 › 编号"),
        (
            "r2.decide_chief_recusal.granted",
            "容错认定 r2 › 集体决定是否回避 › 准予回避",
        ),  # the step borrows another's form
        ("r9.unheard_of", "r9 › unheard of"),
        ("", ""),
    ],
)
def test_a_path_reads_as_run_step_and_label(names: data_names.Names, path: str, text: str) -> None:
    assert data_names.label(names, path) == text


def test_the_names_within_values_are_explained_by_the_form_they_stand_in(names: data_names.Names) -> None:
    rows = [{"org": "甲局", "inner": {"reason": "一", "strange_one": [{"x": 1}]}}]

    told = data_names.within(names, "r1.review_acceptance.decision", None, rows)

    assert told["reason"] == "理由"
    assert (told["strange_one"], told["x"], list(told)) == (
        "strange one",
        "x",
        ["org", "inner", "reason", "strange_one", "x"],
    )


def test_a_name_on_which_forms_disagree_is_explained_by_none_of_them(names: data_names.Names) -> None:
    assert "granted" not in names.every and data_names.label(names, "r1.granted") == "受理分流 r1 › granted"


@pytest.mark.parametrize(("language", "told"), [("zh", "对象和事项属于适用范围"), ("en", "Within scope")])
def test_replay_and_journal_tell_changes_by_labels(house: House, opened: str, language: str, told: str) -> None:
    task = f"{opened}.r1.review_acceptance.1"
    house.api("clerk_1", "POST", f"/tasks/{task}/claim")
    assert house.api("clerk_1", "POST", f"/tasks/{task}/submission", {"data": ACCEPTED}).status_code == 200
    auditor, asked = house.browser("auditor_1"), {"Accept-Language": language}

    story = auditor.get(f"/audit/{opened}/steps.json", headers=asked).json
    steps = story["steps"]
    page = html.unescape(auditor.get(f"/audit/{opened}/journal", headers=asked).get_data(as_text=True))

    assert story["lanes"].get("系统") == (None if language == "zh" else "System")
    changed = [one for step in steps for one in step["diff"]]
    names = {name for one in changed for name in one["people"].values()}
    assert names and all(f">{name}</span>" in page for name in names)
    assert all(one["label"] for one in changed)
    assert any(told in f"{one['label']} {one['names']}" for one in changed)
    assert all(f"{one['label']}<small><code>{one['path']}</code></small>" in page for one in changed)
