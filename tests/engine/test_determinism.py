"""The same inputs give the same fingerprints in another process, whatever its hash seed."""

import os
import subprocess
import sys
from pathlib import Path

from tests.engine.cases import Case
from tests.engine.drawing import Drawing, compiled, each

ROOT = Path(__file__).parents[2]


def told() -> str:
    """The fingerprints of a small story with a fork, a round, messages and dates."""
    drawing, other = Drawing("main"), Drawing("other")
    drawing.start("begin_case")
    drawing.user(
        "fill_in",
        set="{members: fill_in.members}",
        publish="{status: fill_in.status, z: 1, a: 2}",
        due="working days after(today(), 3)",
    )
    drawing.gate("fork_work", "parallel")
    drawing.user("evaluate", many=each("members", output="all", output_item="evaluate"))
    drawing.throw("tell_all", message="told", payload='[{key: "x", b: 1, a: 2}, {key: "y"}]')
    drawing.gate("join_work", "parallel")
    drawing.end("end_case")
    drawing.way("begin_case", "fill_in", "fork_work", "evaluate", "join_work", "end_case")
    drawing.way("fork_work", "tell_all", "join_work")
    other.start("hear_it", message="told")
    other.user("act_on_it")
    other.end("end_other")
    other.way("hear_it", "act_on_it", "end_other")
    case = Case(compiled(drawing, other))
    case.start("main", c=1, b=2)
    case.submit("r1.fill_in.1", members=["m", "n"], status="open")
    case.submit("r1.evaluate.2", v=1)
    case.submit("r1.evaluate.1", v=2)
    case.submit("r2.act_on_it.1")
    return " ".join(mark for _, _, mark in case.history)


def test_fingerprints_do_not_depend_on_the_process() -> None:
    outputs = {
        subprocess.run(  # noqa: S603  our own interpreter and code
            [sys.executable, "-c", "from tests.engine.test_determinism import told; print(told())"],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()
        for seed in ("1", "2")
    }

    assert outputs == {told()}
