"""Which nodes run side by side, found from the flow graph alone."""

import pytest

from workflow_service.engine.regions import Chart


def _chart(text: str, forks: str = "", asides: str = "") -> Chart:
    edges = tuple(tuple(one.split(">")) for one in text.split())
    return Chart(edges, frozenset(forks.split()), frozenset(asides.split()), ("s",))  # type: ignore[arg-type]


FORK = "s>a a>f f>b f>c b>b2 b2>j c>j j>d d>e"


def test_branches_lie_between_their_fork_and_the_join() -> None:
    chart = _chart(FORK, forks="f")

    assert chart.regions == {("f", "b"): {"b", "b2"}, ("f", "c"): {"c"}}


def test_an_outer_loop_does_not_move_the_join() -> None:
    chart = _chart(FORK + " d>a", forks="f")

    assert chart.around("b2") == {("f", "b")}
    assert chart.around("d") == frozenset()


def test_an_aside_that_ends_by_itself_does_not_hide_the_join() -> None:
    chart = _chart(FORK + " b>late late>remind remind>x", forks="f", asides="late")

    assert chart.around("d") == frozenset()
    assert chart.around("remind") == {("f", "b"), ("late", "late")}


def test_branches_that_end_apart_are_regions_to_their_ends() -> None:
    chart = _chart("s>f f>b f>c b>e1 c>e2", forks="f")

    assert chart.regions == {("f", "b"): {"b", "e1"}, ("f", "c"): {"c", "e2"}}


def test_a_branch_without_nodes_is_an_empty_region() -> None:
    chart = _chart("s>f f>b f>j b>j j>e", forks="f")

    assert chart.regions == {("f", "b"): {"b"}, ("f", "j"): frozenset()}


def test_nested_forks_nest_their_regions() -> None:
    chart = _chart("s>f f>g f>c g>x g>y x>h y>h h>j c>j j>e", forks="f g")

    assert chart.around("x") == {("f", "g"), ("g", "x")}
    assert chart.around("h") == {("f", "g")}


@pytest.mark.parametrize(
    ("at", "to", "allowed"),
    [
        ("d", "a", True),  # over the whole block
        ("b2", "b", True),  # within a branch
        ("b2", "a", True),  # out of a branch
        ("d", "b", False),  # into a branch that was joined
        ("c", "b", False),  # into another branch
        ("a", "d", False),  # forwards
        ("a", "a", False),
    ],
)
def test_where_work_can_go_back(at: str, to: str, allowed: bool) -> None:
    assert (_chart(FORK, forks="f").refusal(at, to) == "") is allowed


@pytest.mark.parametrize(
    ("node", "to", "stops"),
    [("c", "b", False), ("j", "b", False), ("c", "a", True), ("j", "a", True), ("b2", "b", True)],
)
def test_what_stops_when_work_goes_back(node: str, to: str, stops: bool) -> None:
    assert _chart(FORK, forks="f").swept(node, to) is stops
