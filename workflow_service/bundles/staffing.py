"""Whether somebody holds the roles that a bundle gives work to: a task in a lane without people waits until there are some."""

from collections.abc import Iterator

import orjson
from sqlalchemy.orm import Session

from workflow_service.bundles import read
from workflow_service.bundles.rules import Place, fault
from workflow_service.errors import Finding
from workflow_service.identity import permissions, roster


def faults(session: Session, place: str, bundle: read.Bundle) -> Iterator[Finding]:
    """A warning for each lane whose role nobody holds in the place of a bundle; people may yet come."""
    for lane, role in _lanes(bundle).items():
        if not roster.with_role(session, place, role):
            message = (
                f"目前没有人担任“{role}”，泳道“{lane}”的任务将无人办理",
                f"nobody holds the role “{role}” now: tasks of the lane “{lane}” would wait for somebody",
            )
            fix = ("由系统管理员授予此角色，或换一个角色", "have an administrator grant the role, or use another one")
            yield fault("R03", Place("roles.json", lane), message, fix, "warning")


def _lanes(bundle: read.Bundle) -> dict[str, str]:
    """Lane by the role that works in it; what the file says otherwise is for the rules to tell."""
    try:
        told = orjson.loads(bundle.files.get("roles.json", b"{}"))
    except orjson.JSONDecodeError:
        return {}
    lanes = told.get("lanes") if isinstance(told, dict) else None
    given = lanes.items() if isinstance(lanes, dict) else ()
    return {lane: role for lane, role in given if isinstance(role, str) and role in permissions.PERMISSIONS}
