"""Sends mail through SMTP, or catches it for the page of demo mode."""

import smtplib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage

from sqlalchemy import select

from workflow_service import handler_api
from workflow_service.settings import Settings
from workflow_service.storage import database, people

_AWAY = "邮件服务器不可用：{error}"


@dataclass(frozen=True)
class Smtp:
    """Mail by a mail server; the idempotency key becomes the Message-ID, so that a repeat can be recognised."""

    settings: Settings

    def send(self, key: str, to: Sequence[str], subject: str, text: str) -> None:
        message = EmailMessage()
        message["From"], message["To"] = self.settings.smtp_sender, ", ".join(to)
        message["Subject"] = " ".join(subject.split())
        message["Message-ID"] = f"<{key}@workflow-service>"
        message.set_content(text)
        try:
            with smtplib.SMTP(self.settings.smtp_host, self.settings.smtp_port, timeout=20) as server:
                server.send_message(message)
        except (OSError, smtplib.SMTPException) as error:
            raise handler_api.RetryLater(60, _AWAY.format(error=error)) from error


@dataclass(frozen=True)
class Catcher:
    """Mail that is kept in the database and shown on a page instead of being sent."""

    db: database.Database
    clock: Callable[[], datetime]

    def send(self, key: str, to: Sequence[str], subject: str, text: str) -> None:
        with database.transaction(self.db) as session:
            if session.scalar(select(people.CaughtMail.id).where(people.CaughtMail.key == key)) is None:
                session.add(people.CaughtMail(key=key, to=list(to), subject=subject, text=text, at=self.clock()))


@dataclass(frozen=True)
class Silent:
    """No mail server is configured: notices in the service are all there is."""

    def send(self, key: str, to: Sequence[str], subject: str, text: str) -> None:
        """Sends nothing."""
