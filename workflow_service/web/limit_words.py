"""Says in words from when a limit counts, or which date it is; an expression of a kind nobody foresaw stays one."""

import re
from collections.abc import Callable, Mapping

from flask_babel import gettext as _
from flask_babel import ngettext

Called = Callable[[str], str]
"""What a field of a form is called, by its path; empty where no form has it."""

_DURATIONS = re.compile(r"P\d+M(?: P\d+M)*")
_DAY = re.compile(r"(?:start|end) of day\((.+)\)")
_DATE = re.compile(r"date\(([\w.\[\]]+)\)")
_UNLESS = re.compile(r"if ([\w.]+) = null then (.+) else date\(\1\)")
_LATER = re.compile(r'(.+) \+ duration\("P(\d+)([DM])"\)')


def said(text: str, called: Called) -> str:
    """An expression in words; empty where it has none."""
    text = " ".join(text.split())
    if _DURATIONS.fullmatch(text):
        return str(_("决定签发后第 %(months)s 个月", months="、".join(one[1:-1] for one in text.split())))
    if text == "today()":
        return str(_("环节开始之日"))
    for pattern, words in _PATTERNS.items():
        match = pattern.fullmatch(text)
        if match is not None:
            return words(match, called)
    return ""


def _day(match: re.Match[str], called: Called) -> str:
    return said(match[1], called)


def _date(match: re.Match[str], called: Called) -> str:
    return _known().get(match[1]) or called(match[1])


def _unless(match: re.Match[str], called: Called) -> str:
    chosen, otherwise = called(match[1]), said(match[2], called)
    if not chosen or not otherwise:
        return ""
    return str(_("%(chosen)s；没有填写的，%(otherwise)s", chosen=chosen, otherwise=otherwise))


def _later(match: re.Match[str], called: Called) -> str:
    start, count = said(match[1], called), int(match[2])
    if not start:
        return ""
    if match[3] == "M":
        return str(ngettext("%(start)s起 %(num)s 个月", "%(start)s起 %(num)s 个月", count, start=start))
    return str(ngettext("%(start)s起 %(num)s 天", "%(start)s起 %(num)s 天", count, start=start))


_PATTERNS: Mapping[re.Pattern[str], Callable[[re.Match[str], Called], str]] = {
    _DAY: _day,
    _DATE: _date,
    _UNLESS: _unless,
    _LATER: _later,
}


def _known() -> Mapping[str, str]:
    """Days that the procedure itself keeps, by the path at which a diagram finds them."""
    return {
        "decision.date": _("决定签发之日"),
        "decided.date": _("决定签发之日"),
        "investigation_started": _("调查开始之日"),
        "case.investigation_from": _("调查期限起算之日"),
        "case.suspended_on": _("中止之日"),
        "rectify_by": _("通知书写明的整改期限"),
        "visit_dates[visit_no]": _("这次回访的日期"),
    }
