"""The stored form: equal whether a run lived on or was read back, small, and never a surprise when it is damaged."""

import random
from hashlib import blake2b

import pytest

from tests.engine.cases import Case
from tests.engine.drawing import Drawing, compiled, each
from workflow_service import engine
from workflow_service.engine import state, step
from workflow_service.engine.tokens import Live
from workflow_service.engine.view import Advanced, Family, Run


def _drawings() -> tuple[Drawing, Drawing]:
    outer, inner = Drawing("outer"), Drawing("inner")
    outer.start("begin_case")
    outer.user("fill_in", set="{members: fill_in.members}")
    outer.call("hold_round", "inner")
    outer.boundary("on_stop", "hold_round", signal="stop")
    outer.boundary("on_late", "hold_round", timer="end of day(today())", cancel=False)
    for name in ("end_case", "end_stop", "end_late"):
        outer.end(name)
    outer.user("remind_them")
    outer.way("begin_case", "fill_in", "hold_round", "end_case")
    outer.way("on_stop", "end_stop")
    outer.way("on_late", "remind_them", "end_late")
    inner.start("begin_inner")
    inner.user("evaluate", many=each("members", output="opinions", output_item="evaluate"))
    inner.end("end_inner")
    inner.way("begin_inner", "evaluate", "end_inner")
    return outer, inner


PROGRAM = compiled(*_drawings())


def _case(fresh: bool = False, **answers: object) -> Case:
    case = Case(PROGRAM, fresh=fresh)
    case.start("outer")
    case.submit("r1.fill_in.1", **{"members": ["a", "b"], **answers})
    case.submit("r1.evaluate.2", vote=2)
    return case


def test_a_run_read_back_is_stored_as_the_same_bytes() -> None:
    stored = _case().family.runs["r1"].state

    live = state.decode(PROGRAM, "outer", stored)

    assert state.encode(live)[0] == stored


class Seized(state.Cache):
    """A cache in which another case, in the very same state, takes each run at once and moves it on."""

    def keep(self, process: str, state: bytes, live: Live) -> None:
        for level in live.levels():
            level.open.clear()


def test_what_a_step_tells_is_read_before_anybody_else_can_have_its_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cases that have just begun are in the same state, and a run kept in memory is found by its state."""
    told = [(one.opened, one.timers) for one in _steps()]
    monkeypatch.setattr(step, "CACHE", Seized())

    assert [(one.opened, one.timers) for one in _steps()] == told
    assert told[0][0] and told[1][1]


def _steps() -> list[Advanced]:
    case = Case(PROGRAM)
    return [case.start("outer"), case.submit("r1.fill_in.1", members=["a", "b"]), case.submit("r1.evaluate.2", vote=2)]


def test_living_on_and_reading_back_give_the_same_fingerprints() -> None:
    lived, read = _case(fresh=False), _case(fresh=True)

    assert [one[2] for one in lived.history] == [one[2] for one in read.history]
    assert lived.family.runs["r1"].state == read.family.runs["r1"].state


def test_other_data_gives_another_fingerprint() -> None:
    one, other = _case(amount=1), _case(amount=2)

    assert [a[2] == b[2] for a, b in zip(one.history, other.history, strict=True)] == [True, False, False]


@pytest.mark.parametrize("name", ["typename", "$d", "case", "actors", "__class__", "", "中文", "a.b"])
def test_a_form_field_of_any_name_survives(name: str) -> None:
    case = Case(PROGRAM, fresh=True)
    case.start("outer")

    case.submit("r1.fill_in.1", members=["a"], nested={name: {name: "x"}})

    assert case.data()["fill_in"]["nested"] == {name: {name: "x"}}


def test_a_state_that_was_not_changed_by_a_failed_step_is_read_again() -> None:
    case = _case()

    with pytest.raises(engine.CorruptState):
        state.decode(PROGRAM, "outer", b"")
    case.submit("r1.evaluate.1", vote=1)

    assert not case.is_open()


@pytest.mark.parametrize("seed", range(20))
def test_a_flipped_bit_is_a_corrupt_state_and_nothing_else(seed: int) -> None:
    dice = random.Random(seed)
    stored = _case(text="x" * dice.choice((10, 5000))).family.runs["r1"].state
    for _ in range(10):
        place = dice.randrange(len(stored))
        damaged = stored[:place] + bytes((stored[place] ^ (1 << dice.randrange(8)),)) + stored[place + 1 :]
        family = Family({}, {"r1": Run("r1", "outer", "", True, damaged)})

        with pytest.raises(engine.CorruptState) as refused:
            engine.pending(PROGRAM, family)

        assert "日志重建" in str(refused.value)


@pytest.mark.parametrize("length", [0, 1, 9, 10, 11, 60])
def test_a_truncated_state_is_corrupt(length: int) -> None:
    stored = _case().family.runs["r1"].state[:length]

    with pytest.raises(engine.CorruptState):
        state.decode(PROGRAM, "outer", stored)


@pytest.mark.parametrize(
    "body",
    [
        b"null",
        b"[]",
        b'[{},{},{},0,null,[[0,"inner","",[]]]]',  # another process
        b'[{},{},{},0,null,[[7,"inner","",[]]]]',  # no token holds it
        b'[{},{},{},0,null,[[0,"outer","",[[1,0,"unknown",16,0,1,"","",{}]]]]]',
        b'[{},{},{},0,null,[[0,"outer","",[[1,5,"fill_in",16,0,1,"","",{}]]]]]',  # no such parent
        b'[{},{},{},0,null,[[0,"outer","",[[1,0,"fill_in",999,0,1,"","",{}]]]]]',  # no such state
    ],
)
def test_well_checked_nonsense_is_corrupt_too(body: bytes) -> None:
    stored = bytes((state.VERSION, 0)) + blake2b(body, digest_size=8).digest() + body

    with pytest.raises(engine.CorruptState):
        state.decode(PROGRAM, "outer", stored)


def test_a_state_of_another_version_is_corrupt_not_guessed() -> None:
    stored = _case().family.runs["r1"].state

    with pytest.raises(engine.CorruptState, match="版本"):
        state.decode(PROGRAM, "outer", bytes((99,)) + stored[1:])


def test_large_data_is_packed() -> None:
    small, large = _case(), _case(text="text " * 2000)

    assert large.family.runs["r1"].state[1] == 1
    assert len(large.family.runs["r1"].state) < len(small.family.runs["r1"].state) + 1000


def test_a_run_kept_in_memory_is_used_once() -> None:
    case = _case()
    before = case.family
    first = case.submit("r1.evaluate.1", vote=1)
    case.family = before

    again = case.submit("r1.evaluate.1", vote=1)

    assert first.fingerprint == again.fingerprint
