"""What differs between two versions: side by side on the diagrams, and line by line for everything else."""

from collections import Counter
from typing import Any

import flask

from workflow_service.bundles import diff, publish
from workflow_service.identity.permissions import Permission
from workflow_service.web import guard, i18n, owner, visit

pages = flask.Blueprint("differences", __name__, url_prefix="/bundles")


@pages.get("/<int:bundle_id>/differences")
@guard.needs(Permission.BUNDLE_READ)
def show(bundle_id: int) -> str:
    """The differences of a version or draft from another one, by default from the one it was made from."""
    with visit.reading() as session:
        new = publish.by_id(session, bundle_id)
        other = visit.whole_of("with", 0, 0, 10**9)
        old = publish.by_id(session, other) if other else publish.by_hash(session, new.base or new.hash)
        found = diff.diff(owner.as_bundle(session, old), owner.as_bundle(session, new))
        files = Counter(one.file for one in found.changes)
        chosen = visit.text_of("file", 160) or next(iter(files), "")
        return flask.render_template(
            "differences.html",
            old=old,
            new=new,
            files=files,
            chosen=chosen,
            rows=[_row(one) for one in found.changes if one.file == chosen],
            marks=found.marks(chosen),
            both=chosen.endswith(".bpmn")
            and {one.change for one in found.changes if one.file == chosen and not one.element} == set(),
        )


def _row(one: diff.Change) -> dict[str, Any]:
    return {
        "change": one.change,
        "element": one.element,
        "name": one.name,
        "aspect": one.aspect,
        "before": one.before,
        "after": one.after,
        "text": one.text_en if i18n.is_english() else one.text,
    }
