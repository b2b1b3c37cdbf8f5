"""Types of a model: what belongs to them, and the conversions that DMN allows."""

from typing import Any

import pytest

from tests.dmn import drawn
from workflow_service import dmn

TYPES = (
    drawn.item("tAge", "number", allowed="[0..150]"),
    drawn.item("tColour", "string", allowed='"red", "green"'),
    drawn.item("tColours", "tColour", many=True),
    drawn.item("tNumbers", "number", many=True),
    drawn.item("tPerson", parts=drawn.component("full name", "string") + drawn.component("age", "tAge")),
    drawn.item(
        "tTree", parts=drawn.component("label", "string") + drawn.item("below", "tTree", many=True, tag="itemComponent")
    ),
    drawn.item("tFew", "number", many=True).replace(
        "</itemDefinition>", "<typeConstraint><text>count(?) &lt; 3</text></typeConstraint></itemDefinition>"
    ),
)


def result(text: str, type_ref: str) -> Any:
    return dmn.read(drawn.model(*TYPES, drawn.decision("d", drawn.feel(text), type_ref=type_ref))).decide("d", {})


@pytest.mark.parametrize(
    ("text", "type_ref", "expected"),
    [
        ("5", "number", 5),
        ('"5"', "number", None),  # no silent reading of text
        ("null", "number", None),
        ("200", "tAge", None),  # outside of the allowed values
        ("20", "tAge", 20),
        ('"blue"', "tColour", None),
        ('["red"]', "tColour", "red"),  # a list of one stands for its entry
        ('"red"', "tColours", ["red"]),  # and the other way round
        ('["red", "blue"]', "tColours", None),  # allowed values hold for each entry
        ("[1, 2]", "number", None),
        ("[]", "tNumbers", []),
        ('{full name: "A", age: 3}', "tPerson", {"full name": "A", "age": 3}),
        ('{full name: "A", age: 3, more: 1}', "tPerson", {"full name": "A", "age": 3, "more": 1}),
        ('{full name: "A"}', "tPerson", None),  # a component is missing
        ('{full name: "A", age: 200}', "tPerson", None),
        (
            '{label: "a", below: [{label: "b", below: []}]}',
            "tTree",
            {"label": "a", "below": [{"label": "b", "below": []}]},
        ),
        ('{label: "a", below: [{label: 1, below: []}]}', "tTree", None),
        ("[1, 2]", "tFew", [1, 2]),
        ("[1, 2, 3]", "tFew", None),  # a constraint holds for the whole
        ("200 instance of tAge", "boolean", True),  # instance of asks for the structure alone
        ('"x" instance of tAge', "boolean", False),
        ('{full name: "A", age: 3} instance of tPerson', "boolean", True),
    ],
)
def test_a_result_is_brought_to_its_type_or_null(text: str, type_ref: str, expected: Any) -> None:
    assert result(text, type_ref) == expected


def test_a_date_becomes_midnight_where_a_moment_is_wanted() -> None:
    assert str(result('date("2026-09-18")', "date and time")).startswith("2026-09-18T00:00:00")


def test_an_input_of_the_wrong_type_is_null_and_says_so() -> None:
    parts = [drawn.given("age", "tAge"), drawn.decision("d", drawn.feel("age"), inputs=["age"])]
    model = dmn.read(drawn.model(*TYPES, *parts))

    answer = model.decide_traced("d", {"age": 151})

    assert answer.value is None
    assert "tAge" in answer.problems[0].message
    assert "151" in answer.problems[0].message_en


@pytest.mark.parametrize(
    ("type_ref", "text"), [("date", "2026-09-18"), ("dateTime", "2026-09-18T08:00:00+08:00"), ("time", "08:30:00")]
)
def test_a_date_given_as_text_is_read_as_its_type_wants(type_ref: str, text: str) -> None:
    parts = [drawn.given("at", type_ref), drawn.decision("d", drawn.feel("at"), inputs=["at"])]

    found = dmn.read(drawn.model(*parts)).decide("d", {"at": text})

    assert str(found) == text
    assert not isinstance(found, str)


def test_dates_inside_of_a_typed_context_are_read_too() -> None:
    period = drawn.item(
        "tPeriod", parts=drawn.component("from", "date") + drawn.item("days", "date", many=True, tag="itemComponent")
    )
    parts = [period, drawn.given("p", "tPeriod"), drawn.decision("d", drawn.feel("p.days[1] - p.from"), inputs=["p"])]

    found = dmn.read(drawn.model(*parts)).decide("d", {"p": {"from": "2026-09-01", "days": ["2026-09-03"]}})

    assert str(found) == "P2D"


def test_a_type_that_refines_itself_is_refused() -> None:
    with pytest.raises(dmn.DmnError) as refused:
        dmn.read(drawn.model(drawn.item("a", "b"), drawn.item("b", "a")))

    assert refused.value.kind == "cycle"


def test_types_of_dmn_1_1_may_carry_a_prefix() -> None:
    xml = drawn.model(
        drawn.decision("d", drawn.feel("1"), type_ref="feel:string").replace(
            "<decision ", '<decision xmlns:feel="http://www.omg.org/spec/FEEL/20140401" '
        ),
        namespace="http://www.omg.org/spec/DMN/20151101/dmn.xsd",
    )

    assert dmn.read(xml).decide("d", {}) is None
