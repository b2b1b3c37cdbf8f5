"""Regular expressions as XPath and XQuery write them, searched within a time limit.

Python's ``re`` can't be stopped once a search has begun; the ``regex`` package takes a timeout, so it is used here.
"""

import re
from functools import lru_cache
from time import thread_time
from typing import Any

import regex  # type: ignore[import-untyped]

from workflow_service.feel import errors
from workflow_service.feel.limits import Run, exceeded

_FLAGS = {"s": regex.DOTALL, "m": regex.MULTILINE, "i": regex.IGNORECASE}
_CLASSES = {
    "d": r"\p{Nd}",
    "D": r"\P{Nd}",
    "w": r"[^\p{P}\p{Z}\p{C}]",
    "W": r"[\p{P}\p{Z}\p{C}]",
    "s": r"[ \t\n\r]",
    "S": r"[^ \t\n\r]",
    "i": r"[\p{L}_:]",
    "I": r"[^\p{L}_:]",
    "c": r"[\p{L}\p{Nd}\-._:\u00b7]",
    "C": r"[^\p{L}\p{Nd}\-._:\u00b7]",
}
_PLAIN_ESCAPES = frozenset("nrt\\|.?*+(){}-[]^$ /,:;'\"#&~`!@%=<>_")
_CATEGORY = re.compile("L[ultmo]?|M[nce]?|N[dlo]?|P[cdseifo]?|Z[slp]?|S[mcko]?|C[cfon]?")
_MAX_REPEAT = 1000


def _refused() -> errors.Refused:
    return errors.Refused("正则表达式无效", "the pattern is not valid")


def _unspaced(source: str) -> str:
    # With "x" blanks are taken out before anything else is read, except inside of character classes.
    kept: list[str] = []
    depth, escaped = 0, False
    for char in source:
        if depth or char not in " \t\n\r":
            kept.append(char)
            depth += 0 if escaped else (char == "[") - (char == "]")
            escaped = char == "\\" and not escaped
    return "".join(kept)


class _Translation:
    """One pattern on its way from the XPath notation to that of the ``regex`` package."""

    def __init__(self, source: str, flags: str) -> None:
        self.source = _unspaced(source) if "x" in flags else source
        self.groups = 0
        self.flags = flags
        self.pos = 0
        self.out: list[str] = []
        self.in_class = 0
        self.repeats = 1

    def run(self) -> str:
        """The translated pattern; raises Refused for what XPath doesn't know."""
        while self.pos < len(self.source):
            char = self.source[self.pos]
            self.pos += 1
            if char == "\\":
                self._escape()
            elif self.in_class:
                self._in_class(char)
            else:
                self._outside(char)
        if self.in_class:
            raise _refused()
        return "".join(self.out)

    def _escape(self) -> None:
        if self.pos >= len(self.source):
            raise _refused()
        char = self.source[self.pos]
        self.pos += 1
        if char in _CLASSES:
            self.out.append(_CLASSES[char])
        elif char in "pP":
            self._property(char)
        elif char in _PLAIN_ESCAPES:
            self.out.append("\\" + char)
        elif char in "123456789" and not self.in_class:
            self._reference(char)
        else:
            raise _refused()

    def _reference(self, digits: str) -> None:
        # As many digits belong to the number as there are groups before it.
        while (more := self.source[self.pos : self.pos + 1]).isdecimal() and int(digits + more) <= self.groups:
            digits, self.pos = digits + more, self.pos + 1
        if int(digits) > self.groups:
            raise _refused()
        self.out.append(f"(?:\\{digits})")

    def _property(self, char: str) -> None:
        end = self.source.find("}", self.pos)
        name = self.source[self.pos + 1 : end] if self.source.startswith("{", self.pos) and end > 0 else ""
        block = name.removeprefix("Is")
        if not (_CATEGORY.fullmatch(name) if block == name else block.replace("-", "").isalnum()):
            raise _refused()
        self.pos = end + 1
        found = f"\\{char}{{{'Block=' + block if block != name else name}}}"
        # Letter case is a property of its own: "i" doesn't change what \p{Lu} means.
        self.out.append(found if self.in_class or "i" not in self.flags else f"(?-i:{found})")

    def _in_class(self, char: str) -> None:
        if char == "]":
            self.in_class -= 1
            self.out.append("]")
            if self.in_class and not self.source.startswith("]", self.pos):
                raise _refused()
        elif char == "-" and self.source.startswith("[", self.pos):
            self._opened("--")
        elif char == "[":
            raise _refused()
        else:
            self.out.append("\\" + char if char in "&|~-" and self._doubled(char) else char)

    def _doubled(self, char: str) -> bool:
        # Doubled they are set operators in the other notation.
        return self.source.startswith(char, self.pos) or self.source[: self.pos - 1].endswith(char)

    def _opened(self, before: str) -> None:
        if before:
            self.pos += 1
        self.in_class += 1
        negated = self.source.startswith("^", self.pos)
        self.pos += negated
        self.out.append(before + ("[^" if negated else "["))
        if self.source.startswith("]", self.pos):
            raise _refused()

    def _outside(self, char: str) -> None:
        if char == "[":
            self._opened("")
        elif char == "(":
            self._group()
        elif char in "*+?}]":
            self._quantifier(char)
        elif char == "{":
            self._count()
        elif char == "$":
            self.out.append("$" if "m" in self.flags else r"\Z")
        elif char == ".":
            self.out.append("." if "s" in self.flags else r"[^\n\r]")
        else:
            self.out.append("\\" + char if char in "#~&" else char)

    def _group(self) -> None:
        if self.source.startswith("?", self.pos):
            if not self.source.startswith("?:", self.pos):
                raise _refused()
            self.pos += 2
            self.out.append("(?:")
            return
        self.groups += 1
        self.out.append("(")

    def _quantifier(self, char: str) -> None:
        if char in "}]":
            raise _refused()
        self.out.append(char)
        if self.source.startswith("?", self.pos):
            self.pos += 1
            self.out.append("?")
        if self.source[self.pos : self.pos + 1] in ("*", "+", "?"):
            raise _refused()

    def _count(self) -> None:
        end = self.source.find("}", self.pos)
        low, comma, high = self.source[self.pos : end].partition(",")
        if end < 0 or not (low.isdecimal() and low.isascii()) or (high and not high.isdecimal()):
            raise _refused()
        self.repeats *= max(int(low[:6]), int(high[:6] or 0), 1)
        if self.repeats > _MAX_REPEAT:
            raise OverflowError
        self.out.append(f"{{{low}{comma}{high}}}")
        self.pos = end + 1
        if self.source.startswith("?", self.pos):
            self.pos += 1
            self.out.append("?")


