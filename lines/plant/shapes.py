"""What a plant folder holds, as plain records: the contract between the files and who reads them. Pure."""

from dataclasses import dataclass, field


class PlantFileError(Exception):
    """One thing wrong in one file."""

    def __init__(self, file: str, key: str, what: str, cure: str) -> None:
        super().__init__(file, key, what, cure)
        self.file = file
        self.key = key
        self.what = what
        self.cure = cure

    def __str__(self) -> str:
        return f"{self.file}: {self.key}: {self.what} {self.cure}"


@dataclass(frozen=True)
class Name:
    en: str
    ja: str


@dataclass(frozen=True)
class AreaFile:
    code: str
    name: Name
    sequence: int


@dataclass(frozen=True)
class ShiftFile:
    code: str
    name: Name
    starts_at: str  # "08:00", wall clock of the site
    ends_at: str


@dataclass(frozen=True)
class OpcUaServerFile:
    code: str
    endpoint_url: str
    stack: str  # which library the simulator serves it with: "asyncua" or "opcua"
    is_demo: bool
    publishing_ms: int = 100
    sampling_ms: int = 0  # 0: each write
    queue_size: int = 2000  # values it keeps for each variable
    lifetime_s: int = 120  # how long session and subscriptions outlive a cut
    historises: bool = False
    security_policy: str = "None"  # or Basic256Sha256, Aes256Sha256RsaPss; None only for a demo
    authentication: str = "ANONYMOUS"  # or USER_NAME, CERTIFICATE
    user_name: str = ""


@dataclass(frozen=True)
class SignalFile:
    code: str
    name: Name
    kind: str  # MEASUREMENT, STATE, COUNTER
    unit: str
    decimals: int
    low: float | None
    high: float | None
    node: str = ""  # nsu=<uri>;s=<id>, nsu=<uri>;i=<id> or /Objects/<name>/...; empty: by station and code
    elements: int = 0  # length of the array it is an element of; then the code ends in its index: Thickness[3]
    field: str = ""  # names with dots, where the variable's value is a structure
    sampling_ms: int | None = None  # None: as the server's
    queue_size: int | None = None  # None: as the server's
    deadband: float | None = None  # absolute


@dataclass(frozen=True)
class FeedPointFile:
    """A place of a station that takes one lot at a time."""

    code: str
    name: Name
    materials: tuple[str, ...]  # bought ones that may be mounted there


@dataclass(frozen=True)
class GaugeFile:
    """A gauge of a station; one with a channel measures only what is in that channel."""

    code: str
    name: Name
    channel: str  # empty: the whole station
    interval_days: int  # from one calibration to the next
    calibrated_days_ago: int = 0  # before the first load
    characteristics: tuple[str, ...] = ()  # what it measures; empty: whatever its station does


@dataclass(frozen=True)
class StationFile:
    code: str
    name: Name
    kind: str
    area: str
    sequence: int
    interface: str  # HTTP or OPCUA: how it asks for permits and posts results
    opcua_server: str
    operations: tuple[str, ...]
    stale_after_s: int
    target_per_shift: int
    signals: tuple[SignalFile, ...]  # own ones, and the StateCurrent and counters every station has
    offline_policy: str = "STOP"  # or RUN_ON: what it does while the MES does not answer
    offline_units: int = 0  # RUN_ON: at most so many units of one outage
    ahead_tolerance_s: int = 900
    behind_tolerance_s: int = 2_592_000
    feed_points: tuple[FeedPointFile, ...] = ()
    gauges: tuple[GaugeFile, ...] = ()


@dataclass(frozen=True)
class OperationFile:
    code: str
    name: Name
    kind: str
    is_test: bool  # its verdict says whether the unit is good
    needs_certification: bool = False  # only certified operators may do it


@dataclass(frozen=True)
class MaterialFile:
    """A bought material."""

    code: str
    name: Name
    uom: str
    suppliers: tuple[str, ...]
    lot_size: float  # quantity of one lot as delivered, in uom
    shelf_life_days: int
    release_on_receipt: bool = True  # else a lot waits in quarantine until somebody releases it


@dataclass(frozen=True)
class DefinitionFile:
    """Something the plant makes for one product."""

    code: str
    name: Name
    tracking: str  # SLURRY_BATCH, ROLL, JELLY_ROLL, STACK, CELL, MODULE, PACK, CONTAINER
    uom: str
    design_code: str  # three characters in the serial


@dataclass(frozen=True)
class BillItemFile:
    material: str  # a MaterialFile's or DefinitionFile's code
    quantity: float
    tolerance_pct: float
    positions: int


@dataclass(frozen=True)
class StepFile:
    sequence: int
    definition: str
    operation: str
    duration_s: int
    by_tray: bool
    max_passes: int
    rework_from: int | None  # sequence of the step where a failed unit starts again
    on_fail: str  # SCRAP or HOLD
    is_gate: bool
    bill: tuple[BillItemFile, ...]
    characteristics: tuple[str, ...]  # all that a record may carry, the derived ones included
    sampled: tuple[str, ...] = ()  # those of them that are measured on samples, not at every visit
    # Those of them that the machine read back from an earlier operation of the unit and posts again: formula inputs.
    read_back: tuple[str, ...] = ()
    recipe: dict[str, float] = field(default_factory=dict)
    alternatives: tuple[str, ...] = ()  # operations that may be done in place of this one
    sample_every: int = 1  # n: only units whose serial's sequence divides by n do it
    repeat_in_rework: bool = True  # False: a unit sent back passes it by once it passed it
    grades: tuple[str, ...] = ()  # allowed; empty: all
    wait_from: int | None = None  # sequence of the step at whose end the wait begins; None: the one before
    min_wait_s: int | None = None
    max_wait_s: int | None = None


