"""Durable completions of user tasks through ``cases.tasks``, beside stock SpiffWorkflow in memory and beside naive persistence.

All three complete the same 40-element process in turn, so that a drift of the machine's speed meets all of them.
"""

import gc
import sqlite3
import tempfile
import time
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from statistics import quantiles
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
from workflow_service.identity.actors import Actor
from workflow_service.storage import database, migrations, tables

NOW = datetime(2026, 9, 14, 1, tzinfo=UTC)
ROUNDS = 40
MEMBERS = ["a", "b", "c", "d", "e"]
ANSWERS = {"opinion": "同意，情况属实，按程序办理", "urgent": False}
MINE = '"clerk1"'
ASIDE = tuple(f"look_again_{n}" for n in range(1, 15))
"""A way that this case does not take: most of what a procedure draws is for other cases."""
STEPS = ("note_it", "tell_one", "print_it", "skip_it")
"""Steps without work: ours passes them by itself, stock SpiffWorkflow wants each to be run."""
_ROUND = (
    "<bpmn:multiInstanceLoopCharacteristics><bpmn:loopDataInputRef>members</bpmn:loopDataInputRef>"
    '<bpmn:loopDataOutputRef>opinions</bpmn:loopDataOutputRef><bpmn:inputDataItem id="one_member" name="member"/>'
    '<bpmn:outputDataItem id="one_opinion" name="evaluate"/></bpmn:multiInstanceLoopCharacteristics>'
)


def _mine(element: str, inside: str = "") -> drawing.Shape:
    return drawing.person(element, "经办", inside, assignee=MINE)


def _step(element: str) -> drawing.Shape:
    return drawing.Shape("task", element)


def _line(*names: str) -> list[drawing.Flow]:
    return list(zip(names, names[1:], strict=False))


def main_diagram() -> bytes:
    """Forty elements with the called process: gateways, a round of five people, a boundary date; a case does ten user tasks."""
    shapes = [
        drawing.start("begin", roles="applicant"),
        drawing.person("apply_now", "申请单位", set="{members: [" + ", ".join(f'"{one}"' for one in MEMBERS) + "]}"),
        _step("note_it"),
        drawing.choice("is_urgent", "is_urgent_to_look_closer"),
        _mine("look_closer"),
        *(_mine(one) for one in ASIDE),
        drawing.choice("go_on", "go_on_to_looked"),
        drawing.end("dropped"),
        drawing.choice("looked", "looked_to_split"),
        drawing.fork("split"),
        _mine("ask_one"),
        _step("tell_one"),
        drawing.fork("join"),
        _mine("evaluate", _ROUND),
        drawing.Shape("callActivity", "call_inner", attributes=' calledElement="inner"'),
        _mine("sign_it"),
        drawing.reminder("on_late", "sign_it", DUE),
        _mine("hurry_up"),
        drawing.end("late"),
        drawing.end("over"),
    ]
    flows = [
        *_line("begin", "apply_now", "note_it", "is_urgent", "look_closer", "looked", "split", "ask_one", "join"),
        ("is_urgent", ASIDE[0], 'apply_now.matter = "urgent"'),
        *_line(*ASIDE, "go_on", "looked"),
        ("go_on", "dropped", f'{ASIDE[-1]}.opinion = "stop"'),
        *_line("split", "tell_one", "join", "evaluate", "call_inner", "sign_it", "over"),
        *_line("on_late", "hurry_up", "late"),
    ]
    return drawing.process("intake", shapes, flows)


def inner_diagram() -> bytes:
    """The called process."""
    shapes = [
        drawing.start("begin_inner"), _mine("draft_it"), drawing.choice("is_ready", "is_ready_to_print_it"),
        _step("print_it"), _step("skip_it"), drawing.choice("merged", "merged_to_done"), drawing.end("done"),
    ]  # fmt: skip
    flows = [
        *_line("begin_inner", "draft_it", "is_ready", "print_it", "merged", "done"),
        ("is_ready", "skip_it", 'draft_it.opinion = "stop"'),
        *_line("skip_it", "merged"),
    ]
    return drawing.process("inner", shapes, flows)


DUE = 'date and time("2096-01-01T00:00:00Z")'


def bundle() -> dict[str, bytes]:
    """The diagrams with a small form for every task."""
    names = ("look_closer", *ASIDE, "ask_one", "evaluate", "sign_it", "hurry_up", "draft_it")
    forms = [drawing.form("apply_now", drawing.text("matter"))]
    forms += [drawing.form(name, drawing.text("opinion"), drawing.yes_no("urgent")) for name in names]
    return drawing.bundle({"intake": main_diagram(), "inner": inner_diagram()}, forms)


