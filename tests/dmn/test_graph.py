"""Models as graphs: requirements, scopes, knowledge, services and imports."""

from datetime import UTC, datetime

import pytest

from tests.dmn import drawn
from workflow_service import dmn, feel

FACTORIAL = drawn.knowledge("fact", drawn.param("n", "number"), drawn.feel("if n <= 1 then 1 else n * fact(n - 1)"))


def test_a_decision_is_made_after_all_that_it_needs() -> None:
    model = dmn.read(
        drawn.model(
            drawn.decision("total", drawn.feel("net + tax"), needs=["net", "tax"]),
            drawn.decision("tax", drawn.feel("net * rate"), needs=["net"], inputs=["rate"]),
            drawn.decision("net", drawn.feel("price * 2"), inputs=["price"]),
            drawn.given("price", "number"),
            drawn.given("rate", "number"),
        )
    )

    answer = model.decide_traced("total", {"price": 50, "rate": 0.1})

    assert answer.value == 110
    assert [made.name for made in answer.decisions] == ["net", "tax", "total"]
    assert model.decide("tax", {"in_price": 50, "rate": 0.1}) == 10


def test_a_decision_sees_only_what_it_draws_on() -> None:
    model = dmn.read(
        drawn.model(drawn.given("a"), drawn.given("b"), drawn.decision("d", drawn.feel("b"), inputs=["a"]))
    )

    assert model.decide("d", {"a": 1, "b": 2}) is None


def test_a_model_that_draws_no_inputs_sees_all_that_is_given() -> None:
    model = dmn.read(drawn.model(drawn.decision("d", drawn.feel("a + b"))))

    assert model.decide("d", {"a": 1, "b": 2}) == 3


def test_decisions_that_need_each_other_are_refused() -> None:
    parts = [drawn.decision("a", drawn.feel("b"), needs=["b"]), drawn.decision("b", drawn.feel("a"), needs=["a"])]

    with pytest.raises(dmn.DmnError) as refused:
        dmn.read(drawn.model(*parts))

    assert refused.value.kind == "cycle"
    assert "a" in refused.value.message_zh
    assert "b" in refused.value.message_zh


def test_a_long_chain_of_decisions_is_made_without_recursion() -> None:
    chain = [drawn.decision("d0", drawn.feel("1"))]
    chain += [drawn.decision(f"d{at}", drawn.feel(f"d{at - 1} + 1"), needs=[f"d{at - 1}"]) for at in range(1, 1500)]

    assert dmn.read(drawn.model(*chain)).decide("d1499", {}) == 1500


def test_an_unknown_decision_is_named_with_those_that_exist() -> None:
    model = dmn.read(drawn.model(drawn.decision("route", drawn.feel("1"))))

    with pytest.raises(dmn.DmnError) as refused:
        model.decide("rout", {})

    assert "route" in refused.value.message_zh


def test_knowledge_may_call_itself_within_bounds() -> None:
    model = dmn.read(drawn.model(FACTORIAL))

    assert model.invoke("fact", {"n": 5}) == 120
    with pytest.raises((feel.FeelLimitError, dmn.DmnError)):
        model.invoke("fact", {"n": 100_000})


def test_knowledge_may_use_other_knowledge() -> None:
    ring = drawn.knowledge("area", drawn.param("r"), drawn.feel("square(r) * 3"), knows=["square"])
    model = dmn.read(drawn.model(ring, drawn.knowledge("square", drawn.param("x"), drawn.feel("x * x"))))

    assert model.invoke("area", {"r": 2}) == 12


def test_knowledge_brings_its_result_to_its_type() -> None:
    model = dmn.read(drawn.model(drawn.knowledge("f", "", drawn.feel("[7]"), type_ref="number")))

    assert model.invoke("f", {}) == 7


SERVICE = drawn.model(
    drawn.given("price", "number"),
    drawn.decision("rate", drawn.feel("0.5")),
    drawn.decision("tax", drawn.feel("price * rate"), inputs=["price"], needs=["rate"]),
    drawn.decision("label", drawn.feel('"tax " + string(tax)'), needs=["tax"]),
    '<decisionService id="s1" name="one"><variable name="one"/><outputDecision href="#tax"/><inputDecision href="#rate"/><inputData href="#in_price"/></decisionService>',
    '<decisionService id="s2" name="two"><variable name="two"/><outputDecision href="#tax"/><outputDecision href="#label"/>'
    '<encapsulatedDecision href="#rate"/><inputData href="#in_price"/></decisionService>',
    drawn.decision("user", drawn.feel("one(10, 0.2)"), knows=["s1"]),
    drawn.decision("wrong", drawn.feel('one("x", 0.2)'), knows=["s1"]),
    drawn.decision("few", drawn.feel("one(10)"), knows=["s1"]),
)


