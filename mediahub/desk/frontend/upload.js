// The upload page: Uppy sends the files straight into the upload bucket, the list below follows each one to its end.

import AwsS3 from "@uppy/aws-s3";
import Uppy from "@uppy/core";
import Dashboard from "@uppy/dashboard";
import GoldenRetriever from "@uppy/golden-retriever";
import { arrivals } from "./arrivals.js";
import { signer } from "./signing.js";

const page = JSON.parse(document.getElementById("upload-config").textContent);
const csrf = document.querySelector("[name=csrfmiddlewaretoken]").value;
const list = arrivals(document.getElementById("arrivals"), page);
const uploads = new Map();
const rules = new Intl.PluralRules(document.documentElement.lang);
const pluralize = (number) => rules.select(number);

function theme() {
  const chosen = document.documentElement.dataset.theme;
  return chosen === "light" || chosen === "dark" ? chosen : "auto";
}

const uppy = new Uppy({
  // What one editor left unfinished is not offered to the next one at the same machine.
  id: `desk-${page.user}`,
  autoProceed: true,
  restrictions: { maxFileSize: page.maxBytes, minFileSize: 1, allowedFileTypes: page.types },
  locale: { strings: page.words.uppy, pluralize },
});

uppy
  .use(Dashboard, {
    target: "#drop",
    inline: true,
    width: "100%",
    height: 320,
    theme: theme(),
    proudlyDisplayPoweredByUppy: false,
    singleFileFullScreen: false,
    fileManagerSelectionType: "files",
    note: page.words.note,
    locale: { strings: page.words.dashboard, pluralize },
  })
  .use(AwsS3, {
    shouldUseMultipart: (file) => file.size > page.partThreshold,
    getChunkSize: () => page.partBytes,
    allowedMetaFields: [],
    limit: 4,
    generateObjectKey: (file) => file.id,
    signRequest: signer({ ...page, csrf }, (key) => uppy.getFile(key), (file, ticket) => {
      uploads.set(file.id, ticket.upload);
      uppy.setFileMeta(file.id, { upload: ticket.upload });
    }),
  })
  // Its own limits are for documents; a file that does not fit is offered again too, to be chosen once more.
  .use(GoldenRetriever, { indexedDB: { maxFileSize: page.maxBytes, maxTotalSize: 5 * page.maxBytes } });

new MutationObserver(() => uppy.getPlugin("Dashboard").setOptions({ theme: theme() })).observe(
  document.documentElement,
  { attributeFilter: ["data-theme"] },
);

// Uppy forgets the list around a single file, whose item then has no list to belong to.
const drop = document.getElementById("drop");
new MutationObserver(() => drop.querySelector(".uppy-Dashboard-files:not([role])")?.setAttribute("role", "list")).observe(
  drop,
  { childList: true, subtree: true },
);

uppy.on("file-added", (file) => list.local(file.id, file.name, "queued"));
uppy.on("upload-start", (files) => files.forEach((file) => list.local(file.id, file.name, "sending")));
uppy.on("thumbnail:generated", (file, preview) => list.preview(uploads.get(file.id) ?? file.id, preview));
uppy.on("upload-error", (file, error) => list.local(file.id, file.name, "refused", error.message));
uppy.on("restriction-failed", (file, error) => {
  if (file) list.local(`refused-${file.name}-${file.size}`, file.name, "refused", error.message);
});
uppy.on("file-removed", (file) => {
  if (!file.progress.uploadComplete) list.forget(file.id);
});
uppy.on("upload-success", (file) => list.follow(file.id, uploads.get(file.id) ?? file.meta.upload));
uppy.on("complete", ({ successful }) => {
  // What has arrived is told below; the drop zone keeps what still needs the editor.
  for (const file of successful) uppy.removeFile(file.id);
});

list.restore(page.recent);
