"""Starts the processes: the web server with its embedded worker, and workers of their own."""

import errno
import gc
import logging
import os
import random
import signal
import socket
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any
from wsgiref.types import WSGIApplication

import waitress
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser

from workflow_service import app, demo, errors, handler_api, mail, scenarios, settings, workdays, worker
from workflow_service.bundles import programs, publish, read
from workflow_service.cases import ballots, calendars
from workflow_service.identity import actors
from workflow_service.queues import embedded, postgres
from workflow_service.settings import Settings
from workflow_service.storage import database, migrations

log = logging.getLogger(__name__)

Say = Callable[[str], None]


def clock() -> datetime:
    """The time of this machine, UTC."""
    return datetime.now(UTC)  # noqa: TID251  the one clock; everything below is given it


def open_ready(chosen: Settings) -> database.Database:
    """The database with its tables up to date and what cases need: a calendar and a published bundle.

    Raises:
        Unavailable: the folder or the database cannot be used; the text names it.
    """
    make_folder(chosen.database)
    db = database.open_database(chosen.database)
    migrations.upgrade(db)
    if not db.is_sqlite:
        postgres.install(db)
    with database.transaction(db) as session:
        migrations.lock_schema(session.connection())  # of processes that start together one finds nothing there
        _seed(session, chosen, demo.begun(session, clock)() if chosen.demo else clock())
    return db


def make_folder(url: str) -> None:
    """Makes the folder of a SQLite file where it is missing; raises Unavailable naming it when that cannot be."""
    path = make_url(url).database
    if make_url(url).get_backend_name() != "sqlite" or path in (None, "", ":memory:"):
        return
    folder = Path(str(path)).parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise errors.Unavailable("不能建立文件夹“{path}”：{reason}", path=folder, reason=error.strerror) from error
    if not os.access(folder, os.W_OK):
        raise errors.Unavailable("文件夹“{path}”不可写，请检查权限", path=folder)
    if not Path(str(path)).exists():  # what cases say is for nobody else on this machine; the log gets the same mode
        Path(str(path)).touch(mode=0o600)


def _seed(session: Session, chosen: Settings, now: datetime) -> None:
    try:
        calendars.in_force(session)
    except errors.NotFound:
        first = calendars.enter(
            session, actors.console("admin"), now, workdays.seed(), "随系统安装的国务院办公厅历年安排"
        )
        calendars.approve(session, actors.Actor(0, "shipped", "系统", frozenset({"admin"}), "", "city"), now, first)
    bpmn = settings.shipped("bpmn", chosen.bpmn_dir)
    files = read.read_directory(bpmn, settings.shipped("forms", chosen.forms_dir)).files
    if publish.first(session, now, publish.Origin("city", files, note="随系统安装")):
        publish.first_variants(session, now, read.read_variants(bpmn))


def make_worker(db: database.Database, chosen: Settings, now: Callable[[], datetime]) -> worker.Worker:
    """A worker of this process."""
    data = Path(chosen.data_dir)
    name = f"{socket.gethostname()}-{os.getpid()}-{db.random(3)}"
    safe = ballots.safe_in(data, db.random(32))
    return worker.Worker(name, db, now, chosen, _mail(db, chosen, now), safe, random.Random(name))


def _mail(db: database.Database, chosen: Settings, now: Callable[[], datetime]) -> handler_api.Mail:
    if chosen.demo:
        return mail.Catcher(db, now)
    return mail.Smtp(chosen) if chosen.smtp_host else mail.Silent()


def serve(chosen: Settings, say: Say) -> None:
    """Runs the web server until it is told to stop; on SQLite the worker runs in the same process.

    Raises:
        Conflict: the port is taken, or another server uses the database file.
    """
    begin_log()
    listener = _listen(chosen)
    make_folder(chosen.database)
    held = embedded.exclusive(chosen.database) if make_url(chosen.database).get_backend_name() == "sqlite" else None
    say("正在准备数据库……")
    db = open_ready(chosen)
    bell = embedded.Bell()
    db.queue = bell if db.is_sqlite else postgres.Deferrer()
    now = demo.clock_in(db, clock) if chosen.demo else clock
    one = make_worker(db, chosen, now)
    if chosen.demo:
        _prepare_demo(chosen, one, say)
    server = web_server(app.create_app(chosen, now, one), listener)
    warm_up(db)
    dispatcher = embedded.Dispatcher(one, bell, lambda error: log.error("dispatcher", exc_info=error))
    alone = db.is_sqlite or chosen.demo
    if alone:
        dispatcher.start()
    _on_signal(lambda: sys.exit(0), signal.SIGTERM)  # the web server ends the requests in hand
    say(f"服务已启动：http://{chosen.host}:{chosen.port}/　按 Ctrl+C 停止")
    try:
        server.run()
    finally:
        if alone:
            dispatcher.stop()
        database.gather(db)
        if held is not None:
            held.close()


