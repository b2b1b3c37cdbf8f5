"""Where the built browser files lie: their hashed names are read from the manifest that the build writes."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path


@dataclass(frozen=True)
class Assets:
    """The files under ``static``.

    Args:
        folder: the ``static`` folder; built files stand in its ``dist``.
        prefix: the address under which the folder is served.
    """

    folder: Path
    prefix: str = "/static"

    @cached_property
    def manifest(self) -> Mapping[str, object]:
        """Built name by plain name (``viewer.js``); empty before the first build."""
        path = self.folder / "dist" / "manifest.json"
        return dict(json.loads(path.read_bytes())) if path.is_file() else {}

    def url(self, name: str) -> str:
        """The address of a file: the built one if there is one of this name (``viewer.js``), else the one in ``static``."""
        built = self.manifest.get(name)
        return f"{self.prefix}/dist/{built}" if isinstance(built, str) else f"{self.prefix}/{name}"

    def preloads(self, island: str) -> list[str]:
        """Addresses of the chunks that an island's script loads at once, for ``<link rel="modulepreload">``."""
        chunks = self.manifest.get(f"{island}.preload")
        return [f"{self.prefix}/dist/{one}" for one in chunks] if isinstance(chunks, list) else []


def jinja_globals(folder: Path, prefix: str = "/static") -> dict[str, Callable[[str], object]]:
    """What templates call: ``asset(name)`` and ``preloads(island)``."""
    assets = Assets(folder, prefix)
    return {"asset": assets.url, "preloads": assets.preloads}
