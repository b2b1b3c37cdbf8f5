"""Turns what can go wrong into answers: RFC 9457 for programs, a page with one clear sentence for people."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import flask
import orjson
from flask_babel import gettext as _
from werkzeug.exceptions import HTTPException

from workflow_service import errors
from workflow_service.web import held, i18n, signin, visit

STATUS: Mapping[type[errors.ServiceError], tuple[int, str]] = {
    errors.NotSignedIn: (401, "not-signed-in"),
    errors.NotAllowed: (403, "not-allowed"),
    errors.PageExpired: (403, "page-expired"),
    errors.PasswordDue: (403, "password-due"),
    errors.NotFound: (404, "not-found"),
    errors.Conflict: (409, "conflict"),
    errors.KeyUsed: (409, "conflict"),
    errors.CalendarDataMissing: (409, "calendar-missing"),
    errors.CannotAdvance: (409, "cannot-advance"),
    errors.TooLarge: (413, "too-large"),
    errors.Invalid: (422, "invalid"),
    errors.BadBundle: (422, "bad-bundle"),
    errors.Unavailable: (503, "unavailable"),
}


@dataclass(frozen=True)
class Problem:
    """What went wrong, ready to be shown; ``errors`` names wrong fields, ``findings`` the faults of a bundle, ``allow`` methods."""

    status: int
    code: str
    title: str
    detail: str
    errors: tuple[Mapping[str, str], ...] = ()
    findings: tuple[Mapping[str, Any], ...] = ()
    allow: str = ""


def install(app: flask.Flask) -> None:
    """Lets an application answer every error by this module."""
    app.register_error_handler(errors.ServiceError, lambda error: answer(of_error(error)))
    app.register_error_handler(HTTPException, lambda error: answer(of_http(error)))
    app.register_error_handler(Exception, _last_resort)


def refusing(step: Callable[[flask.Response], flask.Response]) -> Callable[[flask.Response], flask.Response]:
    """Lets a step after the view refuse as a view may: what it raises is answered in place of the view's answer."""

    def guarded(given: flask.Response) -> flask.Response:
        try:
            return step(given)
        except errors.ServiceError as error:
            return flask.make_response(answer(of_error(error)))

    return guarded


def of_error(error: errors.ServiceError) -> Problem:
    """A problem of the domain, in the reader's language."""
    status, code = next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), (400, "refused"))
    listed = error.errors if isinstance(error, errors.Invalid) else ()
    fields = tuple({"field": one.field, "code": one.code, "message": said(one)} for one in listed)
    found = error.findings if isinstance(error, errors.BadBundle) else ()
    return Problem(status, code, title(status), text(error), fields, tuple(finding(one) for one in found))


def text(error: errors.ServiceError) -> str:
    """An error's sentence in the reader's language."""
    return filled(error.template, error.params)


def said(error: errors.FieldError) -> str:
    """A wrong field's sentence in the reader's language."""
    params = dict(error.params)
    if i18n.is_english() and params.get("message_en"):
        return str(params["message_en"])
    return filled(error.template, params)


def unreadable(field: str, fault: orjson.JSONDecodeError) -> errors.FieldError:
    """That a field holds no JSON, with the place where it ceases to be."""
    where = (("line", fault.lineno), ("column", fault.colno))
    return errors.FieldError(field, "json", "内容不是有效的 JSON（第{line}行第{column}列）", where)


def refused(invalid: errors.Invalid, action: str = "", about: object = None) -> dict[str, Any]:
    """How a small form of a page comes back: which it is, the sentence beside each wrong field, and what was typed."""
    faults = {one.field: said(one) for one in invalid.errors}
    return {"action": action, "about": about, "faults": faults, "typed": flask.request.form}


def filled(template: str, params: Mapping[str, object]) -> str:
    """A translated template with its parameters; one whose translation does not fit is shown as it was written."""
    values = _in_english(params) if i18n.is_english() else params
    for one in (_(template) if template else "", template):
        try:
            return one.format(**values) if params else one
        except (KeyError, IndexError, ValueError):
            continue
    return template


def _in_english(params: Mapping[str, object]) -> Mapping[str, object]:
    """Parameters in English: what carries a text of its own as ``name_en``, and sentences within the sentence."""
    return {
        name: params.get(f"{name}_en") or (i18n.cause(value) if isinstance(value, str) and value else value)
        for name, value in params.items()
    }


