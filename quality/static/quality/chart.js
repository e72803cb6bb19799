// The drawing of one control chart: asks for its spec, follows the plan's new points, opens a point.
const box = document.getElementById("control-chart");
const root = document.querySelector("[data-live]");
const panel = document.getElementById("point");
const BETWEEN_MS = 1000;
let drawnAt = -BETWEEN_MS;
let timer = null;
let isDrawing = false;
let isDirty = false;

function address() {
  const query = new URLSearchParams({
    width: Math.floor(box.clientWidth),
    height: Math.max(380, Math.min(620, window.innerHeight - 330)),
    last: box.dataset.last,
    stream: box.dataset.stream,
  });
  if (box.dataset.until) query.set("until", box.dataset.until);
  return `${box.dataset.spec}?${query}`;
}

async function draw() {
  timer = null;
  isDrawing = true;
  isDirty = false;
  drawnAt = performance.now();
  try {
    const response = await fetch(address(), { headers: { Accept: "application/json" } });
    if (response.redirected) return location.reload(); // signed out
    if (!response.ok) throw new Error(response.status);
    const spec = await response.json();
    // Drawn aside and then put in place at once, so that the eye sees a point come and not a chart go.
    const fresh = document.createElement("div");
    const { view } = await window.vegaEmbed(fresh, spec, { ast: true, actions: false, renderer: "svg" });
    view.addEventListener("click", (_event, item) => open(item && item.datum));
    box.view?.finalize();
    box.view = view;
    box.replaceChildren(fresh);
  } catch (error) {
    console.warn("chart", error);
    isDirty = true;
    drawnAt = performance.now() + 4 * BETWEEN_MS;
  }
  isDrawing = false;
  if (isDirty) schedule();
}

function schedule() {
  isDirty = true;
  if (timer !== null || isDrawing) return;
  timer = setTimeout(draw, Math.max(0, drawnAt + BETWEEN_MS - performance.now()));
}

async function open(datum) {
  if (!datum || datum.number === undefined || datum.record === undefined) return;
  const stream = encodeURIComponent(box.dataset.stream);
  const response = await fetch(`${box.dataset.points}${encodeURIComponent(datum.number)}/?stream=${stream}`);
  if (!response.ok || response.redirected) return;
  panel.innerHTML = await response.text();
  panel.scrollIntoView({ block: "nearest" });
}

document.getElementById("stream")?.addEventListener("change", (event) => event.target.form.submit());

root.addEventListener("denchi:event", (event) => {
  const { kind, change } = event.detail;
  if (box.dataset.until && kind === "CHART_POINT") return; // looking at the past
  if ((change.stream ?? "") !== box.dataset.stream && kind === "CHART_POINT") return;
  if (change.plan === undefined || change.plan === box.dataset.plan) schedule();
});

let width = box.clientWidth;
new ResizeObserver(() => {
  if (Math.abs(box.clientWidth - width) < 8) return;
  width = box.clientWidth;
  schedule();
}).observe(box);

draw();
