"""Built-in functions on lists."""

from collections.abc import Callable
from decimal import Decimal
from functools import cmp_to_key

from workflow_service.feel import arithmetic, compare, errors
from workflow_service.feel.functions import Row
from workflow_service.feel.limits import Run
from workflow_service.feel.values import NUMBERS, Function, Value


def same(run: Run, left: Value, right: Value) -> bool:
    """Whether two entries count as the same one."""
    return compare.equal(run, left, right) is True


def _contains(run: Run, entries: list[Value], element: Value) -> bool:
    run.spend(2 * len(entries))
    return any(same(run, entry, element) for entry in entries)


def _extreme(side: int) -> Callable[[Run, list[Value]], Value]:
    def call(run: Run, entries: list[Value]) -> Value:
        run.spend(len(entries))
        best = entries[0] if entries else None
        for entry in entries:
            found = compare.order(entry, best)
            if found is None:
                raise errors.Refused("列表中的值不能互相比较", "the entries can't be compared with each other")
            best = entry if found == side else best
        return best

    return call


def numbers(entries: list[Value]) -> list[Decimal]:
    """The entries as numbers; raises Refused when one is none or the list is empty."""
    if not entries:
        raise errors.Refused("列表为空", "the list is empty")
    found = [NUMBERS.create_decimal(entry) if type(entry) is int else entry for entry in entries]
    if any(type(entry) is not Decimal for entry in found):
        raise errors.Refused("列表中有不是数字的值", "an entry is not a number")
    return found


def _sum(run: Run, entries: list[Value]) -> Decimal:
    run.spend(len(entries))
    total = Decimal(0)
    for entry in numbers(entries):
        total = NUMBERS.add(total, entry)
    return arithmetic.number(total)


def _product(run: Run, entries: list[Value]) -> Decimal:
    run.spend(len(entries))
    total = Decimal(1)
    for entry in numbers(entries):
        total = NUMBERS.multiply(total, entry)
    return arithmetic.number(total)


def _mean(run: Run, entries: list[Value]) -> Decimal:
    return NUMBERS.divide(_sum(run, entries), Decimal(len(entries)))


def _median(run: Run, entries: list[Value]) -> Decimal | None:
    if not entries:
        return None
    run.spend(len(entries) * 4)
    ordered = sorted(numbers(entries))
    half = len(ordered) // 2
    if len(ordered) % 2:
        return ordered[half]
    return NUMBERS.divide(NUMBERS.add(ordered[half - 1], ordered[half]), Decimal(2))


def _deviation(run: Run, entries: list[Value]) -> Decimal:
    if len(entries) < 2:
        raise errors.Refused("标准差至少需要两个数字", "a deviation needs two numbers at least")
    mean = _mean(run, entries)
    squares = [NUMBERS.power(NUMBERS.subtract(entry, mean), Decimal(2)) for entry in numbers(entries)]
    return NUMBERS.sqrt(NUMBERS.divide(_sum(run, squares), Decimal(len(entries) - 1)))


def _mode(run: Run, entries: list[Value]) -> list[Decimal]:
    if not entries:
        return []
    run.spend(len(entries) * 4)
    counts: dict[Decimal, int] = {}
    for entry in numbers(entries):
        counts[entry] = counts.get(entry, 0) + 1
    most = max(counts.values())
    return sorted(entry for entry, count in counts.items() if count == most)


def _decided(deciding: bool) -> Callable[[Run, list[Value]], bool | None]:
    def call(run: Run, entries: list[Value]) -> bool | None:
        run.spend(len(entries))
        if any(entry is deciding for entry in entries):
            return deciding
        if all(entry is not deciding and type(entry) is bool for entry in entries):
            return not deciding
        if any(entry is not None and type(entry) is not bool for entry in entries):
            raise errors.Refused("列表中有不是“是/否”的值", "an entry is not a boolean")
        return None

    return call


def position(entries: list[Value], wanted: Decimal) -> int:
    """The index of a 1-based position, negative ones from the end; raises Refused outside of the list."""
    found = arithmetic.truncated(wanted)
    if found == 0 or abs(found) > len(entries) or found != wanted:
        raise errors.Refused(f"位置 {found} 超出列表范围", f"position {found} is outside of the list")
    return found - 1 if found > 0 else len(entries) + found


def _sublist(run: Run, entries: list[Value], start: Decimal, length: Decimal | None = None) -> list[Value]:
    begin = position(entries, start)
    if length is None:
        return run.entries(entries[begin:])
    count = arithmetic.truncated(length)
    if not 0 <= count <= len(entries) - begin:
        raise errors.Refused("长度超出列表范围", "the length is outside of the list")
    return run.entries(entries[begin : begin + count])


