"""Carries out a variant's operations on the city's model: the result is a whole bundle, the model itself stays as it is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from workflow_service.bundles import check, overlay_diagrams, overlay_forms, variant_file
from workflow_service.bundles.overlay_desk import Desk, Words
from workflow_service.bundles.read import Bundle
from workflow_service.bundles.rules import Place, fault
from workflow_service.bundles.variant_file import Operation, Variant
from workflow_service.errors import BadBundle, Finding

_VERBS: Mapping[str, Callable[[Desk, Operation], Words]] = {
    "set_limit": overlay_diagrams.set_limit,
    "add_task": overlay_diagrams.add_task,
    "add_field": overlay_forms.add_field,
    "require_field": overlay_forms.require_field,
    "set_default": overlay_forms.set_default,
    "set_role": overlay_forms.set_role,
    "remove": overlay_diagrams.refuse_removal,
}


@dataclass(frozen=True)
class Derived:
    """What came of a variant.

    Args:
        bundle: the parent's files with every operation that could be carried out, and the variant's own file.
        conflicts: the operations that could not, each with its reason; nothing of them is in the bundle.
    """

    bundle: Bundle
    variant: Variant
    conflicts: tuple[Finding, ...]


def derive(parent: Bundle, variant: Variant) -> Derived:
    """The bundle of a variant on a version of its parent; the same two always give the same bytes."""
    desk = Desk({name: content for name, content in parent.files.items() if name != variant_file.NAME})
    conflicts: list[Finding] = []
    changes: list[Mapping[str, str]] = []
    for number, one in enumerate(variant.operations, start=1):
        desk.number = number
        try:
            said, said_en = _VERBS[one["do"]](desk, one)
        except BadBundle as bad:
            conflicts.extend(bad.findings)
            said, said_en = "未能套用", "could not be carried out"
        changes.append({"text": f"{said}", "text_en": f"{said_en}"})
    applied = replace(variant, base=parent.hash, changes=tuple(changes))
    files = {**desk.files, variant_file.NAME: variant_file.write(applied)}
    return Derived(Bundle.of(files), applied, tuple(conflicts))


def faults(parent: Bundle, content: bytes) -> list[Finding]:
    """What is wrong with a variant file that lies beside its parent's files, the result of its operations included."""
    named, found = variant_file.read(content)
    if named is None:
        return found
    derived = derive(parent, named)
    file = f"variants/{named.place}.json"
    told = [replace(one, file=file, line=0) if one.file == variant_file.NAME else one for one in derived.conflicts]
    known = {(one.rule, one.element, one.message) for one in check.check(parent)}
    return told + [one for one in check.check(derived.bundle) if (one.rule, one.element, one.message) not in known]


def differences(bundle: Bundle, derived: Derived) -> list[Finding]:
    """The files of a variant's bundle that do not follow from its parent and its operations."""
    names = sorted({*bundle.files, *derived.bundle.files})
    fix = (
        "县区只写操作，不改文件：打开 variant.json 保存一次即重新生成",
        "a county writes operations and changes no file: save variant.json once to derive the files anew",
    )
    return [
        fault(
            "V05",
            Place(name, "", 1),
            (f"“{name}”与上级模型加操作的结果不一致", f"“{name}” is not what the parent and the operations give"),
            fix,
        )
        for name in names
        if bundle.files.get(name) != derived.bundle.files.get(name)
    ]
