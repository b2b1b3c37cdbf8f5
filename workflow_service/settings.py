"""The few things a deployment may set, each an environment variable with the prefix ``WORKFLOW_``."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from importlib.resources import files
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Settings:
    """How this installation runs.

    Args:
        database: SQLAlchemy URL of the database.
        data_dir: folder for keys, the lock file and what demo mode writes.
        host, port: where the web server listens.
        demo: demo people, movable clock, mail catcher.
        bpmn_dir, forms_dir: folders from which ``publish`` reads the first bundle; empty means the ones shipped.
        smtp_host, smtp_port, smtp_sender: the mail server; without a host mail is only noticed in the service.
        issuer: the name under official documents.
        agency_code: the code in their numbers, as in ``丽容错〔2026〕1号``.
        recused_in_denominator: whether recused members still count among those who should attend.
        archive_code: the archive's fonds number (全宗号).
        upload_limit: largest upload in bytes.
        worker_concurrency: how many jobs one worker runs at a time.
        lease_seconds: how long a job is leased to a worker before others may take it.
        handler_seconds: how long one handler call may run before it counts as failed.
        retry_limit: attempts before a job becomes an incident.
        base_url: the address that mails and notices link to.
    """

    database: str = "sqlite:///var/service.db"
    data_dir: str = "var"
    host: str = "127.0.0.1"
    port: int = 8000
    demo: bool = False
    bpmn_dir: str = ""
    forms_dir: str = ""
    smtp_host: str = ""
    smtp_port: int = 25
    smtp_sender: str = "noreply@localhost"
    issuer: str = "容错纠错工作办公室"
    agency_code: str = "容错"
    recused_in_denominator: bool = True
    archive_code: str = "Z001"
    upload_limit: int = 50_000_000
    worker_concurrency: int = 4
    lease_seconds: int = 60
    handler_seconds: int = 120
    retry_limit: int = 5
    base_url: str = ""


def read(environment: Mapping[str, str] | None = None) -> Settings:
    """The settings from the environment; raises ValueError naming the variable that cannot be read."""
    given = os.environ if environment is None else environment
    values: dict[str, object] = {}
    for one in fields(Settings):
        text = given.get(f"WORKFLOW_{one.name.upper()}")
        if text is not None:
            values[one.name] = _value(one.name, str(one.type), text)
    if "port" not in values and given.get("PORT", "").isdecimal():
        values["port"] = int(given["PORT"])
    return Settings(**values)  # type: ignore[arg-type]  # each value was read by its field's type


def unknown(environment: Mapping[str, str] | None = None) -> list[str]:
    """The variables with our prefix that set nothing: most likely misspelled."""
    given = os.environ if environment is None else environment
    known = {f"WORKFLOW_{one.name.upper()}" for one in fields(Settings)}
    return sorted(name for name in given if name.startswith("WORKFLOW_") and name not in known)


_LARGEST = {"port": 65535, "smtp_port": 65535}


def _value(name: str, kind: str, text: str) -> object:
    if "bool" in kind:
        if text.lower() not in ("1", "0", "true", "false", "yes", "no"):
            raise ValueError(f"WORKFLOW_{name.upper()} 须为 true 或 false，现为 {text!r}")
        return text.lower() in ("1", "true", "yes")
    if "int" in kind:
        if not (text.isascii() and text.isdecimal() and 0 < int(text) <= _LARGEST.get(name, 10**12)):
            limit = f"至 {_LARGEST[name]} 之间的" if name in _LARGEST else "以上的"
            raise ValueError(f"WORKFLOW_{name.upper()} 须为 1 {limit}整数，现为 {text!r}")
        return int(text)
    if name == "base_url" and text and not text.startswith(("http://", "https://")):
        raise ValueError(f"WORKFLOW_BASE_URL 须以 http:// 或 https:// 开头，现为 {text!r}")
    return text


def with_values(base: Settings, given: Mapping[str, Any]) -> Settings:
    """The settings with what the command line says on top."""
    return replace(base, **given)


def shipped(folder: str, chosen: str = "") -> Path:
    """Where ``bpmn`` or ``forms`` lies: the chosen folder, else inside the wheel, else beside the package."""
    if chosen:
        if not Path(chosen).is_dir():
            raise ValueError(f"没有文件夹“{chosen}”，请检查 WORKFLOW_{folder.upper()}_DIR")
        return Path(chosen)
    package = Path(str(files("workflow_service")))
    inside = package / folder
    return inside if inside.is_dir() else package.parent / folder
