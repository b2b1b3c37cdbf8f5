"""Expressions and tables: a typical condition beside Python's own compiled eval, and the city's circumstance table."""

import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from workflow_service import dmn, feel

CONDITION = 'complex = true or (loss > 10 and route in ("standard", "panel"))'
PYTHON = 'complex == True or (loss > 10 and route in ("standard", "panel"))'
DATA = {"complex": False, "loss": 12, "route": "panel"}
FACTS = {
    "excel_motive": "yes",
    "new_approach": "yes",
    "external_cause": "yes",
    "goal_unmet": "yes",
    "loss_level": "minor",
    "deployment": "none",
}


def _each(act: Callable[[], object], times: int) -> float:
    """Microseconds of CPU time for one call, the median of seven rounds."""
    rounds = []
    for _ in range(7):
        begun = time.process_time()
        for _ in range(times):
            act()
        rounds.append((time.process_time() - begun) / times * 1e6)
    return median(rounds)


def run() -> dict[str, object]:
    """The figures of this section."""
    compiled = feel.compile(CONDITION, DATA.keys())
    python = compile(PYTHON, "condition", "eval")
    ours = _each(lambda: compiled.evaluate(DATA), 3000)
    base = _each(lambda: eval(python, {}, DATA), 3000)
    table = dmn.read(Path("bpmn/circumstances.dmn").read_bytes())
    decide = _each(lambda: table.decide("circumstances", {"facts": FACTS}), 300)
    return {
        "Python's compiled eval of a typical condition, µs": base,
        "FEEL, the same condition, µs": ours,
        "FEEL : Python (goal ≤ 3)": ours / base,
        "the 30-row circumstance table, µs (goal ≤ 100)": decide,
    }
