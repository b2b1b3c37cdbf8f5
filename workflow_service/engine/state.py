"""The stored form of a run: versioned, checked, compact; only what is open, never the diagrams.

Layout: one byte of version, one of packing (0 plain, 1 zstd), 8 bytes of checksum, then JSON
``[facts, scopes, visits, serial, last, levels]``; a level is ``[holder, spec, scope, [token ...]]`` and a token
``[number, parent, spec, state, flags, visit, scope, flow, info]``. Keys of user data are data, never structure, so a
form field of any name is safe.
"""

from collections import OrderedDict
from hashlib import blake2b, sha256
from threading import Lock
from typing import Any

import orjson
import zstandard
from SpiffWorkflow.util.task import TaskState

from workflow_service.engine.program import Program
from workflow_service.engine.tokens import OPEN, ROOT, Flat, Live, Token
from workflow_service.errors import CannotAdvance

VERSION = 1
PACK_FROM = 2048
MAX_BYTES = 16 * 1024 * 1024

_HEAD = 10
_STATES = frozenset((TaskState.FUTURE, TaskState.WAITING, TaskState.READY, TaskState.STARTED, TaskState.COMPLETED))


class CorruptState(CannotAdvance):
    """The stored state of a run is damaged or unknown; the journal can make it anew."""

    def __init__(self, why: str, process: str = "") -> None:
        super().__init__("运行“{element}”的保存状态已损坏（{why}），可由日志重建", element=process, why=why)


def compact(live: Live) -> None:
    """Drops every token that has ended and that no open one needs, and the scopes that are over."""
    for holder in [number for number in live.subprocesses if not _is_open(live, number)]:
        del live.subprocesses[holder]
    used: set[str] = set()
    for level in live.levels():
        _compact_level(level)
        used.update(one.scope for one in level.open.values())
    while used:
        outer = {live.scopes[key][0] for key in used if key} - used - {""}
        if not outer:
            break
        used |= outer
    for key in [key for key in live.scopes if key not in used]:
        del live.scopes[key]


def _is_open(live: Live, number: int) -> bool:
    token = live.token(number)
    return token is not None and token.is_open()


def _compact_level(level: Flat) -> None:
    root, tasks, still = level.task_tree, level.tasks, level.open
    kept = {}
    for token in still.values():
        parent = tasks.get(token._parent or ROOT)
        if parent is None or not (token.triggered or parent.task_spec.binding):
            token._parent = ROOT
        elif parent.id not in still:
            parent._parent = ROOT
            kept[parent.id] = parent
    everything = {**kept, **still}
    tasks.clear()
    tasks[ROOT] = root
    root._children = []
    for number in sorted(everything):
        token = tasks[number] = everything[number]
        token._children = []
        tasks[token._parent or ROOT]._children.append(number)


def encode(live: Live) -> tuple[bytes, str]:
    """The bytes of a compacted run, and the digest of what they say (packing aside)."""
    levels = [[0, live.process, "", _rows(live)]]
    for holder, nested in sorted(live.subprocesses.items()):
        levels.append([holder, nested.spec.name, nested.task_tree.scope, _rows(nested)])
    body = orjson.dumps([live.facts, live.scopes, live.visits, live.serial, live.last, levels])
    if len(body) > MAX_BYTES:
        raise CannotAdvance(
            "运行“{element}”的数据超过 {limit} MiB，请改存为附件", element=live.process, limit=MAX_BYTES >> 20
        )
    digest = sha256(body).hexdigest()
    packed = 0
    if len(body) > PACK_FROM:
        packed, body = 1, zstandard.ZstdCompressor(level=1).compress(body)
    return bytes((VERSION, packed)) + blake2b(body, digest_size=8).digest() + body, digest


def _rows(level: Flat) -> list[list[Any]]:
    return [
        [
            number,
            token._parent,
            token.task_spec.name,
            token._state,
            (1 if token.triggered else 0) | (2 if token.entered else 0),
            token.visit,
            token.scope,
            token.flow,
            token.internal_data,
        ]
        for number, token in level.tasks.items()
        if number != ROOT
    ]


def decode(program: Program, process: str, state: bytes) -> Live:
    """The run that bytes hold; raises CorruptState for anything that is not the state of this process."""
    body = unpack(state, process)
    try:
        facts, scopes, visits, serial, last, levels = orjson.loads(body)
        live = Live(program, process)
        live.facts, live.scopes, live.visits, live.serial, live.last = facts, scopes, visits, serial, last
        for holder, name, scope, rows in levels:
            _grow(live, holder, name, scope, rows)
    except (ValueError, KeyError, TypeError, AttributeError, IndexError) as problem:
        raise CorruptState(f"{type(problem).__name__}", process) from None
    return live


def unpack(state: bytes, process: str) -> bytes:
    """The JSON text within stored bytes, its checksum verified."""
    if len(state) < _HEAD or state[0] != VERSION or state[1] > 1:
        raise CorruptState("版本或格式未知", process)
    body = state[_HEAD:]
    if blake2b(body, digest_size=8).digest() != state[2:_HEAD]:
        raise CorruptState("校验和不符", process)
    if state[1] == 0:
        return body
    try:
        return zstandard.ZstdDecompressor().decompress(body, max_output_size=MAX_BYTES)
    except zstandard.ZstdError:
        raise CorruptState("压缩数据损坏", process) from None


def _grow(live: Live, holder: int, name: str, scope: str, rows: list[list[Any]]) -> None:
    level: Any = live
    if holder:
        level = live.adopt(holder, name)
    elif name != live.process:
        raise ValueError(name)
    level.plant(level.spec, scope)
    for number, parent, spec, state, flags, visit, seen, flow, info in rows:
        if state not in _STATES or parent not in level.tasks:
            raise ValueError(state)
        token = Token(level, level.spec.task_specs[spec], level.tasks[parent], number)
        token._state = state
        if not state & OPEN:
            level.open.pop(number)
        token.triggered, token.entered = bool(flags & 1), bool(flags & 2)
        token.visit, token.scope, token.flow, token.internal_data = visit, seen, flow, info


class Cache:
    """Runs kept in memory under the bytes they were stored as; taken out when used, so a failed step leaves none behind."""

    def __init__(self, size: int = 256) -> None:
        self._kept: OrderedDict[tuple[str, bytes], Live] = OrderedDict()
        self._size = size
        self._guard = Lock()

    def take(self, process: str, state: bytes) -> Live | None:
        """The run of these bytes, if it is still at hand; it is the caller's alone then."""
        with self._guard:
            return self._kept.pop((process, state), None)

    def keep(self, process: str, state: bytes, live: Live) -> None:
        """Keeps a run that was stored as these bytes."""
        with self._guard:
            self._kept[process, state] = live
            while len(self._kept) > self._size:
                self._kept.popitem(last=False)

    def clear(self) -> None:
        """Forgets all, so that the next use reads stored bytes."""
        with self._guard:
            self._kept.clear()
