"""Reads a FEEL text piece by piece: blanks, symbols, numbers, strings, and names that may contain spaces."""

import re
from collections.abc import Callable, Iterable
from decimal import Decimal

from workflow_service.feel import errors, limits, nodes
from workflow_service.feel.values import NUMBERS

_START = (
    r"?A-Z_a-z\u00C0-\u00D6\u00D8-\u00F6\u00F8-\u02FF\u0370-\u037D\u037F-\u1FFF\u200C\u200D\u2070-\u218F"
    r"\u2C00-\u2FEF\u3001-\uD7FF\uF900-\uFDCF\uFDF0-\uFEFE\uFF00-\uFFFD\U00010000-\U000EFFFF"
)
NAME = re.compile(f"[{_START}][{_START}0-9\u00b7\u0300-\u036f\u203f\u2040]*")
_PART = re.compile(f"[{_START}0-9\u00b7\u0300-\u036f\u203f\u2040]")
_SPACE = r"[\s\u180e\u200b\ufeff]"
_BLANKS = re.compile(f"(?:{_SPACE}+|//[^\\n]*|/\\*.*?\\*/)*", re.DOTALL)
_GAP = re.compile(f"{_SPACE}+")
_SYMBOL = re.compile(r"\*\*|\.\.|<=|>=|!=|->|[-+*/<>=()\[\]{},:.@]")
_NUMBER = re.compile(r"(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{6})|(.))", re.DOTALL)
_LABEL = re.compile(f"([{_START}](?:[{_START}0-9\u00b7\u0300-\u036f\u203f\u2040./'+*-]|{_SPACE})*):")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "'": "'", "\\": "\\"}
KEYWORDS = frozenset(
    (
        "if",
        "then",
        "else",
        "for",
        "in",
        "return",
        "some",
        "every",
        "satisfies",
        "and",
        "or",
        "between",
        "instance",
        "of",
        "function",
        "true",
        "false",
        "null",
    )
)


class Names:
    """The names of several words or with symbols that are in scope, to be recognised in a text."""

    def __init__(self, names: "Iterable[str] | Names" = ()) -> None:
        self._by_start: dict[str, list[tuple[str, ...]]] = {}
        self._known: set[tuple[str, ...]] = set()
        if isinstance(names, Names):
            self._by_start = {start: found[:] for start, found in names._by_start.items()}
            self._known = set(names._known)
            return
        for name in names:
            self.add(name)

    def add(self, name: str) -> None:
        """Brings a name into scope."""
        words = tuple(_GAP.split(name.strip()))
        start = NAME.match(words[0])
        if start is None or words in self._known or (len(words) == 1 and start.group() == words[0]):
            return
        self._known.add(words)
        self._by_start.setdefault(start.group(), []).append(words)

    def match(self, source: str, pos: int) -> tuple[str, int] | None:
        """The longest name that stands at ``pos``, and where it ends."""
        start = NAME.match(source, pos)
        if start is None:
            return None
        best: tuple[str, int] | None = None
        for words in self._by_start.get(start.group(), ()):
            end = _match_words(source, pos, words)
            if end is not None and (best is None or end > best[1]):
                best = " ".join(words), end
        return best


def _match_words(source: str, pos: int, words: tuple[str, ...]) -> int | None:
    for index, word in enumerate(words):
        if index:
            gap = _GAP.match(source, pos)
            if gap is None:
                return None
            pos = gap.end()
        if not source.startswith(word, pos):
            return None
        pos += len(word)
    ends_open = _PART.match(words[-1][-1]) and _PART.match(source, pos)
    return None if ends_open else pos


