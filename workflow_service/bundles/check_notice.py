"""C2 within the correction itself: the notice leaves within five working days of the signing, and a breach is recorded."""

import re
from collections.abc import Iterator

from workflow_service.bundles.check_structure import place, shown
from workflow_service.bundles.drawn import Seen
from workflow_service.bundles.rules import Place, fault
from workflow_service.engine.diagram import Node
from workflow_service.errors import Finding

MOST_DAYS = 5
"""Article 17's number: diagrams repeat it, and are refused where they allow more."""

_SENDING = "notification.send_correction_notice"
_FROM_SIGNING = re.compile(r"working days after\(date\(decision\.date\),\s*(\d{1,4})\)")
_FIX = (
    f"写 working days after(date(decision.date), {MOST_DAYS})，可以更短，不能更长，也不改由别的日子起算",
    f"write working days after(date(decision.date), {MOST_DAYS}); it may be shorter, never longer, nor counted from another day",
)


def faults(seen: Seen) -> Iterator[Finding]:
    """What would let a correction notice leave late without anybody being told."""
    file = seen.processes["correction"]
    nodes = seen.of("correction")
    sending = [node for node in nodes if node.operation == _SENDING]
    if not sending:
        message = ("没有发出纠错通知书的环节", "no step sends the correction notice")
        fix = (f"恢复服务任务 {_SENDING}", f"restore the service task {_SENDING}")
        yield fault("L02", Place(file, "correction", 1), message, fix)
        return
    before = seen.ways[file].leading(node.id for node in sending)
    tasks = [node for node in nodes if node.id in before and node.kind == "userTask"]
    timers = [
        node for node in nodes if node.host in {*before, *(one.scope for one in sending)} and node.event.kind == "timer"
    ]
    yield from _late(sending, "due", [node.parameters.get("due", "") for node in sending])
    yield from _late(tasks, "due", [node.properties.get("due", "") for node in tasks])
    yield from _late(timers, "", [node.event.expression for node in timers])
    yield from _stopped([*tasks, *sending, *timers])
    if not any(node.event.expression.startswith("end of day(") for node in timers):
        message = ("期限届满时没有登记超期的定时器", "no timer records a breach when the limit is over")
        fix = ("恢复在期限届满时触发的边界定时器", "restore the boundary timer at the end of the limit")
        yield fault("L02", place(sending[0]), message, fix)


def _late(nodes: list[Node], what: str, texts: list[str]) -> Iterator[Finding]:
    """Nodes whose date is not counted from the signing, or is later than the law's."""
    for node, text in zip(nodes, texts, strict=True):
        found = _FROM_SIGNING.search(text)
        if found is None or int(found[1]) > MOST_DAYS:
            about = f"的 {what} " if what else ""
            message = (
                f"“{shown(node)}”{about}须在签发之日起{MOST_DAYS}个工作日内（第17条），现为：{text or '未写'}",
                f"“{node.id}” {what} must lie within {MOST_DAYS} working days of the signing (art. 17); it says: {text or 'nothing'}",
            )
            yield fault("L02", place(node), message, _FIX)


def _stopped(nodes: list[Node]) -> Iterator[Finding]:
    """Nodes whose limit a suspension would stop."""
    for node in nodes:
        if node.properties.get("mandatory") != "true":
            message = (
                f"中止会停止“{shown(node)}”的法定期限（第17条）",
                f"a suspension would stop the limit of “{node.id}”, which the law sets (art. 17)",
            )
            yield fault("L02", place(node), message, ("写 mandatory = true", "set mandatory to true"))
