"""What the data of a case is called: labels of forms, names of steps and runs, words for what a case publishes."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _

from workflow_service.bundles import programs
from workflow_service.bundles.form_model import Field, carrying
from workflow_service.web import i18n

Labels = Mapping[str, str]


@dataclass(frozen=True)
class Names:
    """How the names in a case's data read.

    Args:
        runs: run id → its process and id. steps: element → its name. answers: element → the labels of its form.
        every: labels on which all forms agree. published: what the case publishes.
    """

    runs: Labels
    steps: Labels
    answers: Mapping[str, Labels]
    every: Labels
    published: Labels


def of(loaded: programs.Loaded, runs: Mapping[str, str]) -> Names:
    """The names of a bundle's data in the reader's language; ``runs`` are the case's, id → process."""
    processes = i18n.processes(loaded.program)
    elements = loaded.elements.values()
    labels = {form_id: dict(_labels(form.fields)) for form_id, form in loaded.forms.items()}
    forms = {one.id: one.properties.get("form") or one.id for one in elements}
    return Names(
        runs={run: f"{processes.get(process, process)} {run}" for run, process in runs.items()},
        steps={one.id: i18n.either(one, "name") for one in elements},
        answers={element: labels[form] for element, form in forms.items() if form in labels},
        every=_agreed(labels.values()),
        published=_published(),
    )


def _labels(fields: tuple[Field, ...]) -> Iterator[tuple[str, str]]:
    """The labels of fields and of those within them; where both have a name the outer one, which comes later, counts."""
    for one in carrying(fields):
        yield from _labels(one.fields)
    yield from ((one.name, i18n.either(one, "label")) for one in carrying(fields) if one.label)


def _agreed(forms: Iterable[Labels]) -> Labels:
    seen: dict[str, set[str]] = {}
    for labels in forms:
        for name, label in labels.items():
            seen.setdefault(name, set()).add(label)
    return {name: next(iter(labels)) for name, labels in seen.items() if len(labels) == 1}


def label(names: Names, path: str) -> str:
    """A path into the data as people read it: run or case, step, field; a name that nothing explains stands as its words."""
    first, *rest = path.split(".")
    told = [names.published.get(first, first) if first == "case" else names.runs.get(first, first)]
    form: Labels = {}
    for place, name in enumerate(rest):
        published = names.published.get(name) if first == "case" and not place else None
        told.append(form.get(name) or published or names.steps.get(name) or _anywhere(names, name))
        form = names.answers.get(name, form)
    return " › ".join(told)


def within(names: Names, path: str, *values: Any) -> dict[str, str]:
    """Name → label for every name that occurs within values at a path."""
    forms = [names.answers[one] for one in path.split(".") if one in names.answers]
    form = forms[-1] if forms else {}
    return {name: form.get(name) or _anywhere(names, name) for one in values for name in _inside(one)}


def _inside(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from value
        for one in value.values():
            yield from _inside(one)
    elif isinstance(value, list):
        for one in value:
            yield from _inside(one)


def _anywhere(names: Names, name: str) -> str:
    return names.every.get(name) or word(name)


def word(name: str) -> str:
    """What something is called of which no form tells; a name that nothing explains stands as its words."""
    return _published().get(name) or name.replace("_", " ")


def changes(names: Names, diff: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What an entry changed, each path with its label and the labels of the names within both values."""
    return [
        {**one, "label": label(names, one["path"]), "names": within(names, one["path"], one["before"], one["after"])}
        for one in diff
    ]


def _published() -> Labels:
    return {
        "case": _("案件"),
        "number": _("编号"),
        "title": _("标题"),
        "status": _("状态"),
        "place": _("地区"),
        "opened_at": _("登记时间"),
        "opened_by": _("发起人"),
        "started_at": _("启动日期"),
        "actors": _("办理人"),
        "applicant": _("申请人"),
        "mode": _("启动方式"),
        "urgent": _("加急"),
        "subjects": _("对象"),
        "situation_codes": _("情形"),
        "path": _("程序"),
        "route_facts": _("分流依据"),
        "window_open": _("可以陈述申辩"),
        "statements": _("陈述申辩"),
        "recused": _("已回避人员"),
        "witnesses": _("证人"),
        "accusers": _("检举人（密封）"),
        "investigators": _("调查人员"),
        "investigation": _("调查结果"),
        "panel": _("认定小组"),
        "submitted_members": _("已提交意见的成员"),
        "committed_members": _("已作承诺的成员"),
        "approver": _("批准分流的负责人"),
        "replacements": _("接替人员"),
        "challenged": _("尚未决定的回避请求"),
        "duties": _("所涉人员的职责"),
        "assessment": _("研判结果"),
        "boundary": _("边界审查"),
        "outcomes": _("认定结果"),
        "decision": _("决定"),
        "notices": _("纠错通知书"),
        "urgings": _("督促"),
        "breaches": _("逾期记录"),
        "closed_corrections": _("已办结的纠错"),
        "handover": _("移送"),
        "reopened": _("重新认定"),
        "related": _("相关案件"),
        "library": _("典型案例"),
        "asked": _("征求意见的对象"),
        "consents": _("当事人的意见"),
        "end": _("终结方式"),
        "closed_as": _("办结前状态"),
        "evidence": _("证据"),
        "advice": _("参考意见"),
        "reason": _("理由"),
        "reasons": _("理由"),
        "object": _("纠错对象"),
        "subject": _("对象"),
        "concerned": _("所涉人员和事项"),
        "outcome": _("认定结果"),
        "grounds": _("理由和依据"),
        "codes": _("适用情形"),
        "facts": _("认定的事实"),
        "correction_due": _("纠错通知书发出期限"),
        "resolution": _("会议决议"),
        "resolution_outcomes": _("会议决议的认定结果"),
        "decided": _("签发的决定"),
        "date": _("日期"),
        "decision_date": _("成文日期"),
        "opened": _("已启封的评判意见"),
        "resumption": _("恢复申请"),
        "visit_no": _("第几次回访"),
        "visit_dates": _("回访日期"),
        "completeness": _("齐全完整检查"),
        "properties": _("四性检测"),
        "package": _("归档信息包"),
    }
