"""Guards every route: who may enter is declared at each view, and a view that declares nothing lets nobody in."""

import hashlib
import hmac
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Any, TypeVar
from urllib.parse import urlsplit

import flask

from workflow_service import errors
from workflow_service.identity import credentials, permissions
from workflow_service.identity.permissions import Permission
from workflow_service.storage import database
from workflow_service.web import visit

View = TypeVar("View", bound=Callable[..., Any])

ATTRIBUTE = "entry"
TOUCH_EVERY = timedelta(minutes=1)
SAFE = ("GET", "HEAD", "OPTIONS")


@dataclass(frozen=True)
class Entry:
    """Who may enter a route: everybody, whoever is signed in, or those with one of the permissions.

    ``newcomers``: also who came in with a password that somebody else chose.
    """

    public: bool = False
    newcomers: bool = False
    needs: frozenset[Permission] = frozenset()


PUBLIC = Entry(public=True)
SIGNED_IN = Entry()
NEWCOMERS = Entry(newcomers=True)


def public(view: View) -> View:
    """Lets everybody in, signed in or not."""
    return declare(view, PUBLIC)


def signed_in(view: View) -> View:
    """Lets in whoever is signed in."""
    return declare(view, SIGNED_IN)


def newcomers(view: View) -> View:
    """Lets in whoever is signed in, be it with a password that somebody else chose."""
    return declare(view, NEWCOMERS)


def needs(*wanted: Permission) -> Callable[[View], View]:
    """Lets in those whose roles permit one of these things."""
    return lambda view: declare(view, Entry(needs=frozenset(wanted)))


def declare(view: View, entry: Entry) -> View:
    """Declares who may enter a view."""
    setattr(view, ATTRIBUTE, entry)
    return view


def entry_of(app: flask.Flask, endpoint: str) -> Entry | None:
    """What a view declares; None when it declares nothing and so lets nobody in."""
    found: Entry | None = getattr(app.view_functions.get(endpoint), ATTRIBUTE, None)
    return found


def cookie_name() -> str:
    """The session cookie's name; with TLS the browser binds it to this very host."""
    return "__Host-session" if flask.request.is_secure else "session"


def watch() -> None:
    """Finds out who sends a request and refuses those who may not enter; runs before every view.

    Raises:
        NotSignedIn: nobody is known, or the token is not. NotAllowed: the role may not enter, or the request was not
            made by this person's own page. PasswordDue: they have to choose a password of their own first.
            NotFound: there is no such route.
    """
    request = visit.asked()
    if request.endpoint is None:
        return  # no such route: routing says so itself
    entry = entry_of(flask.current_app, request.endpoint)
    bearer = request.headers.get("Authorization", "")
    if bearer.startswith("Bearer "):
        _by_token(bearer[len("Bearer ") :].strip())
    else:
        _by_cookie()
    if entry is None:
        raise errors.NotAllowed("此地址不对任何人开放")
    if "\0" in request.path:
        raise errors.NotFound("没有这个页面，地址可能有误")
    if not entry.public:
        _admit(request, entry)


def _admit(request: flask.Request, entry: Entry) -> None:
    actor, kept = visit.actor(), visit.kept()
    _require_text(request)
    if request.method not in SAFE and "csrf" in kept:
        require_own_page(kept.csrf)
    if kept.get("password_given") and not entry.newcomers:
        raise errors.PasswordDue("您的密码由他人设置，请先在“我的资料”中改为只有您知道的密码")
    if entry.needs and not any(permissions.allows(actor, one) for one in entry.needs):
        raise errors.NotAllowed("您的角色不能进入此页面")


_ZERO = re.compile(rb"%00|\0")
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


def _require_text(request: flask.Request) -> None:
    """Refuses the zero character, which no text holds and PostgreSQL cannot even be asked for; JSON is looked at apart."""
    asked = request.args.items(multi=True) if _ZERO.search(request.query_string) else ()
    # who sends no form is not to pay for the reading of one
    typed = request.form.items(multi=True) if request.mimetype in _FORMS else ()
    sent = (*asked, *typed)
    wrong = {name.replace("\0", "") for name, text in sent if "\0" in name + text}
    if wrong:
        sentence = "“{name}”含有空字符，请删去"
        raise errors.Invalid([errors.FieldError(one, "zero", sentence, (("name", one),)) for one in sorted(wrong)])


def _by_token(token: str) -> None:
    with database.reading(visit.site().db) as session:
        actor = credentials.of_token(session, token)
    if actor is None:
        raise errors.NotSignedIn("令牌无效或已停用")
    kept = visit.kept()
    kept.actor, kept.by_token = actor._replace(origin=origin()), True


def _by_cookie() -> None:
    token = flask.request.cookies.get(cookie_name(), "")
    if token:
        enter(token)


def enter(token: str) -> None:
    """Makes the person of a browser session the one who sends this request; notes when the session has ended."""
    now = visit.now()
    with database.reading(visit.site().db) as session:
        known = credentials.of_session(session, now, token)
    kept = visit.kept()
    if known is None:
        kept.session_ended = True
        return
    if known.seen_at < now - TOUCH_EVERY:
        # who only looks goes on while nothing can be written; a session that is not touched just ends earlier
        with suppress(errors.Unavailable), database.transaction(visit.site().db) as session:
            credentials.touch(session, now, token)
    kept.actor, kept.csrf = known.actor._replace(origin=origin()), known.csrf
    kept.password_given = known.password_given


def require_own_page(expected: str) -> None:
    """Raises PageExpired unless a changing request carries the token of this person's own pages."""
    sent = flask.request.headers.get("X-CSRF-Token") or flask.request.form.get("csrf", "")
    if not expected or not hmac.compare_digest(sent.encode(), expected.encode()) or _is_foreign():
        raise errors.PageExpired("页面已过期，请刷新页面后重试")


def _is_foreign() -> bool:
    said = flask.request.headers.get("Origin", "")
    return bool(said) and said != "null" and urlsplit(said).netloc != flask.request.host


def origin() -> str:
    """A digest of the network address, for the journal: enough to compare, nothing to read."""
    return _digest(flask.request.remote_addr or "")


@lru_cache(maxsize=1000)
def _digest(address: str) -> str:
    return hashlib.sha256(address.encode()).hexdigest()[:16]
