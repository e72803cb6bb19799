// Drawings of plans and studies, the sets of rules, and points picked on a study's drawing.
async function draw(box) {
  const asked = (box.asked = {});
  const address = new URL(box.dataset.spec, location.href);
  address.searchParams.set("width", Math.floor(box.clientWidth));
  try {
    const response = await fetch(address, { headers: { Accept: "application/json" } });
    if (response.redirected) return location.reload(); // signed out
    if (!response.ok) return;
    const spec = await response.json();
    if (box.asked !== asked) return; // asked for again meanwhile
    const fresh = document.createElement("div");
    const { view } = await window.vegaEmbed(fresh, spec, { ast: true, actions: false, renderer: "svg" });
    view.addEventListener("click", (_event, item) => pick(item && item.datum));
    box.view?.finalize();
    box.view = view;
    box.replaceChildren(fresh);
  } catch (error) {
    console.warn("drawing", error);
  }
}

function drawAll(root) {
  for (const box of root.querySelectorAll("[data-spec]")) draw(box);
}

// A click on a point ticks it in the list, or adds its number to the field.
function pick(datum) {
  if (!datum || datum.number === undefined) return;
  const tick = document.querySelector(`input[name="place"][value="${CSS.escape(datum.number)}"]`);
  if (tick && !tick.disabled) {
    tick.checked = !tick.checked;
    tick.scrollIntoView({ block: "nearest" });
    return;
  }
  const field = document.getElementById("places");
  if (!field) return;
  const places = field.value.split(/[\s,]+/).filter(Boolean);
  const number = String(datum.number);
  field.value = (places.includes(number) ? places.filter((each) => each !== number) : [...places, number]).join(" ");
  field.focus();
}

for (const button of document.querySelectorAll("[data-rules]")) {
  button.addEventListener("click", () => {
    const form = button.closest("form");
    const rules = button.dataset.rules.split(" ");
    for (const box of form.querySelectorAll('input[name="rule"]')) box.checked = rules.includes(box.value);
    form.elements.run_lengths.value = button.dataset.lengths;
    form.dispatchEvent(new Event("change", { bubbles: true }));
  });
}

document.addEventListener("htmx:afterSwap", (event) => drawAll(event.target));

let width = window.innerWidth;
let timer = null;
window.addEventListener("resize", () => {
  if (Math.abs(window.innerWidth - width) < 8) return;
  width = window.innerWidth;
  clearTimeout(timer);
  timer = setTimeout(() => drawAll(document), 250);
});

drawAll(document);
