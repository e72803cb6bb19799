// Live trends of a station: one small chart a signal, with a shared cursor and zoom. Points come as JSON once, then
// by the event stream; a null is a gap and is drawn as one.

const root = document.querySelector("[data-trends]");
const live = document.querySelector("[data-live]");
const buttons = [...document.querySelectorAll("[data-window-s]")];
const charts = new Map();
const chosen = buttons.find((button) => button.getAttribute("aria-pressed") === "true");
let windowMs = Number(chosen?.dataset.windowS ?? 600) * 1000;
let zoneMs = 0;
let gapMs = 30000;
let newest = 0; // machine time, shifted to the site's wall clock
let clock = null; // machine time when the points were loaded, and our steady clock then
let zoomed = null;
let request = 0;

const INK = "#2f3840", FAINT = "#c9cdd2", TEXT = "#4b535c", BAND = "#d5dade";
const FONT = getComputedStyle(document.body).fontFamily;

function spec(figure) {
  const low = figure.dataset.low, high = figure.dataset.high;
  const hasBand = low !== undefined && high !== undefined;
  const x = {
    field: "t", type: "temporal", title: null,
    scale: { type: "utc", domain: [{ expr: "from" }, { expr: "to" }], nice: false },
    axis: { tickCount: 5, format: windowMs > 86400000 ? "%m/%d %H:%M" : windowMs > 3600000 ? "%H:%M" : "%H:%M:%S", labelOverlap: true },
  };
  const y = (field) => ({
    field, type: "quantitative", title: null, scale: { domain: [{ expr: "least" }, { expr: "greatest" }], zero: false, nice: true },
    axis: { tickCount: 4, format: `,.${figure.dataset.decimals}f`, minExtent: 50 },
  });
  const layer = [];
  if (hasBand) {
    layer.push({
      data: { values: [{ low: Number(low), high: Number(high) }] },
      mark: { type: "rect", color: BAND, clip: true },
      encoding: { y: y("low"), y2: { field: "high" } },
    });
  }
  layer.push(
    { data: { name: "points" }, mark: { type: "line", color: INK, strokeWidth: 1.4, clip: true, invalid: "break-paths-show-path-domains" }, encoding: { x, y: y("v") } },
    { data: { name: "cursor" }, mark: { type: "rule", color: "#0b57d0", strokeWidth: 1, clip: true }, encoding: { x } },
  );
  return {
    $schema: "https://vega.github.io/schema/vega-lite/v6.json",
    width: "container", height: 104, padding: 0, autosize: { type: "fit", contains: "padding" },
    params: [{ name: "from", value: 0 }, { name: "to", value: 1 }, { name: "least", value: 0 }, { name: "greatest", value: 1 }],
    datasets: { points: [], cursor: [] },
    layer,
    config: {
      font: FONT, background: null, view: { stroke: FAINT },
      axis: { labelColor: TEXT, labelFontSize: 11, gridColor: "#e1e4e7", domainColor: FAINT, tickColor: FAINT },
    },
  };
}

function range() {
  return zoomed ?? [newest - windowMs, newest];
}

// The band and what is seen, with a little room: a value far off still shows how far.
function extent(chart, from, to) {
  let least = chart.low, greatest = chart.high;
  for (const { t, v } of chart.points) {
    if (v === null || t < from || t > to) continue;
    least = Math.min(least, v);
    greatest = Math.max(greatest, v);
  }
  if (!Number.isFinite(least)) return [0, 1];
  const room = (greatest - least || Math.abs(least) || 1) * 0.06;
  return [least - room, greatest + room];
}

async function draw(chart) {
  const [from, to] = range();
  const [least, greatest] = extent(chart, from, to);
  await chart.view.signal("from", from).signal("to", to).signal("least", least).signal("greatest", greatest).runAsync();
}

function replace(chart, name, rows) {
  chart.view.data(name, rows);
}

async function load() {
  const mine = ++request;
  const response = await fetch(`${root.dataset.trends}?window_s=${windowMs / 1000}`, { headers: { Accept: "application/json" } });
  if (!response.ok || mine !== request) return;
  const answer = await response.json();
  zoneMs = answer.zone_offset_ms;
  gapMs = answer.gap_ms;
  newest = answer.until + zoneMs;
  clock = { machine: newest, ours: performance.now() };
  zoomed = null;
  for (const signal of answer.signals) {
    const chart = charts.get(signal.code);
    if (!chart) continue;
    chart.points = signal.points.map(([t, v]) => ({ t: t + zoneMs, v }));
    replace(chart, "points", chart.points);
    draw(chart);
    read(chart, null);
  }
}

