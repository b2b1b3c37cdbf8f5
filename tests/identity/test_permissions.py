"""The separation of duties: who may not do what in the same case, and why."""

from collections import Counter

import pytest

from workflow_service import demo, errors
from workflow_service.identity import permissions
from workflow_service.identity.actors import Actor
from workflow_service.identity.permissions import Involvement, Permission


def _actor(*roles: str, place: str = "city") -> Actor:
    return Actor(1, "wang", "王芳", frozenset(roles), "office", place)


@pytest.mark.parametrize(
    ("element", "role", "done"),
    [
        ("approve_route", "chief", ("propose_route", "clerk")),  # the clerk who proposes does not approve
        ("propose_route", "clerk", ("approve_route", "chief")),  # nor the other way round
        ("approve_route", "chief", ("propose_route", "chief")),  # not even where a new diagram gives both to one lane
        ("evaluate", "panel_member", ("report_investigation", "investigator")),  # an investigator is no panel member
        ("record_meeting", "committee_secretary", ("plan_investigation", "investigator")),  # nor a decider
        ("sign_decision", "signer", ("draft_decision", "clerk")),  # the signer has not drafted
        ("sign_correction_notice", "signer", ("draft_correction_notice", "clerk")),
        ("accept_correction", "clerk", ("report_correction", "party")),  # the object does not accept
        ("approve_typical_case", "chief", ("anonymise_case", "records")),
    ],
)
def test_nobody_does_both_of_two_conflicting_duties(element: str, role: str, done: tuple[str, str]) -> None:
    assert permissions.separation(element, role, Involvement(done=(done,))) is not None


@pytest.mark.parametrize("role", sorted(permissions.HANDLING))
def test_those_whom_the_case_is_about_handle_nothing_of_it(role: str) -> None:
    assert permissions.separation("any", role, Involvement(subject=True)) is not None
    assert permissions.separation("any", role, Involvement(accuser=True)) is not None


def test_a_party_does_their_own_part() -> None:
    assert permissions.separation("plan_correction", "party", Involvement(subject=True)) is None


def test_a_recused_person_neither_works_nor_reads() -> None:
    recused = Involvement(done=(("evaluate", "panel_member"),), recused=True, holds=True)

    assert permissions.separation("evaluate", "panel_member", recused) is not None
    assert not permissions.may_read(_actor("panel_member"), "city", recused)


@pytest.mark.parametrize(
    ("roles", "place", "case_place", "involved", "expected"),
    [
        (("clerk",), "city", "city", Involvement(), True),  # a clerk sees the cases of the own place
        (("clerk",), "east", "city", Involvement(), False),  # and of no other
        (("supervisor",), "city", "east", Involvement(), True),  # the superior organ sees its counties' cases
        (("supervisor",), "east", "west", Involvement(), False),
        (("auditor",), "city", "west", Involvement(), True),
        (("party",), "city", "city", Involvement(), False),  # a party sees no case of others
        (("party",), "city", "city", Involvement(subject=True), True),
        (("applicant",), "city", "city", Involvement(opened=True), True),
        (("panel_member",), "city", "city", Involvement(), False),  # a member sees only what they work on
        (("panel_member",), "city", "city", Involvement(holds=True), True),
        (("process_owner",), "city", "city", Involvement(), False),  # no case content for these
        (("operator",), "city", "city", Involvement(), False),
        (("admin",), "city", "city", Involvement(), False),
    ],
)
def test_who_may_see_a_case(
    roles: tuple[str, ...], place: str, case_place: str, involved: Involvement, expected: bool
) -> None:
    assert permissions.may_read(_actor(*roles, place=place), case_place, involved) is expected


def test_the_superior_organ_sees_that_a_case_goes_on_but_not_what_was_said_at_each_step() -> None:
    superior = _actor("supervisor")

    assert permissions.allows(superior, Permission.CASE_LIST_ALL)
    assert not permissions.allows(superior, Permission.JOURNAL_READ)


@pytest.mark.parametrize("place", demo.PLACES)
def test_whoever_is_recused_in_the_demo_has_somebody_to_take_over(place: str) -> None:
    handling = permissions.HANDLING - {"panel_chair"}  # any member may chair
    staffed = Counter(
        role for one in demo.newcomers(lambda _size: "") if one.unit.startswith(f"{place}-") for role in one.roles
    )

    assert {role for role in handling if staffed[role] < 2} == set()


def test_what_no_role_permits_is_forbidden() -> None:
    for permission in Permission:
        assert not permissions.allows(_actor(), permission)
        with pytest.raises(errors.NotAllowed):
            permissions.require(_actor("nonsense"), permission)


def test_every_permission_belongs_to_some_role() -> None:
    granted = permissions.permissions_of(permissions.PERMISSIONS)

    assert granted == frozenset(Permission)


def test_an_auditor_has_no_right_that_writes() -> None:
    writing = {Permission.CASE_OPEN, Permission.TASK_WORK, Permission.TASK_TRANSFER, Permission.CASE_COMMENT, Permission.INCIDENT_RESOLVE,
               Permission.BUNDLE_EDIT, Permission.BUNDLE_APPROVE, Permission.PEOPLE_MANAGE, Permission.CALENDAR_EDIT}  # fmt: skip

    assert not permissions.PERMISSIONS["auditor"] & writing
