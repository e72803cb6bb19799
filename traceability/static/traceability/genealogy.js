// Lines between the cards of a genealogy, drawn again when a card opens or the window changes.
"use strict";

(function () {
  const SVG = "http://www.w3.org/2000/svg";
  const family = document.querySelector("[data-family]");
  if (!family) return;
  const drawing = family.querySelector("svg");

  function draw() {
    const stages = family.querySelector(".stages");
    const origin = family.getBoundingClientRect();
    const left = origin.left - family.scrollLeft;
    drawing.setAttribute("width", stages.scrollWidth + 28);
    drawing.setAttribute("height", stages.scrollHeight + 32);
    drawing.replaceChildren();
    for (const line of family.querySelectorAll("[data-from]")) {
      const from = document.getElementById(line.dataset.from)?.getBoundingClientRect();
      const to = document.getElementById(line.dataset.to)?.getBoundingClientRect();
      if (!from || !to) continue;
      const x1 = from.right - left;
      const x2 = to.left - left - 5;
      const y1 = from.top - origin.top + Math.min(from.height / 2, 60);
      const y2 = to.top - origin.top + Math.min(to.height / 2, 60);
      const bend = Math.max((x2 - x1) / 2, 8);
      const path = document.createElementNS(SVG, "path");
      path.setAttribute("d", `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`);
      if (line.dataset.inferred !== "0") path.setAttribute("class", "is-inferred");
      const tip = document.createElementNS(SVG, "path");
      tip.setAttribute("class", "tip");
      tip.setAttribute("d", `M${x2 + 5} ${y2}l-8-4.5v9z`);
      drawing.append(path, tip);
    }
  }

  draw();
  new ResizeObserver(draw).observe(family.querySelector(".stages"));
  family.addEventListener("toggle", draw, true);
  family.addEventListener("htmx:afterSwap", draw);
  const focus = family.querySelector("[data-focus]");
  if (focus && family.scrollWidth > family.clientWidth) {
    const middle = focus.offsetLeft + focus.offsetWidth / 2;
    family.scrollLeft = middle - family.clientWidth / 2;
  }
})();
