"""Built-in functions on contexts."""

from workflow_service.feel import errors
from workflow_service.feel.functions import Row
from workflow_service.feel.limits import Run
from workflow_service.feel.values import Value


def _get(run: Run, context: dict[str, Value], key: str) -> Value:
    return context.get(key)


def _get_deep(run: Run, context: dict[str, Value], keys: list[Value]) -> Value:
    found: Value = context
    for key in _keys(keys):
        found = found.get(key) if type(found) is dict else None
    return found


def _keys(keys: list[Value]) -> list[str]:
    if not keys or any(type(key) is not str for key in keys):
        raise errors.Refused("键应为非空的文本列表", "the keys must be a list of strings")
    return keys


def _entries(run: Run, context: dict[str, Value]) -> list[Value]:
    return run.entries([{"key": key, "value": value} for key, value in context.items()])


def _context(run: Run, entries: list[Value]) -> dict[str, Value]:
    run.entries(entries)
    found: dict[str, Value] = {}
    for entry in entries:
        if type(entry) is not dict or type(entry.get("key")) is not str or "value" not in entry:
            raise errors.Refused("每一项应有 key（文本）和 value", "each entry needs a key (string) and a value")
        if entry["key"] in found:
            raise errors.Refused(f"键“{entry['key']}”重复", f"the key {entry['key']!r} appears twice")
        found[entry["key"]] = entry["value"]
    return found


def _put(run: Run, context: dict[str, Value], key: str, value: Value) -> dict[str, Value]:
    run.spend(1 + len(context))
    return context | {key: value}


def _put_deep(run: Run, context: dict[str, Value], keys: list[Value], value: Value) -> dict[str, Value]:
    path = _keys(keys)
    levels = [context]
    for key in path[:-1]:
        below = levels[-1].get(key)
        if type(below) is not dict:
            raise errors.Refused(f"“{key}”不是数据组", f"{key!r} is not a context")
        levels.append(below)
    for key, level in zip(reversed(path), reversed(levels), strict=True):
        value = _put(run, level, key, value)
    whole: dict[str, Value] = value
    return whole


def _merge(run: Run, contexts: list[Value]) -> dict[str, Value]:
    whole: dict[str, Value] = {}
    for entry in contexts:
        if type(entry) is not dict:
            raise errors.Refused("只能合并数据组", "only contexts can be merged")
        run.spend(1 + len(entry))
        whole |= entry
    return whole


ROWS: tuple[Row, ...] = (
    ("get value", "m: context, key: string", _get),
    ("get value", "m: context, keys: list", _get_deep),
    ("get entries", "m: context", _entries),
    ("context", "entries: list", _context),
    ("context put", "context: context, key: string, value: any", _put),
    ("context put", "context: context, keys: list, value: any", _put_deep),
    ("context merge", "contexts: list", _merge),
)
