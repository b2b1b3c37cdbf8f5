"""What the file of a scenario says: a story with its people, its clock and its end, told in the names of the diagrams."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from workflow_service.bundles.check_references import nearest
from workflow_service.bundles.check_structure import place, shown
from workflow_service.bundles.drawn import Seen, look
from workflow_service.bundles.read import Bundle
from workflow_service.bundles.rules import Place, fault
from workflow_service.engine.diagram import Node
from workflow_service.errors import BadBundle, Finding

MOST_STEPS = 300
_YEARS = range(2000, 2100)
_WHEN = ("带时区的时间（2000年至2099年）", "time with an offset, of the years 2000 to 2099")
_WORK = ("userTask", "manualTask")
_TOP: Mapping[str, type] = {
    "id": str, "title": str, "title_en": str, "starts_at": str, "steps": list, "expect": dict,
}  # fmt: skip
_ACTS = ("open", "do", "send", "clock")
_STEP: Mapping[str, type] = {"open": str, "do": str, "send": str, "clock": str, "by": str, "data": dict}
_ENDS: Mapping[str, type] = {
    "status": str, "outcomes": dict, "end": str, "elements": list, "related": list, "variant": str,
}  # fmt: skip


@dataclass(frozen=True)
class Scenario:
    """A story: what happens, and how it must end.

    Args:
        id, title, title_en: its name. starts_at: the time on the clock when it begins.
        steps: each one of ``{"open": process, "by", "data"}``, ``{"do": element, "by", "data"}``,
            ``{"send": message, "by", "data"}`` and ``{"clock": time}``; ``by`` is an account name of the demo city.
            ``{case:1}`` in the data stands for the number of the story's first case, and so on.
        expect: ``status``, ``outcomes`` (subject id → outcome), ``end``, ``elements`` that are open at the end, ``related``
            cases, ``variant`` that the last case ran on.
    """

    id: str
    title: str
    title_en: str
    starts_at: datetime
    steps: tuple[Mapping[str, Any], ...]
    expect: Mapping[str, Any] = field(default_factory=dict)


def read(content: bytes, name: str = "") -> Scenario:
    """A scenario from its file; raises BadBundle with everything that is wrong with its shape."""
    try:
        raw = orjson.loads(content)
    except ValueError:
        raise BadBundle(
            [_fault(name, "", "情景文件不是格式正确的 JSON", "the scenario is not well-formed JSON")]
        ) from None
    found = list(_shape(name, raw))
    if found:
        raise BadBundle(found)
    starts_at = datetime.fromisoformat(raw["starts_at"])
    return Scenario(raw["id"], raw["title"], raw["title_en"], starts_at, tuple(raw["steps"]), raw.get("expect", {}))


def in_bundle(files: Mapping[str, bytes]) -> list[Scenario]:
    """The scenarios of a bundle, by name; raises BadBundle for one that cannot be read."""
    return [read(content, name) for name, content in sorted(files.items()) if name.startswith("scenarios/")]


def faults(seen: Seen) -> Iterator[Finding]:
    """What is wrong with the scenarios of a bundle: their shape, and names of what is not there."""
    known = _known(seen)
    for name, raw in _stories(seen).items():
        wrong = list(_shape(name, raw))
        yield from wrong
        if not wrong and not seen.bundle.partial:
            yield from _names(name, raw, known)


def _stories(seen: Seen) -> dict[str, Any]:
    """The contents of the scenarios that are JSON at all, by name."""
    return {name: seen.data[name] for name in seen.bundle.named("scenario") if name in seen.data}


def unpassed(bundle: Bundle) -> list[Finding]:
    """The user tasks that no scenario of a bundle comes to; for who writes scenarios, and none where there are none.

    What begins a process is done by whoever opens it or sends its message.
    """
    seen = look(bundle)
    steps = [step for name, raw in _stories(seen).items() if not any(_shape(name, raw)) for step in raw["steps"]]
    begun = {step["open"] for step in steps if "open" in step} | {step["send"] for step in steps if "send" in step}
    passed = {step["do"] for step in steps if "do" in step}
    work = frozenset(node.id for node in seen.nodes if node.kind in _WORK)
    for node in seen.nodes:
        if node.kind == "startEvent" and (node.event.name or node.process) in begun:
            ways = seen.ways[node.file]
            passed.update(*(ways.after.get(one, ()) for one in ways.reached([node.id], work)))
    return [_unpassed(node) for node in seen.nodes if steps and node.id in work - passed]


def _unpassed(node: Node) -> Finding:
    message = (f"没有情景走到“{shown(node)}”", f"no scenario comes to “{node.id}”")
    fix = ("在一个情景中加入这一步，或新写一个情景", "add the step to a scenario, or write one that takes it")
    return fault("N03", place(node), message, fix, "info")


def _shape(name: str, raw: Any) -> Iterator[Finding]:
    if not isinstance(raw, dict):
        yield _fault(name, "", "情景文件应为 JSON 对象", "a scenario is a JSON object")
        return
    for key in _TOP.keys() - raw.keys() - {"expect"}:
        yield _fault(name, key, f"缺少“{key}”", f"“{key}” is missing")
    yield from _settings(name, raw, _TOP, ("", ""))
    if isinstance(raw.get("starts_at"), str) and _moment(raw["starts_at"]) is None:
        wrong = f"“starts_at”不是{_WHEN[0]}", f"“starts_at” is no {_WHEN[1]}"
        yield _fault(name, "starts_at", *wrong)
    if isinstance(raw.get("expect"), dict):
        yield from _settings(name, raw["expect"], _ENDS, ("expect 的", "expect: "))
    steps = raw["steps"] if isinstance(raw.get("steps"), list) else []
    if len(steps) > MOST_STEPS:
        yield _fault(name, "steps", f"步骤超过 {MOST_STEPS} 步", f"more than {MOST_STEPS} steps")
    for number, step in enumerate(steps[:MOST_STEPS], start=1):
        yield from _step(name, number, step)


def _step(name: str, number: int, step: Any) -> Iterator[Finding]:
    where = (f"第 {number} 步", f"step {number}: ")
    acts = [one for one in _ACTS if one in step] if isinstance(step, dict) else []
    if len(acts) != 1:
        told = "、".join(_ACTS)
        yield _fault(name, "steps", f"{where[0]}应写明 {told} 之一", f"{where[1]}says exactly one of {told}")
        return
    yield from _settings(name, step, _STEP, (f"{where[0]}的", where[1]))
    if acts == ["clock"]:
        if isinstance(step["clock"], str) and _moment(step["clock"]) is None:
            yield _fault(name, "clock", f"{where[0]}的“clock”不是{_WHEN[0]}", f"{where[1]}“clock” is no {_WHEN[1]}")
        return
    for key in {"by", "data"} - step.keys():
        yield _fault(name, key, f"{where[0]}缺少“{key}”", f"{where[1]}“{key}” is missing")


def _settings(
    name: str, given: Mapping[str, Any], kinds: Mapping[str, type], where: tuple[str, str]
) -> Iterator[Finding]:
    for key, value in given.items():
        if key not in kinds:
            told = key[:40]
            yield _fault(
                name, told, f"{where[0]}“{told}”不是情景的设置", f"{where[1]}“{told}” is no setting of a scenario"
            )
        elif not isinstance(value, kinds[key]):
            yield _fault(name, key, f"{where[0]}“{key}”的类型不对", f"{where[1]}“{key}” has the wrong type")


def _moment(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo is not None and found.year in _YEARS else None


def _fault(name: str, element: str, message: str, message_en: str) -> Finding:
    fix = ("按 bpmn/scenarios 中其他情景的格式书写", "write it as the other scenarios in bpmn/scenarios are written")
    return fault("N01", Place(name, element[:80], 1), (message, message_en), fix)


def _known(seen: Seen) -> Mapping[str, frozenset[str]]:
    """What a step may name: processes, user tasks, messages."""
    return {
        "open": frozenset(seen.processes),
        "do": frozenset(node.id for node in seen.nodes if node.kind in _WORK),
        "send": frozenset(one.name for node in seen.nodes for one in node.events if one.kind == "message"),
    }


def _names(name: str, raw: Mapping[str, Any], known: Mapping[str, frozenset[str]]) -> Iterator[Finding]:
    named = {(act, step[act]) for step in raw["steps"] for act in known if act in step}
    for act, wanted in sorted(named):
        if wanted not in known[act]:
            message = (
                f"情景“{raw['title']}”走到“{wanted}”，流程包中没有它",
                f"the scenario “{raw['title_en']}” comes to “{wanted}”, which the bundle does not have",
            )
            yield fault("N02", Place(name, wanted[:80], 1), message, nearest(wanted, known[act]), "warning")
