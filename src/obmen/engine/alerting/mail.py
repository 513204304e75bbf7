"""E-mail by SMTP. The standard library's client blocks, so it works in a thread; every wait in it is bounded."""

from __future__ import annotations

import asyncio
import smtplib
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Literal, TypeAlias

from obmen.engine.alerting.channel import Letter
from obmen.errors import AuthFailed, ConfigError, ObmenError, Transient

Security: TypeAlias = Literal["starttls", "tls", "none"]


class MailChannel:
    """One mailbox and whom it writes to."""

    name = "mail"

    def __init__(
        self,
        *,
        host: str,
        port: int,
        security: Security,
        user: str,
        password: str,
        sender: str,
        to: Sequence[str],
        ca_file: str,
        timeout_s: float,
        now: Callable[[], float],
    ) -> None:
        self._host = host
        self._port = port
        self._security = security
        self._user = user
        self._password = password
        self._sender = sender
        self._to = tuple(to)
        self._ca_file = ca_file
        self._timeout_s = timeout_s
        self._now = now

    async def send(self, letter: Letter) -> None:
        """Hand the letter over to the server for everybody it is for; nobody taken is an error, some are enough."""
        await asyncio.to_thread(self._work, self._message(letter))

    async def check(self) -> None:
        """Log in and leave."""
        await asyncio.to_thread(self._work, None)

    async def close(self) -> None:
        """Nothing stays open between letters."""

    def _message(self, letter: Letter) -> EmailMessage:
        message = EmailMessage()
        message["Subject"] = letter.subject
        message["From"] = self._sender
        message["To"] = ", ".join(self._to)
        message["Date"] = format_datetime(datetime.fromtimestamp(self._now(), UTC))
        # The same letter sent twice is one to a mail program that looks.
        message["Message-ID"] = (
            f"<alert-{letter.number}-{int(letter.alert.at)}@{self._sender.partition('@')[2]}>"
        )
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(letter.text)
        return message

    def _work(self, message: EmailMessage | None) -> None:
        with self._by_consequence():
            server = self._connected()
            try:
                if self._user:
                    server.login(self._user, self._password)
                if message is not None:
                    server.send_message(message, self._sender, self._to)
            finally:
                with suppress(
                    smtplib.SMTPException, OSError
                ):  # the letter is handed over, or the error is on its way
                    server.quit()

    def _connected(self) -> smtplib.SMTP:
        if self._security == "tls":
            return smtplib.SMTP_SSL(self._host, self._port, timeout=self._timeout_s, context=self._context())
        server = smtplib.SMTP(self._host, self._port, timeout=self._timeout_s)
        if self._security == "starttls":
            try:
                server.starttls(context=self._context())
            except BaseException:
                server.close()
                raise
        return server

    def _context(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        if self._ca_file:
            try:
                context.load_verify_locations(cafile=self._ca_file)
            except OSError as exc:
                raise ConfigError(
                    "alerts.mail.ca_file",
                    f"The certificates in {self._ca_file} cannot be read: mend ca_file in [alerts.mail].",
                    f"Сертификаты из {self._ca_file} не читаются: исправьте ca_file в [alerts.mail].",
                ) from exc
        return context

    @contextmanager
    def _by_consequence(self) -> Iterator[None]:
        """Turn what the library raises into what must happen next; servers quote what they were sent, so no text of theirs."""
        try:
            yield
        except ObmenError:
            raise
        except smtplib.SMTPAuthenticationError:
            raise AuthFailed(
                "alerts.mail.login",
                f"{self._host} refuses the login: mend user and password in [alerts.mail].",
                f"{self._host} не принимает логин: исправьте user и password в [alerts.mail].",
            ) from None
        except smtplib.SMTPNotSupportedError:
            raise ConfigError(
                "alerts.mail.no_tls",
                f"{self._host} offers no such encryption or login: set security in [alerts.mail].",
                f"{self._host} не предлагает такого шифрования или входа: задайте security в [alerts.mail].",
            ) from None
        except (smtplib.SMTPRecipientsRefused, smtplib.SMTPSenderRefused, smtplib.SMTPDataError) as exc:
            raise self._not_taken(exc) from None
        except ssl.SSLCertVerificationError:
            raise ConfigError(
                "alerts.mail.certificate",
                f"The certificate of {self._host} is not trusted: name its authority as ca_file in [alerts.mail].",
                f"Сертификату {self._host} нет доверия: укажите его центр как ca_file в [alerts.mail].",
            ) from None
        except (smtplib.SMTPException, OSError) as exc:
            raise Transient(
                "alerts.mail.down",
                f"{self._host}:{self._port} cannot be reached or broke off.",
                f"{self._host}:{self._port} не отвечает или оборвал соединение.",
                detail=type(exc).__name__,
            ) from None

    def _not_taken(
        self, exc: smtplib.SMTPRecipientsRefused | smtplib.SMTPSenderRefused | smtplib.SMTPDataError
    ) -> ObmenError:
        codes = (
            [code for code, _ in exc.recipients.values()]
            if isinstance(exc, smtplib.SMTPRecipientsRefused)
            else [exc.smtp_code]
        )
        code = max(codes)
        if code < 500:  # 4xx: greylisted, or the mailbox is full for now (RFC 5321, 4.2.1)
            return Transient(
                "alerts.mail.later",
                f"{self._host} asks to come later ({code}).",
                f"{self._host} просит повторить позже ({code}).",
            )
        return ConfigError(
            "alerts.mail.refused",
            f"{self._host} refuses the letter ({code}): mend sender and to in [alerts.mail].",
            f"{self._host} отказал письму ({code}): проверьте sender и to в [alerts.mail].",
        )