class Stock:
    """SpiffWorkflow as it comes, in memory, its conditions and dates in its own Python."""

    def __init__(self) -> None:
        parser = SpiffBpmnParser()
        for diagram in (main_diagram(), inner_diagram()):
            text = diagram.decode().replace(DUE, '"2096-01-01T00:00:00+00:00"')
            for element, name in (("apply_now", "matter"), ("draft_it", "opinion"), (ASIDE[-1], "opinion")):
                text = text.replace(f"{element}.{name} = ", f'{element}["{name}"] == ')
            parser.add_bpmn_xml(etree.fromstring(text.encode()))
        self.spec, self.others = parser.get_spec("intake"), parser.get_subprocess_specs("intake")

    def start(self) -> BpmnWorkflow:
        """A new instance with its application done."""
        workflow = BpmnWorkflow(self.spec, self.others)
        workflow.do_engine_steps()
        workflow.get_next_task(state=TaskState.READY, manual=True).data["members"] = MEMBERS
        self.complete(workflow, {"matter": "x"})
        return workflow

    def complete(self, workflow: BpmnWorkflow, answers: dict[str, Any]) -> None:
        """Completes the first open user task, and the steps without anybody's work that follow."""
        task = workflow.get_next_task(state=TaskState.READY, manual=True)
        name = task.task_spec.bpmn_id
        task.data["one_opinion" if name == "evaluate" else name] = answers
        task.run()
        workflow.do_engine_steps()
        while step := next((one for one in STEPS if workflow.get_next_task(state=TaskState.READY, spec_name=one)), ""):
            workflow.get_next_task(state=TaskState.READY, spec_name=step).run()
            workflow.do_engine_steps()


def stock(base: Stock) -> float:
    """Completions per CPU second in memory."""
    workflow, done = base.start(), 0
    begun = time.process_time()
    while not workflow.completed:
        base.complete(workflow, ANSWERS)
        done += 1
    return done / (time.process_time() - begun)


class Naive:
    """The obvious way to keep SpiffWorkflow in a database: its whole JSON, spec included, loaded and stored around each task.

    As a service that must not lose anything would: the version is compared, and what was done is written beside it, in
    one transaction. ``bare`` leaves both out, and SQLAlchemy as well: a single statement of the driver's.
    """

    def __init__(self, base: Stock, folder: Path) -> None:
        self.base = base
        self.serializer = BpmnWorkflowSerializer(BpmnWorkflowSerializer.configure(DEFAULT_CONFIG))
        self.engine = sa.create_engine(f"sqlite:///{folder / 'naive.db'}")
        sa.event.listen(self.engine, "connect", lambda connection, _record: _durably(connection))
        _METADATA.create_all(self.engine)
        self.db = sqlite3.connect(folder / "bare.db", isolation_level=None)
        _durably(self.db)
        self.db.execute("CREATE TABLE instance(id INTEGER PRIMARY KEY, state TEXT)")

    def _started(self) -> str:
        return str(self.serializer.serialize_json(self.base.start()))

    def _moved(self, state: str) -> tuple[str, bool]:
        workflow = self.serializer.deserialize_json(state)
        self.base.complete(workflow, ANSWERS)
        return self.serializer.serialize_json(workflow), bool(workflow.completed)

    def rate(self) -> float:
        """Completions per CPU second."""
        with self.engine.begin() as connection:
            number = connection.execute(sa.insert(_INSTANCE).values(version=0, state=self._started())).lastrowid
        done, over = 0, False
        begun = time.process_time()
        while not over:
            with self.engine.begin() as connection:
                row = connection.execute(sa.select(_INSTANCE).where(_INSTANCE.c.id == number)).one()
                state, over = self._moved(row.state)
                same = (_INSTANCE.c.id == number, _INSTANCE.c.version == row.version)
                new = sa.update(_INSTANCE).where(*same).values(version=row.version + 1, state=state)
                assert connection.execute(new).rowcount == 1
                connection.execute(sa.insert(_EVENT).values(instance=number, kind="submitted", data=ANSWERS))
            done += 1
        return done / (time.process_time() - begun)

    def bare(self) -> float:
        """Completions per CPU second with a statement to load and one to store."""
        self.db.execute("INSERT OR REPLACE INTO instance VALUES (1, ?)", (self._started(),))
        done, over = 0, False
        begun = time.process_time()
        while not over:
            state, over = self._moved(self.db.execute("SELECT state FROM instance WHERE id=1").fetchone()[0])
            self.db.execute("UPDATE instance SET state=? WHERE id=1", (state,))
            done += 1
        return done / (time.process_time() - begun)


def _durably(connection: Any) -> None:
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")


