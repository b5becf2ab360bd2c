// A picture looked at closely: buttons, wheel, keys, and dragging it about. Neighbours by arrow keys.
"use strict";

(() => {
  const MOST = 12;
  const STEP = 1.5;
  const CLOSE = 1.4; // from here on the larger copy shows more
  let zoom = 1;
  let place = { x: 0, y: 0 }; // of the picture's top left, in shares of the stage
  let held = null;

  const stage = () => document.querySelector(".vr-stage");
  const within = (value, least, most) => Math.min(Math.max(value, least), most);

  function draw() {
    const inside = stage()?.firstElementChild;
    if (!inside) return;
    place = { x: within(place.x, 1 - zoom, 0), y: within(place.y, 1 - zoom, 0) };
    const at = `translate(${100 * place.x}%, ${100 * place.y}%)`;
    inside.style.transform = zoom === 1 ? "" : `${at} scale(${zoom})`;
    inside.style.setProperty("--zoom", zoom);
    stage().classList.toggle("is-close", zoom > 1);
    const image = inside.querySelector("img");
    if (zoom > CLOSE && image.dataset.large) {
      image.src = image.dataset.large;
      delete image.dataset.large;
    }
  }

  // Keeps the place (shares of the stage) under the pointer where it is.
  function zoomTo(wanted, x = 0.5, y = 0.5) {
    const next = within(wanted, 1, MOST);
    place = { x: x - ((x - place.x) * next) / zoom, y: y - ((y - place.y) * next) / zoom };
    zoom = next;
    draw();
  }

  function share(event) {
    const box = stage().getBoundingClientRect();
    return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
  }

  const ZOOM = {
    in: () => zoomTo(zoom * STEP),
    out: () => zoomTo(zoom / STEP),
    fit: () => zoomTo(1),
  };
  const KEYS = { "+": "in", "=": "in", "-": "out", 0: "fit" };

  addEventListener("click", (event) => ZOOM[event.target.closest?.("[data-zoom]")?.dataset.zoom]?.());

  addEventListener("dblclick", (event) => {
    if (event.target.closest?.(".vr-stage")) zoomTo(zoom > 1 ? 1 : 3, ...share(event));
  });

  // The plain wheel moves the page; with Ctrl, as pinching sends it, the picture grows.
  addEventListener(
    "wheel",
    (event) => {
      if (!event.ctrlKey || !event.target.closest?.(".vr-stage")) return;
      event.preventDefault();
      zoomTo(zoom * Math.exp(-event.deltaY / 200), ...share(event));
    },
    { passive: false },
  );

  addEventListener("pointerdown", (event) => {
    if (zoom > 1 && event.target.closest?.(".vr-stage")) held = share(event);
  });
  addEventListener("pointermove", (event) => {
    if (!held) return;
    const [x, y] = share(event);
    place = { x: place.x + x - held[0], y: place.y + y - held[1] };
    held = [x, y];
    draw();
  });
  addEventListener("pointerup", () => (held = null));
  addEventListener("pointercancel", () => (held = null));
  addEventListener("dragstart", (event) => {
    if (event.target.closest?.(".vr-stage")) event.preventDefault();
  });

  addEventListener("keydown", (event) => {
    const elsewhere = event.target.closest?.("input, select, textarea, [role=dialog], .vv-menu");
    if (elsewhere || event.ctrlKey || event.metaKey || event.altKey) return;
    const way = { ArrowLeft: "newer", ArrowRight: "older" }[event.key];
    if (way) document.querySelector(`[data-step="${way}"]`)?.click();
    ZOOM[KEYS[event.key]]?.();
  });
})();
