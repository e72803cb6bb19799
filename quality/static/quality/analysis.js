// The chart of an ad-hoc analysis: its spec came with the page. Tells the server how wide the drawing may be.
const box = document.getElementById("analysis-chart");
const data = document.getElementById("analysis-spec");
const results = document.getElementById("analysis-results");
const width = document.querySelector("#analysis-form input[name=width]");

function measure() {
  width.value = Math.floor((box || results).clientWidth - (box ? 0 : 26));
}

new ResizeObserver(measure).observe(results);
if (box && data) {
  window
    .vegaEmbed(box, JSON.parse(data.textContent), { ast: true, actions: false, renderer: "svg" })
    .catch((error) => console.warn("chart", error));
}
