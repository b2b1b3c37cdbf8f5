"""Tells people and authorities: notices, mail, official letters, service of decisions, correction notices."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from handlers import gongwen, letters
from workflow_service.handler_api import SHANGHAI, BpmnError, Context, IssuedDocument, PermanentFailure

_SERIES = {"official": "", "letter": "函", "minutes": "纪"}
"""What a layout adds to the agency's code: each series of documents is numbered on its own."""


def notify(  # noqa: PLR0913  a notice in two languages
    context: Context,
    to: Sequence[str] | str,
    title: str,
    text: str,
    title_en: str | None = None,
    text_en: str | None = None,
    email: bool = True,
) -> dict[str, Any]:
    """Posts a notice in the service, and by mail to those who have an address.

    Args:
        to: account names, ``role:clerk`` for everybody of a role in the case's place, or subject ids; one without an
            account is told through the applicant.
        title: the heading in Chinese.
        text: the notice in Chinese.
        title_en: the heading in English.
        text_en: the notice in English.
        email: whether to send mail as well.
    """
    people = _with_addressees(context, _recipients(to))
    heading = f"{title} / {title_en}" if title_en else title
    words = f"{text}\n\n{text_en}" if text_en else text
    if people:
        context.ports.notices.post(context.key, people, (title, text), (title_en or "", text_en or ""))
        _mail(context, people, heading, words) if email else None
    return {"posted": people}


def issue_letter(  # noqa: PLR0913  a letter is all of this
    context: Context,
    template: str,
    to: Sequence[str] | str | None = None,
    fields: Mapping[str, Any] | None = None,
    subject_id: str | None = None,
    dated: str | None = None,
    attachments: Sequence[str] | None = None,
    tell: Sequence[Mapping[str, Any]] | None = None,
) -> dict[str, Any]:
    """Writes an official document in the layout of GB/T 9704, numbers it without gaps and enters it into the case.

    Args:
        template: id of the letter's template, such as ``T14_decision``.
        to: names of the recipients; the template's own without them.
        fields: what the letter says; a mandatory field without a value refuses it.
        subject_id: the subject whom it concerns.
        dated: the date of the document; today without it.
        attachments: names of the attachments to list.
        tell: who gets a notice that it was issued: rows with an ``account``, or the ``id`` of a subject; one without an
            account is told through the applicant.
    """
    day = _day(dated) if dated else _local(context.now).date()
    recipients = [one for one in _recipients(to or ()) if one != context.place]
    issued = _issue(
        context, _Draft(template, tuple(recipients), dict(fields or {}), subject_id, day, tuple(attachments or ()))
    )
    _tell(context, issued, _recipients([_addressee(context, one) for one in tell or ()]))
    return issued


def serve(
    context: Context,
    document: Mapping[str, Any] | Sequence[Mapping[str, Any]],
    recipients: Sequence[Mapping[str, Any]],
    channel: str = "in_app",
) -> dict[str, Any]:
    """Serves issued documents on the subjects through the service; ERR_SERVE when somebody can't be reached so.

    A subject without an account is served through the applicant; where an authority opened the case itself nobody
    stands for the subject, and another way of service is needed.

    Args:
        document: the result of issue_letter, or a list of them; those for one subject go to that subject alone.
        recipients: the subjects: rows of id, name, account.
        channel: ``in_app``; any other channel needs a person.
    """
    papers = [document] if isinstance(document, Mapping) else list(document or ())
    problems = [] if channel == "in_app" else [f"“{channel}”送达须由经办人办理"]
    problems += [] if papers and recipients else ["没有可送达的文书或受送达人"]
    reached = [(one, _addressee(context, one)) for one in recipients]
    problems += [f"{one.get('name')}没有账号，无法在系统内送达" for one, account in reached if not account]
    if problems:
        raise BpmnError("ERR_SERVE", "；".join(problems))
    served = []
    for one, account in reached:
        own = [paper for paper in papers if paper.get("subject_id") in (None, one.get("id"))]
        names = "、".join(f"《{paper.get('title') or '文书'}》（{paper.get('number')}）" for paper in own)
        key = f"{context.key}:{one.get('id')}"
        context.ports.notices.post(
            key,
            [account],
            ("文书送达", f"案件{context.case_number}的{names}已送达{one.get('name')}，请下载查阅。"),
            (
                "Documents served",
                f"{names} of case {context.case_number}: served on {one.get('name')}. Please download and read.",
            ),
        )
        served.append(
            {
                "subject_id": one.get("id"),
                "account": account,
                "channel": channel,
                "served_at": _stamp(context.now),
                "documents": [paper.get("document") for paper in own],
            }
        )
    return {"served": served}


