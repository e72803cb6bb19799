// Entering results: Enter goes to the next field, cells of a spreadsheet are pasted into a grid, a form is sent once.
"use strict";

(function () {
  for (const form of document.querySelectorAll("form[data-once]")) {
    const fields = () => [...form.querySelectorAll("[data-next]")];
    form.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.isComposing || !event.target.matches("[data-next]")) return;
      const all = fields();
      const next = all[all.indexOf(event.target) + 1];
      event.preventDefault();
      (next || form.querySelector("button[type=submit]")).focus();
      if (next) next.select();
    });
    form.addEventListener("submit", (event) => {
      // The server counts it once anyhow; this only spares a second wait.
      if (form.dataset.sent) event.preventDefault();
      form.dataset.sent = "1";
      setTimeout(() => delete form.dataset.sent, 5000);
    });
  }

  for (const grid of document.querySelectorAll("[data-grid]")) {
    const rows = () => [...grid.tBodies[0].rows].map((row) => [...row.querySelectorAll("input")]);
    const place = (input) => {
      const all = rows();
      const y = all.findIndex((row) => row.includes(input));
      return [all, y, y < 0 ? -1 : all[y].indexOf(input)];
    };

    grid.addEventListener("keydown", (event) => {
      const step = { Enter: 1, ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (!step || event.isComposing || event.ctrlKey || event.altKey || event.metaKey) return;
      const [all, y, x] = place(event.target);
      if (y < 0) return;
      event.preventDefault();
      const next = all[y + step];
      if (next) {
        next[x].focus();
        next[x].select();
      }
    });

    grid.addEventListener("paste", (event) => {
      const text = event.clipboardData.getData("text/plain").replace(/\r\n?/g, "\n").replace(/\n$/, "");
      if (!/[\t\n]/.test(text)) return;
      const [all, y, x] = place(event.target);
      if (y < 0) return;
      event.preventDefault();
      text.split("\n").forEach((line, down) => {
        line.split("\t").forEach((word, right) => {
          const cell = all[y + down] && all[y + down][x + right];
          if (cell && !cell.readOnly) cell.value = word.trim();
        });
      });
    });
  }
})();
