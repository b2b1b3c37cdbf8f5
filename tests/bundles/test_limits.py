"""All limits of the shipped bundle are found, told apart by who set them, and changed wherever they are stated."""

import pytest
from lxml import etree

from tests.bundles import city
from workflow_service import errors, feel
from workflow_service.bundles import check, limits, read
from workflow_service.bundles.limits import Limit, Row, Wanted


def rows(process: str, element: str) -> list[Row]:
    return [one for one in limits.of(city.bundle().files) if (one.process, one.node.id) == (process, element)]


def changed(process: str, wanted: Wanted) -> read.Bundle:
    name = f"{process}.bpmn"
    content = limits.changed(name, city.bundle().files[name], wanted)
    return read.Bundle.of({**city.bundle().files, name: content})


@pytest.mark.parametrize(
    ("process", "element", "limit"),
    [
        ("intake", "review_acceptance", Limit(5, 3)),
        ("intake", "supplement_application", Limit(10)),
        ("investigation", "reach_limit", Limit(30, 15)),
        ("panel", "form_panel", Limit(3, 2)),
        ("panel", "opinions_overdue", Limit(8, 4)),
        ("decision", "sign_decision", Limit(5, 3)),
        ("correction", "plan_correction", Limit(10)),
        ("correction", "reply_inquiry", Limit(15)),
        ("appeal", "reply_late_appeal", Limit(10, 5)),
        ("result_use", "use_result", Limit(20, 10)),
        ("reopening", "decide_reopening", Limit(10, 5)),
        ("suspension", "decide_resumption", Limit(2, 1)),
        ("typical_case", "ask_subject_consent", Limit(10)),
        ("archive", "review_archive", Limit(30)),
    ],
)
def test_a_limit_that_the_city_chose_is_found_and_may_be_changed(process: str, element: str, limit: Limit) -> None:
    (found,) = rows(process, element)

    assert (found.limit, found.is_fixed) == (limit, False)


@pytest.mark.parametrize(
    "element", ["draft_correction_notice", "sign_correction_notice", "send_notice", "notice_overdue"]
)
def test_the_five_working_days_belong_to_the_regulation(element: str) -> None:
    (found,) = rows("correction", element)

    assert (found.limit, found.is_fixed) == (Limit(5), True)
    with pytest.raises(errors.Conflict):
        changed("correction", Wanted(element, Limit(5), Limit(4)))


def test_visits_and_dates_that_people_choose_are_listed_too() -> None:
    assert [one.start for one in rows("result_use", "order_follow_up")] == ["P1M P3M P6M P12M"]
    assert [(one.start, one.limit) for one in rows("correction", "report_correction")] == [("date(rectify_by)", None)]


def test_every_task_with_a_due_date_is_listed() -> None:
    listed = {(one.process, one.node.id) for one in limits.of(city.bundle().files) if "due" in one.uses}
    drawn = city.bundle().named("diagram")

    assert len(listed) == sum(content.count(b'name="due"') for content in drawn.values())


def test_a_changed_limit_takes_its_timer_and_its_letter_along_and_leaves_the_rest() -> None:
    made = changed("intake", Wanted("supplement_application", Limit(10), Limit(15), ("issue_supplement_notice",)))

    content = made.files["intake.bpmn"].decode()
    before = city.bundle().files["intake.bpmn"].decode()
    assert content.count("today(), 15)") == before.count("today(), 10)") == 3
    assert check.check(made) == []


def test_an_urgent_number_is_changed_by_itself() -> None:
    made = changed("intake", Wanted("review_acceptance", Limit(5, 3), Limit(5, 1)))

    assert b"if case.urgent = true then 1 else 5" in made.files["intake.bpmn"]


@pytest.mark.parametrize("after", [Limit(0), Limit(366), Limit(3, 5), Limit(5, 0)])
def test_a_number_that_makes_no_sense_is_refused(after: Limit) -> None:
    with pytest.raises(errors.Invalid):
        changed("intake", Wanted("review_acceptance", Limit(5, 3), after))


def test_a_limit_that_somebody_else_changed_is_not_overwritten() -> None:
    with pytest.raises(errors.Conflict):
        changed("intake", Wanted("review_acceptance", Limit(7), Limit(5)))


def test_texts_that_tell_days_are_listed() -> None:
    told = {(file, element) for file, element, _text in limits.told(city.bundle().files)}

    assert ("investigation.bpmn", "reach_limit") in told
    assert ("forms/supervise_correction.json", "") in told
    assert ("forms/visit.json", "") not in told


@pytest.mark.parametrize(
    ("step", "name", "told"),
    [
        ("panel.invite_members", "text", ("五个工作日", "三个工作日")),
        ("panel.invite_members", "text_en", ("five working days", "three working days")),
        ("intake.issue_acceptance", "fields", ("不超过三十个工作日", "不超过十五个工作日")),
    ],
)
def test_who_is_told_a_limit_in_words_is_told_that_of_the_urgent_case(
    step: str, name: str, told: tuple[str, str]
) -> None:
    process, _dot, element = step.partition(".")
    root = etree.fromstring(city.bundle().files[f"{process}.bpmn"])
    (source,) = root.xpath(f"//*[@id='{element}']//*[@id='{name}']/@value")

    said = [feel.evaluate(source, {"case": {"title": "甲", "urgent": urgent}}) for urgent in (False, True)]

    assert all(words in str(one) for words, one in zip(told, said, strict=True))
