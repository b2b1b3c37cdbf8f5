"""Which files belong to a bundle, and under which names: ``x.bpmn``, ``x.dmn``, ``roles.json``, ``forms/x.json`` and so on."""

import re
from functools import lru_cache

from workflow_service.errors import FieldError, Invalid

#: logical name → what it is; the first pattern that fits wins
_KINDS = (
    (re.compile(r"[a-z][a-z0-9_]{0,63}\.bpmn"), "diagram"),
    (re.compile(r"[a-z][a-z0-9_]{0,63}\.dmn"), "table"),
    (re.compile(r"roles\.json"), "roles"),
    (re.compile(r"articles\.json"), "articles"),
    (re.compile(r"forms/[a-z][a-z0-9_]{0,63}\.json"), "form"),
    (re.compile(r"forms/letters/[A-Za-z][A-Za-z0-9_]{0,63}\.json"), "letter"),
    (re.compile(r"variant\.json"), "variant"),
    (re.compile(r"scenarios/[a-z0-9][a-z0-9_-]{0,63}\.json"), "scenario"),
)

#: lie beside a bundle's files without being part of it
_BESIDE = re.compile(r"(.*/)?(README(\.\w+)*\.md|\.[^/]*|__MACOSX/.*|variants/.*|__pycache__/.*|__init__\.py)")


@lru_cache(maxsize=2048)
def kind(name: str) -> str:
    """What a file of a bundle is: diagram, table, roles, articles, form, letter, scenario or variant; empty for anything else."""
    return next((found for pattern, found in _KINDS if pattern.fullmatch(name)), "")


def require_name(name: str) -> None:
    """Refuses a name that no file of a bundle can have; raises Invalid."""
    if not kind(name):
        text = "文件名“{name}”不可用：流程图为 小写英文.bpmn，决策表为 小写英文.dmn，表单为 forms/小写英文.json"
        raise Invalid([FieldError("name", "name", text, (("name", name[:80]),))])


def is_beside(path: str) -> bool:
    """Whether a path is an explanation, a hidden file or the like, which is passed over."""
    return bool(_BESIDE.fullmatch(path))


def logical(path: str) -> str:
    """The name within the bundle of a path as folders and archives have it: ``bpmn/intake.bpmn`` is ``intake.bpmn``."""
    return path.removeprefix("bpmn/")
