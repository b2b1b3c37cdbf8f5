"""What handlers do through their ports has its effect once under a key, whenever they try again."""

import pytest

from tests import city
from tests.processes import answers
from tests.processes.story import at
from workflow_service import settings
from workflow_service.cases import ports
from workflow_service.storage import database


@pytest.fixture
def town(db: database.Database) -> city.City:
    return city.make(db, at(2026, 12, 31))


def test_a_paper_that_is_tried_again_in_the_next_year_keeps_its_number(town: city.City) -> None:
    case = town.case(town.open("applicant_1", "intake", **answers.application("4.1")))
    place = ports.Place(town.db, town.time, case.id, case.number, case.place, case.bundle)
    documents = ports.Documents(place, settings.Settings())
    first = documents.number("one", "丽容错", 2026)

    again = documents.number("one", "丽容错", 2027)

    assert (first, again) == ("丽容错〔2026〕1号", "丽容错〔2026〕1号")
    assert documents.number("other", "丽容错", 2027) == "丽容错〔2027〕1号"
