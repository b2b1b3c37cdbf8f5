"""Languages: Chinese by default, English on demand; and how dates, dues and two-language labels are shown."""

import re
from collections.abc import Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import Any

import babel
import flask
import flask_babel
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

from workflow_service import chinese_time, dispatch
from workflow_service.web import causes, visit

LANGUAGES = ("zh", "en")
COOKIE = "lang"


def language() -> str:
    """The language of this request: the chosen one, else what the browser or program asks for, else Chinese."""
    asked = visit.asked()
    chosen = None if asked.path.startswith("/api/") else asked.cookies.get(COOKIE)
    if chosen in LANGUAGES:
        return chosen
    return _best(asked.headers.get("Accept-Language", "")[:200])


@lru_cache(maxsize=500)  # a handful of browsers say the same thing in every request
def _best(asked: str) -> str:
    wanted = [name.lower().partition("-")[0] for name, weight in parse_accept_header(asked, LanguageAccept) if weight]
    return next((name for name in wanted if name in ("zh", "en")), "zh")


def is_english() -> bool:
    """Whether this request is answered in English."""
    kept = visit.kept()
    known: bool | None = kept.get("english")
    if known is None:
        known = kept.english = language() == "en"
    return known


def install(app: flask.Flask) -> None:
    """Gives an application its languages and its templates the filters of this module."""
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = "web/translations"
    parsed = {one: babel.Locale.parse(one) for one in LANGUAGES}  # once, not for each request
    flask_babel.Babel(
        app, default_locale="zh", default_timezone=chinese_time.SHANGHAI.key, locale_selector=lambda: parsed[language()]
    )
    app.jinja_env.filters |= {"when": when, "moment": moment, "day": day, "stamp": stamp, "filesize": size}
    app.jinja_env.filters |= {"article": article, "cause": cause}
    app.jinja_env.globals |= {"either": either, "due": due, "is_english": is_english, "word": word, "lane": lane}
    app.jinja_env.globals["operation"] = operation
    app.jinja_env.globals["processes"] = processes


def either(thing: Any, name: str) -> str:
    """A label of something that carries it in both languages as ``name`` and ``name_en``."""
    if isinstance(thing, Mapping):
        first, other = thing.get(name), thing.get(f"{name}_en")
    else:
        first, other = getattr(thing, name, ""), getattr(thing, f"{name}_en", "")
    return str((other if is_english() and other else first) or "")


def lane(task: Any) -> str:
    """The lane of a task; in English what its role is called."""
    return word("role", task.role) if is_english() and task.role else str(task.lane)


def operation(kind: str) -> str:
    """What a service operation is called; one that this release does not have by its name."""
    return either(dispatch.signature(kind, dispatch.resolve(kind)), "title") if dispatch.knows(kind) else kind


def cause(text: str) -> str:
    """Why something gave up, in the reader's language as far as the service itself said it."""
    return causes.in_english(text) if is_english() else text


def article(code: str) -> str:
    """What an article is called: ``17(2)`` is its second part, ``4-12`` and ``2, 18`` are several."""
    if is_english():
        return str(flask_babel.gettext("第%(n)s条", n=code))
    named = [_PART.fullmatch(one) for one in re.split(r"[,、] ?", code)]
    told = [f"第{one[1].replace('-', '—')}条" + (f"（{one[2]}）" if one[2] else "") for one in named if one]
    return "、".join(told) if all(named) else code


_PART = re.compile(r"([0-9-]+)(?:\(([0-9]+)\))?")


def processes(program: Any) -> dict[str, str]:
    """Process id → what it is called."""
    names: Mapping[str, str] = program.process_names
    other: Mapping[str, str] = program.process_names_en if is_english() else {}
    return {one: other.get(one) or name for one, name in names.items()}


