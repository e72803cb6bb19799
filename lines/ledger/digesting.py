"""What was taken down of batches, worked into hours, sources, the stations' tallies and gaps."""

import json
import logging
from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np
from django.db import connection
from django.db.models import Q

from lines.ledger import gaps, tally
from lines.ledger.models import Gap, GapCause, LedgerNews, LedgerSource, Recovery, StationTally
from lines.ledger.tally import HOUR_US, Reading, Tally, Times
from lines.ledger.times import microseconds, moment
from lines.telemetry.models import TelemetryBatch

# A deficit is no loss before the batches of so much more time are here, too.
SETTLED_AFTER_US = 2_000_000
# So many batches behind one that does not come, and it is waited for no longer: its file cannot be read any more.
MOST_AHEAD = 5_000
_GREATEST = 2**63 - 1

logger = logging.getLogger(__name__)


@dataclass
class Told:
    """What the batches say of one station, put together."""

    source: str
    times: list[Times] = field(default_factory=list)
    counts: list[Times] = field(default_factory=list)
    readings: list[Reading] = field(default_factory=list)
    hours: dict[int, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0, 0, 0]))


@dataclass
class Digest:
    """After one round: the sources, and the tallies that something new is known of."""

    is_full: bool
    sources: dict[str, LedgerSource]
    rows: dict[int, StationTally]
    tallies: dict[int, Tally]

    def settled_us(self, station_id: int) -> int:
        """Receipt (gateway's clock) up to which nothing more of this station is on its way."""
        source = self.sources.get(self.rows[station_id].source)
        return source.settled_us - SETTLED_AFTER_US if source else 0

    def newest_us(self, station_id: int) -> int:
        """Receipt (gateway's clock) of the newest batch that may tell of this station."""
        return _newest_us(self.sources, self.rows[station_id].source)

    def is_over(self, station_id: int) -> bool:
        """Whether another gateway speaks for the station now, and it has not been heard of it yet."""
        source = self.sources.get(self.rows[station_id].source)
        return source is None or not source.is_current


def digest(most: int) -> Digest:
    """Take at most so many batches out of the inbox, in the caller's transaction."""
    sources = {source.source: source for source in LedgerSource.objects.select_for_update()}
    beyond = _stored_without_news(sources)  # before the inbox is read: what is stored by now has its news there
    news = _take(most)
    if len(news) == most:
        beyond = {}  # not known before the inbox is empty
    told: dict[int, Told] = {}
    for each in news:
        if each.source not in sources:
            sources[each.source] = LedgerSource(
                source=each.source, contiguous_to=each.sequence - 1, settled_us=0, heard_at=each.taken_at
            )
        _hear(sources[each.source], each)
        _read(each, told)
    for name, sequences in beyond.items():
        for sequence in sequences:
            sources[name].ahead.setdefault(str(sequence), 0)
    for name in {each.source for each in news} | beyond.keys():
        _advance(sources[name])
        if len(sources[name].ahead) > MOST_AHEAD:
            _give_up(sources[name])
        sources[name].save()
    gaps.take_notes(news, sources)
    # Behind the notes: what they opened and closed is decided by the counts of its stations, told of now or not.
    rows, tallies = _take_in(told, sources)
    _keep_hours(told)
    return Digest(len(news) == most, sources, rows, tallies)


def _stored_without_news(sources: dict[str, LedgerSource]) -> dict[str, list[int]]:
    """Batches that fill a hole although nothing was taken down of them: stored before the ledger was kept."""
    found = {}
    for source in sources.values():
        if source.ahead:
            missing = TelemetryBatch.objects.filter(source=source.source, sequence__gt=source.contiguous_to)
            last = max(int(sequence) for sequence in source.ahead)
            found[source.source] = list(missing.filter(sequence__lt=last).values_list("sequence", flat=True))
    return found


def _take(most: int) -> list[LedgerNews]:
    with connection.cursor() as cursor:
        cursor.execute(
            "delete from lines_ledgernews where id in (select id from lines_ledgernews order by id limit %s)"
            " returning id, source, sequence, received_at, taken_at, stations, times, notes",
            [most],
        )
        names = [column.name for column in cursor.description or ()]
        found = [LedgerNews(**dict(zip(names, row, strict=True))) for row in cursor.fetchall()]
    for each in found:
        for name in ("stations", "notes"):
            value = getattr(each, name)
            setattr(each, name, json.loads(value) if isinstance(value, str) else value)
    return sorted(found, key=lambda each: (each.source, each.sequence))


def _hear(source: LedgerSource, news: LedgerNews) -> None:
    source.ahead[str(news.sequence)] = microseconds(news.received_at)
    for note in news.notes:
        if note["kind"] == "heartbeat":
            source.heard_at = max(source.heard_at, news.taken_at)
            servers, backlog, share = note.get("servers"), note.get("backlog"), note.get("spool_share")
            source.servers = servers if isinstance(servers, dict) else {}
            source.backlog = min(max(backlog, 0), _GREATEST) if isinstance(backlog, int) else 0
            source.spool_share = share if isinstance(share, int | float) else 0.0


