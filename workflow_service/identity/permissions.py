"""What people may do: one table from roles to permissions, and the separation of duties as functions.

Asked once, in the verb; everything that is not allowed here is forbidden.
"""

from collections.abc import Collection, Iterable, Mapping
from enum import StrEnum
from typing import Any, NamedTuple

from workflow_service import errors
from workflow_service.identity.actors import Actor


class Permission(StrEnum):
    """What can be permitted; ``area:thing:verb``."""

    CASE_OPEN = "case:open"  # start a case or send a message to one
    CASE_READ = "case:read"  # see a case file
    CASE_LIST_ALL = "case:list:all"  # see the list of every case in scope
    TASK_WORK = "case:task:work"  # claim, fill in and submit
    TASK_TRANSFER = "case:task:transfer"  # give somebody else's task to another person
    TASK_REMIND = "case:task:remind"
    CASE_COMMENT = "case:comment"
    JOURNAL_READ = "case:journal:read"
    JOURNAL_EXPORT = "case:journal:export"
    ACCESS_READ = "access:read"
    BUNDLE_READ = "bundle:read"
    BUNDLE_EDIT = "bundle:edit"
    BUNDLE_APPROVE = "bundle:approve"
    OPERATIONS_READ = "operations:read"
    INCIDENT_RESOLVE = "operations:incident:resolve"
    PEOPLE_MANAGE = "people:manage"
    CALENDAR_EDIT = "calendar:edit"
    LIBRARY_READ = "library:read"
    LIBRARY_WITHDRAW = "library:withdraw"  # take a typical case out of the library
    SEALED_READ = "case:sealed:read"  # who accused


_STAFF = frozenset({
    Permission.CASE_OPEN, Permission.CASE_READ, Permission.TASK_WORK, Permission.TASK_REMIND, Permission.CASE_COMMENT,
    Permission.LIBRARY_READ,
})  # fmt: skip
_LISTING = _STAFF | {Permission.CASE_LIST_ALL, Permission.JOURNAL_READ}

PERMISSIONS: Mapping[str, frozenset[Permission]] = {
    "party": frozenset({Permission.CASE_OPEN, Permission.CASE_READ, Permission.TASK_WORK, Permission.LIBRARY_READ}),
    "applicant": frozenset({Permission.CASE_OPEN, Permission.CASE_READ, Permission.TASK_WORK, Permission.LIBRARY_READ}),
    "clerk": _LISTING,
    "chief": _LISTING | {Permission.TASK_TRANSFER, Permission.LIBRARY_WITHDRAW},
    "investigator": _STAFF,
    "panel_member": _STAFF,
    "panel_chair": _STAFF,
    "panel_secretary": _STAFF,
    "committee_member": _STAFF,
    "committee_secretary": _STAFF,
    "signer": _STAFF,
    "supervisor": _STAFF | {Permission.CASE_LIST_ALL},
    "personnel": _STAFF,
    "discipline": _STAFF | {Permission.SEALED_READ},
    "records": _LISTING,
    "process_owner": frozenset(
        {Permission.BUNDLE_READ, Permission.BUNDLE_EDIT, Permission.BUNDLE_APPROVE, Permission.LIBRARY_READ}
    ),
    "auditor": frozenset({
        Permission.CASE_READ, Permission.CASE_LIST_ALL, Permission.JOURNAL_READ, Permission.JOURNAL_EXPORT,
        Permission.ACCESS_READ, Permission.BUNDLE_READ, Permission.OPERATIONS_READ, Permission.LIBRARY_READ,
    }),
    "operator": frozenset({Permission.OPERATIONS_READ, Permission.INCIDENT_RESOLVE, Permission.LIBRARY_READ}),
    "admin": frozenset({Permission.PEOPLE_MANAGE, Permission.CALENDAR_EDIT, Permission.OPERATIONS_READ, Permission.LIBRARY_READ}),
}  # fmt: skip

HANDLING = frozenset({
    "clerk", "chief", "investigator", "panel_member", "panel_chair", "panel_secretary", "committee_member",
    "committee_secretary", "signer", "supervisor", "personnel", "discipline", "records",
})  # fmt: skip
"""Roles that handle a case, closed to those whom the case is about."""

_EVERYWHERE = frozenset({"auditor", "operator", "admin", "process_owner"})

_DECIDERS = ("committee_member", "committee_secretary", "signer")
_PANEL = ("panel_member", "panel_chair", "panel_secretary")

ROLE_CONFLICTS: Mapping[str, frozenset[str]] = {
    # who proposes does not approve; who investigates neither evaluates nor decides (procedure: separation in one case)
    "clerk": frozenset({"chief"}),
    "chief": frozenset({"clerk"}),
    "investigator": frozenset({*_PANEL, *_DECIDERS}),
    **{role: frozenset({"investigator"}) for role in (*_PANEL, *_DECIDERS)},
}

ELEMENT_CONFLICTS: Mapping[str, frozenset[str]] = {
    # the signer of a paper has not drafted it
    "sign_decision": frozenset({"draft_decision"}),
    "check_draft": frozenset({"draft_decision"}),
    "sign_correction_notice": frozenset({"draft_correction_notice"}),
    "draft_decision": frozenset({"sign_decision", "check_draft"}),
    "draft_correction_notice": frozenset({"sign_correction_notice"}),
    # who corrects does not accept the correction
    "accept_correction": frozenset({"plan_correction", "report_correction"}),
    "approve_typical_case": frozenset({"anonymise_case"}),
    # who proposes the path does not approve it, whichever lanes the two steps were moved to
    "approve_route": frozenset({"propose_route"}),
    "propose_route": frozenset({"approve_route"}),
}


