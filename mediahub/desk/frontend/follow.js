// The page of one file that was sent by the plain form, for a browser that has JavaScript after all.

import { arrivals } from "./arrivals.js";

const page = JSON.parse(document.getElementById("upload-config").textContent);
arrivals(document.getElementById("arrivals"), page).restore(page.recent);