def lanes(drawn: Mapping[str, str | None], roles: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Lane → what English readers call it: by its role. In Chinese lanes go by their own names, so none is given.

    Args:
        drawn: lane → role code, None where the service itself acts. roles: role code → ``name`` and ``name_en``.
    """
    if not is_english():
        return {}
    system = flask_babel.gettext("系统")
    return {one: either(roles.get(role) or {}, "name") or one if role else system for one, role in drawn.items()}


def when(at: datetime | None) -> str:
    """A time on the wall in Shanghai, to the minute."""
    return chinese_time.local(at).strftime("%Y-%m-%d %H:%M") if at else "—"


def moment(text: str) -> str:
    """A moment that stands in a case's data, as a time on the wall; what is none stays as it is."""
    try:
        return when(datetime.fromisoformat(text))
    except (ValueError, OverflowError):
        return text


def stamp(at: datetime) -> str:
    """A time as programs read it: RFC 3339 with the offset of Shanghai."""
    return chinese_time.local(at).isoformat()


def day(at: datetime | date | None) -> str:
    """A date; a time gives its date in Shanghai."""
    if at is None:
        return "—"
    return (chinese_time.local(at).date() if isinstance(at, datetime) else at).isoformat()


def size(count: int) -> str:
    """A file's size for people."""
    if count < 1_000_000:
        return f"{max(1, round(count / 1000))} KB"
    return f"{count / 1_000_000:.1f} MB"


def due(at: datetime | None, ended: bool = False, limit: Mapping[str, Any] | None = None) -> Mapping[str, str]:
    """How pressing a due date is: ``tone`` (bad, warn, calm, none) and a sentence that says so without the colour.

    Args:
        limit: how the date was counted; one that is provisional is never late.
    """
    if at is None or ended:
        return {"tone": "none", "text": ""}
    now = visit.now()
    days = (chinese_time.local(at).date() - chinese_time.local(now).date()).days
    if at < now and (limit or {}).get("provisional"):
        return {"tone": "warn", "text": flask_babel.gettext("暂定")}
    if at < now:
        late = (
            flask_babel.ngettext("已逾期 %(num)s 天", "已逾期 %(num)s 天", -days)
            if days < 0
            else flask_babel.gettext("已逾期")
        )
        return {"tone": "bad", "text": late}
    if days == 0:
        return {"tone": "warn", "text": flask_babel.gettext("今天到期")}
    if days <= 2:  # noqa: PLR2004  the day after tomorrow still calls for attention
        return {"tone": "warn", "text": flask_babel.ngettext("还剩 %(num)s 天", "还剩 %(num)s 天", days)}
    return {"tone": "calm", "text": flask_babel.ngettext("还剩 %(num)s 天", "还剩 %(num)s 天", days)}


def word(group: str, code: object) -> str:
    """A code of a closed list in the reader's language; an unknown one as it stands."""
    known = words().get(group, {}).get(str(code))
    return known if known is not None else str(code or "")


def words() -> Mapping[str, Mapping[str, str]]:
    """The words for codes of closed lists, in the reader's language; put together once for a page, which asks in each row."""
    told: dict[str, Mapping[str, Mapping[str, str]]] = flask.g.setdefault("words", {})
    language = str(flask_babel.get_locale())
    if language not in told:
        told[language] = _words()
    return told[language]


def _words() -> Mapping[str, Mapping[str, str]]:
    say = flask_babel.gettext
    return {
        "status": {
            "registered": say("已登记"),
            "in_progress": say("办理中"),
            "suspended": say("已中止"),
            "decided": say("已决定"),
            "closed": say("已办结"),
            "archived": say("已归档"),
            "rejected": say("不予受理"),
            "lapsed": say("逾期未补正"),
            "withdrawn": say("已撤回"),
            "transferred": say("已移送"),
            "out_of_scope": say("不属于适用范围"),
        },
        "outcome": {
            "EXEMPT": say("免于问责"),
            "TERMINATE": say("终止问责程序"),
            "LIGHTEN": say("从轻处理"),
            "NOT_TOLERATED": say("不予容错"),
            "OUT_OF_SCOPE": say("不属于适用范围"),
            "REJECTED": say("不予受理"),
            "LAPSED": say("逾期未补正"),
            "WITHDRAWN": say("已撤回"),
            "TRANSFERRED": say("已移送"),
        },
        "task": {"open": say("待办"), "done": say("已办结"), "cancelled": say("已取消")},
        "bundle": {
            "draft": say("草稿"),
            "submitted": say("待审批"),
            "approved": say("已批准"),
            "published": say("已发布"),
            "rejected": say("已退回"),
        },
        "job": {
            "todo": say("排队"),
            "run": say("执行中"),
            "done": say("完成"),
            "incident": say("异常"),
            "cancelled": say("已取消"),
        },
        "entry": _entries(),
        "rule": {
            "window": say("程序启动至决定签发前，始终可以陈述申辩"),
            "statement": say("签发前提出的陈述申辩，签发前均已答复"),
            "panel": say("认定小组五类人员齐备，或者记明了理由"),
            "correction": say("责令纠错与认定决定同时作出"),
            "notice": say("纠错通知书自签发之日起5个工作日内发出"),
        },
        "conclusion": {"kept": say("符合"), "broken": say("违反"), "open": say("尚在进行")},
        "note": {
            "随系统安装": say("随系统安装"),
            "随系统安装的国务院办公厅历年安排": say("随系统安装的国务院办公厅历年安排"),
        },
        "decision": {
            "submitted": say("提交审批"),
            "recalled": say("撤回提交"),
            "approved": say("批准"),
            "rejected": say("退回编制人"),
            "published": say("发布"),
        },
        "look": {
            "case": say("案件"),
            "task": say("任务"),
            "why": say("等待原因"),
            "journal": say("日志"),
            "replay": say("回放"),
            "state": say("某一时刻的状态"),
            "verification": say("核验"),
            "access": say("查阅记录"),
            "message": say("补充材料与请求"),
            "sealed": say("密封内容"),
            "incident": say("异常"),
            "file": say("文件"),
            "person_created": say("新增人员"),
            "person_corrected": say("更正姓名和电子邮箱"),
            "person_moved": say("调整所属单位"),
            "person_disabled": say("停用账户"),
            "person_reopened": say("重新启用账户"),
            "password_reset": say("重置密码"),
            "role_given": say("授予角色"),
            "role_taken": say("取消角色"),
            "token_issued": say("签发访问令牌"),
            "tokens_revoked": say("作废访问令牌"),
            "unit_entered": say("新增单位"),
            "unit_renamed": say("单位改名"),
            "calendar_entered": say("录入工作日历"),
            "calendar_approved": say("审核工作日历"),
        },
        "message": {
            "statement_received": say("提交陈述申辩"),
            "recusal_requested": say("申请回避"),
            "withdrawal_requested": say("申请撤回"),
            "suspension_requested": say("申请中止"),
            "resumption_requested": say("申请恢复"),
            "reopening_requested": say("申请重新认定"),
            "clarification_requested": say("申请澄清"),
            "visit_requested": say("申请回访"),
        },
        "role": _roles(),
        "severity": {"error": say("错误"), "warning": say("提醒"), "info": say("说明")},
    }


def _entries() -> Mapping[str, str]:
    say = flask_babel.gettext
    return {
        "opened": say("案件登记"),
        "started": say("启动流程"),
        "submitted": say("提交"),
        "returned": say("系统执行完成"),
        "failed": say("系统执行未通过"),
        "received": say("收到消息"),
        "elapsed": say("期限届满"),
        "rescheduled": say("期限调整"),
        "sent_back": say("退回"),
        "withdrawn": say("撤回提交"),
        "countersigned": say("加签或减签"),
        "repaired": say("修复数据"),
        "skipped": say("跳过"),
        "claimed": say("签收"),
        "released": say("退回待签收"),
        "transferred": say("转办"),
        "delegated": say("委派"),
        "delegation_returned": say("委派交回"),
        "reminded": say("催办"),
        "copied": say("抄送"),
        "commented": say("备注"),
        "message_kept": say("收存消息"),
        "message_refused": say("消息未被接受"),
        "unsealed": say("拆封查阅"),
        "incident_opened": say("出现异常"),
        "incident_retried": say("异常后重试"),
        "incident_repaired": say("异常已修复"),
        "incident_skipped": say("异常后跳过"),
        "document_issued": say("印发公文"),
        "due_recomputed": say("重算期限"),
        "succeeded": say("另立关联案件"),
        "library_withdrawn": say("从案例库撤下"),
        "paused": say("期限暂停"),
        "resumed": say("期限恢复"),
    }


def _roles() -> Mapping[str, str]:
    say = flask_babel.gettext
    return {
        "party": say("当事人"),
        "applicant": say("申请单位"),
        "clerk": say("受理机关经办"),
        "chief": say("受理机关负责人"),
        "investigator": say("调查人员"),
        "panel_member": say("认定小组成员"),
        "panel_chair": say("认定小组组长"),
        "panel_secretary": say("认定小组秘书"),
        "committee_member": say("党委（党组）成员"),
        "committee_secretary": say("党委（党组）秘书"),
        "signer": say("签发人"),
        "supervisor": say("上级机关或主管部门"),
        "personnel": say("组织人事部门"),
        "discipline": say("纪检监察机关"),
        "records": say("档案管理"),
        "process_owner": say("流程管理员"),
        "auditor": say("审计员"),
        "operator": say("运维人员"),
        "admin": say("系统管理员"),
    }