def _advance(source: LedgerSource) -> None:
    """Over all batches that follow without a hole."""
    while (received_us := source.ahead.pop(str(source.contiguous_to + 1), None)) is not None:
        source.contiguous_to += 1
        source.settled_us = received_us or source.settled_us
    source.ahead = {sequence: us for sequence, us in source.ahead.items() if int(sequence) > source.contiguous_to}


def _newest_us(sources: dict[str, LedgerSource], name: str) -> int:
    """Receipt of the newest batch, of this gateway or of one that may speak for its servers now."""
    asked = [each for each in sources.values() if each.is_current or each.source == name]
    return max((us for each in asked for us in (each.settled_us, *each.ahead.values())), default=_GREATEST)


def _give_up(source: LedgerSource) -> None:
    """What would come next does not: go on behind it. Of stations that do not count nobody knows what was in it."""
    next_one = min(int(sequence) for sequence in source.ahead)
    until_us = max(source.ahead[str(next_one)], source.settled_us)
    logger.error("%s: batches %d to %d do not come", source.source, source.contiguous_to + 1, next_one - 1)
    event = f"HOLE-{source.source}-{next_one}"[:80]
    stations = gaps.stations_of(source.servers)
    gaps.open_gaps(stations, GapCause.UNEXPLAINED, event, moment(source.settled_us or until_us))
    gaps.close_gaps(stations, GapCause.UNEXPLAINED, event, moment(until_us), Recovery.NONE)
    source.contiguous_to = next_one - 1
    _advance(source)


def _read(news: LedgerNews, told: dict[int, Told]) -> None:
    numbers, received_us, start = np.frombuffer(news.times, "<i8"), microseconds(news.received_at), 0
    for each in news.stations:
        station, n = told.setdefault(each["station"], Told(news.source)), each["times"]
        station.source = news.source
        station.times.append(numbers[start : start + n])
        station.counts.append(numbers[start + n : start + 2 * n])
        start += 2 * n
        station.readings += [Reading(at, number, received_us) for at, number in each["readings"]]
        for hour, (received, late) in each["hours"].items():
            station.hours[int(hour)][0] += received
            station.hours[int(hour)][1] += late
        for place, name in ((2, "duplicates"), (3, "rejected")):
            if each[name]:
                station.hours[received_us // HOUR_US][place] += each[name]


def _take_in(
    told: dict[int, Told], sources: dict[str, LedgerSource]
) -> tuple[dict[int, StationTally], dict[int, Tally]]:
    """The tallies with what is new, and those that time alone may change."""
    undecided = Gap.objects.filter(decided_at=None).values("station")
    wanted = Q(station__in=list(told)) | Q(is_open=True) | Q(station__in=undecided)
    rows = {row.station_id: row for row in StationTally.objects.filter(wanted)}
    tallies = {station_id: Tally.from_bytes(bytes(row.state)) for station_id, row in rows.items()}
    for station_id, each in told.items():
        rows.setdefault(station_id, StationTally(station_id=station_id)).source = each.source
    newest_us = {name: _newest_us(sources, name) for name in {row.source for row in rows.values()}}
    for station_id, row in rows.items():
        tallies[station_id] = tally.received_by(tallies.get(station_id, Tally()), newest_us[row.source])
    for station_id, each in told.items():
        row, before = rows[station_id], tallies[station_id]
        times = np.concatenate([*each.times, np.empty(0, np.int64)])
        counts = np.concatenate([*each.counts, np.empty(0, np.int64)])
        limit_us = newest_us[row.source]
        readings = [reading._replace(received_us=min(reading.received_us, limit_us)) for reading in each.readings]
        after = tally.take_in(before, times, counts, readings)
        if after.is_counting:
            row.counting_since = moment(after.first_us)
            row.counted_until = moment(after.clock_us)
            row.clock_us = after.clock_us - int(after.received_us[-1])
        else:
            row.counting_since = row.counted_until = None
        tallies[station_id] = after
    return rows, tallies


def _keep_hours(told: dict[int, Told]) -> None:
    lines = [(station_id, moment(hour * HOUR_US), *numbers) for station_id, each in told.items()
             for hour, numbers in each.hours.items()]  # fmt: skip
    if not lines:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            """
            insert into lines_ledgerhour as kept (station_id, hour, received, late, duplicates, rejected)
            select * from unnest(%s::bigint[], %s::timestamptz[], %s::bigint[], %s::bigint[], %s::bigint[],
                %s::bigint[])
            on conflict (station_id, hour) do update set received = kept.received + excluded.received,
                late = kept.late + excluded.late, duplicates = kept.duplicates + excluded.duplicates,
                rejected = kept.rejected + excluded.rejected
            """,
            [list(column) for column in zip(*lines, strict=True)],
        )
