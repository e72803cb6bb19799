// On every page: search by `/`, a scanner that needs no focus, spans of time that count on.
"use strict";

(function () {
  const finder = document.getElementById("finder");
  const EDITABLE = "input, textarea, select, [contenteditable]";

  // A hand scanner types a code in a few milliseconds a character and ends with Enter. People are slower. The mean
  // over the code tells them apart: one late key of a busy machine does not break a scan.
  const SCAN_MEAN_MS = 60;
  const PAUSE_MS = 500;
  const SCAN_MIN_LENGTH = 4;
  let scanned = "";
  let startedAt = 0;
  let lastKeyAt = -PAUSE_MS;

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || !finder) return;
    if (event.target.closest(EDITABLE)) return;
    const now = event.timeStamp;
    const isFirst = !scanned || now - lastKeyAt > PAUSE_MS;
    lastKeyAt = now;
    if (event.key === "Enter") {
      if (scanned.length >= SCAN_MIN_LENGTH && (now - startedAt) / scanned.length < SCAN_MEAN_MS) {
        event.preventDefault();
        finder.value = scanned;
        finder.form.requestSubmit();
      }
      scanned = "";
      return;
    }
    if (event.key.length !== 1) return;
    if (event.key === "/" && isFirst) {
      event.preventDefault();
      finder.focus();
      finder.select();
      return;
    }
    if (isFirst) startedAt = now;
    scanned = isFirst ? event.key : scanned + event.key;
  });

  if (finder) {
    finder.addEventListener("keydown", (event) => {
      if (event.key === "Escape") finder.blur();
    });
    finder.form.addEventListener("submit", (event) => {
      if (!finder.value.trim()) {
        event.preventDefault();
        finder.focus();
      }
    });
  }

  // <span data-since-s="75">: the server wrote the span at `data-now`; it grows with our own steady clock.
  const words = { d: "d", h: "h", min: "min", s: "s" };
  if (document.documentElement.lang === "ja") Object.assign(words, { d: "日", h: "時間", min: "分", s: "秒" });

  function span(seconds) {
    const s = Math.max(0, Math.floor(seconds));
    const days = Math.floor(s / 86400), hours = Math.floor(s / 3600) % 24, minutes = Math.floor(s / 60) % 60;
    if (days) return `${days} ${words.d} ${hours} ${words.h}`;
    if (hours) return `${hours} ${words.h} ${minutes} ${words.min}`;
    if (minutes) return `${minutes} ${words.min}`;
    return `${s} ${words.s}`;
  }

  function count() {
    const now = performance.now();
    for (const element of document.querySelectorAll("[data-since-s]")) {
      if (element.startedAt === undefined) element.startedAt = now;
      const text = span(Number(element.dataset.sinceS) + (now - element.startedAt) / 1000);
      if (element.textContent !== text) element.textContent = text;
    }
  }
  setInterval(count, 1000);
  window.denchi = { span };
})();
