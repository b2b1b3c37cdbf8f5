"""A county's operations on the city's model: what they do, what they may not, and what becomes of them when the city changes."""

import random
from typing import Any

import orjson
import pytest
from lxml import etree

from tests.bundles import city
from workflow_service.bundles import check, overlay, read, variant_file
from workflow_service.bundles.variant_file import Variant
from workflow_service.engine import diagram, document

CONFIRMING = {
    "do": "add_task", "process": "intake", "after": "review_acceptance",
    "task": {"id": "confirm_acceptance", "name": "复核受理意见", "name_en": "Confirm the review", "lane": "受理机关负责人", "article": "14"},
    "form": {
        "title": "复核受理意见", "title_en": "Confirm the review",
        "fields": [{"name": "agreed", "type": "boolean", "label": "同意", "label_en": "Agreed", "required": True}],
    },
}  # fmt: skip
FIELD = {"name": "town", "type": "text", "label": "所在乡镇", "label_en": "Town"}


def variant(*operations: dict[str, Any]) -> Variant:
    return Variant("V9", "west", "西岭县试行", "Trial of Xiling", "city", operations)


def derive(*operations: dict[str, Any], parent: read.Bundle | None = None) -> overlay.Derived:
    return overlay.derive(parent or city.bundle(), variant(*operations))


def limit(process: str, element: str, days: int, **more: Any) -> dict[str, Any]:
    return {"do": "set_limit", "process": process, "element": element, "days": days, **more}


def errors(bundle: read.Bundle) -> list[str]:
    return [one.message for one in check.check(bundle) if one.severity == "error"]


def test_the_shipped_variant_fits_the_city_and_passes_every_rule() -> None:
    for content in read.read_variants(city.ROOT / "bpmn"):
        named, faults = variant_file.read(content)
        assert named is not None, faults

        derived = overlay.derive(city.bundle(), named)

        assert derived.conflicts == ()
        assert check.check(derived.bundle) == []


@pytest.mark.parametrize(
    "days", [{"days": 0}, {"days": -1}, {"days": 3, "urgent_days": 0}, {"days": 2, "urgent_days": 3}]
)
def test_a_limit_that_nobody_can_work_by_is_refused(days: dict[str, int]) -> None:
    derived = derive({"do": "set_limit", "process": "intake", "element": "review_acceptance", **days})

    assert [(one.rule, one.element) for one in derived.conflicts] == [("V01", "review_acceptance")]


def test_the_same_operations_give_the_same_bytes_and_the_hash_covers_parent_and_operations() -> None:
    one, other = derive(limit("intake", "review_acceptance", 3)), derive(limit("intake", "review_acceptance", 2))
    newer = city.changed("intake.bpmn", lambda text: text.replace("受理审查结论？", "受理结论？"))

    assert dict(derive(limit("intake", "review_acceptance", 3)).bundle.files) == dict(one.bundle.files)
    assert (
        len({city.bundle().hash, one.bundle.hash, other.bundle.hash, overlay.derive(newer, one.variant).bundle.hash})
        == 4
    )
    assert one.variant.base == city.bundle().hash


def test_a_tightened_limit_stands_in_the_diagram_and_nowhere_else() -> None:
    derived = derive(limit("intake", "review_acceptance", 3, urgent_days=2))

    changed = {name for name, content in derived.bundle.files.items() if content != city.bundle().files.get(name)}
    assert changed == {"intake.bpmn", "variant.json"}
    assert b"if case.urgent = true then 2 else 3" in derived.bundle.files["intake.bpmn"]
    assert (
        derived.variant.changes[0]["text"] == "“受理审查”的期限由 5 个工作日（加急 3 个）改为 3 个工作日（加急 2 个）"
    )


def test_a_partys_time_may_grow_with_its_timer_and_its_letter_but_never_shrink() -> None:
    longer = derive(limit("intake", "supplement_application", 15, also=["issue_supplement_notice"]))
    shorter = derive(limit("intake", "supplement_application", 5))

    assert longer.conflicts == ()
    assert longer.bundle.files["intake.bpmn"].count(b", 15)") == 3
    assert [(one.rule, one.element) for one in shorter.conflicts] == [("V03", "supplement_application")]


