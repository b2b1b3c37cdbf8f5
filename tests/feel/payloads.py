"""Expressions that try to leave FEEL or to use up the machine; none may succeed wherever an expression can stand.

Each is refused when read, becomes null, or is ended by a limit. ``CANARY`` in a text stands for the path of a file that must
stay as it is.
"""

import time
from collections.abc import Callable
from pathlib import Path

SECONDS, BYTES = 0.1, 50_000_000

ESCAPES: tuple[str, ...] = (
    '__import__("os").system("echo x > CANARY")',
    'open("CANARY", "w")',
    'open("CANARY").read()',
    "().__class__.__mro__[1].__subclasses__()",
    '"".__class__.__base__.__subclasses__()',
    "[].__class__",
    "{}.__class__.__init__.__globals__",
    "x.__class__",
    "x.__dict__",
    "l.append(4)",
    "l.__len__()",
    "s.upper()",
    's.format("{0.__class__}")',
    '"%s" % s',
    '"{0.__class__.__mro__}".format(s)',
    'f"{s}"',
    "lambda: 1",
    "count.__globals__",
    "count.signatures",
    "count.call",
    "abs.invoke",
    "abs.__self__",
    "(function() 1).call",
    "(function(a) a).__closure__",
    "today().to_python",
    "now().__class__",
    "now().date.number",
    'getattr(s, "upper")',
    'eval("1 + 1")',
    'exec("import os")',
    'compile("1", "", "eval")',
    "globals()",
    "locals()",
    "vars()",
    "breakpoint()",
    "input()",
    "exit()",
    "import os",
    "os.system",
    "sys.modules",
    "self",
    "scope.run.env.clock",
    "raw",
    "@\"__import__('os')\"",
    '@"2020-01-01@../../etc/passwd"',
    'time("10:00:00@../../../etc/passwd")',
    'time("10:00:00@/etc/passwd")',
    'date and time("2020-01-01T00:00:00@..%2f..%2fetc%2fpasswd")',
    'function(f: string) external {java: {class: "java.lang.Runtime", method signature: "exec(java.lang.String)"}}',
    '(function(f) external {java: {class: "java.io.File", method signature: "delete()"}})("CANARY")',
    'get value(s, "__class__")',
    'get value(l, "__class__")',
    'context put({}, "__class__", 1).__class__.__mro__',
    '{"__class__": 1}.__class__.__base__',
    'replace("a", "a", "\\g<0>")',
    'matches("a", "(?{system(1)})")',
    'matches("a", "(?P<n>a)(?P=n)")',
    'range("[__import__(\\"os\\")..2]")',
    "1; import os",
    "x := 1",
    "x = 1\nimport os",
    "`ls`",
    "$(touch CANARY)",
    "${7*7}",
    "{{ 7*7 }}",
    "#{7*7}",
    "<%= 7*7 %>",
)

