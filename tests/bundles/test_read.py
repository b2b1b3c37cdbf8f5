"""A bundle's hash stands for its meaning, and its archive for itself."""

from pathlib import Path

import pytest

from tests.bundles import city
from workflow_service.bundles import read
from workflow_service.errors import Invalid


def test_layout_of_the_text_does_not_change_the_hash() -> None:
    one = read.Bundle.of({"roles.json": b'{"lanes": {}, "roles": {}}', "a.bpmn": b"<a  x='1' y='2'/>"})
    other = read.Bundle.of({"a.bpmn": b'<a y="2" x="1"></a>', "roles.json": b'{"roles":{},\n"lanes":{}}'})

    assert one.hash == other.hash


@pytest.mark.parametrize("change", [{"a.bpmn": b"<a y='3'/>"}, {"b.bpmn": b"<a y='2'/>"}, {"a.bpmn": b"<a y='2'"}])
def test_another_content_or_name_changes_the_hash(change: dict[str, bytes]) -> None:
    before = {"a.bpmn": b"<a y='2'/>"}

    assert read.Bundle.of(before).hash != read.Bundle.of(change).hash


def test_an_archive_gives_back_the_same_bundle_and_the_same_bytes() -> None:
    packed = read.to_zip(city.bundle())

    again = read.read_zip(packed)

    assert again.hash == city.bundle().hash
    assert read.to_zip(again) == packed


def test_the_folders_of_an_archive_become_logical_names() -> None:
    inner = read.packed.pack({"a.bpmn": b"<a/>", "forms/b.json": b"{}"})
    files = read.packed.unpack(inner)

    assert set(files) == {"a.bpmn", "forms/b.json"}


def test_folders_and_single_files_are_read_together(tmp_path: Path) -> None:
    (tmp_path / "forms").mkdir()
    (tmp_path / "forms" / "visit.json").write_bytes(b"{}")
    (tmp_path / "x.bpmn").write_bytes(b"<a/>")

    bundle = read.read_paths([tmp_path / "forms", tmp_path / "x.bpmn"])

    assert set(bundle.files) == {"forms/visit.json", "x.bpmn"}
    assert bundle.partial


@pytest.mark.parametrize(
    "name", ["", "../a.bpmn", "A.bpmn", "a.exe", "forms/../a.json", "forms/letters/x.bpmn", "a.bpmn\n"]
)
def test_a_name_that_no_file_of_a_bundle_has_is_refused(name: str) -> None:
    with pytest.raises(Invalid):
        read.require_name(name)
