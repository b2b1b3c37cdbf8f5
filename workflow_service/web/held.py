"""Keeps what somebody posted from a page that had outlived its session, until they are back and send it again.

Nothing is stored: the fields travel through the sign-in page, sealed with this installation's key, and are opened for the
person alone from whose page they came. That person is known by the token against forged requests that the page carried.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import flask
from cryptography.fernet import InvalidToken

from workflow_service.identity import credentials
from workflow_service.web import visit

MOST = 1_000_000
"""Bytes of a form that are kept; who writes more than that has a draft."""
FIELD = "held"
_FORM = re.compile(r"/tasks/[^/]+|/start/[^/]+|/cases/[^/]+/messages/[^/]+")


@dataclass(frozen=True)
class Held:
    """A form that was posted: by whom, where to, with which fields (files are not among them)."""

    owner: str
    path: str
    fields: Sequence[tuple[str, str]]

    @property
    def is_form(self) -> bool:
        """Whether it fills in a form that its page can show again, so that nothing is sent unseen."""
        return _FORM.fullmatch(self.path) is not None


def posted() -> Held | None:
    """What this request posted from a page of ours; None when it is no such form or nobody's."""
    request = flask.request
    token = request.form.get("csrf", "") if request.method == "POST" else ""
    if not token or (request.content_length or 0) > MOST:
        return None
    with visit.reading() as session:
        owner = credentials.owner_of_page(session, token)
    fields = [(name, text) for name, text in request.form.items(multi=True) if name != "csrf"]
    return None if owner is None else Held(owner, request.path, fields)


def seal(held: Held) -> str:
    """The form as a text that nobody can read or change on its way through a page."""
    kept = {"owner": held.owner, "path": held.path, "fields": [list(one) for one in held.fields]}
    return visit.site().worker.safe.lock(kept).decode()


def opened(sealed: str, owner: str) -> Held | None:
    """The form that a page brought back; None when it is not whole or was somebody else's."""
    if not sealed:
        return None
    try:
        kept: dict[str, Any] = visit.site().worker.safe.unlock(sealed.encode())
    except InvalidToken:
        return None
    if kept.get("owner") != owner or "path" not in kept:
        return None
    return Held(owner, kept["path"], [(name, text) for name, text in kept["fields"]])


def page(held: Held) -> str:
    """Leads the person who is back to the form they had filled in, or asks whether to send it now."""
    chosen = dict(held.fields).get("act", "")
    fields = [one for one in held.fields if one[0] != "act"]
    return flask.render_template("held.html", held=held, fields=fields, chosen=chosen)
