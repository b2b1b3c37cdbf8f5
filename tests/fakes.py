"""Stand-ins for the handlers' ways to the world: they remember what was done and can be made to fail."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import orjson

from workflow_service import workdays
from workflow_service.handler_api import Context, IssuedDocument, PermanentFailure, Ports, RetryLater, StoredFile

NOW = datetime(2026, 9, 18, 2, 0, tzinfo=UTC)  # Friday, 10:00 in Shanghai
LETTERS = Path(__file__).parent.parent / "forms" / "letters"


@dataclass
class FakeMail:
    """A mail server; ``down`` makes it unreachable."""

    sent: list[tuple[str, tuple[str, ...], str, str]] = field(default_factory=list)
    down: bool = False

    def send(self, key: str, to: Sequence[str], subject: str, text: str) -> None:
        if self.down:
            raise RetryLater(60, "邮件服务器不可用")
        if key not in [known for known, *_rest in self.sent]:
            self.sent.append((key, tuple(to), subject, text))


@dataclass
class FakeNotices:
    """The in-app notices; ``addresses`` are the people's mail addresses."""

    posted: list[tuple[str, tuple[str, ...], str, str]] = field(default_factory=list)
    english: list[tuple[str, str]] = field(default_factory=list)
    mailboxes: dict[str, str] = field(default_factory=dict)

    def post(self, key: str, to: Sequence[str], chinese: tuple[str, str], english: tuple[str, str] = ("", "")) -> None:
        if key not in [known for known, *_rest in self.posted]:
            self.posted.append((key, tuple(to), *chinese))
            self.english.append(english)

    def addresses(self, to: Sequence[str]) -> Sequence[str]:
        return [self.mailboxes[one] for one in to if one in self.mailboxes]


@dataclass
class FakeFiles:
    """The files of a case, kept under their keys."""

    kept: dict[str, tuple[StoredFile, bytes]] = field(default_factory=dict)

    def read(self, file_id: str) -> bytes:
        if file_id not in self.kept:
            raise PermanentFailure(f"没有文件 {file_id}")
        return self.kept[file_id][1]

    def write(self, key: str, name: str, media_type: str, content: bytes) -> StoredFile:
        digest = hashlib.sha256(content).hexdigest()
        stored = StoredFile(f"f:{key}", name, media_type, len(content), digest)
        return self.kept.setdefault(stored.id, (stored, content))[0]

    def add(self, name: str, content: bytes) -> StoredFile:
        """Adds a file as a person would."""
        return self.write(name, name, "application/octet-stream", content)


@dataclass
class FakeDocuments:
    """Numbers without gaps and the list of issued documents; templates come from the repository."""

    numbers: dict[str, str] = field(default_factory=dict)
    registered: dict[str, IssuedDocument] = field(default_factory=dict)
    templates: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    def number(self, key: str, code: str, year: int) -> str:
        taken = sum(known.startswith(f"{code}〔{year}〕") for known in self.numbers.values())
        return self.numbers.setdefault(key, f"{code}〔{year}〕{taken + 1}号")

    def register(self, key: str, document: IssuedDocument) -> str:
        self.registered.setdefault(key, document)
        return f"RC-2026-00001-{list(self.registered).index(key) + 1}"

    def template(self, template: str) -> Mapping[str, Any]:
        if template in self.templates:
            return self.templates[template]
        path = LETTERS / f"{template}.json"
        if not path.exists():
            raise PermanentFailure(f"流程包中没有 {template}")
        found: dict[str, Any] = orjson.loads(path.read_bytes())
        return found


@dataclass
class FakeDossier:
    """A whole case made of plain values."""

    about: dict[str, Any] = field(default_factory=dict)
    journal: list[dict[str, Any]] = field(default_factory=list)
    papers: list[dict[str, Any]] = field(default_factory=list)
    added: list[StoredFile] = field(default_factory=list)
    bundle: dict[str, bytes] = field(default_factory=dict)
    submitted: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    shown: dict[str, str] = field(default_factory=dict)

    def summary(self) -> Mapping[str, Any]:
        return self.about

    def entries(self) -> Sequence[Mapping[str, Any]]:
        return self.journal

    def documents(self) -> Sequence[Mapping[str, Any]]:
        return self.papers

    def attachments(self) -> Sequence[StoredFile]:
        return self.added

    def sealed_parts(self) -> Sequence[Mapping[str, Any]]:
        return []

    def bundle_files(self) -> Mapping[str, bytes]:
        return self.bundle

    def answers(self, element: str) -> Sequence[Mapping[str, Any]]:
        return self.submitted.get(element, [])

    def names(self, accounts: Sequence[str]) -> Mapping[str, str]:
        return {one: self.shown[one] for one in accounts if one in self.shown}


@dataclass
class FakeBallots:
    """Sealed opinions; while ``closed`` is false they stay sealed."""

    opinions: list[dict[str, Any]] = field(default_factory=list)
    closed: bool = True

    def open(self, run: str, element: str) -> Sequence[Mapping[str, Any]]:
        if not self.closed:
            raise PermanentFailure("评判尚未结束，意见仍在密封中")
        return self.opinions


def calendar() -> workdays.Calendar:
    """The working-day table that ships."""
    return workdays.from_rows("1", workdays.seed())


def ports(**given: Any) -> Ports:
    """Fresh fakes, but for those given."""
    ways: dict[str, Any] = {
        "mail": FakeMail(),
        "notices": FakeNotices(),
        "files": FakeFiles(),
        "documents": FakeDocuments(),
        "dossier": FakeDossier(),
        "ballots": FakeBallots(),
        "workdays": calendar(),
    }
    return Ports(**{**ways, **given})


def context(**given: Any) -> Context:
    """The context of a call on Friday 18 September 2026; ``given`` replaces fields, or ports by their name."""
    ways = {name: given.pop(name) for name in list(given) if name in Ports.__dataclass_fields__}
    values: dict[str, Any] = {
        "key": "RC-2026-00001.r1.task.1",
        "now": NOW,
        "case_number": "RC-2026-00001",
        "place": "city",
        "actor": "clerk1",
        "run": "r1",
        "data": {},
        "case": {"number": "RC-2026-00001", "title": "企业帮扶新办法未达预期", "subjects": []},
        "settings": {
            "issuer": "丽都市容错纠错工作办公室",
            "agency_code": "丽容错",
            "recused_in_denominator": "True",
            "archive_code": "Z109",
            "base_url": "",
        },
        "ports": ports(**ways),
    }
    return Context(**{**values, **given})


def day(text: str) -> date:
    """The date of a text such as ``2026-09-18``."""
    return date.fromisoformat(text)
