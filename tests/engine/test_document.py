"""Hostile and broken files: each is refused with a finding, none reaches the network, a file or the processor's end."""

import time
import zipfile
from io import BytesIO
from pathlib import Path

import pytest

from tests.engine.drawing import NS
from workflow_service import engine
from workflow_service.errors import BadBundle

OPEN = f"<definitions {NS}>"
PROCESS = '<process id="p" isExecutable="true"><startEvent id="begin_p"/><endEvent id="end_p"/><sequenceFlow id="to_end" sourceRef="begin_p" targetRef="end_p"/>{}</process>'


def _compile(data: bytes) -> engine.Program:
    return engine.compile_program({"p.bpmn": data}, lambda name, inputs, env: None)


def test_a_plain_file_is_taken() -> None:
    assert _compile((OPEN + PROCESS.format("") + "</definitions>").encode()).process_names == {"p": "p"}


def _zip() -> bytes:
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("p.bpmn", "x")
    return packed.getvalue()


LAUGHS = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x00" * 100,
        b"hello",
        b"<html><body/></html>",
        _zip(),
        (OPEN + PROCESS.format("")).encode(),  # cut off
        f'<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]>{OPEN}&x;</definitions>'.encode(),
        f'<!DOCTYPE d SYSTEM "http://127.0.0.1:9/x.dtd">{OPEN}</definitions>'.encode(),
        f'<!DOCTYPE d [<!ENTITY a0 "ha">{LAUGHS}]>{OPEN}&a9;</definitions>'.encode(),
        f'<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]>{OPEN}&x;</definitions>'.encode("utf-16"),
        (OPEN + "<a>" * 100 + "</a>" * 100 + "</definitions>").encode(),  # deep
        (OPEN + "<a>" * 300 + "</a>" * 300 + "</definitions>").encode(),  # deeper than the parser allows
        (OPEN + "<a/>" * 20_001 + "</definitions>").encode(),  # many
        (OPEN + "x" * (2 * 1024 * 1024) + "</definitions>").encode(),  # large
        (OPEN + "</definitions>").encode(),  # no process
        (OPEN + "<process/></definitions>").encode(),  # no id
        b'<definitions xmlns="urn:other"><process id="p"/></definitions>',
    ],
)
def test_what_is_no_safe_diagram_is_refused_soon(data: bytes) -> None:
    began = time.process_time()

    with pytest.raises(BadBundle) as refused:
        _compile(data)

    assert time.process_time() - began < 2
    assert all(one.file == "p.bpmn" and one.message and one.fix_en for one in refused.value.findings)


def test_no_entity_is_ever_read_from_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("TOPSECRET")
    data = f'<!DOCTYPE d [<!ENTITY x SYSTEM "{secret.as_uri()}">]>{OPEN}{PROCESS.format("<documentation>&x;</documentation>")}</definitions>'

    with pytest.raises(BadBundle) as refused:
        _compile(data.encode())

    assert "TOPSECRET" not in repr(refused.value.findings)


