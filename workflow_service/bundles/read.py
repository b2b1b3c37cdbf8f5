"""A bundle as it is read: its files under their logical names, and the hash that stands for their content."""

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from itertools import count
from pathlib import Path

import orjson
import rfc8785
from lxml import etree

from workflow_service.bundles import names, packed

require_name = names.require_name


@dataclass(frozen=True)
class Bundle:
    """All that may run together.

    Args:
        files: contents by logical name: ``intake.bpmn``, ``route.dmn``, ``roles.json``, ``forms/visit.json``.
        partial: only some files were given to look at, so what they refer to may lie elsewhere.
        given: logical name → the name under which somebody sent the file, where that is none of a bundle.
    """

    files: Mapping[str, bytes]
    partial: bool = False
    given: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, files: Mapping[str, bytes]) -> "Bundle":
        """The whole bundle of these files."""
        return cls(dict(files))

    @cached_property
    def hash(self) -> str:
        """SHA-256 over the canonical content of every file in the order of names; layout of the text does not count."""
        return _digest_of({name: canonical(name, content) for name, content in self.files.items()})

    @cached_property
    def exact(self) -> str:
        """The same over every byte, for what tells lines: layout counts."""
        return _digest_of(self.files)

    def named(self, kind: str) -> dict[str, bytes]:
        """The files of a kind (see ``names.kind``) by name, in the order of names."""
        return {name: self.files[name] for name in sorted(self.files) if names.kind(name) == kind}


def _digest_of(files: Mapping[str, bytes]) -> str:
    found = hashlib.sha256()
    for name in sorted(files):
        found.update(f"{name}\n{len(files[name])}\n".encode())
        found.update(files[name])
    return found.hexdigest()


def digest(content: bytes) -> str:
    """SHA-256 of one file, byte for byte."""
    return hashlib.sha256(content).hexdigest()


def canonical(name: str, content: bytes) -> bytes:
    """The canonical form of a file: C14N for XML, JCS for JSON; what cannot be read stands for itself."""
    form = _canonical_json if name.endswith(".json") else _canonical_xml
    return _kept(form, content) if len(content) <= _OFTEN_ASKED else form(content)


_OFTEN_ASKED = 100_000  # bytes; a larger file is no form, letter or diagram that people draw


@lru_cache(maxsize=512)  # each change of a draft asks for all its files again, and only one has changed
def _kept(form: Callable[[bytes], bytes], content: bytes) -> bytes:
    return form(content)


def _canonical_json(content: bytes) -> bytes:
    try:
        return bytes(rfc8785.dumps(orjson.loads(content)))
    except (ValueError, RecursionError):
        return content


def _canonical_xml(content: bytes) -> bytes:
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        return content
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        return bytes(etree.tostring(etree.fromstring(content, parser), method="c14n"))
    except (etree.LxmlError, ValueError):
        return content


def read_directory(bpmn_dir: Path, forms_dir: Path) -> Bundle:
    """The bundle that lies in two folders."""
    files = _under(bpmn_dir, "")
    files.update(_under(forms_dir, "forms/"))
    return Bundle(files)


def read_variants(folder: Path) -> list[bytes]:
    """The counties' variant files beside the city's diagrams, by place; the folder is the diagrams' or the one that holds it."""
    inner = folder / "bpmn" if (folder / "bpmn").is_dir() else folder
    return [path.read_bytes() for path in sorted((inner / "variants").glob("*.json"))]


def _under(folder: Path, prefix: str) -> dict[str, bytes]:
    found = {}
    for path in sorted(folder.rglob("*")):
        name = prefix + path.relative_to(folder).as_posix()
        if path.is_file() and names.kind(name):
            found[name] = path.read_bytes()
    return found


def read_paths(paths: Iterable[Path]) -> Bundle:
    """What folders and single files hold together; partial unless diagrams, roles and forms are all among it.

    Args:
        paths: folders as in a checkout (``bpmn``, ``forms``, or one that holds both), archives, single files.
    """
    files: dict[str, bytes] = {}
    given: dict[str, str] = {}
    for path in paths:
        found = _directory(path) if path.is_dir() else _single(path.name, path.read_bytes(), path.parent.name)
        sent = {} if path.is_dir() else _given(path.name, found)
        for logical in [one for one in sent if one in files]:  # two of odd names, each is to be looked at
            aside = _aside(logical, files)
            found[aside], sent[aside] = found.pop(logical), sent.pop(logical)
        files.update(found)
        given.update(sent)
    whole = {names.kind(name) for name in files} >= {"diagram", "roles", "form"}
    return Bundle(files, partial=not whole, given=given)


