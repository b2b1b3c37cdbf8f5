"""English readers are told in English why something gave up, as far as the service itself said it."""

import pytest

from tests.web.conftest import House
from workflow_service import errors
from workflow_service.cases import failures, lifecycle
from workflow_service.storage import database
from workflow_service.web import causes

SAID = [
    # a sentence without parameters
    ("执行中断，没有结果", "The call was cut short and left no result"),
    # a template, its parameter kept
    (str(errors.CalendarDataMissing(2031)), "There is no working-day calendar for 2031"),
    # what a library said stays as it is within the sentence
    ("邮件服务器不可用：[Errno 111] Connection refused", "The mail server cannot be reached: [Errno 111] Connection refused"),
    # an exception of foreign code, and text of nobody we know
    ("KeyError: 'x'（issue，第12行）", "KeyError: 'x' (issue, line 12)"),
    ("ORA-00942: 表或视图不存在", "ORA-00942: 表或视图不存在"),
]  # fmt: skip


@pytest.mark.parametrize(("said", "english"), SAID)
def test_a_sentence_of_the_service_is_known_again(said: str, english: str) -> None:
    assert causes.in_english(said).startswith(english)


def test_an_incident_tells_each_reader_its_cause_in_their_language(house: House, opened: str) -> None:
    said = str(errors.CannotAdvance("流程包中没有表单“{element}”", element="review"))
    with database.transaction(house.db) as session:
        case = lifecycle.lock(session, opened)
        failures.open_one(session, house.time, case, failures.Cause("r1", "review_acceptance", said, "trace-1", 1))
    operator = house.browser("operator_1")

    chinese = operator.get("/operations").get_data(as_text=True)
    operator.get("/language/en")
    english = operator.get("/operations").get_data(as_text=True)
    case_page = house.browser("clerk_1")
    case_page.get("/language/en")

    assert said in chinese
    assert said not in english and "The bundle has no form “review”" in english
    assert "The bundle has no form “review”" in case_page.get(f"/cases/{opened}").get_data(as_text=True)
