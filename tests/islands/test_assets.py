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


def test_a_file_that_is_not_built_has_an_address_that_changes_with_its_content(tmp_path: Path) -> None:
    (tmp_path / "app.css").write_text("a { color: red }")
    before = _static(tmp_path).url("app.css")
    (tmp_path / "app.css").write_text("a { color: blue }")
    after = assets.Assets(tmp_path).url("app.css")

    assert before.startswith("/static/app.css?v=") and after.startswith("/static/app.css?v=")
    assert before != after


def test_only_an_address_that_fits_its_content_lasts(tmp_path: Path) -> None:
    (tmp_path / "app.css").write_text("a { color: red }")
    built = _static(tmp_path)
    path, _, version = built.url("app.css").partition("?v=")

    assert built.is_lasting(path, version)
    assert built.is_lasting("/static/dist/viewer-ABC.js", "")
    assert not built.is_lasting(path, "of-another-release")
    assert not built.is_lasting(path, "")


def test_the_chunks_of_an_island_are_loaded_ahead(tmp_path: Path) -> None:
    built = _static(tmp_path)

    assert built.preloads("viewer") == ["/static/dist/chunk-1.js"]
    assert built.preloads("replay") == []


def test_pages_work_before_the_first_build(tmp_path: Path) -> None:
    assert assets.Assets(tmp_path).url("viewer.js") == "/static/viewer.js"
