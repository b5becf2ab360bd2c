// The camera of this device, for every page that takes pictures.
"use strict";

const visavisCamera = (() => {
  const TROUBLE = {
    NotAllowedError: "The browser may not use the camera. Allow it beside the address and try again.",
    NotFoundError: "No camera was found on this device. Connect one, or choose a picture instead.",
    NotReadableError: "Another program is using the camera. Close it there and try again.",
    insecure: "The camera works only over https, or on the same machine as localhost. Choose a picture instead.",
  };

  // Shows what the camera sees; answers what went wrong, or an empty text.
  async function open(video, isWanted) {
    if (!navigator.mediaDevices) return TROUBLE.insecure;
    try {
      const stream = await navigator.mediaDevices.getUserMedia({
        video: { width: { ideal: 1920 }, height: { ideal: 1080 }, facingMode: "user" },
      });
      if (!isWanted()) {
        stream.getTracks().forEach((track) => track.stop());
        return "";
      }
      video.srcObject = stream;
      await video.play();
      return "";
    } catch (error) {
      return TROUBLE[error.name] ?? `The camera cannot be used (${error.name}). Choose a picture instead.`;
    }
  }

  function close(video) {
    video.srcObject?.getTracks().forEach((track) => track.stop());
    video.srcObject = null;
  }

  // Takes what is seen now, not mirrored.
  function shoot(video, take) {
    const canvas = document.createElement("canvas");
    canvas.width = video.videoWidth;
    canvas.height = video.videoHeight;
    canvas.getContext("2d").drawImage(video, 0, 0);
    const time = new Date().toTimeString().slice(0, 8).replaceAll(":", "-");
    const name = `camera-${time}.jpg`;
    canvas.toBlob((blob) => take(new File([blob], name, { type: blob.type })), "image/jpeg", 0.95);
  }

  return { open, close, shoot };
})();
