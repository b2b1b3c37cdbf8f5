"""The floor: a minimal Flask + SpiffWorkflow + SQLite application without rights, journal, forms or validation.

It starts instances, lists their open tasks and completes them, each durably (WAL, synchronous=FULL), and nothing else.
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
from SpiffWorkflow.util.task import TaskState


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

    def ready(workflow: BpmnWorkflow) -> list[str]:
        return [str(one.id) for one in workflow.get_tasks(state=TaskState.READY, manual=True)]

    @app.post("/instances")
    def start() -> Any:
        workflow = BpmnWorkflow(spec, others)
        workflow.do_engine_steps()
        number = (
            db().execute("INSERT INTO instance(state) VALUES (?)", (serializer.serialize_json(workflow),)).lastrowid
        )
        return jsonify(id=number, tasks=ready(workflow))

    @app.get("/instances/<int:number>")
    def show(number: int) -> Any:
        return jsonify(id=number, tasks=ready(load(number)))

    @app.post("/instances/<int:number>/tasks/<task>")
    def complete(number: int, task: str) -> Any:
        db().execute("BEGIN IMMEDIATE")
        workflow = load(number)
        one = next(item for item in workflow.get_tasks(state=TaskState.READY, manual=True) if str(item.id) == task)
        one.data.update(json.loads(request.data))
        one.run()
        workflow.do_engine_steps()
        db().execute("UPDATE instance SET state=? WHERE id=?", (serializer.serialize_json(workflow), number))
        db().execute("COMMIT")
        return jsonify(id=number, tasks=ready(workflow), completed=workflow.completed)

    return app