class Reader:
    """A text with the place where reading stands.

    Args:
        builtin: names of built-in functions that have several words.
        names: names of variables that have several words or symbols.
        expression: reads an expression whose operators bind at least as strongly as the number given.
    """

    def __init__(
        self,
        source: str,
        bounds: limits.Limits,
        builtin: Names,
        names: Names,
        expression: Callable[["Reader", int], nodes.Node],
    ) -> None:
        if len(source) > bounds.source:
            raise limits.exceeded(bounds, "source")
        self.source = source
        self.limits = bounds
        self.builtin = builtin
        self.names = names
        self.expression = expression
        self.depth = 0
        self._next = ""
        self.move(0)

    def move(self, end: int) -> None:
        """Goes on after ``end`` and the blanks and comments there."""
        blanks = _BLANKS.match(self.source, end)
        self.pos = blanks.end() if blanks else end
        symbol = _SYMBOL.match(self.source, self.pos)
        self._next = symbol.group() if symbol else ""

    def enter(self) -> None:
        """Counts one level of nesting; the caller takes it back by lowering ``depth``."""
        self.depth += 1
        self.bound(self.depth)

    def bound(self, levels: int) -> None:
        """Refuses a tree of too many levels while it is still being read."""
        if levels > self.limits.depth:
            raise limits.exceeded(self.limits, "depth", errors.place(self.source, self.pos))

    def symbol(self) -> str:
        """The symbol that comes next, empty when none does."""
        return self._next

    def take(self, symbol: str) -> bool:
        """Passes the symbol if it comes next."""
        if self._next != symbol:
            return False
        self.move(self.pos + len(symbol))
        return True

    def need(self, symbol: str) -> None:
        """Passes the symbol, which must come next."""
        if not self.take(symbol):
            raise self.wrong(f"此处应为“{symbol}”", f"expected {symbol!r} here")

    def word(self) -> str:
        """The word that comes next, empty when none does."""
        match = NAME.match(self.source, self.pos)
        return match.group() if match else ""

    def take_word(self, word: str) -> bool:
        """Passes the keyword if it comes next."""
        if self.word() != word:
            return False
        self.move(self.pos + len(word))
        return True

    def need_word(self, word: str) -> None:
        """Passes the keyword, which must come next."""
        if not self.take_word(word):
            raise self.wrong(f"此处应为“{word}”", f"expected {word!r} here")

    def known(self, *books: Names) -> str | None:
        """Passes the longest name of the books that comes next."""
        found = [match for book in books if (match := book.match(self.source, self.pos)) is not None]
        if not found:
            return None
        name, end = max(found, key=lambda match: match[1])
        self.move(end)
        return name

    def wrong(self, zh: str, en: str) -> errors.FeelSyntaxError:
        """The error for the present place, to be raised by the caller."""
        rest = self.source[self.pos : self.pos + 1]
        zh_rest, en_rest = (f"，却是“{rest}”", f", found {rest!r}") if rest else ("，表达式却已结束", ", found the end")
        if rest and rest in "，。（）【】：；“”‘’＝＜＞":
            zh_rest, en_rest = zh_rest + "；请改用英文（半角）标点", en_rest + "; use ASCII punctuation"
        elif rest == "=" and self.source[: self.pos].rstrip().endswith("="):
            zh_rest, en_rest = zh_rest + "；相等只写一个“=”", en_rest + "; equality is a single '='"
        return errors.FeelSyntaxError(zh + zh_rest, en + en_rest, errors.place(self.source, self.pos))


def label(reader: Reader) -> str | None:
    """Passes ``name:`` if that comes next; the name may have spaces and symbols."""
    match = _LABEL.match(reader.source, reader.pos)
    if match is None:
        return None
    reader.move(match.end())
    return " ".join(match.group(1).split())


def number(reader: Reader) -> Decimal | None:
    """Passes a number if one comes next."""
    match = _NUMBER.match(reader.source, reader.pos)
    if match is None:
        return None
    if _PART.match(reader.source, match.end()):
        raise reader.wrong("数字后面不能直接跟文字", "a number can't be followed by letters")
    number = NUMBERS.create_decimal(match.group())
    if not number.is_finite():
        raise limits.exceeded(reader.limits, "exponent", errors.place(reader.source, reader.pos))
    reader.move(match.end())
    return number


def string(reader: Reader) -> str | None:
    """Passes a string literal if one comes next."""
    match = _STRING.match(reader.source, reader.pos)
    if match is None:
        if reader.source.startswith('"', reader.pos):
            raise reader.wrong("引号没有结束", "the quotation mark is not closed")
        return None
    text = _ESCAPE.sub(_unescape, match.group(1))
    if any("\ud800" <= char <= "\udfff" for char in text):
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    reader.move(match.end())
    return text


def _unescape(match: re.Match[str]) -> str:
    four, six, char = match.groups()
    if char is not None:
        # An unknown escape stays as it is, so that patterns like "\d+" can be written plainly.
        return _ESCAPES.get(char, "\\" + char)
    code = int(four or six, 16)
    return chr(code) if code <= 0x10FFFF else match.group()
