"""Whether diagrams say what the engine will do: nothing dropped silently, nothing that never ends."""

from collections.abc import Iterator
from dataclasses import replace

from workflow_service.bundles.drawn import Seen
from workflow_service.engine import structure
from workflow_service.errors import Finding

#: the engine's codes → ours
_CODES = {
    "BPMN-ID": "S01",
    "BPMN-PROCESS": "S02",
    "BPMN-SIZE": "S03",
    "BPMN-START": "S04",
    "BPMN-FLOW": "S05",
    "BPMN-FORK": "S06",
    "BPMN-CONDITION": "S07",
    "BPMN-KIND": "S08",
    "BPMN-SCRIPT": "S09",
    "BPMN-EVENT": "S10",
    "BPMN-TIMER": "S11",
    "BPMN-SERVICE": "S12",
    "BPMN-DECISION": "S13",
    "BPMN-MANY": "S14",
    "BPMN-CALL": "R01",
    "BPMN-XML": "X01",
    "FEEL": "E01",
}


def faults(seen: Seen) -> Iterator[Finding]:
    """Every fault of structure, the engine's own rules first."""
    for one in structure.faults(seen.diagrams):
        yield translated(one)


def translated(one: Finding) -> Finding:
    """A finding of the engine under our code."""
    return replace(one, rule=_CODES.get(one.rule, "P01"))
