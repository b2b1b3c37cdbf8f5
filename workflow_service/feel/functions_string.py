"""Built-in functions on strings."""

from decimal import Decimal

from workflow_service.feel import arithmetic, errors, patterns
from workflow_service.feel.functions import Row
from workflow_service.feel.limits import Run, exceeded
from workflow_service.feel.values import Value


def _looked_through(run: Run, text: str) -> None:
    """Pays for a search in a text."""
    run.spend(1 + len(text) // 64)


def _substring(run: Run, text: str, position: Decimal, length: Decimal | None = None) -> str:
    start = arithmetic.truncated(position)
    if start == 0 or abs(start) > max(len(text), 1):
        raise errors.Refused("起始位置超出文本范围", "the start position is outside of the text")
    begin = start - 1 if start > 0 else len(text) + start
    if length is None:
        return run.text(text[begin:])
    count = arithmetic.truncated(length)
    if count < 0:
        raise errors.Refused("长度不能为负", "the length is negative")
    return run.text(text[begin : begin + count])


def _before(run: Run, text: str, match: str) -> str:
    _looked_through(run, text)
    head, found, _ = text.partition(match) if match else ("", "", "")
    return head if found else ""


def _after(run: Run, text: str, match: str) -> str:
    _looked_through(run, text)
    return text.partition(match)[2] if match else text


def _contains(run: Run, text: str, match: str) -> bool:
    _looked_through(run, text)
    return match in text


def _join(run: Run, parts: list[Value], delimiter: str | None = None) -> str:
    run.spend(1 + len(parts))
    texts = [part for part in parts if part is not None]
    if any(type(part) is not str for part in texts):
        raise errors.Refused("只能连接文本", "only strings can be joined")
    size = sum(len(part) for part in texts) + len(delimiter or "") * len(texts)
    run.spend(size // 64)
    if size > run.limits.string:
        raise exceeded(run.limits, "string")
    return (delimiter or "").join(texts)


def _upper(run: Run, text: str) -> str:
    return run.text(text.upper())


def _lower(run: Run, text: str) -> str:
    return run.text(text.lower())


ROWS: tuple[Row, ...] = (
    ("substring", "string: string, start position: number, length: number?", _substring),
    ("string length", "string: string", lambda run, text: Decimal(len(text))),
    ("upper case", "string: string", _upper),
    ("lower case", "string: string", _lower),
    ("substring before", "string: string, match: string", _before),
    ("substring after", "string: string, match: string", _after),
    ("contains", "string: string, match: string", _contains),
    ("starts with", "string: string, match: string", lambda run, text, match: text.startswith(match)),
    ("ends with", "string: string, match: string", lambda run, text, match: text.endswith(match)),
    ("matches", "input: string, pattern: string, flags: string|null?", patterns.matches),
    ("replace", "input: string, pattern: string, replacement: string, flags: string|null?", patterns.replace),
    ("split", "string: string, delimiter: string", patterns.split),
    ("string join", "list: list, delimiter: string|null?", _join),
)