@dataclass(frozen=True)
class LimitsFile:
    """Specification limits of a characteristic for one product, with the simulator's starting sigma."""

    characteristic: str
    lsl: float | None
    target: float | None
    usl: float | None
    sigma: float | None  # within-subgroup; None for Poisson


@dataclass(frozen=True)
class WorkOrderFile:
    number: str
    quantity: int  # units of the route's end


@dataclass(frozen=True)
class ProductFile:
    code: str
    name: Name
    chemistry: str
    tray_slots: int
    definitions: tuple[DefinitionFile, ...]
    steps: tuple[StepFile, ...]  # in order of sequence
    limits: dict[str, LimitsFile]  # by characteristic code; only those used by a step
    work_orders: tuple[WorkOrderFile, ...] = ()  # the last one is the newest


@dataclass(frozen=True)
class CharacteristicFile:
    code: str
    station: str  # the kind of station in words, as in the source list; "raw value" for a formula's input
    name: Name
    unit: str
    distribution: str  # NORMAL, LOGNORMAL, POISSON, SKEWED, AUTOCORRELATED
    formula: str  # name of a function in quality/plans/formulas.py; empty: measured
    formula_inputs: tuple[str, ...]  # characteristics of the same record, in the order of the function's arguments
    reason_codes: tuple[str, ...]
    sampling: str
    source: str
    lsl: float | None
    target: float | None
    usl: float | None
    sigma: float | None
    sigma_log: float | None  # LOGNORMAL: standard deviation of the natural logarithm


@dataclass(frozen=True)
class ControlPlanFile:
    code: str
    name: Name
    characteristic: str
    product: str
    station: str
    chart: str  # I-MR, XBAR-R, ...: quality.plans.models.ChartType
    subgroup_by: str  # CONSECUTIVE, RECORD or PERIOD
    subgroup_size: int
    rules: tuple[int, ...]
    response: str  # LOG, ALARM or CONTAIN
    center: float
    sigma_within: float
    n_values: int
    sigma_method: str
    reaction: Name
    source: str = "RECORD"  # or TELEMETRY: signal_code, summary and period_s say of what
    signal_code: str = ""
    summary: str = ""
    stream_by: str = ""  # CHANNEL or POSITION
    period_s: int | None = None
    every_nth: int = 1
    run_lengths: dict[str, int] = field(default_factory=dict)  # by rule
    options: dict[str, float] = field(default_factory=dict)
    parameters: dict[str, float] = field(default_factory=dict)  # frozen beside mean and sigma
    margin_units: int = 5
    verify_points: int = 0
    reaction_due_min: int = 30


@dataclass(frozen=True)
class ReactionCodeFile:
    code: str
    name: Name
    kind: str  # CAUSE, ACTION
    group: str  # MAN, MACHINE, ...; empty: none
    is_false_alarm: bool


@dataclass(frozen=True)
class ReactionStepFile:
    plan: str  # empty: of all plans without steps of their own
    sequence: int
    name: Name


@dataclass(frozen=True)
class GaugeReadingFile:
    """One reading of a gauge R&R study; those of one gauge, characteristic and day are one study."""

    gauge: str
    characteristic: str
    days_ago: int  # before the first load
    part: str
    operator: str
    value: float


@dataclass(frozen=True)
class ReasonCodeFile:
    code: str
    name: Name
    group: str
    severity: str  # S, F, C
    station_kinds: tuple[str, ...]


@dataclass(frozen=True)
class CertificationFile:
    operation: str
    level: int
    valid_days: int  # from the first load on; 0 and below: it has run out


@dataclass(frozen=True)
class PersonFile:
    username: str
    name: Name
    role: str
    certifications: tuple[CertificationFile, ...] = ()


@dataclass(frozen=True)
class DataCentreSiteFile:
    """Where containers go. Degrees north and east; None: not told."""

    code: str
    name: Name
    country: str  # ISO 3166, two letters
    latitude: float | None = None
    longitude: float | None = None


@dataclass(frozen=True)
class PlantFiles:
    site_code: str
    site_name: Name
    time_zone: str
    serial_site: str  # two characters at the head of a serial
    serial_line: str  # one character after them
    line_code: str
    line_name: Name
    areas: tuple[AreaFile, ...]
    shifts: tuple[ShiftFile, ...]
    opcua_servers: tuple[OpcUaServerFile, ...]
    stations: tuple[StationFile, ...]  # in order of sequence
    operations: tuple[OperationFile, ...]
    materials: tuple[MaterialFile, ...]
    characteristics: tuple[CharacteristicFile, ...]
    products: tuple[ProductFile, ...]
    control_plans: tuple[ControlPlanFile, ...]
    reason_codes: tuple[ReasonCodeFile, ...]
    people: tuple[PersonFile, ...]
    reaction_codes: tuple[ReactionCodeFile, ...] = ()
    reaction_steps: tuple[ReactionStepFile, ...] = ()
    gauge_readings: tuple[GaugeReadingFile, ...] = ()
    data_centres: tuple[DataCentreSiteFile, ...] = ()
