"""What all pages share: the navigation by role, the number of unread notices, and sentences that confirm an act."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

import flask
from flask_babel import lazy_gettext

from workflow_service.cases import queries
from workflow_service.identity import permissions
from workflow_service.identity.permissions import Permission
from workflow_service.storage import database
from workflow_service.web import assets, data_names, shapes, visit


@dataclass(frozen=True)
class Item:
    """An entry of the navigation: endpoint, label, and the permission without which it is not shown."""

    endpoint: str
    label: Any
    needs: Permission


NAVIGATION = (
    Item("staff.inbox", lazy_gettext("待办"), Permission.TASK_WORK),
    Item("case_pages.start_menu", lazy_gettext("发起"), Permission.CASE_OPEN),
    Item("case_pages.listed", lazy_gettext("案件"), Permission.CASE_READ),
    Item("owner.bundles", lazy_gettext("流程设计"), Permission.BUNDLE_READ),
    Item("operator.desk", lazy_gettext("运维"), Permission.OPERATIONS_READ),
    Item("people_pages.listed", lazy_gettext("人员"), Permission.PEOPLE_MANAGE),
    Item("people_pages.calendars", lazy_gettext("工作日历"), Permission.CALENDAR_EDIT),
    Item("library_pages.listed", lazy_gettext("案例库"), Permission.LIBRARY_READ),
)

SAID: Mapping[str, Any] = {
    "claimed": lazy_gettext("已签收，请办理"),
    "released": lazy_gettext("已退回待签收"),
    "transferred": lazy_gettext("已转办"),
    "delegated": lazy_gettext("已委派，对方填好后会交回给您"),
    "returned": lazy_gettext("已退回到所选环节"),
    "withdrawn": lazy_gettext("已撤回，请重新办理"),
    "reminded": lazy_gettext("已发出催办通知"),
    "copied": lazy_gettext("已抄送"),
    "countersigned": lazy_gettext("参与人员已调整"),
    "submitted": lazy_gettext("已提交"),
    "no_next": lazy_gettext("没有其他由您签收的任务"),
    "drafted": lazy_gettext("草稿已保存"),
    "opened": lazy_gettext("案件已登记"),
    "sent": lazy_gettext("已收存，并转入办理"),
    "commented": lazy_gettext("备注已添加"),
    "withdrawn_from_library": lazy_gettext("案例已从案例库撤下"),
    "saved": lazy_gettext("已保存"),
    "password": lazy_gettext("密码已修改，请用新密码登录"),
    "retried": lazy_gettext("已交给系统重新执行，仍不成功的会再列出"),
    "resolved": lazy_gettext("异常已处理"),
    "handed_in": lazy_gettext("已提交审批，请另一名流程管理员审批"),
    "recalled": lazy_gettext("已撤回提交，可以继续修改"),
    "taken_in": lazy_gettext("已并入现行版本，草稿中的改动都还在"),
    "discarded": lazy_gettext("草稿已删除"),
    "approved": lazy_gettext("已批准"),
    "rejected": lazy_gettext("已退回编制人"),
    "played": lazy_gettext("已试演"),
    "published": lazy_gettext("已发布，新案件将使用此版本"),
    "deleted": lazy_gettext("已删除"),
    "clock": lazy_gettext("演示时钟已拨动"),
}


def install(app: flask.Flask) -> None:
    """Gives the templates of an application what they all use."""
    app.context_processor(_shared)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals |= assets.SHIPPED.jinja_globals()
    app.jinja_env.globals |= {
        "may": may,
        "said": said,
        "with_args": with_args,
        "tab_url": tab_url,
        "label_of": label_of,
        "value_of": value_of,
        "whereabouts": shapes.whereabouts,
    }


def _shared() -> dict[str, Any]:
    actor = visit.somebody()
    return {
        "actor": actor,
        "csrf": flask.g.get("csrf", ""),
        "navigation": [] if actor is None else [one for one in NAVIGATION if permissions.allows(actor, one.needs)],
        "unread": 0 if actor is None else _unread(),
        "now": visit.now(),
        "demo": visit.site().settings.demo,
        "here": _here(),
    }


def _here() -> str:
    """Where this page can be asked for again: what came back to a form that was refused has no address of its own."""
    request = flask.request
    if request.method in ("GET", "HEAD"):
        return request.full_path.rstrip("?")
    before = urlsplit(request.referrer or "")
    return urlunsplit(("", "", before.path, before.query, "")) if before.netloc == request.host else "/"


def _unread() -> int:
    with database.reading(visit.site().db) as session:
        return queries.unread(session, visit.actor())


def may(name: str) -> bool:
    """Whether this request's person has a permission, by its name."""
    actor = visit.somebody()
    return actor is not None and permissions.allows(actor, Permission[name])


def said() -> str:
    """The sentence that confirms what the person has just done, empty when there is none.

    A form posted from such a page keeps its address: what was said then is no answer to the form.
    """
    return str(SAID.get(flask.request.args.get("said", ""), "")) if flask.request.method == "GET" else ""


def with_args(**changed: str | None) -> str:
    """This page's address with some of its parameters changed; None takes one away."""
    kept = {name: value for name, value in flask.request.args.items() if name not in changed and name != "said"}
    kept |= {name: value for name, value in changed.items() if value is not None}
    path = flask.request.path
    return f"{path}?{urlencode(kept)}" if kept else path


def tab_url(endpoint: str, tab: str) -> str:
    """The address of another tab of this page."""
    name = "scope" if endpoint == "staff.inbox" else "tab"
    return flask.url_for(endpoint, **{**(flask.request.view_args or {}), name: tab})


def label_of(name: str) -> str:
    """A data name as people read it: the label that a form gives it in this request, else its words."""
    known: Mapping[str, str] = flask.g.get("labels", {})
    return known.get(name) or data_names.word(name)


def value_of(text: object) -> object:
    """A plain value as people read it: a name or a word, where this request knows one, else the value itself."""
    known: Mapping[str, str] = flask.g.get("values", {})
    return known.get(text, text) if isinstance(text, str) else text


def go(endpoint: str, done: str = "", **values: Any) -> flask.typing.ResponseReturnValue:
    """Leads on to a page after an act, with a word on what was done."""
    if done:
        values["said"] = done
    return flask.redirect(flask.url_for(endpoint, **values), 303)
