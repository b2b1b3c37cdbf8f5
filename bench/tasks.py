"""Durable completions of user tasks through ``cases.tasks``, beside stock SpiffWorkflow in memory and beside naive persistence.

All three complete the same 40-element process in turn, so that a drift of the machine's speed meets all of them.
"""

import sqlite3
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import sqlalchemy as sa
from lxml import etree
from SpiffWorkflow.bpmn.serializer import BpmnWorkflowSerializer
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.spiff.parser import SpiffBpmnParser
from SpiffWorkflow.spiff.serializer import DEFAULT_CONFIG
from SpiffWorkflow.util.task import TaskState

from tests import drawing, office
from workflow_service.cases import tasks
from workflow_service.storage import database, migrations, tables

NOW = datetime(2026, 9, 14, 1, tzinfo=UTC)
STEPS = 18
ROUNDS = 7


def diagram() -> bytes:
    """Forty elements: a start, an application, 18 user tasks with an exclusive gateway behind each, two ends."""
    shapes = [drawing.start("begin", roles="applicant"), drawing.person("apply_now", "申请单位")]
    flows: list[drawing.Flow] = [("begin", "apply_now"), ("apply_now", "step_1")]
    for n in range(1, STEPS + 1):
        target = f"step_{n + 1}" if n < STEPS else "over"
        shapes += [
            drawing.person(f"step_{n}", "经办", assignee='"clerk1"'),
            drawing.choice(f"ask_{n}", f"ask_{n}_to_{target}"),
        ]
        flows += [(f"step_{n}", f"ask_{n}"), (f"ask_{n}", target), (f"ask_{n}", "stop", f'step_{n}.opinion = "stop"')]
    return drawing.process("intake", [*shapes, drawing.end("over"), drawing.end("stop")], flows)


def bundle() -> dict[str, bytes]:
    """The diagram with a small form for every task."""
    forms = [drawing.form("apply_now", drawing.text("matter"))]
    forms += [drawing.form(f"step_{n}", drawing.text("opinion"), drawing.yes_no("urgent")) for n in range(1, STEPS + 1)]
    return drawing.bundle({"intake": diagram()}, forms)


class Stock:
    """SpiffWorkflow as it comes, in memory, its conditions in its own Python."""

    def __init__(self) -> None:
        source = diagram().decode().replace(' = "stop"', ' == "stop"').replace(".opinion", '["opinion"]')
        parser = SpiffBpmnParser()
        parser.add_bpmn_xml(etree.fromstring(source.encode()))
        self.spec, self.others = parser.get_spec("intake"), parser.get_subprocess_specs("intake")

    def start(self) -> BpmnWorkflow:
        """A new instance with its application done."""
        workflow = BpmnWorkflow(self.spec, self.others)
        workflow.do_engine_steps()
        self.complete(workflow)
        return workflow

    def complete(self, workflow: BpmnWorkflow) -> None:
        """Completes the open user task."""
        task = workflow.get_next_task(state=TaskState.READY, manual=True)
        task.data[task.task_spec.name] = {"opinion": "同意", "urgent": False}
        task.run()
        workflow.do_engine_steps()


def stock(base: Stock) -> float:
    """Completions per CPU second in memory."""
    workflow = base.start()
    begun = time.process_time()
    for _ in range(STEPS):
        base.complete(workflow)
    return STEPS / (time.process_time() - begun)


def naive(base: Stock, folder: Path) -> float:
    """Completions per CPU second with the whole JSON, spec included, loaded and stored in SQLite around each."""
    serializer = BpmnWorkflowSerializer(BpmnWorkflowSerializer.configure(DEFAULT_CONFIG))
    db = sqlite3.connect(folder / "naive.db", isolation_level=None)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=FULL")
    db.execute("CREATE TABLE IF NOT EXISTS instance(id INTEGER PRIMARY KEY, state TEXT)")
    db.execute("INSERT OR REPLACE INTO instance VALUES (1, ?)", (serializer.serialize_json(base.start()),))
    begun = time.process_time()
    for _ in range(STEPS):
        workflow = serializer.deserialize_json(db.execute("SELECT state FROM instance WHERE id=1").fetchone()[0])
        base.complete(workflow)
        db.execute("UPDATE instance SET state=? WHERE id=1", (serializer.serialize_json(workflow),))
    return STEPS / (time.process_time() - begun)


def durable(desk: office.Office) -> tuple[float, list[int]]:
    """Completions per CPU second through ``cases.tasks`` on SQLite, and the SQL statements of each."""
    number = desk.open("apply", "intake", matter="x")
    clerk, counts = desk.actor("clerk1"), []
    count = [0]

    def counting(*_: Any) -> None:
        count[0] += 1

    sa.event.listen(desk.db.engine, "before_cursor_execute", counting)
    desk.db.observer = counting
    begun = time.process_time()
    for n in range(1, STEPS + 1):
        count[0] = 0
        with database.transaction(desk.db) as session:
            tasks.submit(
                session,
                clerk,
                desk.time,
                f"{number}.r1.step_{n}.1",
                {"opinion": "同意", "urgent": False},
                f"{number}-{n}",
                desk.safe,
            )
        counts.append(count[0])
    rate = STEPS / (time.process_time() - begun)
    desk.db.observer = None
    sa.event.remove(desk.db.engine, "before_cursor_execute", counting)
    return rate, counts


def _office(folder: Path) -> office.Office:
    db = database.open_database(f"sqlite:///{folder / 'bench.db'}")
    migrations.upgrade(db)
    return office.make(db, NOW, bundle())


def run() -> dict[str, object]:
    """The figures of this section."""
    with tempfile.TemporaryDirectory() as name:
        folder, base = Path(name), Stock()
        desk = _office(folder)
        durable(desk)
        rates: dict[str, list[float]] = {"stock": [], "naive": [], "durable": []}
        counts: list[int] = []
        measures: dict[str, Callable[[], float]] = {"stock": lambda: stock(base), "naive": lambda: naive(base, folder)}
        for _ in range(ROUNDS):
            for name_, measure in measures.items():
                rates[name_].append(measure())
            rate, counts = durable(desk)
            rates["durable"].append(rate)
        state, entry = _sizes(desk)
    ours, memory, simple = median(rates["durable"]), median(rates["stock"]), median(rates["naive"])
    return {
        "stock SpiffWorkflow in memory, completions/s": memory,
        "naive full JSON in SQLite, completions/s": simple,
        "cases.tasks on SQLite synchronous=FULL, completions/s": ours,
        "ours : stock in memory (goal ≥ 0.6)": ours / memory,
        "ours : naive (goal ≥ 5)": ours / simple,
        "SQL statements of a submission, at most (goal ≤ 12)": max(counts),
        "state of a mid-way case, bytes (goal ≤ 3,072)": state,
        "journal entry, mean bytes of body (goal ≤ 500)": entry,
    }


def _sizes(desk: office.Office) -> tuple[int, float]:
    number = desk.open("apply", "intake", matter="x")
    for n in range(1, STEPS // 2):
        desk.submit("clerk1", f"{number}.r1.step_{n}.1", opinion="同意", urgent=False)
    with desk.look() as session:
        case = session.query(tables.Case).filter_by(number=number).one()
        state = sum(len(row.state) for row in session.query(tables.Run).filter_by(case_id=case.id))
        bodies = [len(row.body.encode()) for row in session.query(tables.Entry).filter_by(case_id=case.id)]
    return state, sum(bodies) / len(bodies)
