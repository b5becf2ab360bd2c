// Pictures in the browser: choosing and dropping files, the camera, pointing at faces.
"use strict";

const visavis = (() => {
  let uploader = 0;
  let largest = Infinity;
  let pinned = null; // the face that stays lit after a click

  const find = (id) => document.getElementById(id);

  function start(uploaderId, maxBytes) {
    uploader = uploaderId;
    largest = maxBytes;
    const input = find("vv-input");
    input.addEventListener("change", () => {
      add([...input.files]);
      input.value = "";
    });
    find("vv-camera").addEventListener("close", stopCamera);
    document.body.dataset.ready = "yes"; // from here on the page can be used
  }

  // ---- files ----------------------------------------------------------------------------------

  function add(files) {
    if (!files.length) return;
    pinned = null;
    emitEvent("visavis_added", { count: files.length });
    const small = files.filter((file) => file.size <= largest);
    files.filter((file) => file.size > largest).forEach((file) => refuse(file.name, "too_large"));
    if (small.length) getElement(uploader).$refs.qRef.addFiles(small);
  }

  function refuse(name, why) {
    emitEvent("visavis_refused", { name, why });
  }

  function failed(info) {
    const why = info.xhr?.status === 413 ? "too_large" : "not_sent";
    info.files.forEach((file) => refuse(file.name, why));
  }

  const carriesFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
  let depth = 0; // dragenter and dragleave also come from every element that is crossed
  const mark = () => document.body.classList.toggle("vv-dragging", depth > 0);

  addEventListener("dragenter", (event) => {
    if (carriesFiles(event)) depth += 1;
    mark();
  });
  addEventListener("dragleave", (event) => {
    if (carriesFiles(event)) depth = Math.max(0, depth - 1);
    mark();
  });
  addEventListener("dragover", (event) => {
    if (carriesFiles(event)) event.preventDefault();
  });
  addEventListener("drop", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    depth = 0;
    mark();
    add([...event.dataTransfer.files]);
  });
  addEventListener("paste", (event) => add([...(event.clipboardData?.files ?? [])]));

  // ---- camera ---------------------------------------------------------------------------------

  function tell(sentence) {
    const note = find("vv-camera-note");
    note.textContent = sentence;
    note.hidden = !sentence;
  }

  async function openCamera() {
    const dialog = find("vv-camera");
    dialog.showModal();
    tell("Waiting for the camera…");
    const trouble = await visavisCamera.open(find("vv-video"), () => dialog.open);
    tell(trouble);
    if (trouble || !dialog.open) return;
    action("snap").disabled = false;
    action("snap").focus();
  }

  function stopCamera() {
    visavisCamera.close(find("vv-video"));
    action("snap").disabled = true;
  }

  function snap() {
    visavisCamera.shoot(find("vv-video"), (picture) => add([picture]));
    find("vv-camera").close();
  }

  // ---- faces ----------------------------------------------------------------------------------

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

  // ---- clicks ---------------------------------------------------------------------------------

  const action = (name) => document.querySelector(`[data-do="${name}"]`);
  const DO = {
    choose: () => find("vv-input").click(),
    camera: openCamera,
    snap,
    "close-camera": () => find("vv-camera").close(),
  };

  addEventListener("click", (event) => {
    DO[event.target.closest?.("[data-do]")?.dataset.do]?.();
    if (event.target.closest?.(".vv-thumb")) pinned = null;
    const face = faceOf(event);
    if (face !== null) pin(face, event.target.closest(".vv-box") !== null);
  });

  return { start, failed };
})();
