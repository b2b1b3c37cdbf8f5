"""A bundle as one ZIP file: taken from strangers without trusting it, given out byte for byte the same each time."""

import io
import stat
import zipfile
import zlib
from collections.abc import Iterator, Mapping

from workflow_service.bundles import names
from workflow_service.errors import BadBundle, Finding

MAX_ARCHIVE = 16 * 1024 * 1024
MAX_FILES = 400
MAX_FILE = 2 * 1024 * 1024
MAX_TOTAL = 24 * 1024 * 1024

#: the earliest time that the format knows: the same files give the same archive, whenever it is made
_EPOCH = (1980, 1, 1, 0, 0, 0)


def unpack(data: bytes) -> dict[str, bytes]:
    """The files of an archive by logical name.

    Raises:
        BadBundle: no archive, too large, or with a name or entry that no bundle has.
    """
    if len(data) > MAX_ARCHIVE:
        raise refused("", "压缩包超过 16 MiB", "the archive is larger than 16 MiB")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = [one for one in archive.infolist() if not one.is_dir()]
            if len(entries) > MAX_FILES:
                raise refused("", f"压缩包内超过 {MAX_FILES} 个文件", f"the archive holds more than {MAX_FILES} files")
            prefix = _wrapping([one.filename for one in entries])
            return _read(archive, entries, prefix)
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        OSError,
        ValueError,
        RuntimeError,
        NotImplementedError,
    ) as problem:
        why = str(problem)[:200]
        raise refused("", "文件不是 ZIP 压缩包，或已经损坏", f"not a ZIP archive, or a damaged one: {why}") from None


def _wrapping(paths: list[str]) -> str:
    """The one outer folder that some programs put around everything; empty when there is none."""
    first = {path.split("/", 1)[0] for path in paths if not names.is_beside(path)}
    outer = first.pop() if len(first) == 1 else ""
    wraps = outer not in ("", "bpmn", "forms", "scenarios") and all(
        "/" in one for one in paths if not names.is_beside(one)
    )
    return outer + "/" if wraps else ""


def _read(archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo], prefix: str) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    faults: list[Finding] = []
    total = 0
    for entry in entries:
        path = entry.filename.removeprefix(prefix)
        if names.is_beside(path):
            continue
        name = names.logical(path)
        faults.extend(_entry_faults(entry, name, name in files))
        if faults:
            continue
        content = _content(archive, entry, name)
        total += len(content)
        if total > MAX_TOTAL:
            raise refused("", "压缩包解开后超过 24 MiB", "the archive unpacks to more than 24 MiB")
        files[name] = content
    if faults:
        raise BadBundle(faults[:50])
    if not files:
        raise refused("", "压缩包内没有流程包文件", "the archive holds no file of a bundle")
    return files


def _entry_faults(entry: zipfile.ZipInfo, name: str, known: bool) -> Iterator[Finding]:
    if stat.S_ISLNK(entry.external_attr >> 16):
        yield _fault(name, "压缩包内有符号链接", "the archive holds a symbolic link")
    elif entry.flag_bits & 1:
        yield _fault(name, "压缩包内的文件有密码", "the archive holds an encrypted file")
    elif not names.kind(name):
        yield _fault(name, f"“{name[:80]}”不是流程包的文件", f"“{name[:80]}” is no file of a bundle")
    elif known:
        yield _fault(name, f"“{name}”在压缩包内出现两次", f"“{name}” stands in the archive twice")


def _content(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, name: str) -> bytes:
    """Reads no more than the limit, whatever size the entry claims to have."""
    with archive.open(entry) as stream:
        content = stream.read(MAX_FILE + 1)
    if len(content) > MAX_FILE:
        raise refused(name, f"“{name}”超过 2 MiB", f"“{name}” is larger than 2 MiB")
    return content


def refused(file: str, message: str, message_en: str) -> BadBundle:
    """The error for something that cannot be read as a bundle at all."""
    return BadBundle([_fault(file, message, message_en)])


def _fault(file: str, message: str, message_en: str) -> Finding:
    fix = "上传 .bpmn、.dmn、.json 文件，或含 bpmn/ 与 forms/ 两个文件夹的 ZIP"
    fix_en = "upload a .bpmn, .dmn or .json file, or a ZIP with the folders bpmn/ and forms/"
    shown = "".join(letter if letter.isprintable() else "?" for letter in file[:120])
    return Finding("X05", "error", shown, "", 1, message, message_en, fix, fix_en)


def pack(files: Mapping[str, bytes]) -> bytes:
    """The archive of a bundle's files: the same files always give the same bytes."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            folder = "" if name.startswith("forms/") else "bpmn/"
            entry = zipfile.ZipInfo(folder + name, _EPOCH)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(entry, files[name])
    return target.getvalue()