@pytest.mark.parametrize(
    ("element", "days"),
    [
        ("draft_correction_notice", 10),  # the task that the five working days are for
        ("sign_correction_notice", 6),
        ("notice_overdue", 30),  # the event that notes the breach
    ],
)
def test_lengthening_the_five_working_days_is_refused_with_its_article(element: str, days: int) -> None:
    derived = derive(limit("correction", element, days))

    assert [(one.rule, one.element) for one in derived.conflicts] == [("V04", element)]
    assert "17" in derived.conflicts[0].message
    assert "17" in derived.conflicts[0].message_en
    assert derived.bundle.files["correction.bpmn"] == city.bundle().files["correction.bpmn"]


def test_the_rules_of_the_procedure_hold_for_the_result_too() -> None:
    derived = derive(limit("decision", "order_corrections", 3))

    assert any(one.rule == "L02" for one in check.check(derived.bundle) if one.severity == "error")


@pytest.mark.parametrize("operation", [{"process": "appeal"}, {"process": "appeal", "element": "register_appeal"}])
def test_removing_the_channel_for_statements_is_refused_with_its_article(operation: dict[str, Any]) -> None:
    derived = derive({"do": "remove", **operation})

    assert [one.rule for one in derived.conflicts] == ["V04"]
    assert "第16条" in derived.conflicts[0].message
    assert "appeal.bpmn" in derived.bundle.files


@pytest.mark.parametrize(
    ("operation", "nearest"),
    [
        (limit("intake", "review_aceptance", 3), "review_acceptance"),  # an element
        (limit("intakes", "review_acceptance", 3), "intake"),  # a process
        ({"do": "require_field", "form": "submit_aplication", "field": "matter"}, "submit_application"),  # a form
        ({"do": "require_field", "form": "submit_application", "field": "remedy"}, "remedy_taken"),  # a field
        ({"do": "set_role", "lane": "档案室", "role": "clerk"}, "档案"),  # a lane
        ({"do": "set_role", "lane": "档案", "role": "clark"}, "clerk"),  # a role
        ({**CONFIRMING, "after": "review_accept"}, "review_acceptance"),  # what a task comes after
    ],
)
def test_an_unknown_name_is_a_finding_with_the_nearest_one(operation: dict[str, Any], nearest: str) -> None:
    found = derive(operation).conflicts

    assert [one.rule for one in found] == ["V02"]
    assert f"“{nearest}”" in found[0].fix
    assert f"“{nearest}”" in found[0].fix_en


@pytest.mark.parametrize("key", ["id", "name", "due"])
def test_a_task_with_signs_that_no_diagram_holds_is_refused(key: str) -> None:
    derived = derive({**CONFIRMING, "task": {**CONFIRMING["task"], key: "x\u0001"}})

    assert [one.rule for one in derived.conflicts] == ["V01"]


@pytest.mark.parametrize(
    "operation",
    [
        limit("intake", "review_acceptance", 8),  # a limit of the organ, made longer
        {
            "do": "require_field",
            "form": "submit_application",
            "field": "matter",
            "when": "urgent = true",
        },  # required less
        {
            "do": "set_default",
            "form": "review_acceptance",
            "field": "decision",
            "value": '"accept"',
        },  # decided beforehand
        {"do": "set_default", "form": "sign_decision", "field": "outcomes", "value": "[]"},  # other than was drafted
        {"do": "set_default", "form": "evaluate", "field": "member_id", "value": '"somebody"'},  # in another's name
        {"do": "set_role", "lane": "党委（党组）", "role": "clerk"},  # somebody else decides
        {"do": "set_role", "lane": "档案", "role": "signer"},  # who decides gets other work
    ],
)
def test_what_would_loosen_the_procedure_is_refused(operation: dict[str, Any]) -> None:
    derived = derive(operation)

    assert [one.rule for one in derived.conflicts] in (["V03"], ["V04"])
    assert set(derived.bundle.files) - {"variant.json"} == set(city.bundle().files)
    assert all(derived.bundle.files[name] == content for name, content in city.bundle().files.items())


