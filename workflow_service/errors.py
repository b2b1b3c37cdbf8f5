"""What can go wrong, named by what the caller can do about it.

Every error carries a Chinese template and its parameters; the web layer translates the template and formats it, the
command line prints it as it stands. The mapping to HTTP lives in ``web/problems.py`` alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal


class ServiceError(Exception):
    """Something the caller can understand and act upon."""

    def __init__(self, template: str, **params: object) -> None:
        super().__init__(template)
        self.template = template
        self.params = params

    def __str__(self) -> str:
        return self.template.format(**self.params) if self.params else self.template


class NotSignedIn(ServiceError):
    """Nobody is signed in, or the session has ended: sign in and try again."""


class NotAllowed(ServiceError):
    """This person may not do this, and the text says which rule forbids it."""


class PasswordDue(NotAllowed):
    """Somebody else chose the password: choose one's own first, then go on."""


class PageExpired(NotAllowed):
    """The page is older than the session it is sent in: nothing was done, and it can be sent again."""


class NotFound(ServiceError):
    """There is no such thing, or this person may not know of it."""


class Conflict(ServiceError):
    """The thing has moved on meanwhile; look again and decide anew."""


class KeyUsed(Conflict):
    """An idempotency key stands for something else: nothing was done, another key can be chosen."""

    def __init__(self) -> None:
        super().__init__("此幂等键已用于另一次提交，请换一个键")


class TooLarge(ServiceError):
    """More was sent than is taken."""


class Unavailable(ServiceError):
    """The service can't do this for now (disk full, database away); nothing was changed."""


class CannotAdvance(ServiceError):
    """The process cannot move on: an expression, a table or the stored state fails at an element.

    Args:
        template: what failed, with ``{element}`` among its parameters.
    """

    @property
    def element(self) -> str:
        """The id of the element at which the process stands."""
        return str(self.params.get("element", ""))


@dataclass(frozen=True)
class FieldError:
    """One wrong field of a form: its path (``subjects.0.name``), a code, and the sentence to show."""

    field: str
    code: str
    template: str
    params: tuple[tuple[str, object], ...] = ()


class Invalid(ServiceError):
    """What was filled in is wrong; each wrong field is named."""

    def __init__(self, errors: Sequence[FieldError], template: str = "填写的内容有误，请检查标出的项目") -> None:
        super().__init__(template)
        self.errors = tuple(errors)


@dataclass(frozen=True)
class Finding:
    """One fault found in a bundle, with the place and the remedy.

    Args:
        rule: the rule's code (``bpmn/README.md`` lists them).
        severity: ``error`` stops publication, ``warning`` does not.
        file: the file's name within the bundle.
        element: the id of the element, field, cell or rule; empty when the whole file is meant.
        line: 1-based line in the file, 0 when unknown.
        message: what is wrong, in Chinese; ``message_en`` in English.
        fix: what to do, in Chinese; ``fix_en`` in English.
    """

    rule: str
    severity: Literal["error", "warning", "info"]
    file: str
    element: str
    line: int
    message: str
    message_en: str
    fix: str
    fix_en: str


class BadBundle(ServiceError):
    """The bundle has faults that stop it; every finding is listed."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__("流程包未通过检查，共 {count} 处需要处理", count=len(findings))
        self.findings = tuple(findings)


class CalendarDataMissing(ServiceError):
    """No working-day table has been published for a year, so a date in it can't be computed.

    Args:
        year: the missing year.
    """

    def __init__(self, year: int) -> None:
        super().__init__("尚无 {year} 年的工作日历，不能准确计算期限", year=year)
        self.year = year
