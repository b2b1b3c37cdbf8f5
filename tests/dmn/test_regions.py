"""The exact analysis agrees with asking the table itself, for random tables and values."""

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.dmn import drawn
from workflow_service import dmn

NUMBERS = st.integers(0, 6)


def _ranges(ends: tuple[int, int], marks: tuple[str, str]) -> str:
    return f"{marks[0]}{min(ends)}..{max(ends)}{marks[1]}"


CELLS = st.one_of(
    st.just("-"),
    NUMBERS.map(str),
    st.tuples(st.sampled_from(["<", "<=", ">", ">="]), NUMBERS).map(lambda pair: f"{pair[0]} {pair[1]}"),
    st.builds(_ranges, st.tuples(NUMBERS, NUMBERS), st.sampled_from([("[", "]"), ("(", ")"), ("[", ")"), ("]", "]")])),
    st.tuples(NUMBERS, NUMBERS).map(lambda pair: f"{pair[0]}, > {pair[1]}"),
    NUMBERS.map(lambda one: f"not({one})"),
)
ROWS = st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=5)
# Every whole number and one value between each two neighbours: no region without a probe.
PROBES = [Decimal(half) / 2 for half in range(-1, 14)]


def _model(policy: str, rows: list[tuple[str, str]]) -> bytes:
    columns = drawn.column("a", "number") + drawn.column("b", "number") + drawn.output()
    rules = [drawn.rule(row, [str(number)]) for number, row in enumerate(rows, 1)]
    logic = drawn.table(policy, columns, rules)
    return drawn.model(
        drawn.given("a", "number"), drawn.given("b", "number"), drawn.decision("d", logic, inputs=["a", "b"])
    )


def _hits(xml: bytes) -> list[list[int]]:
    model = dmn.read(xml)
    return [[int(one) for one in model.decide("d", {"a": a, "b": b})] for a in PROBES for b in PROBES]


@settings(max_examples=60, deadline=None)
@given(ROWS)
def test_overlaps_gaps_and_dead_rules_are_exactly_those_that_occur(rows: list[tuple[str, str]]) -> None:
    hits = _hits(_model("COLLECT", rows))

    found = dmn.check(_model("UNIQUE", rows))
    ordered = dmn.check(_model("FIRST", rows))

    assert any(one.rule == "dmn-overlap" for one in found) == any(len(one) > 1 for one in hits)
    assert any(one.rule == "dmn-gap" for one in found) == any(not one for one in hits)
    first = {one[0] for one in hits if one}
    assert {one.row for one in ordered if one.rule == "dmn-unreachable"} == set(range(1, len(rows) + 1)) - first
