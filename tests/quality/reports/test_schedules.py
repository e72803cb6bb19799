"""Schedules: spans in the plant's time, and e-mail that goes out when the mail server is there."""

import asyncio
import email
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from email.message import Message
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import override_settings
from django.utils import timezone

from lines.errors import Refusal
from lines.models import Person
from lines.people.models import Role
from mes.embedded import free_port
from quality.reports import schedules, services
from quality.reports.errors import REPORT_NOT_YOURS, WRONG_SCHEDULE
from quality.reports.models import Report, ReportSchedule
from quality.reports.spans import span_at
from tests.quality.conftest import ChartPlant

TOKYO, NEW_YORK = ZoneInfo("Asia/Tokyo"), ZoneInfo("America/New_York")
GIVEN = {
    **{"name": "Weekly", "language": "en", "every": "DAY", "hour": "6", "recipients": ["qa@example.com"]},
    **{"formats": ["PDF", "CSV"], "asked": {"plans": ["CHART-SOME"]}},
}


@pytest.mark.parametrize(
    ("every", "hour", "at", "zone", "span"),
    [
        ("DAY", 6, "2026-03-01T20:59+00:00", TOKYO, ("2026-02-28T21:00+00:00", "2026-03-01T21:00+00:00")),
        ("DAY", 6, "2026-03-01T21:00+00:00", TOKYO, ("2026-03-01T21:00+00:00", "2026-03-02T21:00+00:00")),
        # The day on which the clocks go forward has 23 hours.
        ("DAY", 0, "2026-03-08T12:00+00:00", NEW_YORK, ("2026-03-08T05:00+00:00", "2026-03-09T04:00+00:00")),
        ("WEEK", 0, "2026-03-01T12:00+00:00", TOKYO, ("2026-02-22T15:00+00:00", "2026-03-01T15:00+00:00")),
        ("MONTH", 6, "2026-01-01T00:00+09:00", TOKYO, ("2025-12-01T06:00+09:00", "2026-01-01T06:00+09:00")),
        ("SHIFT", 0, "2026-03-01T23:30+09:00", TOKYO, ("2026-03-01T22:00+09:00", "2026-03-02T06:00+09:00")),
    ],
)
def test_spans_follow_the_plants_clock(every: str, hour: int, at: str, zone: ZoneInfo, span: tuple[str, str]) -> None:
    found = span_at(every, hour, datetime.fromisoformat(at), zone, [time(6), time(14), time(22)])
    assert [each.astimezone(UTC) for each in found] == [datetime.fromisoformat(each) for each in span]


@dataclass
class MailServer:
    """Takes messages as SMTP says, and keeps them."""

    port: int
    messages: list[Message] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 here\r\n")
        while line := (await reader.readline()).decode().strip():
            word = line[:4].upper()
            if word == "RCPT":
                self.recipients.append(line.partition("<")[2].partition(">")[0])
            if word == "DATA":
                writer.write(b"354 go on\r\n")
                lines = []
                while (part := await reader.readline()) != b".\r\n":
                    lines.append(part.removeprefix(b"."))
                self.messages.append(email.message_from_bytes(b"".join(lines)))
            writer.write(b"221 bye\r\n" if word == "QUIT" else b"250 ok\r\n")
            await writer.drain()
            if word == "QUIT":
                break
        writer.close()


@contextmanager
def mail_server(port: int) -> Iterator[MailServer]:
    server, loop = MailServer(port), asyncio.new_event_loop()
    listening = loop.run_until_complete(asyncio.start_server(server.talk, "127.0.0.1", port, limit=1 << 24))
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield server
    finally:
        listening.close()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def test_a_due_report_is_made_of_the_time_since_the_last_and_sent_when_the_mail_server_is_back(
    charted: ChartPlant, quality: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    schedule = schedules.make_schedule(GIVEN, quality)
    assert schedules.queue_due() == 0
    # Servers that stood still for two days owe one report of both, and the day before.
    away = timedelta(days=2)
    ReportSchedule.objects.update(last_at=schedule.last_at - away, next_at=schedule.next_at - away)
    assert schedules.queue_due() == 1
    assert schedules.queue_due() == 0
    report = Report.objects.get()
    assert report.asked["since"] == (schedule.last_at - away).astimezone(UTC).isoformat()
    assert report.asked["until"] == schedule.last_at.astimezone(UTC).isoformat()
    assert report.requested_by == "schedule:Weekly"
    Report.objects.update(asked={**report.asked, "since": "2026-02-28T00:00:00+00:00"})
    assert services.make_next() == 1

    port = free_port()
    smtp = {"EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend", "EMAIL_PORT": port}
    with override_settings(**smtp, EMAIL_HOST="127.0.0.1"):
        assert schedules.send_made() == 0
        report.refresh_from_db()
        assert (report.state, report.code, report.sent_at) == ("DONE", "MES-Q-0411", None)
        with mail_server(port) as server:
            assert schedules.send_made() == 0  # tried a moment ago
            monkeypatch.setattr(schedules, "TRY_AGAIN_AFTER", timedelta(0))
            assert schedules.send_made() == 1
            assert schedules.send_made() == 0
        report.refresh_from_db()
        assert report.sent_at is not None
        assert report.code == ""
    (message,) = server.messages
    assert server.recipients == ["qa@example.com"]
    parts = [part for part in message.walk() if not part.is_multipart()]
    attached: dict[str, Any] = {part.get_filename() or "": part.get_payload(decode=True) for part in parts}
    assert attached[f"spc-report-{report.pk}.pdf"].startswith(b"%PDF")
    assert b"CHART-SOME" in attached[f"spc-report-{report.pk}.csv"]
    assert report.content_sha256.encode() in attached[""]
    assert charted.plans


def test_files_too_large_for_an_e_mail_are_linked(
    charted: ChartPlant, quality: Person, mailoutbox: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    schedule = schedules.make_schedule(GIVEN, quality)
    ReportSchedule.objects.update(last_at=schedule.last_at - timedelta(days=1), next_at=schedule.last_at)
    schedules.queue_due()
    services.make_next()
    monkeypatch.setattr(schedules, "MOST_ATTACHED", 100)
    assert schedules.send_made() == 1
    (message,) = mailoutbox
    assert message.attachments == []
    assert f"http://127.0.0.1:8000/reports/{Report.objects.get().pk}/files/pdf/" in message.body
    assert schedule.name in message.subject
    assert charted.plans


def test_what_no_schedule_takes(charted: ChartPlant, quality: Person) -> None:
    operator = Person.objects.create(username="operator", role=Role.OPERATOR)
    for person, change, code in (
        (operator, {}, REPORT_NOT_YOURS),
        (quality, {"recipients": ["nobody"]}, WRONG_SCHEDULE),
        (quality, {"recipients": []}, WRONG_SCHEDULE),
        (quality, {"hour": "24"}, WRONG_SCHEDULE),
        (quality, {"every": "YEAR"}, WRONG_SCHEDULE),
        (quality, {"formats": []}, WRONG_SCHEDULE),
        (quality, {"name": "a\nBcc: x@example.com"}, WRONG_SCHEDULE),
    ):
        with pytest.raises(Refusal) as refused:
            schedules.make_schedule({**GIVEN, **change}, person)
        assert refused.value.code == code, change
    schedule = schedules.make_schedule(GIVEN, quality)
    with pytest.raises(Refusal):
        schedules.make_schedule(GIVEN, quality)
    schedules.stop_schedule(schedule.pk, quality)
    ReportSchedule.objects.update(next_at=timezone.now())
    assert schedules.queue_due() == 0
    assert charted.plans
