// Drawings that stand still: each [data-drawing] asks for its spec at the width it has.
for (const box of document.querySelectorAll("[data-drawing]")) {
  const address = new URL(box.dataset.drawing, location);
  address.searchParams.set("width", Math.floor(box.clientWidth));
  fetch(address, { headers: { Accept: "application/json" } })
    .then((response) => {
      if (response.redirected) location.reload(); // signed out
      if (!response.ok) throw new Error(response.status);
      return response.json();
    })
    .then((spec) => window.vegaEmbed(box, spec, { ast: true, actions: false, renderer: "svg" }))
    .catch((error) => console.warn("drawing", error));
}
