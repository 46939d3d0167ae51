// Bytes, rates and times as the reader's language writes them, and the server's sentences with values filled in.

const language = document.documentElement.lang || undefined;
const SIZES = [["gigabyte", 1e9], ["megabyte", 1e6], ["kilobyte", 1e3]];
const TIMES = [["hour", 3600], ["minute", 60]];

/** A sentence of the server's, with each `{name}` replaced. */
export function formatText(text, values) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

export function formatCount(number) {
  return new Intl.NumberFormat(language).format(number);
}

function formatUnit(number, name, options) {
  return new Intl.NumberFormat(language, { style: "unit", unit: name, ...options }).format(number);
}

export function formatBytes(number, per = "") {
  const [name, size] = SIZES.find(([, least]) => number >= least) ?? SIZES.at(-1);
  const value = number / size;
  return formatUnit(value, name + per, { maximumFractionDigits: value < 10 ? 1 : 0 });
}

export function formatRate(number) {
  return formatBytes(number, "-per-second");
}

/** Seconds as a time that is easy to say: no hours with seconds. */
export function formatTime(seconds) {
  const [name, size] = TIMES.find(([, least]) => seconds > 1.5 * least) ?? ["second", 1];
  return formatUnit(Math.max(1, Math.round(seconds / size)), name, { unitDisplay: "long" });
}
