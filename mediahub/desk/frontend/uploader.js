// Uppy as this desk uses it: files go straight into the upload bucket, and each row of the list tells how far its file is.

import AwsS3 from "@uppy/aws-s3";
import Uppy from "@uppy/core";
import { getConnection } from "../static/desk/session.js";
import { retryFailedFiles } from "./retries.js";
import { showTotalProgress } from "./progress.js";
import { createSigner } from "./signing.js";

const INTERVAL = 2000;

/** `onTicket` hears that a file has its ticket, `onGone(file)` that it needs to be sent no more. */
export function createUploader(page, list, { id, autoProceed, onTicket = () => {}, onGone = () => {} }) {
  const rules = new Intl.PluralRules(document.documentElement.lang);
  const pluralize = (number) => rules.select(number);
  const uppy = new Uppy({
    id,
    autoProceed,
    locale: { strings: page.words.uppy, pluralize },
  });
  const waiting = new Set();
  const showState = (file, state, reason) => {
    if (state === "waiting") waiting.add(file.id);
    else waiting.delete(file.id);
    if (state === "refused") totalProgress.refused(file);
    list.showLocal(file.id, file.name, state, reason);
  };

  uppy.use(AwsS3, {
    shouldUseMultipart: (file) => file.size > page.partThreshold,
    getChunkSize: () => page.partBytes,
    allowedMetaFields: [],
    limit: 4,
    generateObjectKey: (file) => file.id,
    signRequest: createSigner(page, (key) => uppy.getFile(key), (file, ticket) => {
      if (uppy.getFile(file.id)) uppy.setFileMeta(file.id, { upload: ticket.upload });
      onTicket(file);
    }),
  });
  const totalProgress = showTotalProgress(uppy, document.getElementById("far"), {
    words: page.words.progress,
    show: list.showProgress,
    say: list.announce,
  });

  /** The store has the file: from here on the server says what becomes of it. */
  function followArrived(file, upload) {
    waiting.delete(file.id);
    list.showLocal(file.id, file.name, "sent");
    list.follow(file.id, upload);
    if (uppy.getFile(file.id)) uppy.removeFile(file.id);
  }

  /** What has arrived is told by the list; the drop zone keeps what still needs the editor. */
  function removeFinished() {
    const files = uppy.getFiles();
    if (!files.every(({ progress: { uploadComplete }, error }) => uploadComplete || error)) return;
    for (const file of files) if (file.progress.uploadComplete) uppy.removeFile(file.id);
  }

  const uploadOf = (file) => uppy.getFile(file.id)?.meta.upload ?? file.meta.upload;
  const { ask } = retryFailedFiles(uppy, page, { uploadOf, show: showState, arrived: followArrived });

  uppy.on("file-added", (file) => showState(file, "queued"));
  uppy.on("upload-start", (files) => files.forEach((file) => showState(file, "queued")));
  uppy.on("upload-progress", ({ id }, { bytesUploaded }) => {
    if (bytesUploaded && uppy.getFile(id) && !uppy.getFile(id).isPaused) list.showSending(id);
  });
  uppy.on("upload-pause", (file, isPaused) => showState(file, isPaused ? "paused" : "sending"));
  uppy.on("pause-all", () => {
    for (const file of uppy.getFiles()) if (file.isPaused) showState(file, "paused");
  });
  uppy.on("restriction-failed", (file, error) => {
    if (file) list.showLocal(`refused-${file.name}-${file.size}`, file.name, "refused", error.message);
  });
  uppy.on("file-removed", (file) => {
    waiting.delete(file.id);
    if (file.progress.uploadComplete) return;
    list.remove(file.id);
    onGone(file);
  });
  uppy.on("upload-success", (file) => {
    showState(file, "sent");
    list.follow(file.id, uploadOf(file));
    queueMicrotask(removeFinished);
  });
  uppy.on("complete", removeFinished);

  /** Whether a file would be cut off if the page were left now. */
  function isSending() {
    if (uppy.getState().recoveredState) return false;
    return totalProgress.isChecking() || uppy.getFiles().some((file) => !file.progress.uploadComplete && (!file.error || waiting.has(file.id)));
  }
  addEventListener("beforeunload", (event) => {
    if (isSending()) event.preventDefault();
  });

  // A browser that wrongly says it is offline would let Uppy wait for ever, although the server answers.
  setInterval(() => {
    if (!navigator.onLine && getConnection() === "in" && isSending()) dispatchEvent(new Event("online"));
  }, INTERVAL);

  return { uppy, pluralize, totalProgress, arrived: followArrived, ask, uploadOf, isSending };
}