def test_a_service_takes_its_inputs_and_input_decisions() -> None:
    model = dmn.read(SERVICE)

    assert model.invoke("one", {"price": 10, "rate": 0.1}) == 1
    assert model.invoke("s2", {"price": 10}) == {"tax": 5, "label": "tax 5"}
    assert model.services == {"s1": "one", "s2": "two"}


def test_a_service_is_called_from_an_expression_with_inputs_first() -> None:
    model = dmn.read(SERVICE)

    assert model.decide("user", {}) == 2
    assert model.decide("wrong", {}) is None
    assert model.decide("few", {}) is None


def test_an_argument_that_a_service_does_not_know_gives_null() -> None:
    assert dmn.read(SERVICE).invoke("one", {"prize": 1}) is None


LIBRARY = drawn.model(
    drawn.item("tAge", "number", allowed="[0..150]"),
    drawn.given("person age", "tAge").replace("in_person age", "in_age"),
    drawn.decision("adult", drawn.feel("person age >= 18")).replace(
        "<literalExpression>",
        '<informationRequirement><requiredInput href="#in_age"/></informationRequirement><literalExpression>',
    ),
    drawn.knowledge("shout", drawn.param("s"), drawn.feel("upper case(s)")),
    own="urn:library",
)


def using(logic: str, *, knows: tuple[str, ...] = (), decisions: tuple[str, ...] = ()) -> bytes:
    drawing = drawn.decision("d", logic, knows=knows)
    needs = "".join(
        f'<informationRequirement><requiredDecision href="{one}"/></informationRequirement>' for one in decisions
    )
    drawing = drawing.replace("<literalExpression", needs + "<literalExpression", 1)
    head = '<import name="lib" namespace="urn:library" importType="https://www.omg.org/spec/DMN/20230324/MODEL/"/>'
    return drawn.model(head, drawing)


def test_imported_knowledge_is_called_under_its_prefix() -> None:
    xml = using(drawn.feel('lib.shout("a")'), knows=("urn:library#shout",))

    assert dmn.read(xml, {"urn:library": LIBRARY}).decide("d", {}) == "A"


def test_an_imported_decision_is_given_its_inputs_under_the_prefix() -> None:
    model = dmn.read(using(drawn.feel("lib.adult"), decisions=("urn:library#adult",)), {"urn:library": LIBRARY})

    assert model.decide("d", {"lib": {"person age": 20}}) is True
    assert model.decide("d", {"person age": 10}) is False


def test_imports_without_a_name_are_seen_as_they_are() -> None:
    other = drawn.model(
        drawn.item("tShort", "string"),
        drawn.knowledge("low", drawn.param("s"), drawn.feel("lower case(s)")),
        own="urn:other",
    )
    xml = drawn.model(
        '<import name="" namespace="urn:library"/><import name="" namespace="urn:other"/>',
        drawn.decision(
            "d", drawn.feel('shout("a") + low("B")'), knows=["urn:library#shout", "urn:other#low"], type_ref="tShort"
        ),
        drawn.decision("n", drawn.feel("1"), type_ref="tShort"),
    )

    model = dmn.read(xml, {"urn:library": LIBRARY, "urn:other": other})

    assert model.decide("d", {}) == "Ab"
    assert model.decide("n", {}) is None


def test_a_service_with_a_lost_reference_is_null() -> None:
    xml = drawn.model(
        '<decisionService id="s" name="s"><variable name="s"/><outputDecision href="#gone"/></decisionService>'
    )

    assert dmn.read(xml).invoke("s", {}) is None


def test_a_missing_import_is_named() -> None:
    with pytest.raises(dmn.DmnError) as refused:
        dmn.read(using(drawn.feel("1")), {})

    assert "lib" in refused.value.message_zh


def test_models_that_import_each_other_are_refused() -> None:
    def importing(own: str, other: str) -> bytes:
        return drawn.model(f'<import name="x" namespace="{other}"/>', own=own)

    pair = {"urn:a": importing("urn:a", "urn:b"), "urn:b": importing("urn:b", "urn:a")}
    with pytest.raises(dmn.DmnError) as refused:
        dmn.read(pair["urn:a"], pair)

    assert refused.value.kind == "cycle"


def test_a_clock_and_a_calendar_reach_the_expressions() -> None:
    model = dmn.read(drawn.model(drawn.decision("d", drawn.feel("today()"))))

    assert str(model.decide("d", {}, feel.Env(clock=lambda: datetime(2026, 9, 18, tzinfo=UTC)))) == "2026-09-18"
    assert model.decide("d", {}, feel.Env()) is None
    assert isinstance(model.decide("d", {}), feel.Date)  # alone, the machine's clock counts
