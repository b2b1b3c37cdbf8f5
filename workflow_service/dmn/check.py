"""Checks a model before it is used, and names each fault with its cell and its remedy in both languages."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from difflib import get_close_matches

from workflow_service.dmn import check_cells, model
from workflow_service.dmn.errors import DmnError
from workflow_service.dmn.findings import Finding, Texts, at, of_fault
from workflow_service.feel import types

Known = Mapping[str, types.Type | str]


def check(
    xml: bytes,
    known: Known | Iterable[str] | None = None,
    *,
    file: str = "",
    imports: Mapping[str, bytes] | None = None,
) -> list[Finding]:
    """All findings of a model, in the order of the file.

    Args:
        known: the names that are ever given to it, with their types (``number``, ``string``, ``date`` ...) if known;
            ``None`` when anything may be given.
        file: the file's name, repeated in each finding.
        imports: the XML of imported models by their namespace.
    """
    try:
        parts = model.compile_parts(xml, imports or {})
    except DmnError as fault:
        return [replace(of_fault(fault), file=file)]
    found = [of_fault(fault) for fault in _once(parts.faults)]
    given = None if known is None else _types(known)
    found += check_cells.check(parts, given or {}, open_world=given is None)
    if given is not None:
        found += _never_given(parts, given)
    return [replace(one, file=file) for one in sorted(found, key=lambda one: (one.line, one.row))]


def _once(faults: Iterable[DmnError]) -> Iterable[DmnError]:
    return {(fault.place, fault.plain_zh): fault for fault in faults}.values()


def _types(known: Known | Iterable[str]) -> dict[str, types.Type]:
    if not isinstance(known, Mapping):
        return dict.fromkeys(known, types.ANY)
    return {name: types.SIMPLE.get(of, types.ANY) if isinstance(of, str) else of for name, of in known.items()}


def _never_given(parts: model.Parts, given: Mapping[str, types.Type]) -> Iterator[Finding]:
    for one in parts.own.inputs:
        if one.variable.name not in given and one.name not in given:
            near = next(iter(get_close_matches(one.variable.name, given, 1, 0.6)), None)
            texts = Texts(
                f"没有表单、处理程序或流程会提供“{one.variable.name}”" + (f"，是否应为“{near}”？" if near else ""),
                f"nothing ever provides {one.variable.name!r}" + (f"; did you mean {near!r}?" if near else ""),
                f"把输入改名为“{near}”" if near else "改正输入的名称，或在表单中增加这一项",
                f"name the input {near!r}" if near else "correct the input's name, or add the field to a form",
            )
            yield at(one.place, "dmn-input", texts)
