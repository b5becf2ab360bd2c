// Logging in by face: the camera fills in the file that the form sends. Without a script people
// choose the file themselves.
"use strict";

(() => {
  const find = (id) => document.getElementById(id);
  const video = find("vf-video");
  const note = find("vf-note");
  const go = find("vf-go");
  const file = find("file");
  const form = file.form;

  function tell(sentence) {
    note.textContent = sentence;
    note.hidden = !sentence;
  }

  function choose() {
    find("vf-camera").hidden = true;
    find("vf-file").hidden = false;
    find("vf-other").hidden = true;
    visavisCamera.close(video);
    go.textContent = "Log in";
    go.disabled = false;
  }

  find("vf-camera").hidden = false;
  find("vf-file").hidden = true;
  find("vf-other").hidden = false;
  find("vf-other").addEventListener("click", choose);
  go.textContent = "Take the picture and log in";
  go.disabled = true;
  tell("Waiting for the camera…");
  visavisCamera.open(video, () => true).then((trouble) => {
    tell(trouble);
    go.disabled = Boolean(trouble);
  });

  go.addEventListener("click", (event) => {
    if (!video.srcObject) return; // a file was chosen: the form is sent as it is
    event.preventDefault();
    visavisCamera.shoot(video, (picture) => {
      const files = new DataTransfer();
      files.items.add(picture);
      file.files = files.files;
      if (!form.reportValidity()) return;
      visavisCamera.close(video);
      go.disabled = true;
      tell("Looking at the picture…");
      form.submit();
    });
  });
})();
