"""The other FEEL libraries of PyPI over the same conditions, where they can run them; run beside the rest in a process of its own.

Neither is kept up: bkflow-feel ended in 2023, pySFeel in 2022. Both read the text anew each time.
"""

import importlib
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

FOLDER = Path(__file__).parents[1] / "var" / "rivals"
DATA: dict[str, Any] = {"complex": False, "loss": 12, "route": "panel"}
CONDITIONS = {
    "typical condition": 'complex = true or (loss > 10 and route in ("standard", "panel"))',
    "the same without in": 'complex = true or (loss > 10 and (route = "standard" or route = "panel"))',
    "one comparison": "loss > 10",
}
Ask = Callable[[str], Any]


def each(act: Callable[[], object], times: int) -> float:
    """Microseconds of CPU time for one call, the median of seven rounds."""
    rounds = []
    for _ in range(7):
        begun = time.process_time()
        for _ in range(times):
            act()
        rounds.append((time.process_time() - begun) / times * 1e6)
    return median(rounds)


def bkflow() -> Ask:
    """bkflow-feel over the data."""
    api = importlib.import_module("bkflow_feel.api")
    return lambda text: api.parse_expression(text, DATA)


def pysfeel() -> Ask:
    """pySFeel with the data given to it as variables."""
    parser = importlib.import_module("pySFeel").SFeelParser()
    for name, value in DATA.items():
        parser.sFeelParse(f"{name} <- {json.dumps(value)}")
    return lambda text: parser.sFeelParse(text)[1]


def measure(make: Callable[[], Ask]) -> dict[str, float | str]:
    """Microseconds by condition, or why there are none."""
    try:
        ask = make()
    except ImportError:
        return dict.fromkeys(CONDITIONS, "not installed (make bench does it)")
    return {name: _one(ask, text) for name, text in CONDITIONS.items()}


def _one(ask: Ask, text: str) -> float | str:
    try:
        answer = ask(text)
    except Exception as refused:  # noqa: BLE001  a library that we don't know may raise anything
        return f"cannot ({type(refused).__name__})"
    return each(lambda: ask(text), 100) if answer is True else f"wrong answer ({answer})"


if __name__ == "__main__":
    sys.path.append(str(FOLDER))
    print(json.dumps({"bkflow-feel": measure(bkflow), "pySFeel": measure(pysfeel)}))
