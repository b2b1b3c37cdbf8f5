"""Expressions and tables: conditions beside Python's own compiled eval and other libraries, and the circumstance table."""

import json
import re
import subprocess
import sys
from collections import Counter, defaultdict
from pathlib import Path

from bench.rivals import CONDITIONS, DATA, each
from workflow_service import dmn, feel

PYTHON = 'complex == True or (loss > 10 and route in ("standard", "panel"))'
TABLE = Path("bpmn/circumstances.dmn")
FACTS = {
    "excel_motive": "yes",
    "new_approach": "yes",
    "external_cause": "yes",
    "goal_unmet": "yes",
    "loss_level": "minor",
    "deployment": "none",
}


def every_fact() -> dict[str, str]:
    """Each fact that the table asks for, set to what most of its rules want."""
    wanted: dict[str, Counter[str]] = defaultdict(Counter)
    for name, value in re.findall(r'facts\.(\w+) (?:=|in) \(?"(\w+)"', TABLE.read_text(encoding="utf-8")):
        wanted[name][value] += 1
    return {"loss_level": "minor", "impact_level": "minor"} | {
        name: values.most_common(1)[0][0] for name, values in wanted.items()
    }


def rivals() -> dict[str, object]:
    """The other libraries' figures, from a process of their own."""
    done = subprocess.run([sys.executable, "-m", "bench.rivals"], capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    return {f"{library}, {name}, µs": figure for library, figures in found.items() for name, figure in figures.items()}


def run() -> dict[str, object]:
    """The figures of this section."""
    compiled = {name: feel.compile(text, DATA.keys()) for name, text in CONDITIONS.items()}
    ours = {name: each(lambda one=one: one.evaluate(DATA), 3000) for name, one in compiled.items()}  # type: ignore[misc]
    python = compile(PYTHON, "condition", "eval")
    base = each(lambda: eval(python, {}, DATA), 3000)
    table = dmn.read(TABLE.read_bytes())
    everything = every_fact()
    return {
        "Python's compiled eval of a typical condition, µs": base,
        **{f"FEEL, {name}, µs": figure for name, figure in ours.items()},
        "FEEL : Python, typical condition (goal ≤ 3)": ours["typical condition"] / base,
        "the 30-row circumstance table, six facts, µs (goal ≤ 100)": each(
            lambda: table.decide("circumstances", {"facts": FACTS}), 300
        ),
        f"the same, every rule matching on {len(everything)} facts, µs (goal ≤ 100)": each(
            lambda: table.decide("circumstances", {"facts": everything}), 300
        ),
        **rivals(),
    }
