"""Everything that is wrong with a bundle, each fault with its place and its remedy; never an exception, whatever is given."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache

from workflow_service import engine
from workflow_service.bundles import (
    check_conditions,
    check_conventions,
    check_data,
    check_expressions,
    check_law,
    check_letters,
    check_references,
    check_structure,
    drawn,
    known_names,
    scenario_file,
    variant_file,
)
from workflow_service.bundles.drawn import Seen
from workflow_service.bundles.read import Bundle
from workflow_service.bundles.rules import Place, fault
from workflow_service.errors import BadBundle, CannotAdvance, Finding

_UNREADABLE = frozenset({"X01", "X02", "X05", "D01"})
_RANK = {"error": 0, "warning": 1, "info": 2}


@dataclass(frozen=True)
class _Asked:
    """A bundle whose findings are asked for, known by every byte of it and what is said of its files."""

    known_by: tuple[object, ...]
    bundle: Bundle = field(compare=False)


def check(bundle: Bundle) -> list[Finding]:
    """All findings of a bundle, errors first; the same bundle always gives the same list."""
    known_by = bundle.exact, bundle.partial, *sorted(bundle.given.items())
    return list(_checked(_Asked(known_by, bundle)))


@lru_cache(maxsize=8)  # the pages of a draft ask again and again, and a look takes half a second
def _checked(asked: _Asked) -> tuple[Finding, ...]:
    bundle = asked.bundle
    seen = drawn.look(bundle)
    read = known_names.readable_forms(seen)
    known = known_names.of(seen, read)
    found = [
        *seen.faults,
        *check_structure.faults(seen),
        *check_conventions.faults(seen),
        *check_references.faults(seen),
        *check_expressions.faults(seen, known),
        *check_expressions.form_faults(seen, known, read),
        *check_conditions.faults(seen, read),
        *check_letters.faults(seen),
        *check_law.faults(seen),
        *check_data.faults(seen, known),
        *scenario_file.faults(seen),
        *(variant_file.faults(seen.data[variant_file.NAME]) if variant_file.NAME in seen.data else ()),
    ]
    if not any(one.severity == "error" and one.file.endswith(".bpmn") for one in found) and not bundle.partial:
        found += _compiled(seen)
    return tuple(ordered([replace(one, file=bundle.given.get(one.file, one.file)) for one in found]))


def unreadable(files: Mapping[str, bytes]) -> list[Finding]:
    """What makes files unfit to be looked at any further: broken XML or JSON, too large, no table."""
    return [one for one in check(Bundle(files, partial=True)) if one.rule in _UNREADABLE and one.severity == "error"]


def ordered(found: list[Finding]) -> list[Finding]:
    """Findings by severity, file, line, element and rule, each once."""
    return sorted(
        set(found), key=lambda one: (_RANK[one.severity], one.file, one.line, one.element, one.rule, one.message)
    )


def _compiled(seen: Seen) -> Iterator[Finding]:
    """What the engine itself still refuses once our own rules are content."""
    try:
        engine.compile_program(seen.bundle.named("diagram"), {})
    except BadBundle as bad:
        yield from (check_structure.translated(one) for one in bad.findings)
    except CannotAdvance as problem:
        message = (f"引擎不能编译：{problem}", f"the engine cannot compile it: {problem}")
        yield fault(
            "P01", Place("", problem.element, 0), message, ("按提示修改该元素", "change the element as the text says")
        )
