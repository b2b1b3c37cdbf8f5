"""Security headers on every answer: a strict content policy, no framing, no sniffing, no caching of what is private."""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import quote
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import flask

from workflow_service.web import assets, visit

BASE = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    "base-uri": "'none'",
    "object-src": "'none'",
}
FOREVER = "public, max-age=31536000, immutable"


def _joined(policy: Mapping[str, str]) -> str:
    return "; ".join(f"{name} {value}" for name, value in policy.items())


_STRICT = _joined(BASE)
_FOR_EDITORS = _joined({**BASE, "style-src-attr": "'unsafe-inline'"})
_FOR_FILES = "default-src 'none'; sandbox"
_ALWAYS = (
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "same-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=()"),
)


def for_editors() -> None:
    """Lets this page's diagram editor colour and place its marks by style attributes; styles still come from files."""
    flask.g.policy = _FOR_EDITORS


def download(content: bytes | Iterable[bytes], name: str, media_type: str) -> flask.Response:
    """A file to keep, never to be shown within the site; its content whole, or part by part as it is made."""
    answer = flask.Response(content, mimetype=media_type)
    # headers hold Latin-1 only: a Chinese name travels percent-encoded (RFC 6266), beside a plain one for old programs
    plain = name.encode("ascii", "replace").decode().replace("?", "_").replace('"', "_")
    answer.headers["Content-Disposition"] = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
    flask.g.policy = _FOR_FILES
    return answer


def add(answer: flask.Response) -> flask.Response:
    """Chooses the headers of an answer where the usual ones do not fit."""
    asked, policy = visit.asked(), flask.g.get("policy", _STRICT)
    is_shipped = asked.endpoint == "static"
    if is_shipped:
        found = answer.status_code < 400  # noqa: PLR2004  what is missing now may be there later
        lasting = found and assets.SHIPPED.is_lasting(asked.path, asked.args.get("v", ""))
        answer.headers["Cache-Control"] = FOREVER if lasting else "no-cache"
    if is_shipped or asked.is_secure or policy is not _STRICT:
        asked.environ[_CHOSEN] = _headers(policy, is_private=not is_shipped, is_secure=asked.is_secure)
    return answer


@lru_cache(maxsize=32)
def _headers(policy: str, *, is_private: bool, is_secure: bool) -> tuple[tuple[str, str], ...]:
    private = (("Cache-Control", "no-store"), ("Vary", "Cookie, Accept-Language")) if is_private else ()
    secure = (("Strict-Transport-Security", "max-age=31536000"),) if is_secure else ()
    return (*_ALWAYS, ("Content-Security-Policy", policy), *private, *secure)


_CHOSEN = "workflow_service.headers"
_USUAL = _headers(_STRICT, is_private=True, is_secure=False)


class Headed:
    """An application whose every answer has its headers, put on as it leaves: Werkzeug would look at each of them twice."""

    def __init__(self, application: WSGIApplication) -> None:
        self._application = application

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answers a request (PEP 3333)."""

        def begin(status: str, headers: list[tuple[str, str]], *failure: Any) -> Any:
            return start_response(status, [*headers, *environ.get(_CHOSEN, _USUAL)], *failure)

        return self._application(environ, begin)
