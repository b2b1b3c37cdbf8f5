"""Notices reach people, letters are whole before they take a number, and sending is judged by its moment."""

from datetime import UTC, datetime
from typing import Any

import pytest

from handlers import notification
from tests import fakes
from workflow_service.handler_api import BpmnError, Context, PermanentFailure, RetryLater

SUBJECTS = [
    {"id": "s1", "name": "张某", "org": "某局", "account": "party1"},
    {"id": "s2", "name": "某局", "org": "某局"},
]


def _case(mode: str = "application", **more: Any) -> Context:
    case = {
        "number": "RC-2026-00001",
        "title": "企业帮扶",
        "subjects": SUBJECTS,
        "opened_by": "applicant1",
        "mode": mode,
    }
    return fakes.context(case=case, **more)


def test_a_notice_goes_to_people_and_roles_once() -> None:
    notices = fakes.FakeNotices(mailboxes={"clerk1": "clerk1@city.example"})
    mail = fakes.FakeMail()
    context = fakes.context(notices=notices, mail=mail)

    for _ in range(2):
        result = notification.notify(
            context, ["clerk1", "role:chief", "clerk1"], "提醒", "请办理", "Reminder", "Please act"
        )

    assert result == {"posted": ["clerk1", "role:chief"]}
    assert notices.posted == [(context.key, ("clerk1", "role:chief"), "提醒", "请办理")]
    assert notices.english == [("Reminder", "Please act")]
    assert [(to, subject) for _key, to, subject, _text in mail.sent] == [
        (("clerk1@city.example",), "〔RC-2026-00001〕提醒 / Reminder")
    ]


def test_nobody_gets_mail_without_an_address_or_against_the_diagram() -> None:
    mail = fakes.FakeMail()
    with_address = fakes.FakeNotices(mailboxes={"clerk1": "clerk1@city.example"})

    notification.notify(fakes.context(mail=mail), ["clerk1"], "题", "文")
    notification.notify(fakes.context(mail=mail, notices=with_address), ["clerk1"], "题", "文", email=False)
    notification.notify(fakes.context(mail=mail), [], "题", "文")

    assert mail.sent == []


def test_a_mail_server_that_is_away_is_tried_again() -> None:
    notices = fakes.FakeNotices(mailboxes={"clerk1": "clerk1@city.example"})

    with pytest.raises(RetryLater):
        notification.notify(fakes.context(mail=fakes.FakeMail(down=True), notices=notices), "clerk1", "题", "文")

    assert len(notices.posted) == 1


def test_a_letter_is_numbered_kept_and_entered() -> None:
    documents = fakes.FakeDocuments()
    context = _case(documents=documents)

    result = notification.issue_letter(context, "T05_rights", ["张某"], {"until": "决定签发之前"}, "s1")

    assert result["number"] == "丽容错函〔2026〕1号"
    assert result["dated"] == "2026-09-18"
    assert result["file"]["name"] == "容错认定程序当事人权利告知书（丽容错函〔2026〕1号）.docx"
    assert documents.registered[context.key].to == ("张某",)
    assert documents.registered[context.key].subject_id == "s1"


def test_whoever_is_to_be_told_of_a_letter_is_told_once_and_a_subject_without_an_account_through_the_applicant() -> (
    None
):
    notices = fakes.FakeNotices()
    told = [*SUBJECTS, {"account": "applicant1"}, {"account": "system"}]

    issued = notification.issue_letter(
        _case(notices=notices), "T31_withdrawal", ["张某"], {"reason": "和解"}, tell=told
    )

    assert [(to, title) for _key, to, title, _text in notices.posted] == [(("party1", "applicant1"), issued["title"])]
    assert str(issued["number"]) in notices.posted[0][3]


def test_the_same_call_twice_issues_one_letter() -> None:
    documents, files = fakes.FakeDocuments(), fakes.FakeFiles()
    calls = [
        notification.issue_letter(_case(documents=documents, files=files, now=now), "T05_rights", ["张某"])
        for now in (fakes.NOW, fakes.NOW.replace(minute=30))
    ]

    assert calls[0] == calls[1]
    assert len(documents.registered) == len(files.kept) == len(documents.numbers) == 1


def test_a_letter_that_lacks_a_mandatory_field_takes_no_number() -> None:
    documents = fakes.FakeDocuments()

    with pytest.raises(PermanentFailure, match="缺少“理由”（reason）"):
        notification.issue_letter(
            _case(documents=documents), "T03_rejection", ["张某"], {"matter": "企业帮扶", "reason": " "}
        )

    assert documents.numbers == {}


def test_each_series_is_numbered_by_itself() -> None:
    documents = fakes.FakeDocuments()
    numbers = []
    for key, template, fields in (
        ("a", "T05_rights", {}),
        ("b", "T31_withdrawal", {"reason": "自愿"}),
        ("c", "T05_rights", {}),
    ):
        issued = notification.issue_letter(_case(key=key, documents=documents), template, ["张某"], fields)
        numbers.append(issued["number"])

    assert numbers == ["丽容错函〔2026〕1号", "丽容错〔2026〕1号", "丽容错函〔2026〕2号"]


def test_a_letter_carries_its_signing_date_in_date_and_number() -> None:
    result = notification.issue_letter(_case(), "T31_withdrawal", ["张某"], {"reason": "自愿"}, dated="2025-12-31")

    assert (result["dated"], result["number"]) == ("2025-12-31", "丽容错〔2025〕1号")