def test_what_the_city_has_locked_stays_and_what_it_has_freed_may_grow() -> None:
    def marked(word: str) -> read.Bundle:
        mark = f'<spiffworkflow:property name="variants" value="{word}"/>'
        name = '<spiffworkflow:property name="name_en" value="Propose the path"/>'
        return city.changed("intake.bpmn", lambda text: text.replace(name, name + mark))

    locked = derive(limit("intake", "propose_route", 1), parent=marked("locked"))
    free = derive(limit("intake", "propose_route", 4), parent=marked("free"))

    assert [one.rule for one in locked.conflicts] == ["V04"]
    assert free.conflicts == ()
    assert [one.rule for one in check.check(marked("open"))] == ["R10"]


def test_an_added_step_passes_every_rule_and_is_drawn_without_covering_another() -> None:
    derived = derive(CONFIRMING)

    assert derived.conflicts == ()
    assert check.check(derived.bundle) == []
    root = document.load(derived.bundle.files["intake.bpmn"], "intake.bpmn")
    drawn = diagram.read(root, "intake.bpmn")
    ways = [(one.source, one.target) for one in drawn.flows]
    assert ("review_acceptance", "confirm_acceptance") in ways
    assert ("confirm_acceptance", "is_accepted") in ways
    assert _overlapping(root) == []


@pytest.mark.parametrize("process", ["intake", "appeal", "correction", "decision", "standard_case", "panel"])
def test_a_step_can_be_inserted_after_any_task_and_the_drawing_stays_sound(process: str) -> None:
    drawn = diagram.read(document.load(city.bundle().files[f"{process}.bpmn"], ""), "")
    leaving = [one.source for one in drawn.flows]
    for node in drawn.nodes:
        if node.kind == "userTask" and leaving.count(node.id) == 1:
            task = {**CONFIRMING["task"], "lane": node.lane}

            derived = derive({**CONFIRMING, "process": process, "after": node.id, "task": task})

            assert derived.conflicts == ()
            root = document.load(derived.bundle.files[f"{process}.bpmn"], "")
            assert _overlapping(root) == [], node.id
            assert [one for one in check.check(derived.bundle) if one.rule[0] in "XSRFP"] == [], node.id


def _overlapping(root: etree._Element) -> list[tuple[str, str]]:
    """Pairs of tasks, gateways and events that cover one another."""
    boxes = {}
    for shape in root.iter("{*}BPMNShape"):
        bounds = shape.find("{*}Bounds")
        x, y, width, height = (float(bounds.get(name)) for name in ("x", "y", "width", "height"))
        if width <= 140 and not shape.get("bpmnElement", "").startswith(("lane_", "pool_")):
            boxes[shape.get("bpmnElement", "")] = (x, y, x + width, y + height)
    attached = {one.get("id") for one in root.iter("{*}boundaryEvent")}
    names = sorted(set(boxes) - attached)
    return [
        (one, other)
        for place, one in enumerate(names)
        for other in names[place + 1 :]
        if boxes[one][0] < boxes[other][2]
        and boxes[other][0] < boxes[one][2]
        and boxes[one][1] < boxes[other][3]
        and boxes[other][1] < boxes[one][3]
    ]


def test_a_gateway_needs_the_flow_named_and_keeps_its_condition() -> None:
    unclear = derive({**CONFIRMING, "after": "is_accepted"})
    named = {key: value for key, value in CONFIRMING.items() if key != "after"}
    clear = derive({**named, "on": "is_accepted_to_issue_rejection"})

    assert "is_accepted_to_issue_rejection" in unclear.conflicts[0].fix
    assert clear.conflicts == ()
    assert check.check(clear.bundle) == []


def test_fields_are_added_required_and_filled_in_beforehand() -> None:
    derived = derive(
        {"do": "add_field", "form": "submit_application", "field": FIELD, "after": "matter"},
        {"do": "require_field", "form": "submit_application", "field": "remedy_taken"},
        {"do": "set_default", "form": "review_acceptance", "field": "source_anonymous", "value": "false"},
        {"do": "set_role", "lane": "档案", "role": "clerk"},
    )

    fields = orjson.loads(derived.bundle.files["forms/submit_application.json"])["fields"]
    names = [one.get("name") for one in fields]
    assert derived.conflicts == ()
    assert check.check(derived.bundle) == []
    assert names[names.index("matter") + 1] == "town"
    assert next(one for one in fields if one.get("name") == "remedy_taken")["required"] is True