_DECIDES_RECUSALS = frozenset({"decide_recusal", "decide_chief_recusal"})
"""Open also to who is challenged, for requests about others: else requests about all who decide could never be decided."""


class Involvement(NamedTuple):
    """What a person has to do with a case, as far as permissions need to know.

    Args:
        done: (element, role) of the tasks the person has completed in it.
        subject: whether the case is about this person.
        opened: whether this person began it.
        recused: whether this person was recused from it. challenged: whether a request for it is still undecided.
        investigates: whether this person is of the team that investigates it.
        accuser: whether this person is its sealed accuser or a witness.
        holds: whether a task of the case is or was theirs.
    """

    done: tuple[tuple[str, str], ...] = ()
    subject: bool = False
    opened: bool = False
    recused: bool = False
    challenged: bool = False
    investigates: bool = False
    accuser: bool = False
    holds: bool = False


def are_at_odds(roles: Collection[str]) -> bool:
    """Whether roles cannot be one person's in any case: who keeps the accounts is watched by somebody else."""
    return {"admin", "auditor"} <= set(roles)


def permissions_of(roles: Iterable[str]) -> frozenset[Permission]:
    """Everything that these roles permit together."""
    return frozenset().union(*(PERMISSIONS.get(role, frozenset()) for role in roles))


def is_staff(actor: Actor) -> bool:
    """Whether somebody has another part in the procedure than asking for it or being concerned."""
    return bool(actor.roles - {"party", "applicant"})


def within(actor: Actor, shared: Mapping[str, Any]) -> Actor:
    """The actor as a case sees them, by what it publishes: whom it is about reads it as a party, whatever their duties are."""
    if not is_subject(shared, actor.name):
        return actor
    return actor._replace(roles=actor.roles & {"party", "applicant"})


def allows(actor: Actor, permission: Permission) -> bool:
    """Whether one of the actor's roles permits it at all."""
    return any(permission in PERMISSIONS.get(role, ()) for role in actor.roles)


def require(actor: Actor, permission: Permission) -> None:
    """Raises NotAllowed unless one of the actor's roles permits it."""
    if not allows(actor, permission):
        raise errors.NotAllowed("您的角色没有此项权限（{permission}）", permission=permission.value)


def reaches(actor: Actor, place: str) -> bool:
    """Whether the actor's duties extend to cases of a place: one's own, and all of them for city-wide duties."""
    return actor.place == place or bool(actor.roles & _EVERYWHERE)


def reaches_role(actor: Actor, place: str, role: str) -> bool:
    """Whether the actor can fill a role for a place; the superior organ of a county sits in the city."""
    if role not in actor.roles:
        return False
    return actor.place == place or (role == "supervisor" and actor.place == "city")


def may_read(actor: Actor, place: str, involved: Involvement) -> bool:
    """Whether the actor may see a case file of a place."""
    if involved.recused:
        return False
    if involved.subject or involved.opened or involved.holds:
        return allows(actor, Permission.CASE_READ)
    if allows(actor, Permission.CASE_LIST_ALL):
        return reaches(actor, place) or reaches_role(actor, place, "supervisor")
    return False


def may_unseal(actor: Actor, place: str, involved: Involvement) -> bool:
    """Whether the actor may open what is sealed for good in a case: discipline of its place, never whom it concerns."""
    kept_out = involved.recused or is_concerned(involved)
    return allows(actor, Permission.SEALED_READ) and actor.place == place and not kept_out


CONCERNED = "您是本案当事人、检举人或证人，不能办理本案"


def is_concerned(involved: Involvement) -> bool:
    """Whether a case is about this person, or rests on what they said: they have no part in handling it."""
    return involved.subject or involved.accuser


def separation(element: str, role: str, involved: Involvement) -> str | None:
    """Why the separation of duties keeps a person from a task, or None when it does not."""
    if involved.recused:
        return "您已回避本案，不能再办理"
    if role in HANDLING and is_concerned(involved):
        return CONCERNED
    if involved.challenged and role in HANDLING and element not in _DECIDES_RECUSALS:
        return "对您的回避请求还没有决定，决定作出前不能办理本案"
    elements, roles = ELEMENT_CONFLICTS.get(element, ()), ROLE_CONFLICTS.get(role, ())
    for done, as_role in (*involved.done, *((("", "investigator"),) if involved.investigates else ())):
        if done in elements:
            return "提出与批准、拟制与审核签发、整改与验收须由不同的人办理，您已办理过本案的相应环节"
        if as_role in roles:
            return "您已在本案中履行与此相斥的职责，须由他人办理（职责分离）"
    return None


def is_recused(shared: Mapping[str, Any], name: str) -> bool:
    """Whether a person was recused from a case, by what the case publishes."""
    return name in (shared.get("recused") or ())


def is_challenged(shared: Mapping[str, Any], name: str) -> bool:
    """Whether a request to recuse a person from a case is still undecided."""
    return any(one.get("person") == name for one in shared.get("challenged") or ())


def is_subject(shared: Mapping[str, Any], name: str) -> bool:
    """Whether an account belongs to one of the case's subjects."""
    return any(one.get("account") == name for one in shared.get("subjects") or ())
