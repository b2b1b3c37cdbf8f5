"""A letter template that would fail when issued fails when it is checked."""

import copy
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workflow_service.bundles import letters

FOLDER = Path(__file__).parents[2] / "forms" / "letters"
GOOD: dict[str, Any] = {
    "id": "T99_note", "name": "说明", "name_en": "Note", "layout": "letter", "title": "关于{matter}的说明",
    "fields": {"reason": {"label": "理由", "label_en": "reason"}, "items": {"label": "事项", "label_en": "items"}},
    "mandatory": ["reason"],
    "body": [
        {"text": "理由：{reason}"},
        {"list": "items", "item": ["{text}"]},
        {"table": "items", "columns": [{"head": "事项", "field": "text"}]},
    ],
}  # fmt: skip


def _codes(template: Any) -> list[str]:
    return [one.rule for one in letters.faults("forms/letters/T99_note.json", template, orjson.dumps(template))]


@pytest.mark.parametrize(
    ("block", "said"), [({"text": "x", "kind": "poem"}, "kind 应为"), ({"text": "x", "bold": True}, "没有“bold”这一项")]
)
def test_what_is_wrong_in_a_block_is_named(block: dict[str, Any], said: str) -> None:
    template = {**GOOD, "body": [block]}

    found = list(letters.faults("forms/letters/T99_note.json", template, orjson.dumps(template)))

    assert said in found[0].message


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.json")), ids=lambda path: path.stem)
def test_every_shipped_letter_is_sound(path: Path) -> None:
    content = path.read_bytes()

    assert letters.faults(f"forms/letters/{path.name}", orjson.loads(content), content) == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"id": "other"}, "W01"),  # not the file's name
        ({"layout": "poster"}, "W01"),  # no such layout
        ({"name_en": ""}, "W01"),  # no English name
        ({"title": {"field": "reason", "by": {}}}, "W01"),  # a title by cases without a case
        ({"colour": "red"}, "W01"),  # a key that nothing reads
        ({"mandatory": "reason"}, "W01"),  # text instead of a list
        ({"body": []}, "W01"),  # nothing to say
        ({"title": "关于{subject}的说明"}, "W02"),  # a placeholder in the title that nobody fills
        ({"mandatory": ["reasons"]}, "W02"),  # a slip of the pen
        ({"people": ["members.user"]}, "W02"),  # people of an unknown field
        ({"body": [{"text": "理由：{reason"}]}, "W02"),  # half a placeholder
        ({"body": [{"text": "理由：｛reason｝"}]}, "W02"),  # braces as a Chinese keyboard writes them
        ({"body": [{"text": "理由：{{reason}}"}]}, "W02"),  # a placeholder in braces
        ({"body": [{"text": "{reason!r}"}]}, "W02"),  # a format trick
        ({"body": [{"text": "{reason.__class__}"}]}, "W02"),  # reaching through
        ({"body": [{"text": "x", "when": "granted"}]}, "W02"),  # a condition on nothing
        ({"body": [{"list": "rows", "item": ["{text}"]}]}, "W02"),  # a list of nothing
        ({"body": [{"text": "x", "list": "items"}]}, "W03"),  # two kinds at once
        ({"body": [{"list": "items"}]}, "W03"),  # a list without its item
        ({"body": [{"table": "items", "columns": [{"head": "x"}]}]}, "W03"),  # a column without a field
        ({"body": [{"text": "x", "kind": "poem"}]}, "W03"),  # no such kind
        ({"body": ["x"]}, "W03"),  # no block
        (
            {"fields": {"reason": {"label": "理由"}, "items": {"label": "x", "label_en": "x"}}},
            "W04",
        ),  # no English label
    ],
)
def test_each_fault_is_found_by_its_rule(change: dict[str, Any], code: str) -> None:
    assert code in _codes({**GOOD, **change})


def test_a_sound_letter_has_no_finding() -> None:
    assert _codes(GOOD) == []


def test_a_finding_names_the_line() -> None:
    template = copy.deepcopy(GOOD)
    template["body"][0]["text"] = "{grounds}"
    content = orjson.dumps(template, option=orjson.OPT_INDENT_2)

    finding = letters.faults("forms/letters/T99_note.json", template, content)[0]

    assert "{grounds}" in content.decode().splitlines()[finding.line - 1]
    assert finding.message == "“grounds”不在 fields 中"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*GOOD, "text", "list", "table"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@settings(deadline=None)
@given(JSON, st.sampled_from(sorted(GOOD)))
def test_any_json_gives_findings_and_never_an_exception(value: Any, key: str) -> None:
    assert all(one in letters.RULES for one in [*_codes(value), *_codes({**GOOD, key: value})])