@pytest.mark.parametrize(
    ("rule", "inside"),
    [
        ("BPMN-KIND", '<scriptTask id="do_it"><script>import os</script></scriptTask>'),
        ("BPMN-KIND", '<complexGateway id="do_it"/>'),
        ("BPMN-KIND", '<adHocSubProcess id="do_it"/>'),
        ("BPMN-KIND", '<subProcess id="do_it" triggeredByEvent="true"><startEvent id="s1"/></subProcess>'),
        ("BPMN-SCRIPT", '<userTask id="do_it"><extensionElements><spiffworkflow:preScript>x = 1</spiffworkflow:preScript></extensionElements></userTask>'),
        ("BPMN-ID", '<userTask id="begin_p"/>'),
        ("BPMN-ID", '<userTask id="End"/>'),
        ("BPMN-ID", '<userTask id="a [child]"/>'),
        ("BPMN-ID", "<userTask/>"),
        ("BPMN-FLOW", '<userTask id="do_it"/><sequenceFlow id="to_none" sourceRef="do_it" targetRef="nowhere"/>'),
        ("BPMN-FLOW", '<boundaryEvent id="on_it" attachedToRef="nowhere"><timerEventDefinition><timeDate>x</timeDate></timerEventDefinition></boundaryEvent>'),
        ("BPMN-FORK", '<endEvent id="other"/><sequenceFlow id="to_other" sourceRef="begin_p" targetRef="other"/>'),
        (
            "BPMN-CONDITION",
            '<exclusiveGateway id="ask"/><endEvent id="e1"/><endEvent id="e2"/>'
            '<sequenceFlow id="f1" sourceRef="ask" targetRef="e1"/><sequenceFlow id="f2" sourceRef="ask" targetRef="e2"/>',
        ),
        (
            "BPMN-CONDITION",
            '<userTask id="do_it"/><endEvent id="e1"/><sequenceFlow id="f1" sourceRef="do_it" targetRef="e1"><conditionExpression>x</conditionExpression></sequenceFlow>',
        ),
        ("BPMN-EVENT", '<endEvent id="send"><signalEventDefinition/></endEvent>'),
        ("BPMN-EVENT", '<intermediateThrowEvent id="send"><linkEventDefinition name="x"/></intermediateThrowEvent>'),
        ("BPMN-EVENT", '<intermediateCatchEvent id="hear"><messageEventDefinition/></intermediateCatchEvent>'),
        ("BPMN-TIMER", '<intermediateCatchEvent id="wait"><timerEventDefinition><timeDuration>P5D</timeDuration></timerEventDefinition></intermediateCatchEvent>'),
        ("BPMN-SERVICE", '<serviceTask id="do_it"/>'),
        ("BPMN-DECISION", '<businessRuleTask id="do_it"/>'),
        ("BPMN-CALL", '<callActivity id="do_it" calledElement="nowhere"/>'),
        ("BPMN-CALL", '<callActivity id="do_it" calledElement="p"/>'),
        ("BPMN-MANY", '<userTask id="do_it"><multiInstanceLoopCharacteristics/></userTask>'),
        ("BPMN-MANY", '<userTask id="do_it"><standardLoopCharacteristics loopMaximum="3"/></userTask>'),
        ("BPMN-START", '<subProcess id="inside"><endEvent id="e1"/></subProcess>'),
        ("BPMN-SIZE", "".join(f'<userTask id="task_{n}"/>' for n in range(301))),
        ("FEEL", '<userTask id="do_it"><extensionElements><spiffworkflow:properties><spiffworkflow:property name="due" value="1 +"/></spiffworkflow:properties></extensionElements></userTask>'),
    ],
)  # fmt: skip
def test_a_diagram_the_engine_would_misread_is_refused_at_its_element(rule: str, inside: str) -> None:
    with pytest.raises(BadBundle) as refused:
        _compile((OPEN + PROCESS.format(inside) + "</definitions>").encode())

    found = [one for one in refused.value.findings if one.rule == rule]
    assert found
    assert all(one.element or one.line for one in found)


def test_every_fault_is_named_not_only_the_first() -> None:
    inside = '<scriptTask id="one"/><serviceTask id="two"/><callActivity id="three" calledElement="x"/>'

    with pytest.raises(BadBundle) as refused:
        _compile((OPEN + PROCESS.format(inside) + "</definitions>").encode())

    assert {"one", "two", "three"} <= {one.element for one in refused.value.findings}


def test_a_nonsense_position_in_the_picture_is_a_finding_not_a_crash() -> None:
    picture = (
        '<bpmndi:BPMNDiagram xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI" xmlns:dc="http://www.omg.org/spec/DD/20100524/DC">'
        '<bpmndi:BPMNPlane><bpmndi:BPMNShape bpmnElement="end_p"><dc:Bounds x="1" y="abc"/></bpmndi:BPMNShape></bpmndi:BPMNPlane></bpmndi:BPMNDiagram>'
    )

    with pytest.raises(BadBundle) as refused:
        _compile((OPEN + PROCESS.format("") + picture + "</definitions>").encode())

    assert refused.value.findings[0].rule == "BPMN-PARSE"
