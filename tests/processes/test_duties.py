"""Who may do what in one case, shown on the city's own: duties kept apart, and people named as the forms allow."""

import pytest

from tests import city
from tests.processes import answers
from tests.processes.story import Story
from workflow_service import errors
from workflow_service.storage import people


def begun(town: city.City, subject: str = "party_1") -> Story:
    """A simple case whose path is approved."""
    one = {"kind": "person", "name": "丁", "org": "甲局", "org_type": "party_government", "account": subject}
    story = Story(town, town.open("applicant_1", "intake", **answers.application("4.1", subjects=[one])))
    story.is_accepted(simple=True, consensus=True)
    return story


@pytest.mark.parametrize(
    ("named", "code"),
    [("clerk_3", "unsuitable_person"), ("nobody", "unknown_person"), ("investigator_3", "disabled_person")],
)
def test_only_active_investigators_are_named_to_the_investigation(town: city.City, named: str, code: str) -> None:
    story = begun(town)
    with town.work() as session:
        session.query(people.Account).filter_by(name="investigator_3").one().active = False

    with pytest.raises(errors.Invalid) as found:
        story.does("plan_investigation", team=["investigator_1", named])

    assert [(one.field, one.code) for one in found.value.errors] == [("team.1", code)]


def test_a_subject_with_an_unknown_account_is_not_entered(town: city.City) -> None:
    with pytest.raises(errors.Invalid) as found:
        begun(town, subject="nobody")

    assert [(one.field, one.code) for one in found.value.errors] == [("subjects.0.account", "unknown_person")]