_METADATA = sa.MetaData()
_INSTANCE = sa.Table(
    "instance", _METADATA, sa.Column("id", sa.Integer, primary_key=True), sa.Column("version", sa.Integer),
    sa.Column("state", sa.Text),
)  # fmt: skip
_EVENT = sa.Table(
    "event", _METADATA, sa.Column("id", sa.Integer, primary_key=True), sa.Column("instance", sa.Integer),
    sa.Column("kind", sa.Text), sa.Column("data", sa.JSON),
)  # fmt: skip


def durable(desk: office.Office) -> float:
    """Completions per CPU second through ``cases.tasks`` on SQLite; without a key, for the others remember no answers either."""
    waiting, clerk, done = _opened(desk), desk.actor("clerk1"), 0
    begun = time.process_time()
    while waiting:
        waiting.extend(_submit(desk, clerk, waiting.popleft()))
        done += 1
    return done / (time.process_time() - begun)


def _submit(desk: office.Office, clerk: Actor, task: str, key: str = "") -> tuple[str, ...]:
    with database.transaction(desk.db) as session:
        return tasks.submit(session, clerk, desk.time, task, ANSWERS, key, desk.safe).opened_tasks


def statements(desk: office.Office) -> int:
    """The SQL statements of a submission with a key, at most; counted apart, for counting takes time as well."""
    waiting, clerk, counts = _opened(desk), desk.actor("clerk1"), [0]

    def counting(*_: Any) -> None:
        counts[-1] += 1

    sa.event.listen(desk.db.engine, "before_cursor_execute", counting)
    desk.db.observer = counting
    while waiting:
        task = waiting.popleft()
        waiting.extend(_submit(desk, clerk, task, key=task))
        counts.append(0)
    desk.db.observer = None
    sa.event.remove(desk.db.engine, "before_cursor_execute", counting)
    return max(counts)


def _opened(desk: office.Office) -> deque[str]:
    number = desk.open("apply", "intake", matter="x")
    return deque(desk.open_tasks(number))


def _office(folder: Path) -> office.Office:
    db = database.open_database(f"sqlite:///{folder / 'bench.db'}")
    migrations.upgrade(db)
    database.make_room(db)
    return office.make(db, NOW, bundle())


def run() -> dict[str, object]:
    """The figures of this section."""
    with tempfile.TemporaryDirectory() as name:
        folder, base = Path(name), Stock()
        desk, simple = _office(folder), Naive(base, folder)
        durable(desk)
        gc.collect()
        gc.freeze()  # as the server does; all are spared the same
        measures: dict[str, Callable[[], float]] = {
            "stock": lambda: stock(base), "naive": simple.rate, "bare": simple.bare, "ours": lambda: durable(desk),
        }  # fmt: skip
        rates: dict[str, list[float]] = {which: [] for which in measures}
        for _ in range(ROUNDS):
            for which, measure in measures.items():
                rates[which].append(measure())
        count, (state, entry) = statements(desk), _sizes(desk)
    best = {which: _undisturbed(found) for which, found in rates.items()}
    return {
        "stock SpiffWorkflow in memory, completions/s": best["stock"],
        "naive full JSON in SQLite, completions/s": best["naive"],
        "the same without version, record and SQLAlchemy, completions/s": best["bare"],
        "cases.tasks on SQLite synchronous=FULL, completions/s": best["ours"],
        "ours : stock in memory (goal ≥ 0.6)": best["ours"] / best["stock"],
        "ours : naive (goal ≥ 5)": best["ours"] / best["naive"],
        "ours : naive without version, record and SQLAlchemy": best["ours"] / best["bare"],
        "SQL statements of a submission, at most (goal ≤ 12)": count,
        "state of a mid-way case, bytes (goal ≤ 3,072)": state,
        "journal entry, mean bytes of body (goal ≤ 500)": entry,
    }


def _undisturbed(rates: list[float]) -> float:
    """The rate that a tenth of the rounds reach: on a shared machine the others measure the neighbours."""
    return quantiles(rates, n=10)[-1]


def _sizes(desk: office.Office) -> tuple[int, float]:
    waiting = _opened(desk)
    for _ in range(4):
        waiting.extend(desk.submit("clerk1", waiting.popleft(), **ANSWERS).opened_tasks)
    with desk.look() as session:
        case = session.query(tables.Case).order_by(tables.Case.id.desc()).first()
        assert case is not None
        state = sum(len(row.state) for row in session.query(tables.Run).filter_by(case_id=case.id))
        bodies = [len(row.body.encode()) for row in session.query(tables.Entry).filter_by(case_id=case.id)]
    return state, sum(bodies) / len(bodies)