def test_the_code_of_the_place_is_no_recipient() -> None:
    documents = fakes.FakeDocuments()
    context = _case(documents=documents)

    notification.issue_letter(context, "T31_withdrawal", ["city", "张某"], {"reason": "自愿"})

    assert documents.registered[context.key].to == ("张某",)


ISSUED = {"document": "D1", "title": "决定", "number": "丽容错〔2026〕1号", "subject_id": "s1"}


def test_a_decision_is_served_on_its_own_subject() -> None:
    notices = fakes.FakeNotices()
    other = {**ISSUED, "document": "D2", "number": "丽容错〔2026〕2号", "subject_id": "s2"}

    result = notification.serve(_case(notices=notices), [ISSUED, other], SUBJECTS)

    assert [(one["account"], one["documents"]) for one in result["served"]] == [
        ("party1", ["D1"]),
        ("applicant1", ["D2"]),
    ]
    assert "2号" not in notices.posted[0][3]


@pytest.mark.parametrize(
    ("documents", "recipients", "channel", "said"),
    [
        ([ISSUED], SUBJECTS, "mail", "须由经办人办理"),  # paper needs a person
        ([], SUBJECTS, "in_app", "没有可送达的文书"),
        ([ISSUED], [], "in_app", "没有可送达的文书或受送达人"),
    ],
)
def test_what_cannot_be_served_in_the_service_goes_to_a_person(
    documents: list[Any], recipients: list[Any], channel: str, said: str
) -> None:
    with pytest.raises(BpmnError, match=said) as refused:
        notification.serve(_case(), documents, recipients, channel)

    assert refused.value.code == "ERR_SERVE"


def test_nobody_stands_for_a_subject_in_a_case_opened_by_an_authority() -> None:
    with pytest.raises(BpmnError, match="没有账号"):
        notification.serve(_case("ex_officio"), ISSUED, SUBJECTS)


@pytest.mark.parametrize(
    ("mode", "told"),
    [("application", ["party1", "applicant1", "clerk1"]), ("ex_officio", ["party1", "clerk1"])],
)
def test_a_notice_to_a_subject_goes_to_whoever_stands_for_them(mode: str, told: list[str]) -> None:
    result = notification.notify(_case(mode), ["s1", "s2", "clerk1"], "提醒", "请办理")

    assert result["posted"] == told


NOTICE = {
    "reason": "评估不足",
    "requirements": [{"text": "完善制度", "measure_of_done": "印发"}],
    "rectify_by": "2026-11-30",
    "report_required": True,
    "decision": {"number": "丽容错〔2026〕1号", "date": "2026-09-18"},
}


@pytest.mark.parametrize(
    ("now", "due", "in_time"),
    [
        (datetime(2026, 9, 24, 15, 59, tzinfo=UTC), "2026-09-24", True),  # 23:59 in Shanghai
        (datetime(2026, 9, 24, 16, 0, tzinfo=UTC), "2026-09-24", False),  # midnight has struck
        (datetime(2026, 9, 23, 2, 0, tzinfo=UTC), "2026-09-24T23:59:59+08:00", True),
        (datetime(2026, 9, 25, 1, 0, tzinfo=UTC), "2026-09-24T23:59:59+08:00", False),
        (datetime(2026, 9, 24, 15, 0, tzinfo=UTC), "2026-09-24T23:59:59", True),  # no zone means Shanghai
        (datetime(2027, 1, 2, 2, 0, tzinfo=UTC), "2027-01-02", True),  # a provisional limit is never too late
        (datetime(2027, 1, 4, 2, 0, tzinfo=UTC), "2027-01-02", None),  # but may be too early
    ],
)
def test_the_sending_of_a_correction_notice_is_judged_against_its_limit(
    now: datetime, due: str, in_time: bool | None
) -> None:
    result = notification.send_correction_notice(_case(now=now), NOTICE, SUBJECTS[0], due)

    assert result["in_time"] is in_time
    assert result["sent_at"].endswith("+08:00")
    assert result["subject_id"] == "s1"


@pytest.mark.parametrize("name", ["reason", "requirements", "rectify_by"])
def test_a_correction_notice_without_one_of_its_three_parts_is_refused(name: str) -> None:
    with pytest.raises(PermanentFailure, match=name):
        notification.send_correction_notice(_case(), {**NOTICE, name: None}, SUBJECTS[0], "2026-09-24")


def test_the_object_is_told_of_the_notice() -> None:
    notices = fakes.FakeNotices()

    notification.send_correction_notice(_case(notices=notices), NOTICE, SUBJECTS[0], "2026-09-24")

    assert notices.posted[0][1] == ("party1",)
    assert "2026年11月30日" in notices.posted[0][3]


def test_a_date_that_is_none_is_refused() -> None:
    with pytest.raises(PermanentFailure, match="不是日期"):
        notification.issue_letter(_case(), "T05_rights", ["张某"], dated="明天")


def test_an_accepted_case_gets_one_register_number() -> None:
    documents = fakes.FakeDocuments()

    first = notification.assign_case_no(_case(documents=documents))
    again = notification.assign_case_no(_case(documents=documents, key="retry"))

    assert first == again == {"case_no": "丽容错案〔2026〕1号"}
