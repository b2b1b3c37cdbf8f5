"""Judges one given value by the type of its field, and brings it into the form in which it is stored."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from workflow_service.bundles.form_model import PATTERNS, Field
from workflow_service.chinese_time import SHANGHAI
from workflow_service.errors import FieldError

LINE = 500
LONG_TEXT = 20_000
MOST_ROWS = 200
MOST_NAMES = 200
_DAY = re.compile(r"[12][0-9]{3}-[0-9]{2}-[0-9]{2}")
_TIME = re.compile(r"[12][0-9]{3}-[0-9]{2}-[0-9]{2}[T ][0-9:.]{5,15}(Z|[+-][0-9]{2}:[0-9]{2})?")
_ACCOUNT = re.compile(r"[^\s\x00-\x1f]{1,64}")
_FILE_ID = re.compile(r"[A-Za-z0-9_.\-]{1,80}")
#: control characters, lone surrogates, and marks that turn the reading direction to make a text look like another one
_UNSEEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")
_PATTERNS = {name: re.compile(text) for name, (text, _said, _said_en) in PATTERNS.items()}
_TRISTATE = {True: "yes", False: "no", "yes": "yes", "no": "no", "unknown": "unknown", "true": "yes", "false": "no"}


@dataclass
class Judgement:
    """What is known while a submission is judged, and what was found wrong so far.

    Args:
        files: file id → reference, for the files that may be used here.
        errors: what was found. given: path → value of every field that was sent along, were it empty.
        named: the people who were named, each with the place where, to be looked up together.
        places: path of rows → for each row the number under which it was sent: empty ones are passed over.
    """

    files: Mapping[str, Any]
    errors: list[FieldError] = field(default_factory=list)
    named: list[tuple[str, Field, str]] = field(default_factory=list)
    given: dict[str, Any] = field(default_factory=dict)
    places: dict[str, list[int]] = field(default_factory=dict)

    def refuse(self, path: str, one: Field, code: str, template: str, **params: object) -> None:
        """Notes that a field is wrong; the label goes along in both languages for the sentence."""
        named = (("label", one.label), ("label_en", one.label_en or one.label), *params.items())
        self.errors.append(FieldError(path, code, template, named))


def is_empty(value: Any) -> bool:
    """Whether nothing has been filled in."""
    if isinstance(value, str):
        return not value.strip()
    return value is None or value == [] or value == {}


def typed(judged: Judgement, path: str, one: Field, value: Any) -> Any:
    """The value in its stored form; None, with an error noted, when it does not fit the field's type."""
    if is_empty(value):
        return None
    return _TYPED[one.type](judged, path, one, value)


def _text(judged: Judgement, path: str, one: Field, value: Any, usual: int = LINE, lines: bool = False) -> str | None:  # noqa: PLR0913  one text, two kinds
    if not isinstance(value, str):
        judged.refuse(path, one, "type", "“{label}”应为文字")
        return None
    text = value.replace("\r\n", "\n").strip()
    longest = one.bounds.longest or usual
    if len(text) > longest:
        judged.refuse(
            path, one, "too_long", "“{label}”最多 {most} 个字，现有 {count} 个", most=longest, count=len(text)
        )
    elif text and len(text) < one.bounds.shortest:
        judged.refuse(
            path,
            one,
            "too_short",
            "“{label}”至少写 {least} 个字，现有 {count} 个",
            least=one.bounds.shortest,
            count=len(text),
        )
    elif _UNSEEN.search(text) or (not lines and ("\n" in text or "\r" in text)):
        judged.refuse(path, one, "characters", "“{label}”含有不能使用的字符（如换行或不可见字符）")
    elif one.pattern and text and not _PATTERNS[one.pattern].fullmatch(text):
        said, said_en = PATTERNS[one.pattern][1:]
        judged.refuse(path, one, "pattern", "“{label}”的写法应为：{said}", said=said, said_en=said_en)
    else:
        return text or None
    return None


def _longtext(judged: Judgement, path: str, one: Field, value: Any) -> str | None:
    return _text(judged, path, one, value, LONG_TEXT, lines=True)


def _boolean(judged: Judgement, path: str, one: Field, value: Any) -> bool | None:
    if isinstance(value, bool):
        return value
    judged.refuse(path, one, "type", "“{label}”请选择“是”或“否”")
    return None


def _tristate(judged: Judgement, path: str, one: Field, value: Any) -> str | None:
    found = _TRISTATE.get(value) if isinstance(value, bool | str) else None
    if found is None:
        judged.refuse(path, one, "type", "“{label}”请选择“是”“否”或“不清楚”")
    return found


def _integer(judged: Judgement, path: str, one: Field, value: Any) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > 2**53:
        judged.refuse(path, one, "type", "“{label}”应为整数")
        return None
    return value if _within(judged, path, one, Decimal(value)) else None


def _decimal(judged: Judgement, path: str, one: Field, value: Any) -> str | None:
    try:
        found = Decimal(str(value)) if isinstance(value, str | int | float) and not isinstance(value, bool) else None
    except InvalidOperation:
        found = None
    if found is None or not found.is_finite() or abs(found) >= Decimal(10) ** 18 or found.adjusted() < -18:
        judged.refuse(path, one, "type", "“{label}”应为数字，如 12000.50")
        return None
    if -int(found.as_tuple().exponent) > one.places:
        judged.refuse(path, one, "places", "“{label}”最多保留 {places} 位小数", places=one.places)
        return None
    return format(found, "f") if _within(judged, path, one, found) else None


