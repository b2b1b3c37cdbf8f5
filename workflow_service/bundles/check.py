"""Everything that is wrong with a bundle, each fault with its place and its remedy; never an exception, whatever is given."""

from workflow_service.bundles import check_structure, drawn
from workflow_service.bundles.read import Bundle
from workflow_service.errors import Finding


def check(bundle: Bundle) -> list[Finding]:
    """All findings of a bundle in the order of its files; the same bundle always gives the same list."""
    seen = drawn.look(bundle)
    found = [*seen.faults, *check_structure.faults(seen)]
    return ordered(found)


def ordered(found: list[Finding]) -> list[Finding]:
    """Findings by file, line, element and rule, each once."""
    rank = {"error": 0, "warning": 1, "info": 2}
    return sorted(
        set(found), key=lambda one: (one.file, one.line, one.element, rank[one.severity], one.rule, one.message)
    )
