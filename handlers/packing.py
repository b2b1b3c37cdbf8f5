"""Writes archives whose bytes depend on their content alone, so that the same content has the same digest."""

import io
import zipfile
from collections.abc import Mapping
from datetime import datetime

_MODE = 0o644 << 16  # a plain file, whatever the machine's own habits


def zipped(files: Mapping[str, bytes], at: datetime) -> bytes:
    """A zip archive of these files in this order, each stamped with one time."""
    buffer = io.BytesIO()
    stamp = (max(at.year, 1980), at.month, at.day, at.hour, at.minute, at.second // 2 * 2)
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name, content in files.items():
            info = zipfile.ZipInfo(name, stamp)
            info.compress_type, info.create_system, info.external_attr = zipfile.ZIP_DEFLATED, 3, _MODE
            archive.writestr(info, content)
    return buffer.getvalue()


def unzipped(content: bytes) -> dict[str, bytes]:
    """The files of a zip archive in its order."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist() if not name.endswith("/")}


def restamped(content: bytes, at: datetime) -> bytes:
    """The same archive without the time at which a library happened to write it."""
    return zipped(unzipped(content), at)