class _Request(HTTPRequestParser):  # type: ignore[misc]  # waitress has no types
    """A request as Waitress reads it, but one that has come whole is not asked for its body."""

    def received(self, data: bytes) -> int:
        """Takes the next bytes; gives how many of them were this request's."""
        consumed: int = super().received(data)
        if self.completed:
            # else Waitress says "continue" to it, and waits for a body that never comes
            self.expect_continue = False
        return consumed


class _Channel(HTTPChannel):  # type: ignore[misc]  # waitress has no types
    parser_class = _Request


def begin_log() -> None:
    """Warnings go to stderr, each with its time and where it comes from; that requests wait for a moment is none."""
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)


def web_server(site: WSGIApplication, listener: socket.socket) -> Any:
    """The web server of an application, ready to run on a socket that is bound."""
    server = waitress.create_server(site, sockets=[listener], threads=8, ident=None, clear_untrusted_proxy_headers=True)
    server.channel_class = _Channel
    return server


def warm_up(db: database.Database) -> None:
    """Compiles the city's bundle and lengthens the log before anybody waits, and keeps the collector from what now stays.

    A program is a hundred thousand objects; looking through them again and again costs every request, and the full
    look stops all of them for a tenth of a second.
    """
    database.make_room(db)
    with database.reading(db) as session:
        programs.of(session, programs.in_force(session, "city"))
    gc.collect()
    gc.freeze()


def _prepare_demo(chosen: Settings, one: worker.Worker, say: Say) -> None:
    path = Path(chosen.data_dir) / "demo-people.json"
    count = demo.populate(one.db, one.clock(), path)
    say(f"演示人员 {count} 名，用户名、密码与令牌见 {path}")
    played = scenarios.populate(one)
    if played:
        say(f"已准备示例案件 {played} 件")


def _listen(chosen: Settings) -> socket.socket:
    listener = socket.socket(socket.AF_INET6 if ":" in chosen.host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((chosen.host, chosen.port))
    except OSError as error:
        raise errors.Conflict(
            _NOT_HEARD.get(error.errno or 0, _NO_ADDRESS), host=chosen.host, port=chosen.port, other=chosen.port + 1
        ) from error
    return listener


_NO_ADDRESS = "本机没有地址“{host}”，请检查 --host；本机用 127.0.0.1，各网络都可访问用 0.0.0.0"
_NOT_HEARD = {
    errno.EADDRINUSE: "端口 {port} 已被占用，请换一个端口，例如 make run PORT={other}",
    errno.EACCES: "没有权限使用端口 {port}，请换一个 1024 以上的端口，例如 make run PORT=8000",
}


def _on_signal(stop: Callable[[], object], *numbers: signal.Signals) -> None:
    def end(_number: int, _frame: FrameType | None) -> None:
        stop()

    if threading.current_thread() is threading.main_thread():
        for number in numbers:
            signal.signal(number, end)


def work(chosen: Settings, say: Say) -> None:
    """Runs a worker of its own until it is told to stop."""
    if make_url(chosen.database).get_backend_name() == "sqlite":
        raise errors.Conflict("SQLite 只支持一个进程，作业由 serve 进程执行；多个工作进程请使用 PostgreSQL")
    begin_log()
    db = open_ready(replace(chosen, demo=False))
    db.queue = postgres.Deferrer()
    one = make_worker(db, chosen, demo.clock_of(db, clock))
    warm_up(db)
    service = postgres.Service(one, chosen.database)
    _on_signal(service.stop, signal.SIGTERM, signal.SIGINT)
    say(f"工作进程 {one.id} 已启动，按 Ctrl+C 停止")
    service.run()