_DEEP = 400
_LONG = '{{s: (for i in 1..16 return if i = 1 then "ab" else partial[-1] + partial[-1])[-1], r: {}}}.r'
_MANY = "{{l: (for i in 1..13 return if i = 1 then [1, 2] else concatenate(partial[-1], partial[-1]))[-1], r: {}}}.r"
BOMBS: tuple[str, ...] = (
    "9 ** 9 ** 9 ** 9",
    "10 ** 999999999",
    "(10 ** 6000) ** 6000",
    "1e999999999",
    "9" * 9_000,
    "1/3 ** 0.00000000000000001",
    "exp(99999999999999)",
    "log(10 ** -6143)",
    "decimal(1/3, 6176)",
    "round up(10 ** 6000, 6000)",
    "string(10 ** 6144)",
    "modulo(10 ** 6144, 3)",
    "odd(10 ** 6144)",
    "for i in 1..1000000000 return i",
    "for i in 1..10000, j in 1..10000 return i",
    "for i in 1..100, j in 1..100, k in 1..100, l in 1..100 return 1",
    "for i in 1..19999 return for j in 1..19999 return j",
    "count(for i in 0..-999999999999 return i)",
    'for i in @"0001-01-01"..@"999999999-01-01" return i',
    "some i in 1..1000000, j in 1..1000000 satisfies false",
    "every i in [1..999999999] satisfies true",
    "for i in 1..5000 return partial",
    "for i in 1..60 return if i = 1 then [1] else concatenate(partial[-1], partial[-1])",
    'for i in 1..60 return if i = 1 then "ab" else partial[-1] + partial[-1]',
    'for i in 1..60 return if i = 1 then "ab" else string join([partial[-1], partial[-1]])',
    "for i in 1..60 return if i = 1 then [1] else [partial[-1], partial[-1]]",
    "string(for i in 1..60 return if i = 1 then [1] else [partial[-1], partial[-1]])",
    "flatten(for i in 1..60 return if i = 1 then [1] else [partial[-1], partial[-1]])",
    "{a: for i in 1..60 return if i = 1 then [1] else [partial[-1], partial[-1]], b: a = a}.b",
    "{a: for i in 1..9000 return if i = 1 then [1] else [partial[-1]], b: string(a[-1])}.b",
    "{f: function(x) f(x), r: f(1)}.r",
    "{f: function(x) f(x) + f(x), r: f(1)}.r",
    "{f: function(x) if x = 0 then 1 else f(x - 1) + f(x - 1), r: f(60)}.r",
    "{f: function(g) g(g), r: f(f)}.r",
    "(function(f) f(f))(function(f) f(f))",
    "sort(for i in 1..9999 return i, function(a, b) every x in 1..9999 satisfies a > b)",
    "distinct values(for i in 1..15000 return i)",
    "duplicate values(for i in 1..15000 return i)",
    'matches("' + "a" * 40 + '!", "^(a+)+$")',
    'matches("' + "a" * 5000 + '!", "(a|a)*b")',
    'matches("' + "a" * 3000 + '", "(.*)*(.*)*(.*)*x")',
    'replace("' + "a" * 40 + '!", "(a|aa)+$", "x")',
    'split("' + "a" * 40 + '!", "(a*)*b")',
    _LONG.format("count(for i in 1..9000 return substring(s, 2))"),
    _LONG.format('for i in 1..9000 return substring after(s, "a")'),
    _LONG.format('count(for i in 1..9000 return contains(s, "bb"))'),
    _LONG.format('count(for i in 1..9000 return replace("ab", "b", s))'),
    _MANY.format("count(for i in 1..9000 return l instance of list<number>)"),
    _MANY.format("count(for i in 1..9000 return (function(a: list<number>) 1)(l))"),
    _MANY.format("count(for i in 1..9000 return string join(l))"),
    "count(for i in 1..20000 return odd(10 ** 6144))",
    "count(for i in 1..20000 return i ** 0.3333333)",
    "count(for i in 1..20000 return exp(i / 7) + log(i))",
    'count(for i in 1..900 return matches("' + "a" * 22 + '!", "(a|aa)+$"))',
    'for i in 1..900 return replace("' + "a" * 20 + '!", "(a|aa)+$", "x")',
    'matches("a", "a{999999999}")',
    'matches("a", "((a{999}){999}){999}")',
    'matches("a", "' + "(" * 200 + "a" + ")" * 200 + '")',
    'matches("a", "' + "a" * 5000 + '")',
    'replace("' + "a" * 4000 + '", "a", "' + "b" * 5000 + '")',
    "(" * _DEEP + "1" + ")" * _DEEP,
    "[" * _DEEP + "1" + "]" * _DEEP,
    "{a: " * _DEEP + "1" + "}" * _DEEP,
    "-" * 9_000 + "1",
    "not(" * _DEEP + "true" + ")" * _DEEP,
    "if true then " * _DEEP + "1" + " else 2" * _DEEP,
    "x" + "[1]" * 3000,
    "x" + ".a" * 4500,
    "f" + "()" * 4500,
    "1" + "+1" * 4500,
    "1 in (" * _DEEP + "1" + ")" * _DEEP,
    "function() " * _DEEP + "1",
    "1 instance of " + "list<" * _DEEP + "number" + ">" * _DEEP,
    "[1" + ",1" * 4500 + "]",
    "true" + " and true" * 1000,
    " " * 30_000 + "1",
    "/*" * 4500,
    "a " * 4500,
    '"' + "\\" * 9_001,
    '@"P999999999999Y" * 99999999999999999',
    '@"2020-01-01" + @"P999999999999D"',
    'duration("P" + string(10 ** 300) + "D")',
    "date(10 ** 6000, 1, 1)",
    "substring(s, 10 ** 6000)",
    "l[10 ** 6000]",
    "sublist(l, 10 ** 6000)",
    "working days after(today(), 10 ** 6000)",
)

ALL: tuple[str, ...] = ESCAPES + BOMBS


def unbounded(act: Callable[[str], object], canary: Path) -> list[str]:
    """What payloads do when each is handed to ``act``, which ends every refusal itself: empty when none gets away.

    Time is that of the processor, the best of three, because the machine may be busy with something else. Memory is the
    highest that the process reached above where it began, all payloads taken together.
    """
    canary.write_text("untouched", encoding="utf-8")
    texts = [payload.replace("CANARY", str(canary)) for payload in ALL]
    before = _highest(forget=True)
    found = [f"too slow: {text[:60]}" for text in texts if all(_seconds(act, text) >= SECONDS for _ in range(3))]
    if _highest() - before >= BYTES:
        found.append("together too large")
    if canary.read_text(encoding="utf-8") != "untouched" or len(list(canary.parent.iterdir())) > 1:
        found.append("a file was touched")
    return found


def _seconds(act: Callable[[str], object], text: str) -> float:
    begun = time.process_time()
    act(text)
    return time.process_time() - begun


def _highest(forget: bool = False) -> int:
    """The most memory that this process has held, in bytes, since it was told to forget."""
    if forget:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