def _some_operations(chance: random.Random, model: read.Bundle) -> list[dict[str, Any]]:
    """Operations as a county might wish them; each fits the model they are made for."""
    tasks = [
        (name.removesuffix(".bpmn"), node)
        for name in ("intake.bpmn", "appeal.bpmn", "simple_case.bpmn", "standard_case.bpmn")
        for node in diagram.read(document.load(model.files[name], name), name).nodes
        if node.kind == "userTask"
    ]
    found: list[dict[str, Any]] = []
    for number in range(chance.randrange(2, 7)):
        process, node = chance.choice(tasks)
        kinds = [
            limit(process, node.id, 1),
            {"do": "add_field", "form": node.id, "field": {**FIELD, "name": f"town_{number}"}},
            {
                **CONFIRMING, "process": process, "after": node.id, "form": CONFIRMING["form"],
                "task": {**CONFIRMING["task"], "id": f"check_{number}_again", "lane": node.lane},
            },
            {"do": "require_field", "form": "submit_application", "field": "remedy_taken"},
        ]  # fmt: skip
        one = chance.choice(kinds)
        if not overlay.derive(model, variant(*found, one)).conflicts:
            found.append(one)
    return found


def test_twenty_variants_are_carried_out_on_a_new_version_and_every_conflict_is_listed() -> None:
    """The new version renames a step, requires a field itself and shortens a limit: what can no longer be done is said."""
    renamed = {
        name.replace("propose_route", "suggest_route"): content.replace(b"propose_route", b"suggest_route")
        for name, content in city.bundle().files.items()
    }
    newer = read.Bundle.of(
        overlay.derive(read.Bundle.of(renamed), variant(limit("intake", "approve_route", 1))).bundle.files
    )
    form = orjson.loads(newer.files["forms/submit_application.json"])
    next(one for one in form["fields"] if one.get("name") == "remedy_taken")["required"] = True
    newer = read.Bundle.of({**newer.files, "forms/submit_application.json": orjson.dumps(form)})
    chance, conflicts = random.Random(22), 0
    for _ in range(20):
        operations = _some_operations(chance, city.bundle())

        again = derive(*operations, parent=newer)

        undone = [n for n, one in enumerate(again.variant.changes, 1) if one["text"] == "未能套用"]
        told = [int(one.message.split("第 ")[1].split(" 项")[0]) for one in again.conflicts]
        assert again.variant.operations == tuple(operations)
        assert len(again.variant.changes) == len(operations)
        assert sorted(set(told)) == undone
        assert errors(again.bundle) == []
        for number in undone:
            text = orjson.dumps(operations[number - 1]).decode()
            assert "propose_route" in text or "remedy_taken" in text or "approve_route" in text
        conflicts += len(undone)
    assert conflicts > 3


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("[]", "JSON 对象"),
        ("{", "JSON"),
        ('{"id": "V1", "place": "west", "parent": "city", "title": "甲", "operations": []}', "title_en"),
        ('{"operations": [{"do": "delete_all"}]}', "do 不是已知操作"),
        ('{"operations": [{"do": "set_limit", "process": "intake", "element": "x", "days": "3"}]}', "days"),
        ('{"operations": [{"do": "set_limit", "process": "intake", "days": 3}]}', "element"),
        ('{"operations": [{"do": "set_role", "lane": "a", "role": "b", "force": true}]}', "force"),
    ],
)
def test_a_variant_file_that_is_wrong_says_where(content: str, said: str) -> None:
    named, found = variant_file.read(content.encode())

    assert named is None
    assert {one.rule for one in found} == {"V01"}
    assert any(said in one.message for one in found)


def test_a_diagram_without_a_drawing_is_left_to_the_check() -> None:
    root = document.load(city.bundle().files["intake.bpmn"], "")
    for one in list(root.iter("{*}BPMNDiagram")):
        one.getparent().remove(one)
    bare = read.Bundle.of({**city.bundle().files, "intake.bpmn": etree.tostring(root)})

    derived = derive(CONFIRMING, parent=bare)

    assert derived.conflicts == ()
    assert any(one.rule == "S25" and one.element == "confirm_acceptance" for one in check.check(derived.bundle))