@lru_cache(maxsize=256)
def _compiled(pattern: str, flags: str) -> "regex.Pattern[str]":
    if not set(flags) <= set("smixq"):
        raise errors.Refused(f"正则表达式标志“{flags}”无效，可用 s、m、i、x、q", f"unknown pattern flags {flags!r}")
    text = regex.escape(pattern) if "q" in flags else _Translation(pattern, flags).run()
    wanted = regex.VERSION1
    for flag in set(flags) & _FLAGS.keys():
        wanted |= _FLAGS[flag]
    try:
        return regex.compile(text, wanted)
    except (regex.error, OverflowError, IndexError):
        raise _refused() from None


def _pattern(run: Run, pattern: str, flags: str | None) -> "regex.Pattern[str]":
    if len(pattern) > run.limits.pattern:
        raise exceeded(run.limits, "pattern")
    try:
        return _compiled(pattern, flags or "")
    except OverflowError:
        raise exceeded(run.limits, "pattern") from None


def _timed(run: Run, action: Any) -> Any:
    # Many searches that each end in time could together take for ever: they pay from one purse.
    run.spend(100)
    if run.patience <= 0:
        raise exceeded(run.limits, "pattern_seconds")
    begun = thread_time()
    try:
        return action(run.patience)
    except TimeoutError:
        raise exceeded(run.limits, "pattern_seconds") from None
    finally:
        run.patience -= thread_time() - begun


def matches(run: Run, text: str, pattern: str, flags: str | None = None) -> bool:
    """Whether the pattern is found anywhere in the text."""
    compiled = _pattern(run, pattern, flags)
    return _timed(run, lambda seconds: compiled.search(text, timeout=seconds)) is not None


def split(run: Run, text: str, pattern: str) -> list[str]:
    """The pieces between the places where the pattern is found."""
    compiled = _pattern(run, pattern, None)
    if pattern == "":
        return run.entries(list(text))
    pieces: list[str] = []
    start = 0
    for match in _timed(run, lambda seconds: list(compiled.finditer(text, timeout=seconds))):
        pieces.append(text[start : match.start()])
        start = match.end()
    return run.entries([*pieces, text[start:]])


def _template(replacement: str, groups: int) -> list[str | int]:
    parts: list[str | int] = []
    pos = 0
    while pos < len(replacement):
        char = replacement[pos]
        if char == "\\":
            if replacement[pos + 1 : pos + 2] not in ("\\", "$"):
                raise errors.Refused("替换文本中的“\\”无效", "a backslash in the replacement must be doubled")
            parts.append(replacement[pos + 1])
            pos += 2
        elif char == "$":
            number, pos = _group_number(replacement, pos + 1, groups)
            parts.append(number)
        else:
            parts.append(char)
            pos += 1
    return parts


def _group_number(replacement: str, pos: int, groups: int) -> tuple[int, int]:
    digit = replacement[pos : pos + 1]
    if not (digit.isascii() and digit.isdecimal()):
        raise errors.Refused("替换文本中的“$”后应为组号", "a $ in the replacement must be followed by a group's number")
    number, pos = int(digit), pos + 1
    # As many digits belong to the number as there are groups for.
    while (more := replacement[pos : pos + 1]).isdecimal() and more.isascii() and number * 10 + int(more) <= groups:
        number, pos = number * 10 + int(more), pos + 1
    return number, pos


def replace(run: Run, text: str, pattern: str, replacement: str, flags: str | None = None) -> str:
    """The text with each place where the pattern is found replaced; ``$1`` stands for the first group."""
    compiled = _pattern(run, pattern, flags)
    if _timed(run, lambda seconds: compiled.search("", timeout=seconds)) is not None:
        raise errors.Refused("正则表达式不能匹配空文本", "the pattern matches the empty text")
    literal = "q" in (flags or "")
    run.spend(len(replacement))
    parts: list[str | int] = [replacement] if literal else _template(replacement, compiled.groups)
    pieces: list[str] = []
    start = size = 0
    for match in _timed(run, lambda seconds: list(compiled.finditer(text, timeout=seconds))):
        found = "".join(part if isinstance(part, str) else _group(match, part) for part in parts)
        size += len(found)
        if size > run.limits.string:
            raise exceeded(run.limits, "string")
        pieces += (text[start : match.start()], found)
        start = match.end()
    return run.text("".join(pieces) + text[start:])


def _group(match: Any, number: int) -> str:
    return (match.group(number) or "") if number <= match.re.groups else ""
