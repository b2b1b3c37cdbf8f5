"""Makes BagIt bags (RFC 8493) in memory: payload, manifests, tag files, and a manifest of the national digest SM3."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from handlers import packing

_ALGORITHMS = ("sha256", "sha512")


@dataclass(frozen=True)
class Bag:
    """A bag as one zip, and the digest of its payload manifest."""

    content: bytes
    manifest_sha256: str


def make(folder: str, payload: Mapping[str, bytes], info: Mapping[str, str], at: datetime) -> Bag:
    """A bag of these files, in order of their paths; the same files, info and time give the same bytes.

    Args:
        folder: name of the bag's folder. payload: path below ``data/`` to content.
        info: label to value for bag-info.txt. at: the time to stamp files with.
    """
    files = {f"data/{path}": payload[path] for path in sorted(payload)}
    octets = sum(len(content) for content in files.values())
    about = {**info, "Bagging-Date": f"{at:%Y-%m-%d}", "Payload-Oxum": f"{octets}.{len(files)}"}
    tags = {
        "bagit.txt": b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n",
        "bag-info.txt": "".join(f"{name}: {' '.join(value.split())}\n" for name, value in about.items()).encode(),
        **{f"manifest-{name}.txt": manifest(files, name) for name in _ALGORITHMS},
        **({"sm3sums.txt": manifest(files, "sm3")} if "sm3" in hashlib.algorithms_available else {}),
    }
    sums = {f"tagmanifest-{name}.txt": manifest(tags, name) for name in _ALGORITHMS}
    whole = {f"{folder}/{path}": content for path, content in {**tags, **sums, **files}.items()}
    return Bag(packing.zipped(whole, at), hashlib.sha256(tags["manifest-sha256.txt"]).hexdigest())


def manifest(files: Mapping[str, bytes], algorithm: str) -> bytes:
    """One line a file: digest, two spaces, path (percent, CR and LF escaped as the RFC says)."""
    lines = []
    for path, content in files.items():
        name = path.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
        lines.append(f"{hashlib.new(algorithm, content).hexdigest()}  {name}\n")
    return "".join(lines).encode()
