"""The workflow engine as a pure function over a case's runs; the only importer of SpiffWorkflow."""

import logging

from workflow_service.engine.program import Program, compile_program
from workflow_service.engine.seen import positions, returnable, task_data
from workflow_service.engine.state import CorruptState
from workflow_service.engine.step import (
    admits,
    advance,
    begin,
    data,
    fingerprint,
    last_submission,
    preview_return,
    recomputed,
)
from workflow_service.engine.step import open_tasks as pending

for _name in ("spiff", "spiff.task", "spiff.workflow", "spiff.data"):
    # Their records carry copies of the data; nobody reads them.
    logging.getLogger(_name).setLevel(logging.WARNING)

__all__ = [
    "CorruptState",
    "Program",
    "admits",
    "advance",
    "begin",
    "compile_program",
    "data",
    "fingerprint",
    "last_submission",
    "pending",
    "positions",
    "preview_return",
    "recomputed",
    "returnable",
    "task_data",
]
