"""Pages find the built files by their plain names."""

import json
from pathlib import Path

from workflow_service.web import assets


def _static(folder: Path) -> assets.Assets:
    (folder / "dist").mkdir()
    manifest = {"viewer.js": "viewer-ABC.js", "viewer.preload": ["chunk-1.js"]}
    (folder / "dist" / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return assets.Assets(folder)


def test_a_built_file_is_found_under_its_hashed_name(tmp_path: Path) -> None:
    assert _static(tmp_path).url("viewer.js") == "/static/dist/viewer-ABC.js"


def test_a_file_that_is_not_built_stands_for_itself(tmp_path: Path) -> None:
    assert _static(tmp_path).url("app.css") == "/static/app.css"


def test_the_chunks_of_an_island_are_loaded_ahead(tmp_path: Path) -> None:
    built = _static(tmp_path)

    assert built.preloads("viewer") == ["/static/dist/chunk-1.js"]
    assert built.preloads("replay") == []


def test_pages_work_before_the_first_build(tmp_path: Path) -> None:
    assert assets.Assets(tmp_path).url("viewer.js") == "/static/viewer.js"
