"""What a handler may see and say: its context, its ports and its ways to fail.

A handler is a public function of the ``handlers`` package: ``def send_notice(context: Context, to: str) -> dict``.
The diagram names it (``notification.send_notice``) and gives its parameters by name as FEEL expressions; the returned
dict becomes the value of the task's result variable. It runs outside every transaction, at least once; the same
``context.key`` twice must have its effect once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from workflow_service import chinese_time

SHANGHAI = chinese_time.SHANGHAI  # the clock by which handlers date what they write
Json = Any  # a value of JSON: the border of the diagrams, checked by the forms


class BpmnError(Exception):
    """Sends the token to the boundary error event of this code.

    Args:
        code: the error code in the diagram, such as ``ERR_QUORUM``.
        reason: why, for the people who read the history.
    """

    def __init__(self, code: str, reason: str = "") -> None:
        super().__init__(f"{code}: {reason}" if reason else code)
        self.code = code
        self.reason = reason


class RetryLater(Exception):
    """The world is not ready: try the same call again after so many seconds, a day at most."""

    def __init__(self, after: float, reason: str) -> None:
        super().__init__(reason)
        self.after = after
        self.reason = reason


class PermanentFailure(Exception):
    """No retry can help; the job becomes an incident at once."""


@dataclass(frozen=True)
class StoredFile:
    """A file that the service keeps: what a form field or a result refers to."""

    id: str
    name: str
    media_type: str
    size: int
    sha256: str

    def reference(self) -> dict[str, Json]:
        """The reference as it stands in a case's data."""
        return {
            "id": self.id,
            "name": self.name,
            "media_type": self.media_type,
            "size": self.size,
            "sha256": self.sha256,
        }


_ACTIVE = (
    ".exe", ".dll", ".com", ".bat", ".cmd", ".ps1", ".vbs", ".js", ".jar", ".msi", ".scr", ".lnk", ".docm", ".xlsm", ".pptm",
)  # fmt: skip
_PROGRAMS = (b"MZ", b"\x7fELF", b"#!", b"\xca\xfe\xba\xbe")  # how Windows, Linux, script and Java programs begin


def is_active(name: str, content: bytes) -> bool:
    """Whether a file runs something when it is opened, by its name or its first bytes: no archive keeps such a one."""
    return name.lower().endswith(_ACTIVE) or content.startswith(_PROGRAMS)


class Mail(Protocol):
    """Sends electronic mail."""

    def send(self, key: str, to: Sequence[str], subject: str, text: str) -> None:
        """Hands a message to the mail server; raises RetryLater when it can't be reached."""


class Notices(Protocol):
    """In-app notices, which the recipients find on their first page."""

    def post(self, key: str, to: Sequence[str], chinese: tuple[str, str], english: tuple[str, str] = ("", "")) -> None:
        """Posts a notice, title and text, to people (account names) or to roles (``role:clerk``) of the case's place."""

    def addresses(self, to: Sequence[str]) -> Sequence[str]:
        """The mail addresses of the same people, as far as they have one."""


class Files(Protocol):
    """The files of the case."""

    def read(self, file_id: str) -> bytes:
        """The bytes of a file of this case."""

    def write(self, key: str, name: str, media_type: str, content: bytes) -> StoredFile:
        """Keeps a file; the same key gives the file already kept."""


class Documents(Protocol):
    """Official documents with gap-free numbers."""

    def number(self, key: str, code: str, year: int) -> str:
        """The next number of a code and year, as ``丽容错〔2026〕12号``; the same key gives the same number."""

    def register(self, key: str, document: "IssuedDocument") -> str:
        """Enters an issued document into the case's list and gives its id; the same key registers once."""

    def template(self, template: str) -> Mapping[str, Json]:
        """A letter's template from the case's own bundle (``forms/letters/<template>.json``)."""


@dataclass(frozen=True)
class IssuedDocument:
    """An official document as the case file lists it."""

    template: str
    title: str
    number: str
    dated: date
    file: StoredFile
    to: tuple[str, ...] = ()
    subject_id: str | None = None


class Dossier(Protocol):
    """The whole case, read only, as far as archival and completeness checks need it."""

    def summary(self) -> Mapping[str, Json]:
        """Number, place, status, subjects, runs with process, key and whether open, working days left of what was suspended."""

    def entries(self) -> Sequence[Mapping[str, Json]]:
        """The journal, one mapping an entry, in order, as exported."""

    def documents(self) -> Sequence[Mapping[str, Json]]:
        """The issued documents with ``template``, ``title``, ``number``, ``dated``, ``file``."""

    def attachments(self) -> Sequence[StoredFile]:
        """Every file that people added to the case."""

    def bundle_files(self) -> Mapping[str, bytes]:
        """The files of the bundle version that the case ran on."""

    def sealed_parts(self) -> Sequence[Mapping[str, Json]]:
        """The fields sealed for good: ``form``, ``field``, ``at``, ``commitment`` and the encrypted content."""

    def answers(self, element: str) -> Sequence[Mapping[str, Json]]:
        """Every submission of a user task of this id, oldest first, with ``by``, ``at``, ``run`` and ``data``."""

    def names(self, accounts: Sequence[str]) -> Mapping[str, str]:
        """Account name to the name shown to people; unknown accounts are left out."""


class Ballots(Protocol):
    """Opinions sealed until all are in or the chair closes."""

    def open(self, run: str, element: str) -> Sequence[Mapping[str, Json]]:
        """Opens the sealed answers of a closed vote; raises PermanentFailure while it is not closed."""


class Workdays(Protocol):
    """The working-day calendar in force."""

    def after(self, start: date, days: int) -> date:
        """The last day of a limit of so many working days, the day of the event not counted."""

    def between(self, start: date, end: date) -> int:
        """How many working days lie after start up to and including end."""

    def is_settled(self, day: date) -> bool:
        """Whether the calendar of a day's year is known; an end of a limit in any other year is provisional."""


@dataclass(frozen=True)
class Ports:
    """The handler's ways to the world."""

    mail: Mail
    notices: Notices
    files: Files
    documents: Documents
    dossier: Dossier
    ballots: Ballots
    workdays: Workdays


@dataclass(frozen=True)
class Context:
    """Everything a handler may know besides its parameters.

    Args:
        key: idempotency key of this call, the same on each retry.
        now: the time of the call, UTC.
        case_number: the number of the case.
        place: the place code of the case.
        actor: account name of the person whose act led here, or ``system``.
        run: the run's id.
        data: the data of the run as it stands at the service task (read only).
        case: what the case publishes to all its runs.
        settings: the settings that handlers may read (issuer's name, agency code, mail sender...).
        ports: the ways to the world.
    """

    key: str
    now: datetime
    case_number: str
    place: str
    actor: str
    run: str
    data: Mapping[str, Json]
    case: Mapping[str, Json]
    ports: Ports
    settings: Mapping[str, str]
