"""OPC UA servers of site.toml and signals of stations.toml as records. Pure."""

import re

from lines.plant.entries import Entry, refuse_doubles
from lines.plant.shapes import Name, OpcUaServerFile, SignalFile

STACKS = ("asyncua", "opcua")
SECURITY_POLICIES = ("None", "Basic256Sha256", "Aes256Sha256RsaPss")
AUTHENTICATIONS = ("ANONYMOUS", "USER_NAME", "CERTIFICATE")
SLOWEST_MS = 3_600_000
LONGEST_QUEUE = 100_000
LONGEST_ARRAY = 1_000  # each element is a signal of its own
_NODE = re.compile(r"nsu=[^;]+;(s=.+|i=\d{1,10})|/Objects(/[^/]+)+", re.DOTALL)
_FIELD = re.compile(r"[^.\s]+(\.[^.\s]+)*")

# Every station has them, so no file repeats them. The first three are PackML's; TelemetryCount says how many values
# the station has given its server, and is followed where the server has it.
TELEMETRY_COUNT = "TelemetryCount"
STATUS_SIGNALS = (
    SignalFile("StateCurrent", Name("State", "状態"), "STATE", "", 0, None, None),
    SignalFile("ProdProcessedCount", Name("Processed", "処理数"), "COUNTER", "", 0, None, None),
    SignalFile("ProdDefectiveCount", Name("Defective", "不良数"), "COUNTER", "", 0, None, None),
    SignalFile(TELEMETRY_COUNT, Name("Values sent", "送信値数"), "COUNTER", "", 0, None, None),
)


def opcua_server(entry: Entry) -> OpcUaServerFile:
    url = entry.text("endpoint_url")
    if not url.startswith("opc.tcp://"):
        raise entry.refuse("endpoint_url", f"is {url!r}.", "Write opc.tcp://host:port.")
    is_demo = entry.flag("is_demo")
    policy = entry.choice("security_policy", SECURITY_POLICIES, "None" if is_demo else "Basic256Sha256")
    if policy == "None" and not is_demo:
        raise entry.refuse(
            "security_policy", "is 'None' on a server that is no demo.", f"Use {' or '.join(SECURITY_POLICIES[1:])}."
        )
    authentication = entry.choice("authentication", AUTHENTICATIONS, "ANONYMOUS")
    user_name = entry.text("user_name", "", longest=120)
    if (authentication == "USER_NAME") != bool(user_name):
        raise entry.refuse(
            "user_name",
            f"is {user_name!r} with authentication {authentication}.",
            "Give it with USER_NAME, and only there.",
        )
    server = OpcUaServerFile(
        code=entry.code("code"),
        endpoint_url=url,
        stack=entry.choice("stack", STACKS),
        is_demo=is_demo,
        publishing_ms=entry.integer("publishing_ms", 100, least=10, most=SLOWEST_MS),
        sampling_ms=entry.integer("sampling_ms", 0, most=SLOWEST_MS),
        queue_size=entry.integer("queue_size", 2000, least=1, most=LONGEST_QUEUE),
        lifetime_s=entry.integer("lifetime_s", 120, least=60, most=86_400),
        historises=entry.flag("historises"),
        security_policy=policy,
        authentication=authentication,
        user_name=user_name,
    )
    entry.done()
    return server


def signals_of(station: Entry) -> tuple[SignalFile, ...]:
    """The station's own signals behind those every station has; an array becomes one for each of its elements."""
    signals = list(STATUS_SIGNALS)
    for entry in station.entries("signals"):
        signals += _signal(entry)
        entry.done()
    refuse_doubles(station.file, f"{station.where}.signals", [signal.code for signal in signals])
    return tuple(signals)


def _signal(entry: Entry) -> list[SignalFile]:
    low, high = entry.optional_number("low"), entry.optional_number("high")
    if low is not None and high is not None and low >= high:
        raise entry.refuse("low", f"is {low:g}, not below high {high:g}.", "Exchange low and high.")
    elements = entry.integer("elements", 0, most=LONGEST_ARRAY)
    code, name = entry.code("code", 40 if elements else 48), entry.name()
    deadband = entry.optional_number("deadband")
    if deadband is not None and deadband <= 0:
        raise entry.refuse("deadband", f"is {deadband:g}.", "Write a number above 0, or leave it out.")
    field = entry.text("field", "", longest=120)
    if field and not _FIELD.fullmatch(field):
        raise entry.refuse("field", f"is {field!r}.", "Write the names of the fields with dots: Zone.Temperature.")
    if field and (elements or deadband is not None):
        raise entry.refuse("field", "stands beside elements or deadband.", "A field of a structure has neither.")
    node = entry.text("node", "", longest=400)
    if node and not _NODE.fullmatch(node):
        raise entry.refuse(
            "node", f"is {node!r}.", "Write nsu=<uri>;s=<id>, nsu=<uri>;i=<number> or /Objects/<name>/<name>."
        )
    if field and not node:
        raise entry.refuse("node", "is missing beside field.", "Name the variable that holds the structure.")
    sampling, queue = (
        entry.integer("sampling_ms", most=SLOWEST_MS) if entry.has("sampling_ms") else None,
        entry.integer("queue_size", least=1, most=LONGEST_QUEUE) if entry.has("queue_size") else None,
    )
    unit, decimals = entry.text("unit", "", longest=16), entry.integer("decimals", 2, most=9)
    return [
        SignalFile(
            code=code + mark,
            name=Name(name.en + (f" {mark}" if mark else ""), name.ja + mark),
            kind="MEASUREMENT",
            unit=unit,
            decimals=decimals,
            low=low,
            high=high,
            node=node,
            elements=elements,
            field=field,
            sampling_ms=sampling,
            queue_size=queue,
            deadband=deadband,
        )
        for mark in ([f"[{index}]" for index in range(elements)] or [""])
    ]
