"""What a form is once it has been read: fields in order, with their conditions compiled."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import NamedTuple

from workflow_service import feel

#: type → what a person sees; the order is the one an editor offers them in
TYPES: Mapping[str, str] = {
    "text": "一行文字",
    "longtext": "多行文字",
    "boolean": "是或否",
    "tristate": "是、否或不清楚",
    "integer": "整数",
    "decimal": "金额或小数",
    "date": "日期",
    "datetime": "日期和时间",
    "choice": "单选",
    "choices": "多选",
    "person": "一个人",
    "people": "几个人",
    "texts": "逐条文字",
    "file": "一个文件",
    "files": "几个文件",
    "rows": "可增减的行",
    "group": "一组项目",
    "section": "小标题",
}

NESTED = frozenset({"rows", "group"})
CHOOSING = frozenset({"choice", "choices"})

#: name → (expression, what it must look like, the same in English): bounded patterns, so that no form can hang the service
PATTERNS: Mapping[str, tuple[str, str, str]] = {
    "phone": (r"[0-9+\- ]{5,20}", "5 至 20 位数字，可带 + 和 -", "5 to 20 digits, + and - allowed"),
    "identity_card": (r"[0-9]{17}[0-9X]", "18 位公民身份号码", "the 18-character identity number"),
    "credit_code": (r"[0-9A-Z]{18}", "18 位统一社会信用代码", "the 18-character unified social credit code"),
    "subject_id": (r"s[1-9][0-9]{0,3}", "对象编号，如 s1", "a subject's id such as s1"),
    "case_number": (
        r"[A-Z]{2,6}-[0-9]{4}-[0-9]{5}",
        "案件编号，如 RC-2026-00001",
        "a case number such as RC-2026-00001",
    ),
    "sha256": (r"[0-9a-f]{64}", "64 位十六进制摘要", "64 hexadecimal digits"),
    "email": (r"[^@\s]{1,64}@[A-Za-z0-9.\-]{3,120}", "电子邮箱地址", "an e-mail address"),
}


@dataclass(frozen=True)
class Expression:
    """A FEEL expression of a form.

    Args:
        source: its text. compiled: the FEEL engine's form.
        roots: the top-level names that it reads, so that a form never converts data which nobody asks for.
    """

    source: str
    compiled: feel.Expression
    roots: frozenset[str]


@dataclass(frozen=True)
class Option:
    """One thing to choose: the value that is stored, what a person reads, and other spellings that mean the same."""

    value: str
    label: str
    label_en: str = ""
    group: str = ""
    group_en: str = ""
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True)
class Bounds:
    """How much a field takes; None where its type's own limit applies.

    Args:
        least, most: for numbers. shortest, longest: characters of a text. fewest, most_rows: entries of a list.
    """

    least: Decimal | None = None
    most: Decimal | None = None
    shortest: int = 0
    longest: int | None = None
    fewest: int = 0
    most_rows: int | None = None


@dataclass(frozen=True)
class Field:
    """One field of a form.

    Args:
        name: its key in the answers; sections have none that anybody sees.
        type: one of ``TYPES``.
        required: whether it must be filled in, or an expression that says so.
        when: it exists only while this holds; a value given otherwise is refused.
        relevant: it is shown only while this holds, and accepted anyway.
        default: what stands there when nothing is given.
        options_from: expression for the values to choose from; with ``options`` it picks among them.
        access: ``write``, ``read`` (shown, taken from ``default``) or ``hidden`` (set from ``default``, never sent out).
        row_id: rows are numbered with this prefix: ``s`` gives s1, s2 ...
        bare: a row may be given as the bare value of this sub-field.
        outside: people without an account may be named.
        sealed: what is filled in is locked up outside the journal; only its commitment stays with the other answers.
        roles: only accounts of one of these roles may be named. lines: height of a text area. places: decimals of a number.
    """

    name: str
    type: str
    label: str
    label_en: str = ""
    help: str = ""
    help_en: str = ""
    article: str = ""
    required: bool | Expression = False
    when: Expression | None = None
    relevant: Expression | None = None
    default: Expression | None = None
    options: tuple[Option, ...] = ()
    options_from: Expression | None = None
    fields: tuple["Field", ...] = ()
    bounds: Bounds = Bounds()
    pattern: str = ""
    lines: int = 0
    places: int = 2
    access: str = "write"
    sensitive: bool = False
    sealed: bool = False
    purpose: str = ""
    row_id: str = ""
    bare: str = ""
    outside: bool = False
    roles: tuple[str, ...] = ()
    #: spelling → value of the options, prepared once
    spellings: Mapping[str, str] = field(default_factory=dict)

    @property
    def asked(self) -> bool:
        """Whether a yes or no wants an answer of its own, unlike a box to tick, where no tick is a no."""
        return self.required is not False or self.default is not None

    def inner(self, name: str) -> "Field | None":
        """The sub-field of a name."""
        return next((one for one in self.fields if one.name == name), None)


@dataclass(frozen=True)
class Check:
    """A rule over several fields; ``upfront`` ones are judged before anything is filled in, too."""

    test: Expression
    field: str
    message: str
    message_en: str
    upfront: bool = False
    article: str = ""


@dataclass(frozen=True)
class Form:
    """A form: what people fill in at one step.

    Args:
        id: the form's id, that is its file's name. fields: the fields in order, sections among them.
        checks: rules over several fields. answers: the fields that carry a value, by name.
    """

    id: str
    title: str
    title_en: str
    article: str
    note: str
    note_en: str
    fields: tuple[Field, ...]
    checks: tuple[Check, ...]
    answers: Mapping[str, Field]
    order: Mapping[str, int]

    @cached_property
    def is_plain(self) -> bool:
        """Whether it can be judged without looking at anything but the answers: no expression stands in it."""
        return not self.checks and not any(_asks(one) for one in _all(self.fields))


@dataclass(frozen=True)
class Known:
    """What a form must know of an account that it names."""

    active: bool
    roles: frozenset[str]


class People(NamedTuple):
    """The people whom a form may name.

    Args:
        find: looks up the accounts of these names; unknown ones are left out.
        titles: role → its ``name`` and ``name_en``, to say which is wanted.
    """

    find: Callable[[Collection[str]], Mapping[str, Known]]
    titles: Mapping[str, Mapping[str, str]]


def carrying(fields: tuple[Field, ...]) -> list[Field]:
    """The fields that carry a value, sections left out."""
    return [one for one in fields if one.type != "section"]


def roles_named(fields: tuple[Field, ...]) -> frozenset[str] | None:
    """The roles of the people whom these fields may name: empty for anybody, None when they name nobody."""
    naming = [one for one in _all(fields) if one.type in ("person", "people") and one.access == "write"]
    if not naming:
        return None
    return frozenset() if any(not one.roles for one in naming) else frozenset(r for one in naming for r in one.roles)


def _asks(one: Field) -> bool:
    given = (one.required, one.when, one.relevant, one.default, one.options_from)
    return any(isinstance(found, Expression) for found in given)


def _all(fields: tuple[Field, ...]) -> Iterator[Field]:
    for one in fields:
        yield one
        yield from _all(one.fields)
