"""Runs every benchmark, prints one table and writes ``var/bench.json``."""

import json
import sys
from pathlib import Path

from bench import engine, feel, hosts, http, pages, scale, tasks

SECTIONS = {
    "engine": engine.run, "tasks": tasks.run, "feel": feel.run, "pages": pages.run, "http": http.run, "hosts": hosts.run,
    "scale": scale.run,
}  # fmt: skip


def main() -> None:
    """Runs the named sections, or all of them."""
    wanted = sys.argv[1:] or list(SECTIONS)
    results: dict[str, dict[str, object]] = {}
    for name in wanted:
        print(f"\n== {name}", flush=True)
        results[name] = SECTIONS[name]()
        for what, figure in results[name].items():
            text = f"{figure:,.3f}" if isinstance(figure, float) else str(figure)
            print(f"{what:<72} {text:>16}", flush=True)
    target = Path("var/bench.json")
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps(results, ensure_ascii=False, indent=1), encoding="utf-8")


main()
