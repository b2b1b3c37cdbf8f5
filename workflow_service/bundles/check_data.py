"""Whether the other files of a bundle hold: roles, articles, forms, decision tables."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

import orjson

from workflow_service import dmn
from workflow_service.bundles import check_rows, known_inputs, known_names, letters
from workflow_service.bundles.check_references import ROLES
from workflow_service.bundles.drawn import Seen
from workflow_service.bundles.rules import Place, fault
from workflow_service.errors import Finding

#: codes of the tables' own check → ours
_TABLE_CODES = {
    "dmn-read": "D01",
    "dmn-syntax": "D03",
    "dmn-name": "D04",
    "dmn-type": "D05",
    "dmn-value": "D06",
    "dmn-input": "D07",
    "dmn-overlap": "D08",
    "dmn-gap": "D09",
    "dmn-unreachable": "D10",
    "dmn-any": "D11",
    "dmn-size": "D12",
}


def faults(seen: Seen, known: known_names.Known) -> Iterator[Finding]:
    """Every fault of a file that is no diagram."""
    yield from _roles(seen)
    yield from _articles(seen)
    for name, content in seen.bundle.named("form").items():
        if name in seen.data:
            yield from _form(name, content)
    for name, content in seen.bundle.named("letter").items():
        if name in seen.data:
            yield from letters.faults(name, seen.data[name], content)
    given = {} if seen.bundle.partial else known_inputs.of(seen, known)
    articles = seen.data.get("articles.json")
    known_articles = frozenset(articles) if isinstance(articles, dict) else frozenset()
    for name, content in seen.bundle.named("table").items():
        yield from table_faults(content, name, tuple(given.items()))
        yield from check_rows.faults(content, name, known_articles)


def _roles(seen: Seen) -> Iterator[Finding]:
    where = Place("roles.json", "", 1)
    if "roles.json" not in seen.bundle.files:
        if not seen.bundle.partial:
            message = ("缺少 roles.json，泳道没有对应的角色", "roles.json is missing: no lane is mapped to a role")
            yield fault("R12", where, message, ("加入 roles.json", "add roles.json"))
        return
    if "roles.json" not in seen.data:
        return
    data = seen.data["roles.json"]
    lanes = data.get("lanes") if isinstance(data, dict) else None
    roles = data.get("roles") if isinstance(data, dict) else None
    if not isinstance(lanes, dict) or not isinstance(roles, dict):
        message = ("roles.json 须有 roles 和 lanes 两项", "roles.json holds the two entries roles and lanes")
        yield fault("R12", where, message, ("补上缺少的一项", "add what is missing"))
        return
    for lane, role in lanes.items():
        if role is not None and (not isinstance(role, str) or role not in roles or role not in ROLES):
            told = role if isinstance(role, str) else orjson.dumps(role).decode()
            message = (
                f"泳道“{lane}”对应的角色“{told}”不存在",
                f"the lane “{lane}” is mapped to “{told}”, which is no role",
            )
            known = "、".join(sorted(ROLES & roles.keys()))
            fix = (
                f"改为已有的角色：{known}；新的角色须由程序先定义",
                f"use one of {known}; a new role has to be programmed first",
            )
            yield fault("R12", where, message, fix)
    yield from _role_names(roles, where)


_ROLE = {"name", "name_en"}


def _role_names(roles: Mapping[str, Any], where: Place) -> Iterator[Finding]:
    for role, about in roles.items():
        named = [
            isinstance(about, dict) and isinstance(about.get(key), str) and about[key] for key in ("name", "name_en")
        ]
        if not all(named):
            message = (f"角色“{role}”没有中文或英文名称", f"the role “{role}” lacks its name or name_en")
            yield fault("R12", where, message, ("填写 name 和 name_en", "fill in name and name_en"))
        for key in sorted(about.keys() - _ROLE) if isinstance(about, dict) else ():
            message = (
                f"角色“{role}”的“{key}”不起作用：谁能看到哪些案件不由流程文件规定",
                f"“{key}” of the role “{role}” has no effect: who sees which cases is not for a bundle to say",
            )
            yield fault("R12", where, message, ("删除这一项", "delete the entry"), "warning")


def _articles(seen: Seen) -> Iterator[Finding]:
    data = seen.data.get("articles.json")
    if data is None:
        return
    where = Place("articles.json", "", 1)
    if not isinstance(data, dict) or not all(isinstance(one, dict) for one in data.values()):
        message = ("articles.json 须是 条号 → 内容 的对照", "articles.json maps article numbers to what they say")
        yield fault("R12", where, message, ("按已发布的文件书写", "write it as the published one is"))
        return
    known = {f"{node.process}#{node.id}" for node in seen.nodes} | set(seen.processes)
    unread = {name for name in seen.bundle.files if name.endswith(".bpmn") and name not in seen.roots}
    for article, about in data.items():
        named = about.get("elements", [])
        for element in named if isinstance(named, list) else []:
            if seen.bundle.partial or not isinstance(element, str) or element in known:
                continue
            if f"{element.partition('#')[0]}.bpmn" not in unread:
                message = (
                    f"第 {article} 条指向的“{element}”不存在",
                    f"article {article} points at “{element}”, which does not exist",
                )
                yield fault(
                    "R11",
                    Place("articles.json", element, 1),
                    message,
                    ("改正或删除这一项", "correct or delete the entry"),
                    "warning",
                )


def _form(name: str, content: bytes) -> Iterator[Finding]:
    form = known_names.read_form(content, name)
    if isinstance(form, tuple):
        for one in form:
            fix, fix_en = one.fix or "按提示改正这一项", one.fix_en or "change the entry as the text says"
            yield replace(one, line=one.line or 1, fix=fix, fix_en=fix_en)


@lru_cache(maxsize=64)
def table_faults(
    content: bytes, name: str, given: tuple[tuple[str, known_inputs.Inputs], ...] = ()
) -> tuple[Finding, ...]:
    """The faults of a decision file: what its own check finds, and whether the decision is named after the file.

    Args:
        given: what the diagrams hand to each decision.
    """
    return tuple(_table(content, name, dict(given)))


def _table(content: bytes, name: str, given: Mapping[str, known_inputs.Inputs]) -> Iterator[Finding]:
    decisions = _decisions(content)
    handed = known_inputs.together(decisions or (), given)
    for one in dmn.check(content, None if handed is None else dict(handed), file=name):
        code = _TABLE_CODES.get(one.rule, "D01")
        place = Place(name, one.element, one.line or 1)
        yield fault(code, place, (one.message, one.message_en), (one.fix, one.fix_en), one.severity)
    wanted = name.removesuffix(".dmn")
    if decisions is not None and wanted not in decisions:
        message = (f"文件中没有名为“{wanted}”的决策", f"the file holds no decision named “{wanted}”")
        fix = ("决策的编号应与文件名相同", "give the decision the file's name as its id")
        yield fault("D02", Place(name, wanted, 1), message, fix)


def _decisions(content: bytes) -> frozenset[str] | None:
    """Ids and names of a file's decisions, ``None`` when it can't be read."""
    try:
        decisions = dmn.read(content).decisions
    except dmn.DmnError:
        return None
    return frozenset(decisions) | frozenset(decisions.values())