def send_correction_notice(
    context: Context, notice: Mapping[str, Any], object: Mapping[str, Any], due: str
) -> dict[str, Any]:  # noqa: A002  the name is the diagrams' word
    """Issues the correction notice, sends it to its object, and says whether the sending was within the limit.

    Article 17(1): the limit is five working days from the decision, and it is the sending that is judged. After a limit that
    is provisional nothing is judged: ``in_time`` is null until the calendar is known.

    Args:
        notice: reason, requirements (text, measure_of_done), rectify_by, report_required, supervisor, decision (number, date).
        object: the subject that has to correct: id, name, account.
        due: the last day of the limit, as a date (ends at 24:00) or a date and time.
    """
    decision = notice.get("decision") or {}
    fields = {
        **{
            name: notice.get(name) for name in ("reason", "requirements", "rectify_by", "report_required", "supervisor")
        },
        "object_name": object.get("name"),
        "decision_no": decision.get("number"),
        "decision_date": decision.get("date"),
        "due_at": due,
    }
    day = _local(context.now).date()
    subject = str(object["id"]) if object.get("id") else None
    issued = _issue(context, _Draft("T16_correction_notice", (str(object.get("name")),), fields, subject, day))
    account = _addressee(context, object)
    if account:
        text = f"《{issued['title']}》（{issued['number']}）已发出，请在{letters.spoken(notice.get('rectify_by'))}前完成整改。"
        by = notice.get("rectify_by")
        english = f"{issued['title']} ({issued['number']}) has been sent. Please put the matter right by {by}."
        context.ports.notices.post(context.key, [account], ("纠错通知书", text), ("Correction notice", english))
        _mail(context, [account], "纠错通知书", text)
    last = _end_of(due)
    late = False if context.ports.workdays.is_settled(_local(last).date()) else None
    return {**issued, "sent_at": _stamp(context.now), "due": due, "in_time": True if context.now <= last else late}


def assign_case_no(context: Context) -> dict[str, Any]:
    """Gives the accepted case its number in the accepting organ's own register, gap-free per year."""
    code = f"{context.settings['agency_code']}案"
    return {"case_no": context.ports.documents.number(f"{context.case_number}:case_no", code, _local(context.now).year)}


@dataclass(frozen=True)
class _Draft:
    """A letter that is to be issued."""

    template: str
    to: tuple[str, ...]
    fields: dict[str, Any]
    subject_id: str | None
    dated: date
    attachments: tuple[str, ...] = ()


