// The start page in the browser: choosing and dropping files, the camera, pointing at faces.
"use strict";

const visavis = (() => {
  let uploader = 0;
  let largest = Infinity;
  let stream = null;
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

  const TROUBLE = {
    NotAllowedError: "The browser may not use the camera. Allow it beside the address and try again.",
    NotFoundError: "No camera was found on this device. Connect one, or choose a picture instead.",
    NotReadableError: "Another program is using the camera. Close it there and try again.",
    insecure: "The camera works only over https, or on the same machine as localhost. Choose a picture instead.",
  };

  function tell(sentence) {
    const note = find("vv-camera-note");
    note.textContent = sentence;
    note.hidden = !sentence;
  }

  async function openCamera() {
    find("vv-camera").showModal();
    tell("Waiting for the camera…");
    if (!navigator.mediaDevices) return tell(TROUBLE.insecure);
    try {
      const opened = await navigator.mediaDevices.getUserMedia({
        video: { width: { ideal: 1920 }, height: { ideal: 1080 }, facingMode: "user" },
      });
      if (!find("vv-camera").open) return opened.getTracks().forEach((track) => track.stop());
      stream = opened;
      const video = find("vv-video");
      video.srcObject = stream;
      await video.play();
      tell("");
      action("snap").disabled = false;
      action("snap").focus();
    } catch (error) {
      tell(TROUBLE[error.name] ?? `The camera cannot be used (${error.name}). Choose a picture instead.`);
    }
  }

  function stopCamera() {
    stream?.getTracks().forEach((track) => track.stop());
    stream = null;
    find("vv-video").srcObject = null;
    action("snap").disabled = true;
  }

  function snap() {
    const video = find("vv-video");
    const canvas = document.createElement("canvas");
    canvas.width = video.videoWidth;
    canvas.height = video.videoHeight;
    canvas.getContext("2d").drawImage(video, 0, 0);
    const time = new Date().toTimeString().slice(0, 8).replaceAll(":", "-");
    canvas.toBlob((blob) => add([new File([blob], `camera-${time}.jpg`, { type: blob.type })]), "image/jpeg", 0.95);
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
