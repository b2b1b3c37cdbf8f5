"""The way back: sending work back, taking a submission back, adding and removing members of an open round."""

from collections.abc import Iterator
from typing import Any

from workflow_service.engine import expressions, specs
from workflow_service.engine.crowd import Crowd
from workflow_service.engine.diagram import FORKING
from workflow_service.engine.inputs import Address, Countersigned, SentBack, Submitted, Withdrawn
from workflow_service.engine.program import Program
from workflow_service.engine.regions import Chart
from workflow_service.engine.tokens import Flat, Live, Token
from workflow_service.engine.work import Work
from workflow_service.errors import Conflict


def chart(program: Program, token: Token) -> Chart:
    """The flow graph of the scope that a token stands in; drawn once for a program."""
    scope = token.workflow.spec.name
    known = program.charts.get(scope)
    if known is None:
        known = program.charts[scope] = _drawn(program, scope)
    return known


def _drawn(program: Program, scope: str) -> Chart:
    edges = program.flows.get(scope, ())
    nodes = [meta.node for (where, _), meta in program.metas.items() if where == scope]
    leaving = [source for source, _ in edges]
    return Chart(
        edges,
        frozenset(node.id for node in nodes if node.kind in FORKING and leaving.count(node.id) > 1),
        frozenset(node.id for node in nodes if node.kind == "boundaryEvent" and not node.interrupting),
        tuple(node.id for node in nodes if node.kind == "startEvent"),
        tuple(node.id for node in nodes if node.kind == "userTask"),
    )


def targets(program: Program, live: Live, token: Token, element: str) -> list[str]:
    """The user tasks done before to which the work at a token's task can be sent back, in the order of the diagram."""
    graph = chart(program, token)
    return [one for one in graph.tasks if live.visits.get(one) and not graph.refusal(element, one)]


def stopped(work: Work, at: Address, to_element: str) -> list[Token]:
    """The tokens that would stop if the work at an open task were sent back; raises Conflict when it cannot be."""
    live, token = work.open_at(at, specs.Person)
    graph = chart(work.program, token)
    why = graph.refusal(at.element, to_element) if _is_task(work, token, to_element) else "它不是本流程的办理环节"
    if not why and not live.visits.get(to_element):
        why = "该环节尚未办理过"
    if why:
        raise Conflict("不能退回到“{element}”：{why}", element=to_element, why=why)
    return list(_swept(graph, token.workflow, to_element))


def _is_task(work: Work, token: Token, element: str) -> bool:
    meta = work.program.metas.get((token.workflow.spec.name, element))
    return meta is not None and meta.node.kind in ("userTask", "manualTask")


def _swept(graph: Chart, level: Flat, to_element: str) -> Iterator[Token]:
    for token in list(level.open.values()):
        meta = token.task_spec.meta
        if meta is not None and not token.triggered and graph.swept(meta.id, to_element):
            yield token


def sent_back(work: Work, moved: SentBack) -> None:
    """Stops what lies after an element and opens it anew; the answers given so far stay as they are."""
    ended = stopped(work, moved.at, moved.to_element)
    live, token = work.open_at(moved.at, specs.Person)
    live.last = None
    level = token.workflow
    for one in ended:
        one.cancel()
    _place(live, level, moved.to_element)


def _place(live: Live, level: Any, element: str) -> None:
    tasks = level.spec.task_specs
    live.begin(level, tasks.get(f"{element}.BoundaryEventSplit") or tasks[element])


def remembered(work: Work, moved: Submitted, token: Token, before: int) -> dict[str, Any] | None:
    """What must be undone to take a submission back; None when it has already had an effect beyond new tasks.

    Args:
        token: the submitted task's. before: the newest number before the submission; later tokens came by it.
    """
    live = token.live
    new = [one for one in live.open_tokens() if one.id > before]
    served = any(isinstance(one.task_spec, specs.Service) for one in new)
    over = token.workflow.completed or token.triggered
    if not new or served or over or work.thrown or len(work.lives) > 1 or _joined(work):
        return None
    holder = 0 if token.workflow is live else token.workflow.parent_task_id
    numbers = [one.id for one in new]
    return {"element": moved.at.element, "visit": moved.at.visit, "by": moved.by, "holder": holder, "tokens": numbers}


def _joined(work: Work) -> bool:
    """Whether a join let a token on: those of the other branches have gone into it and could not be had back."""
    return any(one.happened == "passed" and (one.process, one.element) in work.program.joins for one in work.steps)


def withdrawn(work: Work, moved: Withdrawn) -> None:
    """Takes back the newest submission of a run: what it opened stops untouched, its task opens anew."""
    live = work.live(moved.at.run)
    last = live.last
    if last is None or (last["element"], last["visit"]) != (moved.at.element, moved.at.visit):
        raise Conflict("“{element}”的办理结果已有后续处理，不能撤回", element=moved.at.element)
    if last["by"] != moved.by:
        raise Conflict("“{element}”不是由您提交的，不能撤回", element=moved.at.element)
    tokens = [live.token(number) for number in last["tokens"]]
    level: Any = live if not last["holder"] else live.subprocesses.get(last["holder"])
    if level is None or any(one is None or not one.is_open() for one in tokens):
        raise Conflict("“{element}”的办理结果已有后续处理，不能撤回", element=moved.at.element)
    live.last = None
    for one in tokens:
        if one is not None:
            one.cancel()
    _place(live, level, moved.at.element)


def countersigned(work: Work, moved: Countersigned) -> None:
    """Adds members to an open round and takes others away; the round goes on with at least one member."""
    live, token = work.open_at(moved.at, specs.Person)
    container = token.parent
    if not token.triggered or container is None or not isinstance(container.task_spec, Crowd):
        raise Conflict("“{element}”不是多人办理的环节，不能加签或减签", element=moved.at.element)
    live.last = None
    crowd = container.task_spec
    standing = [one.internal_data["item"] for one in crowd.instances(container)]
    add, remove = expressions.plain(moved.add), expressions.plain(moved.remove)
    missing = [one for one in remove if one not in standing]
    doubled = [one for one in add if one in standing or one in container.internal_data["waiting"]]
    if missing or doubled:
        raise Conflict("名单已变化：{names}", names="、".join(str(one) for one in [*missing, *doubled]))
    if len(remove) >= len(standing) + len(add):
        raise Conflict("“{element}”至少须保留一名办理人", element=moved.at.element)
    container.internal_data["waiting"].extend(add)
    for _ in add if not crowd.marks.sequential else ():
        crowd.open_next(container)
    for one in crowd.instances(container):
        if one.internal_data["item"] in remove:
            one.cancel()
            live.scopes.pop(one.scope, None)
