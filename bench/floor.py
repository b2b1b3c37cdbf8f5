"""The floor: a minimal Flask + SpiffWorkflow + SQLite application without rights, journal, forms or validation.

It starts instances with their first form, lists their open tasks and completes them, each durably (WAL, synchronous=FULL), and
nothing else.
"""

import json
import sqlite3
import threading
from typing import Any

from flask import Flask, jsonify, request
from lxml import etree
from SpiffWorkflow.bpmn.serializer import BpmnWorkflowSerializer
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.spiff.parser import SpiffBpmnParser
from SpiffWorkflow.spiff.serializer import DEFAULT_CONFIG
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState


def _ready(workflow: BpmnWorkflow) -> list[Task]:
    return list(workflow.get_tasks(state=TaskState.READY, manual=True))


def _ids(workflow: BpmnWorkflow) -> list[str]:
    return [str(one.id) for one in _ready(workflow)]


def _fill(workflow: BpmnWorkflow, one: Task) -> None:
    one.data.update(json.loads(request.data))
    one.run()
    workflow.do_engine_steps()


def make(diagram: bytes, process: str, path: str) -> Flask:
    """The application on a database file, for one process."""
    parser = SpiffBpmnParser()
    parser.add_bpmn_xml(etree.fromstring(diagram))
    spec, others = parser.get_spec(process), parser.get_subprocess_specs(process)
    serializer = BpmnWorkflowSerializer(BpmnWorkflowSerializer.configure(DEFAULT_CONFIG), version="floor")
    local = threading.local()

    def db() -> sqlite3.Connection:
        if not hasattr(local, "db"):
            local.db = sqlite3.connect(path, isolation_level=None, timeout=30)
            local.db.execute("PRAGMA journal_mode=WAL")
            local.db.execute("PRAGMA synchronous=FULL")
        return local.db

    db().execute("CREATE TABLE IF NOT EXISTS instance(id INTEGER PRIMARY KEY, state TEXT)")
    app = Flask(__name__)

    def load(number: int) -> BpmnWorkflow:
        row = db().execute("SELECT state FROM instance WHERE id=?", (number,)).fetchone()
        return serializer.deserialize_json(row[0])

    @app.post("/instances")
    def start() -> Any:
        workflow = BpmnWorkflow(spec, others)
        workflow.do_engine_steps()
        _fill(workflow, _ready(workflow)[0])
        text = serializer.serialize_json(workflow)
        number = db().execute("INSERT INTO instance(state) VALUES (?)", (text,)).lastrowid
        return jsonify(id=number, tasks=_ids(workflow))

    @app.get("/instances/<int:number>")
    def show(number: int) -> Any:
        return jsonify(id=number, tasks=_ids(load(number)))

    @app.post("/instances/<int:number>/tasks/<task>")
    def complete(number: int, task: str) -> Any:
        db().execute("BEGIN IMMEDIATE")
        workflow = load(number)
        _fill(workflow, next(one for one in _ready(workflow) if str(one.id) == task))
        db().execute("UPDATE instance SET state=? WHERE id=?", (serializer.serialize_json(workflow), number))
        db().execute("COMMIT")
        return jsonify(id=number, tasks=_ids(workflow), completed=workflow.completed)

    return app