def _aside(name: str, taken: Mapping[str, bytes]) -> str:
    stem, _, ending = name.rpartition(".")
    return next(one for n in count(2) if (one := f"{stem}_{n}.{ending}") not in taken)


def _directory(path: Path) -> dict[str, bytes]:
    if (path / "bpmn").is_dir():
        return dict(read_directory(path / "bpmn", path / "forms").files)
    holds_forms = path.name == "forms" or not any(names.kind(one.name) for one in path.iterdir())
    return _under(path, "forms/") if holds_forms else _under(path, "")


def read_zip(data: bytes) -> Bundle:
    """The bundle in an archive; raises BadBundle for one that is broken, hostile or too large."""
    return Bundle(packed.unpack(data))


def to_zip(bundle: Bundle) -> bytes:
    """The archive of a bundle: the same files always give the same bytes."""
    return packed.pack(bundle.files)


def read_upload(name: str, data: bytes, base: Bundle | None = None) -> Bundle:
    """What somebody sent to be looked at: an archive is a whole bundle, a single file stands among those of ``base``.

    Args:
        name: the file name that came with it; a path or a strange name does no harm.
        base: the bundle that the file is to become part of; without one it is looked at alone.

    Raises:
        BadBundle: an archive that cannot be read.
    """
    if data[:4] == b"PK\x03\x04":
        return read_zip(data)
    sent = _single(name, data, "")
    if base is None:
        return Bundle(sent, partial=True, given=_given(name, sent))
    return replace(base, files={**base.files, **sent})


def placed(name: str, data: bytes, base: Mapping[str, bytes]) -> dict[str, bytes]:
    """What somebody sent for a draft, by the names that it gets there: an archive's files, or one file by its own name.

    Args:
        name: the file name that came with it. base: the draft's files; one of the same name shows the folder.

    Raises:
        Invalid: the name of no file that a bundle can have. BadBundle: an archive that cannot be read.
    """
    if data[:2] == b"PK" or name.lower().endswith(".zip"):
        return packed.unpack(data)
    plain = _plain(name)
    known = next((one for one in base if one.rpartition("/")[2] == plain), "")
    chosen = known or (plain if names.kind(plain) or not plain.endswith(".json") else f"forms/{plain}")
    names.require_name(chosen)
    return {chosen: data}


def _plain(name: str) -> str:
    """A file's own name, of a path of any system."""
    return name.replace("\\", "/").rsplit("/", 1)[-1]


def _single(name: str, data: bytes, folder: str) -> dict[str, bytes]:
    if data[:4] == b"PK\x03\x04":
        return packed.unpack(data)
    plain = _plain(name)
    if plain.endswith(".json") and not names.kind(plain):
        inner = {"letters": "forms/letters/", "scenarios": "scenarios/"}.get(folder, "forms/")
        return {inner + plain: data}
    if names.kind(plain):
        return {plain: data}
    # a name that no bundle has: what the content looks like decides under which one it is examined
    text = data[:4096].lower()
    ending = ".dmn" if b"/dmn/" in text else ".json" if text.lstrip()[:1] in (b"{", b"[") else ".bpmn"
    return {_own_name(ending, data): data}


def _given(name: str, sent: Mapping[str, bytes]) -> dict[str, str]:
    """Under which name a single file came, where it is examined under another; an archive's name is none of a file's."""
    plain = _plain(name)
    logical = next(iter(sent), "")
    is_same = len(sent) != 1 or logical.rpartition("/")[2] == plain or plain.lower().endswith(".zip")
    return {} if is_same or not plain else {logical: plain}


_OWN_ID = {
    ".bpmn": re.compile(rb'<(?:\w+:)?process\s[^>]*?\bid="(\w{1,64})"'),
    ".dmn": re.compile(rb'<(?:\w+:)?decision\s[^>]*?\bid="(\w{1,64})"'),
    ".json": re.compile(rb'"id"\s*:\s*"(\w{1,64})"'),
}


def _own_name(ending: str, data: bytes) -> str:
    """The name that a file bears by what is in it: its process, its last decision, its form or letter."""
    folder = "" if ending != ".json" else "forms/letters/" if b'"layout"' in data else "forms/"
    found = _OWN_ID[ending].findall(data)
    inner = found[-1 if ending == ".dmn" else 0].decode() if found else "uploaded"
    own = f"{folder}{inner}{ending}"
    return own if names.kind(own) else f"{folder}uploaded{ending}"
