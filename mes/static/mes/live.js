// Follows the event stream. [data-live] names the address of the parts, [data-events] the stream.
// A part that changed is drawn anew by the server, at most once a second; silence is noticed here, alone.
"use strict";

(function () {
  const root = document.querySelector("[data-live]");
  if (!root) return;
  const BETWEEN_MS = 1000;
  const SOON_MS = 60; // one transaction often tells several events
  const connection = document.querySelector(".connection");
  const dirty = new Set();
  let timer = null;
  let isAsking = false;
  let lastAskedAt = -BETWEEN_MS;
  let seen = new URL(root.dataset.events, location).searchParams.get("after");

  function schedule() {
    if (timer !== null || isAsking || !dirty.size) return;
    const wait = Math.max(SOON_MS, lastAskedAt + BETWEEN_MS - performance.now());
    timer = setTimeout(ask, wait);
  }

  async function ask() {
    timer = null;
    isAsking = true;
    lastAskedAt = performance.now();
    const stations = [...dirty];
    dirty.clear();
    try {
      const address = new URL(root.dataset.live, location);
      address.searchParams.set("stations", stations.join(","));
      address.searchParams.set("seen", seen); // what is drawn must know of all this
      const response = await fetch(address, { headers: { Accept: "text/html" } });
      if (response.redirected) return location.reload(); // signed out
      if (!response.ok) throw new Error(response.status);
      place(await response.text());
    } catch {
      stations.forEach((station) => dirty.add(station));
      lastAskedAt = performance.now() + 2 * BETWEEN_MS;
    }
    isAsking = false;
    schedule();
  }

  function place(html) {
    const parts = document.createElement("template"); // <tr> and all stay as they are in one
    parts.innerHTML = html;
    for (const part of [...parts.content.children]) {
      const old = document.getElementById(part.id);
      if (!old || old.outerHTML === part.outerHTML || isWrittenIn(old)) continue;
      const focused = old.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
      old.replaceWith(part);
      window.htmx?.process(part);
      if (focused) part.querySelector(`[href="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
    }
    grow();
  }

  // Nobody loses a note they are writing because another alarm came; the part follows with the next change.
  function isWrittenIn(part) {
    return [...part.querySelectorAll("input:not([type=hidden]), textarea")].some(
      (input) => input === document.activeElement || input.value !== input.defaultValue,
    );
  }

  // What was not heard of for longer than its patience is "no data", also when the server itself is gone.
  function grow() {
    const now = performance.now();
    for (const part of root.querySelectorAll("[data-stale-after-s]")) {
      if (part.placedAt === undefined) part.placedAt = now;
      const age = part.dataset.ageS === "" ? Infinity : Number(part.dataset.ageS) + (now - part.placedAt) / 1000;
      part.classList.toggle("is-nodata", age > Number(part.dataset.staleAfterS));
    }
  }
  grow();
  setInterval(grow, 1000);

  const stream = new EventSource(root.dataset.events);
  const show = (state) => connection && (connection.dataset.state = state);
  stream.onopen = () => show("live");
  stream.onerror = () => {
    show("lost");
    // 401 or a proxy's error page: the browser gives up by itself, a fresh page says why.
    if (stream.readyState === EventSource.CLOSED) setTimeout(() => location.reload(), 5000);
  };
  addEventListener("pagehide", () => stream.close());
  addEventListener("pageshow", (event) => event.persisted && location.reload());
  stream.addEventListener("RESET", () => location.reload());
  for (const kind of new URL(root.dataset.events, location).searchParams.get("kinds").split(",")) {
    stream.addEventListener(kind, (event) => {
      const change = JSON.parse(event.data);
      seen = event.lastEventId;
      dirty.add(change.station);
      root.dispatchEvent(new CustomEvent("denchi:event", { detail: { kind, change } }));
      schedule();
    });
  }
})();
