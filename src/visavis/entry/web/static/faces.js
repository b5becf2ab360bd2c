// Pointing at faces: what is known about one opens beside the picture, and its box is lit.
"use strict";

const visavisFaces = (() => {
  let pinned = null; // the face that stays lit after a click

  const find = (id) => document.getElementById(id);

  function light(face) {
    document.querySelectorAll("[data-face]").forEach((element) => {
      const lit = face !== null && element.dataset.face === face;
      element.classList.toggle("is-lit", lit);
    });
    document.querySelector(".vv-stage")?.classList.toggle("has-lit", face !== null);
  }

  const faceOf = (event) => event.target.closest?.("[data-face]")?.dataset.face ?? null;

  addEventListener("pointerover", (event) => light(faceOf(event) ?? pinned));
  addEventListener("focusin", (event) => light(faceOf(event) ?? pinned));

  // A click opens what is known about a face and keeps it lit; one face is open at a time.
  function pin(face, fromPicture) {
    const chosen = document.querySelector(`.vv-face[data-face="${face}"]`);
    pinned = chosen?.getAttribute("aria-expanded") === "true" ? null : face;
    document.querySelectorAll(".vv-face").forEach((button) => {
      const open = button.dataset.face === pinned;
      button.setAttribute("aria-expanded", String(open));
      find(button.getAttribute("aria-controls")).hidden = !open;
    });
    light(pinned ?? face);
    if (fromPicture) chosen?.parentElement.scrollIntoView({ block: "nearest" });
  }

  addEventListener("click", (event) => {
    const face = faceOf(event);
    if (face !== null) pin(face, event.target.closest(".vv-box") !== null);
  });

  // Another picture comes: none of its faces was chosen yet.
  function forget() {
    pinned = null;
  }

  return { forget };
})();
