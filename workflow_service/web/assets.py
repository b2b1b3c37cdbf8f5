"""The browser's files and their addresses: each address changes with its content, so that it can be kept for good."""

import hashlib
import json
from collections.abc import Callable, Mapping
from functools import cache, cached_property
from pathlib import Path


class Assets:
    """The files under ``static``."""

    def __init__(self, folder: Path, prefix: str = "/static") -> None:
        """
        Args:
            folder: the ``static`` folder; built files stand in its ``dist``.
            prefix: the address under which the folder is served.
        """
        self._folder, self._prefix = folder, prefix
        self._version = cache(self._read_version)

    @cached_property
    def _manifest(self) -> Mapping[str, object]:
        """Built name by plain name (``viewer.js``); empty before the first build."""
        path = self._folder / "dist" / "manifest.json"
        return dict(json.loads(path.read_bytes())) if path.is_file() else {}

    def url(self, name: str) -> str:
        """The address of a file: the built one if there is one of this name (``viewer.js``), else the one in ``static``."""
        built = self._manifest.get(name)
        if isinstance(built, str):
            return f"{self._prefix}/dist/{built}"
        version = self._version(name)
        return f"{self._prefix}/{name}?v={version}" if version else f"{self._prefix}/{name}"

    def preloads(self, island: str) -> list[str]:
        """Addresses of the chunks that an island's script loads at once, for ``<link rel="modulepreload">``."""
        chunks = self._manifest.get(f"{island}.preload")
        return [f"{self._prefix}/dist/{one}" for one in chunks] if isinstance(chunks, list) else []

    def is_lasting(self, path: str, version: str) -> bool:
        """Whether what is served under a path and version can never be anything else.

        While a release replaces another, one server is asked for the other's version: that answer must not be kept.
        """
        name = path.removeprefix(f"{self._prefix}/")
        return name.startswith("dist/") or self.url(name) == f"{path}?v={version}"

    def _read_version(self, name: str) -> str:
        path = self._folder / name
        return hashlib.sha256(path.read_bytes()).hexdigest()[:12] if path.is_file() else ""

    def jinja_globals(self) -> dict[str, Callable[[str], object]]:
        """What templates call: ``asset(name)`` and ``preloads(island)``."""
        return {"asset": self.url, "preloads": self.preloads}


SHIPPED = Assets(Path(__file__).parent / "static")
"""The stylesheets, scripts and built islands of the service."""
