// One processor that `python -m bench.processors` compares: sharp, as its users write a cascade of JPEG renditions.
// Reads one line of JSON for each photograph, {"photo", "edges", "crops", "quality", "out"}, and answers with one.
import { readFileSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import sharp from "sharp";

// One core, and no result that is kept from the round before.
sharp.concurrency(1);
sharp.cache(false);

async function render({ photo, edges, crops, quality }) {
  const files = {};
  const [largest, ...smaller] = edges;
  let { data, info } = await sharp(readFileSync(photo))
    .autoOrient()
    .resize(largest, largest, { fit: "inside", withoutEnlargement: true })
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  const open = () => sharp(data, { raw: { width: info.width, height: info.height, channels: info.channels } });
  const cuts = Object.entries(crops).map(async ([name, [width, height]]) => {
    files[name] = await open().resize(width, height, { fit: "cover" }).jpeg({ quality }).toBuffer();
  });
  await Promise.all(cuts);
  files[largest] = await open().jpeg({ quality }).toBuffer();
  for (const edge of smaller) {
    ({ data, info } = await open().resize(edge, edge, { fit: "inside", withoutEnlargement: true }).raw()
      .toBuffer({ resolveWithObject: true }));
    files[edge] = await open().jpeg({ quality }).toBuffer();
  }
  return files;
}

console.log(JSON.stringify({ ready: true }));
for await (const line of createInterface({ input: process.stdin })) {
  const order = JSON.parse(line);
  const start = process.cpuUsage();
  const files = await render(order);
  const { user, system } = process.cpuUsage(start);
  if (order.out) for (const [name, data] of Object.entries(files)) writeFileSync(`${order.out}/${name}.jpg`, data);
  console.log(JSON.stringify({ cpu_ms: (user + system) / 1000 }));
}
