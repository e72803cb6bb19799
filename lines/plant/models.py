"""The plant as equipment: ISA-95 site, area, line, work cell (here: station), its signals and calendar."""

from collections.abc import Sequence

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MinValueValidator
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


class DataCentreSite(Bilingual):
    """Where containers are shipped to."""

    code = models.CharField(max_length=32, unique=True)
    country = models.CharField(max_length=2, help_text="ISO 3166, two letters.")
    latitude = models.FloatField(null=True, blank=True, help_text="Degrees north.")
    longitude = models.FloatField(null=True, blank=True, help_text="Degrees east.")

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return self.code


class SecurityPolicy(models.TextChoices):
    """All but NONE sign and encrypt."""

    NONE = "None", "None"
    BASIC256SHA256 = "Basic256Sha256", "Basic256Sha256"
    AES256_SHA256_RSAPSS = "Aes256Sha256RsaPss", "Aes256_Sha256_RsaPss"


class Authentication(models.TextChoices):
    """How the gateway says who it is."""

    ANONYMOUS = "ANONYMOUS", "Anonymous"
    USER_NAME = "USER_NAME", "User name and password"
    CERTIFICATE = "CERTIFICATE", "Certificate"


class OpcUaServer(models.Model):
    """One OPC UA server, usually a cell controller that speaks for several stations."""

    code = models.CharField(max_length=32, unique=True)
    production_line = models.ForeignKey(ProductionLine, models.PROTECT, related_name="opcua_servers")
    endpoint_url = models.CharField(max_length=200)
    is_demo = models.BooleanField(default=False, help_text="Only a demo endpoint may use security mode None.")
    publishing_ms = models.PositiveIntegerField(
        default=100, db_default=100, help_text="How often it sends what it has."
    )
    sampling_ms = models.PositiveIntegerField(
        default=0, db_default=0, help_text="How often it looks at a variable; 0: each write."
    )
    queue_size = models.PositiveIntegerField(
        default=2000, db_default=2000, help_text="Values it keeps for each variable."
    )
    lifetime_s = models.PositiveIntegerField(
        default=120,
        db_default=120,
        validators=[MinValueValidator(60)],
        help_text="How long session and subscriptions outlive a cut, at least 60.",
    )
    historises = models.BooleanField(
        default=False, db_default=False, help_text="It keeps values that can be read after a cut."
    )
    security_policy = models.CharField(
        max_length=24, choices=SecurityPolicy, default=SecurityPolicy.NONE, db_default=SecurityPolicy.NONE
    )
    authentication = models.CharField(
        max_length=12, choices=Authentication, default=Authentication.ANONYMOUS, db_default=Authentication.ANONYMOUS
    )
    user_name = models.CharField(
        max_length=120, blank=True, db_default="", help_text="The password lies in a file, never here."
    )

    class Meta:
        verbose_name = "OPC UA server"
        constraints = [models.CheckConstraint(condition=models.Q(lifetime_s__gte=60), name="server_lifetime")]

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
    """One number of a station that the gateway follows: an OPC UA variable, or an element or field of one."""

    station = models.ForeignKey(Station, models.PROTECT, related_name="signals")
    code = models.CharField(
        max_length=48, help_text="Browse name, unique in the station; an array's elements end in [0], [1] and so on."
    )
    kind = models.CharField(max_length=12, choices=SignalKind, default=SignalKind.MEASUREMENT)
    unit = models.CharField(max_length=16, blank=True)
    decimals = models.PositiveSmallIntegerField(default=2)
    low = models.FloatField(null=True, blank=True, help_text="Lower end of the normal band.")
    high = models.FloatField(null=True, blank=True, help_text="Upper end of the normal band.")
    node = models.CharField(
        max_length=400,
        blank=True,
        db_default="",
        help_text="nsu=<uri>;s=<id>, nsu=<uri>;i=<id>, or names from /Objects/ down; empty: by station and code.",
    )
    elements = models.PositiveSmallIntegerField(
        default=0, db_default=0, help_text="Length of the array it is an element of; 0: none."
    )
    field = models.CharField(
        max_length=120, blank=True, db_default="", help_text="Names with dots, where the value is a structure."
    )
    sampling_ms = models.PositiveIntegerField(null=True, blank=True, help_text="Empty: as the server's.")
    queue_size = models.PositiveIntegerField(null=True, blank=True, help_text="Empty: as the server's.")
    deadband = models.FloatField(
        null=True,
        blank=True,
        help_text="Smaller changes are not sent. Then no count can prove that none was lost.",
    )

    class Meta:
        ordering = ["station", "id"]
        constraints = [
            models.UniqueConstraint(fields=["station", "code"], name="signal_station_code"),
            models.CheckConstraint(
                condition=models.Q(elements=0) | (models.Q(code__regex=r"\[\d{1,4}\]$") & models.Q(field="")),
                name="signal_element",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.station_id}/{self.code}"


class NodeFault(models.Model):
    """A signal that its server does not give, as the gateway last found it. Gone when it is given again."""

    signal = models.OneToOneField(Signal, models.CASCADE, primary_key=True, related_name="fault")
    code = models.CharField(max_length=16, help_text="Error code, see docs/errors.md.")
    detail = models.CharField(max_length=300, blank=True)
    since = models.DateTimeField()


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
