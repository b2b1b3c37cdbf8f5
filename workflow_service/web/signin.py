"""Signing in and out, and choosing the language."""

import hmac
import re

import flask
from flask_babel import gettext as _

from workflow_service import errors
from workflow_service.identity import credentials
from workflow_service.storage import database
from workflow_service.web import guard, held, i18n, visit

pages = flask.Blueprint("signin", __name__)

FORM_COOKIE = "signin_form"
_SAFE_PATH = re.compile(r"/(?![/\\])[A-Za-z0-9_\-./?=&%+~,:;@]*")


def own_path(wanted: str | None) -> str:
    """The path to go on to: a path of this site, or the start page for anything else."""
    text = wanted or ""
    if len(text) > 500 or not _SAFE_PATH.fullmatch(text) or "//" in text.partition("?")[0]:  # noqa: PLR2004  longer than any of ours
        return "/"
    return text


@pages.get("/signin")
@guard.public
def ask() -> flask.Response:
    """The sign-in page."""
    if visit.somebody() is not None:
        return flask.redirect(own_path(flask.request.args.get("next")))  # type: ignore[return-value]  # werkzeug's response
    return _page("")


@pages.post("/signin")
@guard.public
def enter() -> flask.Response:
    """Opens a session for a name and password; the answer is the same for unknown and wrong."""
    form, request = flask.request.form, flask.request
    expected = request.cookies.get(FORM_COOKIE, "")
    if not expected or not hmac.compare_digest(expected.encode(), form.get("csrf", "").encode()):
        return _page(_("登录页面已过期，请再试一次"), 400)
    name = form.get("name", "").replace("\0", "").strip()[:80]
    with database.transaction(visit.site().db) as session:
        outcome = credentials.sign_in(session, visit.now(), name, form.get("password", "")[:400], guard.origin())
    if outcome.token is None:
        return _page(_(outcome.refusal), 401)
    answer = _onwards(outcome.token, name)
    answer.set_cookie(
        guard.cookie_name(), outcome.token, httponly=True, samesite="Lax", secure=request.is_secure, path="/"
    )
    answer.delete_cookie(FORM_COOKIE)
    return answer


def _onwards(token: str, name: str) -> flask.Response:
    """To where one wanted to go, or back to what one had posted when the session ended."""
    kept = held.opened(flask.request.form.get(held.FIELD, ""), name)
    if kept is None:
        return flask.redirect(own_path(flask.request.form.get("next")), 303)  # type: ignore[return-value]  # werkzeug's response
    guard.enter(token)
    return flask.make_response(held.page(kept))


def again(kept: held.Held) -> flask.Response:
    """The sign-in page for somebody whose session ended before they posted a form: the form is kept in it."""
    return _page("", kept=held.seal(kept))


def _page(fault: str, status: int = 200, kept: str = "") -> flask.Response:
    token = visit.site().db.random(16)
    page = flask.render_template(
        "signin.html",
        fault=fault,
        token=token,
        name=flask.request.form.get("name", "")[:80],
        next=own_path(flask.request.values.get("next")),
        ended=bool(flask.g.get("session_ended")),
        held=kept or flask.request.form.get(held.FIELD, ""),
        people=f"{visit.site().settings.data_dir}/demo-people.json" if visit.site().settings.demo else "",
    )
    answer = flask.make_response(page, status)
    answer.set_cookie(FORM_COOKIE, token, httponly=True, samesite="Strict", secure=flask.request.is_secure)
    return answer


@pages.post("/signout")
@guard.newcomers
def leave() -> flask.typing.ResponseReturnValue:
    """Ends the session."""
    with database.transaction(visit.site().db) as session:
        credentials.sign_out(session, visit.now(), flask.request.cookies.get(guard.cookie_name(), ""))
    answer = flask.redirect("/signin", 303)
    answer.delete_cookie(guard.cookie_name())
    return answer


@pages.get("/language/<code>")
@guard.public
def speak(code: str) -> flask.typing.ResponseReturnValue:
    """Chooses the language of the pages."""
    if code not in i18n.LANGUAGES:
        raise errors.NotFound("没有这种语言")
    answer = flask.redirect(own_path(flask.request.args.get("next")))
    answer.set_cookie(i18n.COOKIE, code, max_age=365 * 86400, httponly=True, samesite="Lax")
    return answer