def _within(judged: Judgement, path: str, one: Field, value: Decimal) -> bool:
    least, most = one.bounds.least, one.bounds.most
    if least is not None and value < least:
        judged.refuse(path, one, "too_small", "“{label}”不能小于 {least}", least=least)
        return False
    if most is not None and value > most:
        judged.refuse(path, one, "too_large", "“{label}”不能大于 {most}", most=most)
        return False
    return True


def _date(judged: Judgement, path: str, one: Field, value: Any) -> str | None:
    if isinstance(value, str) and _DAY.fullmatch(value):
        try:
            return date.fromisoformat(value).isoformat()
        except ValueError:
            pass
    judged.refuse(path, one, "type", "“{label}”应为日期，如 2026-09-18")
    return None


def _datetime(judged: Judgement, path: str, one: Field, value: Any) -> str | None:
    if isinstance(value, str) and _TIME.fullmatch(value):
        try:
            found = datetime.fromisoformat(value)
            local = found.astimezone(SHANGHAI) if found.tzinfo else found.replace(tzinfo=SHANGHAI)
            return local.isoformat(timespec="seconds")
        except (ValueError, OverflowError):
            pass
    judged.refuse(path, one, "type", "“{label}”应为日期和时间，如 2026-09-18T09:30:00+08:00")
    return None


def _choice(judged: Judgement, path: str, one: Field, value: Any) -> str | None:
    spelled = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if isinstance(spelled, str) and len(spelled) <= LINE and not _UNSEEN.search(spelled):
        return one.spellings.get(spelled, spelled)
    judged.refuse(path, one, "type", "“{label}”请从给出的选项中选择")
    return None


def _choices(judged: Judgement, path: str, one: Field, value: Any) -> list[str] | None:
    return _several(judged, path, one, value, _choice)


def _person(judged: Judgement, path: str, one: Field, value: Any) -> str | None:
    longest = LINE if one.outside else 64
    if not isinstance(value, str) or len(value) > longest or _UNSEEN.search(value) or "\n" in value:
        judged.refuse(path, one, "type", "“{label}”应为人员的账号名")
        return None
    name = value.strip()
    if not one.outside and not _ACCOUNT.fullmatch(name):
        judged.refuse(path, one, "type", "“{label}”应为人员的账号名")
        return None
    if not one.outside:
        judged.named.append((path, one, name))
    return name or None


def _people(judged: Judgement, path: str, one: Field, value: Any) -> list[str] | None:
    return _several(judged, path, one, value, _person)


def _texts(judged: Judgement, path: str, one: Field, value: Any) -> list[str] | None:
    if isinstance(value, list):
        value = [_bare(entry, "text") for entry in value]
    return _several(judged, path, one, value, _longtext, distinct=False)


def _bare(entry: Any, name: str) -> Any:
    """The text of an entry that was given as ``{"text": ...}``, as programs that know rows only do."""
    return entry[name] if isinstance(entry, dict) and set(entry) == {name} else entry


def _file(judged: Judgement, path: str, one: Field, value: Any) -> dict[str, Any] | None:
    file_id = value.get("id") if isinstance(value, dict) else value
    if not isinstance(file_id, str) or not _FILE_ID.fullmatch(file_id):
        judged.refuse(path, one, "type", "“{label}”应为已上传的文件")
        return None
    found = judged.files.get(file_id)
    if found is None:
        judged.refuse(path, one, "unknown_file", "“{label}”中的文件不存在、不是您上传的，或已在别的案件中，请重新上传")
        return None
    return dict(found)


def _files(judged: Judgement, path: str, one: Field, value: Any) -> list[dict[str, Any]] | None:
    return _several(judged, path, one, value, _file, distinct=False)


def _several(  # noqa: PLR0913  a list of whatever kind
    judged: Judgement, path: str, one: Field, value: Any, kind: Callable[..., Any], distinct: bool = True
) -> list[Any] | None:
    if not isinstance(value, list):
        judged.refuse(path, one, "type", "“{label}”应为列表")
        return None
    found = [(at, entry) for at, entry in enumerate(value) if not is_empty(entry)]
    if not counted(judged, path, one, found, MOST_NAMES):
        return None
    kept = [kind(judged, f"{path}.{at}", one, entry) for at, entry in found]
    if any(entry is None for entry in kept):
        return None
    return list(dict.fromkeys(kept)) if distinct else kept


def counted(judged: Judgement, path: str, one: Field, entries: Sequence[Any], usual: int = MOST_ROWS) -> bool:
    """Whether a list has an allowed number of entries; notes an error otherwise."""
    least, most = one.bounds.fewest, one.bounds.most_rows or usual
    if len(entries) > most:
        judged.refuse(path, one, "too_many", "“{label}”最多 {most} 项，现有 {count} 项", most=most, count=len(entries))
    elif len(entries) < least:
        judged.refuse(
            path, one, "too_few", "“{label}”至少需要 {least} 项，现有 {count} 项", least=least, count=len(entries)
        )
    else:
        return True
    return False


_TYPED: Mapping[str, Callable[[Judgement, str, Field, Any], Any]] = {
    "text": _text,
    "longtext": _longtext,
    "boolean": _boolean,
    "tristate": _tristate,
    "integer": _integer,
    "decimal": _decimal,
    "date": _date,
    "datetime": _datetime,
    "choice": _choice,
    "choices": _choices,
    "person": _person,
    "people": _people,
    "texts": _texts,
    "file": _file,
    "files": _files,
}