function add(values) {
  for (const [code, [at, value, status]] of Object.entries(values)) {
    const chart = charts.get(code);
    if (!chart) continue;
    const t = Date.parse(at) + zoneMs;
    const last = chart.points.at(-1);
    if (last && t <= last.t) continue;
    const rows = [];
    if (last && t - last.t > Math.max(gapMs, windowMs / 100)) rows.push({ t: last.t + 1, v: null });
    rows.push({ t, v: (status & 0x80000000) === 0 ? value : null });
    chart.points.push(...rows);
    newest = Math.max(newest, t);
    const oldest = newest - windowMs;
    chart.points = chart.points.filter((point) => point.t >= oldest);
    chart.view.insert("points", rows).remove("points", (point) => point.t < oldest);
    read(chart, null);
  }
  if (!zoomed) for (const chart of charts.values()) draw(chart);
}

function number(chart, value) {
  // What rounds to nothing has no sign: -0 + 0 is 0.
  const shown = Number(value.toFixed(chart.decimals)) + 0;
  return shown.toLocaleString("en", { minimumFractionDigits: chart.decimals, maximumFractionDigits: chart.decimals })
    .replaceAll(",", "\u202f").replace("-", "\u2212");
}

// The value at the cursor, or the newest. Beside a gap there is none: it is never carried over.
function read(chart, at) {
  let text = "";
  if (at === null) {
    const last = chart.points.at(-1);
    text = last && last.v !== null && newest - last.t < gapMs ? number(chart, last.v) : "–";
  } else {
    let nearest = null;
    for (const point of chart.points) if (nearest === null || Math.abs(point.t - at) < Math.abs(nearest.t - at)) nearest = point;
    const isNear = nearest !== null && Math.abs(nearest.t - at) < Math.max(gapMs, windowMs / 100) / 2;
    const clock = new Date(at).toISOString().slice(11, 19);
    text = `${clock}  ${isNear && nearest.v !== null ? number(chart, nearest.v) : root.dataset.gapWord}`;
  }
  chart.output.textContent = text;
}

function timeAt(chart, event) {
  const box = chart.box.querySelector("canvas, svg").getBoundingClientRect();
  return chart.view.scale("x").invert(event.clientX - box.left - chart.view.origin()[0]).valueOf();
}

function cursor(at) {
  for (const chart of charts.values()) {
    replace(chart, "cursor", at === null ? [] : [{ t: at }]);
    chart.view.runAsync();
    read(chart, at);
  }
}

function follow(chart) {
  let start = null;
  const selection = document.createElement("div");
  selection.className = "zooming";
  chart.box.append(selection);
  const left = (event) => event.clientX - chart.box.getBoundingClientRect().left;
  chart.box.addEventListener("pointermove", (event) => {
    cursor(timeAt(chart, event));
    if (start === null) return;
    selection.style.left = `${Math.min(start.x, left(event))}px`;
    selection.style.width = `${Math.abs(left(event) - start.x)}px`;
    selection.hidden = false;
  });
  chart.box.addEventListener("pointerleave", () => cursor(null));
  chart.box.addEventListener("pointerdown", (event) => {
    start = { x: left(event), t: timeAt(chart, event) };
    chart.box.setPointerCapture(event.pointerId);
  });
  chart.box.addEventListener("pointerup", (event) => {
    selection.hidden = true;
    const end = timeAt(chart, event);
    if (start !== null && Math.abs(left(event) - start.x) > 6) {
      zoomed = [Math.min(start.t, end), Math.max(start.t, end)];
      for (const each of charts.values()) draw(each);
    }
    start = null;
  });
  chart.box.addEventListener("dblclick", () => {
    zoomed = null;
    for (const each of charts.values()) draw(each);
  });
  selection.hidden = true;
}

// Time goes on without values: the line ends where they ended.
setInterval(() => {
  if (clock === null) return;
  const now = clock.machine + performance.now() - clock.ours;
  if (now - newest < 1500) return;
  newest = now;
  if (zoomed) return;
  for (const chart of charts.values()) {
    draw(chart);
    read(chart, null);
  }
}, 1000);

async function begin() {
  for (const figure of root.querySelectorAll(".trend")) {
    const box = figure.querySelector(".chart");
    // ast: expressions run in Vega's interpreter, so that the page needs no eval.
    const { view } = await vegaEmbed(box, spec(figure), { ast: true, actions: false, renderer: "svg", tooltip: false });
    const chart = {
      view, box, points: [], decimals: Number(figure.dataset.decimals), output: figure.querySelector(".reading"),
      low: Number(figure.dataset.low ?? Infinity), high: Number(figure.dataset.high ?? -Infinity),
    };
    charts.set(figure.dataset.code, chart);
    follow(chart);
  }
  await load();
  live.addEventListener("denchi:event", ({ detail }) => {
    if (detail.kind === "VALUES") add(detail.change.values);
  });
}

for (const button of buttons) {
  button.addEventListener("click", async () => {
    for (const each of buttons) each.setAttribute("aria-pressed", String(each === button));
    windowMs = Number(button.dataset.windowS) * 1000;
    for (const chart of charts.values()) chart.view.finalize();
    charts.clear();
    await begin();
  });
}
if (root) begin();
