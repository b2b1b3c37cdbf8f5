"""Runs the public DMN suite under $DMN_TCK and says folder by folder what passes, and why the rest does not.

Exits 1 when fewer than 99 % pass, when a case fails that `known.json` does not name with its reason, or when one
passes that is named there.
"""

import json
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from lxml import etree

from workflow_service import dmn, feel
from workflow_service.dmn import document, reader
from workflow_service.feel import compare, limits

NS = "{http://www.omg.org/spec/DMN/20160719/testcase}"
XSI = "{http://www.w3.org/2001/XMLSchema-instance}"
KNOWN = Path(__file__).with_name("known.json")
SHARE = Decimal("0.99")


@dataclass(frozen=True)
class Case:
    """One expectation: a result of a test case, with what is wrong with it, empty when nothing is."""

    folder: str
    name: str
    failure: str


def folders(root: Path) -> list[Path]:
    """Every folder that holds test files, however deep."""
    return sorted({found.parent for found in root.rglob("*.xml") if _is_suite(found)})


def _is_suite(path: Path) -> bool:
    return b"testCases" in path.read_bytes()[:4000]


def value_of(node: etree._Element | None) -> Any:
    """A value as the suite writes it, as a FEEL value."""
    if node is None or node.get(f"{XSI}nil") == "true":
        return None
    for child in node:
        if child.tag == f"{NS}value":
            return _simple(child)
        if child.tag == f"{NS}list":
            return None if child.get(f"{XSI}nil") == "true" else [value_of(item) for item in child.findall(f"{NS}item")]
    components = node.findall(f"{NS}component")
    return {part.get("name"): value_of(part) for part in components} if components else None


def _simple(node: etree._Element) -> Any:
    if node.get(f"{XSI}nil") == "true":
        return None
    text, kind = node.text or "", node.get(f"{XSI}type", "xsd:string").split(":")[-1]
    if kind == "string":
        return text
    if kind == "boolean":
        return text.strip() in ("true", "1")
    if kind in ("decimal", "double", "integer", "int", "float", "long"):
        return Decimal(text.strip())
    return feel.evaluate(f'@"{text.strip()}"', {})


def same(expected: Any, actual: Any) -> bool:
    """Whether an answer is what is expected; numbers may differ in the ninth digit."""
    if isinstance(expected, bool) or expected is None:
        return expected is actual
    if isinstance(expected, Decimal):
        return _close(expected, actual)
    if isinstance(expected, list):
        return isinstance(actual, list) and len(expected) == len(actual) and all(map(same, expected, actual))
    if isinstance(expected, dict):
        return (
            isinstance(actual, dict)
            and expected.keys() == actual.keys()
            and all(same(value, actual[key]) for key, value in expected.items())
        )
    if type(expected) is not type(actual):
        return False
    return (
        str(expected) == str(actual)
        or compare.equal(limits.Run(limits.NOWHERE, limits.DEFAULT), expected, actual) is True
    )


def _close(expected: Decimal, actual: Any) -> bool:
    if isinstance(actual, bool) or not isinstance(actual, Decimal | int):
        return False
    return abs(expected - actual) <= Decimal("1e-8") * max(Decimal(1), abs(expected))


def load(folder: Path, name: str) -> dmn.Model:
    """The model of a suite's file with all others of its folder to import from."""
    content = (folder / name).read_bytes()
    others = {path.name: path.read_bytes() for path in folder.glob("*.dmn") if path.name != name}
    wanted = {one.namespace for one in reader.definitions(content).imports}
    spaces = {document.parse(xml).get("namespace", ""): xml for xml in others.values()}
    if len(wanted) == len(others) == 1:
        spaces = dict.fromkeys(wanted, *others.values())
    return dmn.read(content, spaces | others)


def cases(folder: Path) -> Iterator[tuple[str, dmn.Model, etree._Element]]:
    """The test cases of a folder: name, model, element."""
    for path in sorted(folder.glob("*.xml")):
        if _is_suite(path):
            root = etree.parse(path).getroot()
            model = load(folder, root.findtext(f"{NS}modelName", "").strip() or f"{folder.name}.dmn")
            for case in root.iter(f"{NS}testCase"):
                yield f"{path.stem}/{case.get('id')}", model, case


def answer(model: dmn.Model, case: etree._Element, wanted: str) -> Any:
    """What the model answers."""
    given = {node.get("name"): value_of(node) for node in case.findall(f"{NS}inputNode")}
    invocable = case.get("invocableName") or (wanted if case.get("type", "decision") != "decision" else "")
    if not invocable:
        return model.decide(wanted, given)
    found = model.invoke(invocable, given)
    # A service of several decisions answers with all of them; a result node may ask for one.
    return found[wanted] if isinstance(found, dict) and wanted in found else found


def failure_of(model: dmn.Model, case: etree._Element, result: etree._Element) -> str:
    """What is wrong with one result, empty when it is as expected."""
    expected, wanted = value_of(result.find(f"{NS}expected")), result.get("name", "")
    try:
        actual = answer(model, case, wanted)
    except (dmn.DmnError, feel.FeelError) as problem:
        return "" if expected is None else f"{type(problem).__name__}: {problem.message_en}"
    return "" if same(expected, actual) else f"expected {expected!s:.80}, got {actual!s:.80}"


def run(folder: Path) -> Iterator[Case]:
    """Every expectation of a folder."""
    for name, model, case in cases(folder):
        for result in case.findall(f"{NS}resultNode"):
            yield Case(folder.name, f"{name}/{result.get('name')}", failure_of(model, case, result))


def bar(done: int, total: int) -> None:
    """A progress bar on a terminal, nothing in a pipe."""
    if sys.stderr.isatty():
        filled = 40 * done // max(total, 1)
        print(f"\r[{'#' * filled}{'.' * (40 - filled)}] {done}/{total}", end="", file=sys.stderr, flush=True)


def main() -> int:
    """Runs everything and returns the exit code."""
    root = Path(os.environ.get("DMN_TCK", "../shared/dmn-tck"))
    found = folders(root)
    if not found:
        print(f"no suite under {root}: set DMN_TCK to the folder of the public DMN suite", file=sys.stderr)
        return 2
    known = json.loads(KNOWN.read_text(encoding="utf-8"))
    results: list[Case] = []
    for at, folder in enumerate(found, 1):
        own = list(run(folder))
        results += own
        failed = [case for case in own if case.failure]
        bar(at, len(found))
        print(f"{len(own) - len(failed):4} of {len(own):4}  {folder.name}")
        for case in failed:
            reason = known.get(f"{case.folder}/{case.name}")
            print(f"      {case.name}: {case.failure}" + (f" [known: {reason}]" if reason else ""))
    return _verdict(results, known)


def _verdict(results: list[Case], known: dict[str, str]) -> int:
    failed = [case for case in results if case.failure]
    new = [case for case in failed if f"{case.folder}/{case.name}" not in known]
    mended = known.keys() & {f"{case.folder}/{case.name}" for case in results if not case.failure}
    share = Decimal(len(results) - len(failed)) / len(results)
    print(f"{share:.2%} pass; {len(new)} failures are not in known.json")
    for name in sorted(mended):
        print(f"passes, take it out of known.json: {name}")
    print(f"{len(results) - len(failed)} passed, {len(failed)} failed")
    return 1 if new or mended or share < SHARE else 0


if __name__ == "__main__":
    sys.exit(main())
