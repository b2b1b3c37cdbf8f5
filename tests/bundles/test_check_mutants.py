"""Whatever file is given, the check answers with findings: never an exception, never a different answer the second time."""

import io
import os
import random
import time
import zipfile

import pytest
from lxml import etree

from tests.bundles import city
from workflow_service.bundles import check, read
from workflow_service.errors import BadBundle, Finding

MUTANTS = int(os.environ.get("MUTANTS", "160"))


def _judged(name: str, data: bytes, base: read.Bundle | None = None) -> list[Finding]:
    try:
        return check.check(read.read_upload(name, data, base))
    except BadBundle as bad:
        return list(bad.findings)


def _mutant(content: bytes, chance: random.Random) -> bytes:
    """One element of a diagram deleted, doubled, swapped, renamed or emptied."""
    root = etree.fromstring(content)
    elements = [one for one in root.iter() if isinstance(one.tag, str) and one.getparent() is not None]
    one = chance.choice(elements)
    parent = one.getparent()
    deed = chance.randrange(6)
    if deed == 0:
        parent.remove(one)
    elif deed == 1:
        parent.append(etree.fromstring(etree.tostring(one)))
    elif deed == 2:
        other = chance.choice(elements)
        one.tag, other.tag = other.tag, one.tag
    elif deed == 3 and one.attrib:
        one.set(chance.choice(list(one.attrib)), chance.choice(["", "Start", "𠮷", "1e999", "a" * 300, "x.y [child]"]))
    elif deed == 4 and one.attrib:
        del one.attrib[chance.choice(list(one.attrib))]
    else:
        one.text = chance.choice(["", "for x in", "1 +", "working days after(", "\u202e", "]]"])
    return etree.tostring(root)


@pytest.mark.parametrize("part", range(8))
def test_a_mutated_diagram_is_judged_twice_alike(part: int) -> None:
    names = sorted(city.bundle().named("diagram"))
    chance = random.Random(part)
    for _ in range(MUTANTS // 8):
        name = chance.choice(names)
        data = _mutant(city.bundle().files[name], chance)

        first = check.check(read.Bundle({name: data}, partial=True))

        assert first == check.check(read.Bundle({name: data}, partial=True))
        assert all(one.rule and one.message and one.fix and (one.element or one.line) for one in first)


def test_a_mutated_diagram_among_its_bundle_is_judged() -> None:
    chance = random.Random(99)
    for name in chance.sample(sorted(city.bundle().named("diagram")), 4):
        altered = read.Bundle.of({**city.bundle().files, name: _mutant(city.bundle().files[name], chance)})

        assert check.check(altered) == check.check(altered)


HOSTILE = {
    "nothing": b"",
    "nul": b"\0" * 50,
    "text": "你好".encode(),
    "html": b"<!DOCTYPE html><html><body><p>hello</body></html>",
    "utf16": "<?xml version='1.0' encoding='utf-16'?><a/>".encode("utf-16"),
    "latin": b"<a>\xe9</a>",
    "deep": b"<a>" * 5000,
    "closed deep": b"<a>" * 200 + b"</a>" * 200,
    "laughs": b'<!DOCTYPE a [<!ENTITY x "y"><!ENTITY z "&x;&x;">]><a>&z;</a>',
    "outside": b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
    "empty definitions": b'<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"/>',
    "nameless process": b'<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"><process/></definitions>',
    "bare nodes": b'<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"><process id="p"><userTask/><sequenceFlow/>'
    b"<exclusiveGateway/><boundaryEvent/><startEvent/><subProcess/></process></definitions>",
    "half a zip": b"PK\x03\x04" + b"\1" * 40,
    "json list": b"[1, 2",
    "json deep": b"[" * 3000,
    "json form": b'{"id": 3, "fields": {"a": 1}}',
    "dmn": b'<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/"><decision/></definitions>',
    "dmn broken": b'<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/"><decision>',
}


@pytest.mark.parametrize("kind", sorted(HOSTILE))
@pytest.mark.parametrize(
    "name", ["x.bpmn", "x.dmn", "x.json", "roles.json", "articles.json", "../../etc/x", "x.zip", "\u202e\0.bpmn"]
)
def test_a_strange_file_gets_a_finding_with_a_place(kind: str, name: str) -> None:
    findings = _judged(name, HOSTILE[kind])

    assert findings
    assert all(one.rule and one.message and one.message_en and one.fix and one.fix_en for one in findings)
    assert all(one.element or one.line for one in findings)


@pytest.mark.parametrize("count", [500, 9000])
def test_a_huge_diagram_is_refused_in_good_time(count: int) -> None:
    nodes = "".join(
        f'<exclusiveGateway id="g{at}"/><sequenceFlow id="f{at}" sourceRef="g{at}" targetRef="g{at + 1}"/>'
        for at in range(count)
    )
    text = f'<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"><process id="x">{nodes}</process></definitions>'
    before = time.process_time()

    findings = _judged("x.bpmn", text.encode())

    assert "S03" in {one.rule for one in findings}
    assert time.process_time() - before < 4


def test_random_bytes_get_a_finding() -> None:
    chance = random.Random(7)
    for size in (1, 10, 100, 1000) * 10:
        assert _judged("x.bpmn", chance.randbytes(size))


def _zip(entries: dict[str, bytes], **how: int) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            info = zipfile.ZipInfo(name)
            info.external_attr = how.get("mode", 0o644) << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, content)
    return target.getvalue()


@pytest.mark.parametrize(
    "name",
    ["../x.bpmn", "/etc/x.bpmn", "bpmn/../../x.bpmn", "C:\\x.bpmn", "bpmn\\x.bpmn", "CON.bpmn", "x\u202e.bpmn", "a" * 300 + ".bpmn", "forms/a/b.json", "x.exe", "x.svg"],
)  # fmt: skip
def test_an_archive_with_a_strange_name_is_refused(name: str) -> None:
    with pytest.raises(BadBundle) as refused:
        read.read_zip(_zip({name: b"<a/>", "bpmn/y.bpmn": b"<a/>"}))

    assert refused.value.findings[0].rule == "X05"


def test_an_archive_that_grows_beyond_measure_is_refused() -> None:
    with pytest.raises(BadBundle):
        read.read_zip(_zip({"bpmn/x.bpmn": b"\0" * 3_000_000}))


def test_an_archive_with_a_symbolic_link_is_refused() -> None:
    with pytest.raises(BadBundle):
        read.read_zip(_zip({"bpmn/x.bpmn": b"/etc/passwd"}, mode=0o120777))