def finding(one: errors.Finding) -> dict[str, Any]:
    """A finding as JSON in the reader's language."""
    english = i18n.is_english()
    return {
        "rule": one.rule,
        "severity": one.severity,
        "file": one.file,
        "element": one.element,
        "line": one.line,
        "message": (english and one.message_en) or one.message,
        "fix": (english and one.fix_en) or one.fix,
    }


def of_http(error: HTTPException) -> Problem:
    """A problem that the web framework found: no such page, wrong method, too large."""
    status = error.code or 500
    said_for = {
        400: _("请求有误，服务器无法理解"),
        404: _("没有这个页面，地址可能有误"),
        405: _("此地址不接受这种请求方式"),
        413: _("上传的内容超过 %(mb)s MB 的上限", mb=visit.site().settings.upload_limit // 1_000_000),
        415: _("请以 application/json 发送内容"),
    }
    allow = ", ".join(getattr(error, "valid_methods", None) or ())
    return Problem(status, f"http-{status}", title(status), said_for.get(status, title(status)), allow=allow)


def title(status: int) -> str:
    """The heading for a status."""
    known = {
        400: _("请求有误"),
        401: _("需要登录"),
        403: _("没有权限"),
        404: _("没有找到"),
        405: _("请求方式有误"),
        409: _("与当前状态不符"),
        413: _("内容过大"),
        415: _("内容格式有误"),
        422: _("填写有误"),
        503: _("暂时不可用"),
    }
    return str(known.get(status) or _("服务出现异常"))


def _last_resort(error: Exception) -> flask.typing.ResponseReturnValue:
    trace = visit.site().db.random(6)
    flask.current_app.logger.error("trace %s %s %s", trace, flask.request.method, flask.request.path, exc_info=error)
    detail = _("服务器出现未预料的错误，本次操作没有保存。请把编号 %(trace)s 告诉运维人员", trace=trace)
    return answer(Problem(500, "unexpected", title(500), detail))


def is_for_programs() -> bool:
    """Whether this request is answered with JSON."""
    return flask.request.path.startswith("/api/") or flask.request.headers.get("Accept") == "application/json"


def answer(problem: Problem) -> flask.typing.ResponseReturnValue:
    """The answer that tells of a problem; people who are not signed in are led to sign in and back."""
    if is_for_programs():
        return as_json(problem)
    if problem.code in ("not-signed-in", "page-expired"):
        kept = _kept(problem)
        if kept is not None:
            return kept
    if problem.status == 401 and flask.request.method == "GET":  # noqa: PLR2004  not signed in
        return flask.redirect(flask.url_for("signin.ask", next=flask.request.full_path.rstrip("?")))
    if problem.code == "password-due" and flask.request.method == "GET":
        return flask.redirect(flask.url_for("staff.profile"))
    return flask.render_template("problem.html", problem=problem), problem.status


def _kept(problem: Problem) -> flask.typing.ResponseReturnValue | None:
    """The page that brings back what was posted from a page that had outlived its session; None when nothing was."""
    found = held.posted()
    if found is None:
        return None
    somebody = visit.somebody()
    if somebody is None:
        return signin.again(found), problem.status
    return (held.page(found), problem.status) if somebody.name == found.owner else None


def as_json(problem: Problem) -> flask.Response:
    """A problem as RFC 9457 JSON."""
    body: dict[str, Any] = {
        "type": f"about:blank#{problem.code}",
        "title": problem.title,
        "status": problem.status,
        "detail": problem.detail,
        "errors": list(problem.errors),
    }
    if problem.findings:
        body |= {"valid": False, "findings": list(problem.findings)}
    text = orjson.dumps(body, default=str)
    found = flask.Response(text, problem.status, content_type="application/problem+json")
    if problem.status == 401:  # noqa: PLR2004  not signed in
        found.headers["WWW-Authenticate"] = "Bearer"
    if problem.allow:
        found.headers["Allow"] = problem.allow
    return found


def either_message(fault: Any) -> str:
    """The sentence of something that carries it as ``message_zh`` and ``message_en``."""
    return str(fault.message_en if i18n.is_english() else fault.message_zh)
