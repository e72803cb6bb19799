"""The plant as equipment: ISA-95 site, area, line, work cell (here: station), its signals and calendar."""

from collections.abc import Sequence

from django.contrib.postgres.fields import ArrayField
from django.db import models

from lines.names import Bilingual


class Site(Bilingual):
    code = models.CharField(max_length=32, unique=True)
    time_zone = models.CharField(max_length=64, default="Asia/Tokyo")
    serial_code = models.CharField(
        max_length=2, blank=True, db_default="", help_text="First two characters of its serials."
    )

    def __str__(self) -> str:
        return self.code


class Area(Bilingual):
    site = models.ForeignKey(Site, models.PROTECT, related_name="areas")
    code = models.CharField(max_length=32, unique=True)
    sequence = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["sequence"]

    def __str__(self) -> str:
        return self.code


class ProductionLine(Bilingual):
    site = models.ForeignKey(Site, models.PROTECT, related_name="production_lines")
    code = models.CharField(max_length=32, unique=True)
    serial_code = models.CharField(max_length=1, blank=True, db_default="", help_text="Third character of its serials.")

    def __str__(self) -> str:
        return self.code


class OpcUaServer(models.Model):
    """One OPC UA server, usually a cell controller that speaks for several stations."""

    code = models.CharField(max_length=32, unique=True)
    production_line = models.ForeignKey(ProductionLine, models.PROTECT, related_name="opcua_servers")
    endpoint_url = models.CharField(max_length=200)
    is_demo = models.BooleanField(default=False, help_text="Only a demo endpoint may use security mode None.")

    class Meta:
        verbose_name = "OPC UA server"

    def __str__(self) -> str:
        return self.code


class StationKind(models.TextChoices):
    ELECTRODE_COATING = "ELECTRODE_COATING", "Electrode coating"
    CELL_ASSEMBLY = "CELL_ASSEMBLY", "Cell assembly"
    FORMATION = "FORMATION", "Formation"
    PACK_TEST = "PACK_TEST", "Pack test"


class Interface(models.TextChoices):
    """How a station asks for permits and posts results."""

    HTTP = "HTTP", "HTTP"
    OPCUA = "OPCUA", "OPC UA handshake"


class UnitMode(models.TextChoices):
    """PackML's unit modes: only in PRODUCTION may units enter."""

    PRODUCTION = "PRODUCTION", "Production"
    MAINTENANCE = "MAINTENANCE", "Maintenance"
    MANUAL = "MANUAL", "Manual"


class OfflinePolicy(models.TextChoices):
    """What a station does while the MES does not answer."""

    STOP = "STOP", "Stop"
    RUN_ON = "RUN_ON", "Run on, results are posted later"


class Station(Bilingual):
    code = models.CharField(max_length=32, unique=True)
    kind = models.CharField(max_length=20, choices=StationKind)
    area = models.ForeignKey(Area, models.PROTECT, related_name="stations")
    production_line = models.ForeignKey(ProductionLine, models.PROTECT, related_name="stations")
    sequence = models.PositiveSmallIntegerField(help_text="Place in the flow, left to right on the overview.")
    interface = models.CharField(max_length=8, choices=Interface)
    opcua_server = models.ForeignKey(OpcUaServer, models.PROTECT, related_name="stations")
    stale_after_s = models.PositiveIntegerField(default=30)
    target_per_shift = models.PositiveIntegerField(default=0, help_text="Units the plan expects in a shift.")
    mode = models.CharField(max_length=12, choices=UnitMode, default=UnitMode.PRODUCTION)
    offline_policy = models.CharField(max_length=8, choices=OfflinePolicy, default=OfflinePolicy.STOP)
    offline_units = models.PositiveIntegerField(default=0, help_text="RUN_ON: at most so many units of one outage.")
    ahead_tolerance_s = models.PositiveIntegerField(default=900, help_text="A time further ahead is refused.")
    behind_tolerance_s = models.PositiveIntegerField(default=2_592_000, help_text="A time further back is refused.")

    # While it asks by a token that is limited to some of its operations: those. No column.
    token_operations: Sequence[str] = ()

    class Meta:
        ordering = ["sequence"]

    def __str__(self) -> str:
        return self.code


class StationClock(models.Model):
    """How far a station's clock is ahead of ours, as its last post with `sent_at` showed. Replaced, not kept: each
    record carries the offset it was judged with."""

    station = models.OneToOneField(Station, models.PROTECT, primary_key=True, related_name="clock")
    offset_s = models.FloatField()
    measured_at = models.DateTimeField()


class SignalKind(models.TextChoices):
    MEASUREMENT = "MEASUREMENT", "Measurement"
    STATE = "STATE", "PackML state"
    COUNTER = "COUNTER", "PackML counter"


class Signal(Bilingual):
    """One OPC UA variable of a station that the gateway subscribes to."""

    station = models.ForeignKey(Station, models.PROTECT, related_name="signals")
    code = models.CharField(max_length=48, help_text="Browse name, unique in the station.")
    kind = models.CharField(max_length=12, choices=SignalKind, default=SignalKind.MEASUREMENT)
    unit = models.CharField(max_length=16, blank=True)
    decimals = models.PositiveSmallIntegerField(default=2)
    low = models.FloatField(null=True, blank=True, help_text="Lower end of the normal band.")
    high = models.FloatField(null=True, blank=True, help_text="Upper end of the normal band.")

    class Meta:
        ordering = ["station", "id"]
        constraints = [models.UniqueConstraint(fields=["station", "code"], name="signal_station_code")]

    def __str__(self) -> str:
        return f"{self.station_id}/{self.code}"


class Shift(Bilingual):
    production_line = models.ForeignKey(ProductionLine, models.PROTECT, related_name="shifts")
    code = models.CharField(max_length=16)
    starts_at = models.TimeField(help_text="Wall clock of the site.")
    ends_at = models.TimeField(help_text="Before the start means: on the next day.")

    class Meta:
        ordering = ["starts_at"]
        constraints = [models.UniqueConstraint(fields=["production_line", "code"], name="shift_line_code")]

    def __str__(self) -> str:
        return self.code


class Severity(models.TextChoices):
    SAFETY = "S", "Safety"
    FUNCTION = "F", "Function"
    COSMETIC = "C", "Cosmetic"


class ReasonCode(Bilingual):
    code = models.CharField(max_length=24, unique=True)
    group = models.CharField(max_length=24)
    severity = models.CharField(max_length=1, choices=Severity, default=Severity.FUNCTION)
    station_kinds = ArrayField(models.CharField(max_length=20), default=list, blank=True)

    class Meta:
        ordering = ["group", "code"]

    def __str__(self) -> str:
        return self.code