def _append(run: Run, entries: list[Value], items: list[Value]) -> list[Value]:
    return run.entries([*entries, *items])


def _concatenate(run: Run, lists: list[Value]) -> list[Value]:
    if any(entry is None for entry in lists):
        raise errors.Refused("不能连接空值", "null can't be concatenated")
    whole: list[Value] = []
    for entry in lists:
        whole = run.entries([*whole, *(entry if type(entry) is list else [entry])])
    return whole


def _insert(run: Run, entries: list[Value], where: Decimal, item: Value) -> list[Value]:
    index = position(entries, where)
    return run.entries([*entries[:index], item, *entries[index:]])


def _remove(run: Run, entries: list[Value], where: Decimal) -> list[Value]:
    index = position(entries, where)
    return run.entries(entries[:index] + entries[index + 1 :])


def _replace(run: Run, entries: list[Value], where: Decimal, item: Value) -> list[Value]:
    index = position(entries, where)
    return run.entries([*entries[:index], item, *entries[index + 1 :]])


def _replace_matching(run: Run, entries: list[Value], match: Function, item: Value) -> list[Value]:
    answers = [match.invoke(run, [entry, item], None) for entry in entries]
    if any(type(answer) is not bool for answer in answers):
        raise errors.Refused("匹配函数必须返回“是/否”", "the match function must return a boolean")
    return run.entries([item if answer else entry for entry, answer in zip(entries, answers, strict=True)])


def _index_of(run: Run, entries: list[Value], match: Value) -> list[Value]:
    run.spend(2 * len(entries))
    return [Decimal(index) for index, entry in enumerate(entries, 1) if same(run, entry, match)]


def _distinct(run: Run, entries: list[Value]) -> list[Value]:
    found: list[Value] = []
    for entry in entries:
        if not _contains(run, found, entry):
            found.append(entry)
    return found


def _duplicates(run: Run, entries: list[Value]) -> list[Value]:
    return [entry for entry in _distinct(run, entries) if len(_index_of(run, entries, entry)) > 1]


def _union(run: Run, lists: list[Value]) -> list[Value]:
    return _distinct(run, _concatenate(run, lists))


def _flatten(run: Run, entries: list[Value]) -> list[Value]:
    found: list[Value] = []
    waiting: list[Value] = list(reversed(entries))
    while waiting:
        run.spend(2)
        entry = waiting.pop()
        if type(entry) is list:
            waiting.extend(reversed(entry))
        else:
            found.append(entry)
    return run.entries(found)


def _natural(left: Value, right: Value) -> int:
    found = compare.order(left, right)
    if found is None:
        raise errors.Refused("列表中的值不能互相比较", "the entries can't be compared with each other")
    return found


def _sort(run: Run, entries: list[Value], precedes: Function | None = None) -> list[Value]:
    run.entries(entries)
    if precedes is None:
        return sorted(entries, key=cmp_to_key(_natural))

    def order(left: Value, right: Value) -> int:
        if precedes.invoke(run, [left, right], None) is True:
            return -1
        return 1 if precedes.invoke(run, [right, left], None) is True else 0

    return sorted(entries, key=cmp_to_key(order))


ROWS: tuple[Row, ...] = (
    ("list contains", "list: list, element: any", _contains),
    ("count", "list: list*", lambda run, entries: Decimal(len(entries))),
    ("min", "list: list*", _extreme(-1)),
    ("max", "list: list*", _extreme(1)),
    ("sum", "list: list*", _sum),
    ("mean", "list: list*", _mean),
    ("product", "list: list*", _product),
    ("median", "list: list*", _median),
    ("stddev", "list: list*", _deviation),
    ("mode", "list: list*", _mode),
    ("all", "list: list*", _decided(False)),
    ("any", "list: list*", _decided(True)),
    ("sublist", "list: list, start position: number, length: number?", _sublist),
    ("append", "list: list, item: any*", _append),
    ("concatenate", "lists: any*", _concatenate),
    ("insert before", "list: list, position: number, newItem: any", _insert),
    ("remove", "list: list, position: number", _remove),
    ("list replace", "list: list, position: number, newItem: any", _replace),
    ("list replace", "list: list, match: function, newItem: any", _replace_matching),
    ("reverse", "list: list", lambda run, entries: run.entries(entries[::-1])),
    ("index of", "list: list, match: any", _index_of),
    ("union", "lists: any*", _union),
    ("distinct values", "list: list", _distinct),
    ("duplicate values", "list: list", _duplicates),
    ("flatten", "list: list", _flatten),
    ("sort", "list: list, precedes: function?", _sort),
)
