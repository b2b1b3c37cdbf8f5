"""Security headers on every answer: a strict content policy, no framing, no sniffing, no caching of what is private."""

from collections.abc import Iterable, Mapping
from urllib.parse import quote

import flask

from workflow_service.web import assets

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
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer


def add(answer: flask.Response) -> flask.Response:
    """Adds the headers to an answer."""
    headers, asked = answer.headers, flask.request
    headers.setdefault("Content-Security-Policy", flask.g.get("policy", _STRICT))
    headers.extend(_ALWAYS)
    if asked.is_secure:
        headers["Strict-Transport-Security"] = "max-age=31536000"
    if asked.endpoint != "static":
        headers["Cache-Control"] = "no-store"
        headers["Vary"] = "Cookie, Accept-Language"
    elif answer.status_code < 400 and assets.SHIPPED.is_lasting(asked.path, asked.args.get("v", "")):  # noqa: PLR2004  found
        headers["Cache-Control"] = FOREVER
    else:
        headers["Cache-Control"] = "no-cache"
    return answer
