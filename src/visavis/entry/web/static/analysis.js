// Pictures in the browser: choosing and dropping files, the camera. After `faces.js`.
"use strict";

const visavis = (() => {
  let uploader = 0;
  let largest = Infinity;

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
    visavisFaces.forget();
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
    if (event.target.closest?.(".vv-thumb")) visavisFaces.forget();
  });

  return { start, failed };
})();
