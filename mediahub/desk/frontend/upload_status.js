// The page of one file that was sent by the plain form, for a browser that has JavaScript after all.

import { createUploadList } from "./upload_list.js";

const page = JSON.parse(document.getElementById("upload-config").textContent);
createUploadList(document.getElementById("arrivals"), page).restore(page.recent);