def _issue(context: Context, draft: _Draft) -> dict[str, Any]:
    """Writes first, numbers then: a letter that can't be written takes no number."""
    template = context.ports.documents.template(draft.template)
    issuer = context.settings["issuer"]
    known = {str(one.get("id")): str(one.get("name")) for one in context.case.get("subjects") or ()}
    own = {name: _with_subjects(value, known) for name, value in draft.fields.items()}
    fields = {"matter": context.case.get("title"), **own, "issuer": issuer, "case_number": context.case_number}
    if "remaining" in template["fields"]:
        fields["remaining"] = context.ports.dossier.summary().get("remaining")
    names = context.ports.dossier.names
    to = list(names(draft.to).get(one, one) for one in draft.to)
    letter = letters.write(template, letters.named(template, fields, names), to, draft.attachments)
    code = context.settings["agency_code"] + _SERIES[letter.layout]
    number = context.ports.documents.number(context.key, code, draft.dated.year)
    printed = max(draft.dated, _local(context.now).date())
    paper = gongwen.Paper(letter, number, context.case_number, issuer, draft.dated, printed)
    file = context.ports.files.write(
        context.key, f"{letter.title}（{number}）.docx", gongwen.MEDIA_TYPE, gongwen.render(paper, context.now)
    )
    issued = IssuedDocument(draft.template, letter.title, number, draft.dated, file, letter.to, draft.subject_id)
    return {
        "document": context.ports.documents.register(context.key, issued),
        "template": draft.template,
        "title": letter.title,
        "number": number,
        "dated": draft.dated.isoformat(),
        "subject_id": draft.subject_id,
        "file": file.reference(),
    }


def _tell(context: Context, issued: Mapping[str, Any], accounts: Sequence[str]) -> None:
    people = [one for one in accounts if one != "system"]
    if people:
        title, named = str(issued["title"]), f"《{issued['title']}》（{issued['number']}）"
        text, english = f"{named}已发出，请在案件页面查阅。", f"{named} was issued. Please read it on the case's page."
        context.ports.notices.post(context.key, people, (title, text), ("A letter was issued", english))
        _mail(context, people, title, text)


def _with_subjects(value: Any, known: Mapping[str, str]) -> Any:
    """Rows that name a subject by its id get the subject's name beside it."""
    if isinstance(value, list):
        return [_with_subjects(one, known) for one in value]
    if isinstance(value, Mapping) and value.get("subject_id"):
        return {**value, "subject": known.get(str(value["subject_id"]), value["subject_id"])}
    return value


def _mail(context: Context, people: Sequence[str], subject: str, text: str) -> None:
    addresses = list(context.ports.notices.addresses(people))
    if addresses:
        base = context.settings["base_url"]
        link = f"\n\n{base.rstrip('/')}/cases/{context.case_number}" if base else ""
        context.ports.mail.send(context.key, addresses, f"〔{context.case_number}〕{subject}", f"{text}{link}")


def _addressee(context: Context, subject: Mapping[str, Any]) -> str:
    """The account behind a subject: its own, else the applicant's unless an authority opened the case itself."""
    if subject.get("account"):
        return str(subject["account"])
    opened_by = str(context.case.get("opened_by") or "")
    return "" if context.case.get("mode") == "ex_officio" or opened_by == "system" else opened_by


def _with_addressees(context: Context, names: Sequence[str]) -> list[str]:
    """Names with the account behind each subject in place of its id."""
    subjects = {str(one.get("id")): one for one in context.case.get("subjects") or ()}
    return _recipients([_addressee(context, subjects[one]) if one in subjects else one for one in names])


def _recipients(to: Sequence[Any] | str) -> list[str]:
    """Names in order, without repeats and blanks."""
    given = [to] if isinstance(to, str) else to
    return [one for one in dict.fromkeys(str(name).strip() for name in given if name is not None) if one]


def _local(at: datetime) -> datetime:
    return at.astimezone(SHANGHAI)


def _stamp(at: datetime) -> str:
    return _local(at).isoformat(timespec="seconds")


def _day(text: str) -> date:
    try:
        return datetime.fromisoformat(text).date() if "T" in text else date.fromisoformat(text)
    except ValueError as error:
        raise PermanentFailure(f"“{text}”不是日期") from error


def _end_of(due: str) -> datetime:
    """The last moment of a limit."""
    if "T" not in due:
        return datetime.combine(_day(due), time.max, SHANGHAI)
    at = datetime.fromisoformat(due)
    return at if at.tzinfo else at.replace(tzinfo=SHANGHAI)
