// Bytes, rates and times as the reader's language writes them, and the server's sentences with values filled in.

const language = document.documentElement.lang || undefined;
const SIZES = [["gigabyte", 1e9], ["megabyte", 1e6], ["kilobyte", 1e3]];
const TIMES = [["hour", 3600], ["minute", 60]];

/** A sentence of the server's, with each `{name}` replaced. */
export function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

export function count(number) {
  return new Intl.NumberFormat(language).format(number);
}

function unit(number, name, options) {
  return new Intl.NumberFormat(language, { style: "unit", unit: name, ...options }).format(number);
}

export function bytes(number, per = "") {
  const [name, size] = SIZES.find(([, least]) => number >= least) ?? SIZES.at(-1);
  const value = number / size;
  return unit(value, name + per, { maximumFractionDigits: value < 10 ? 1 : 0 });
}

export function rate(number) {
  return bytes(number, "-per-second");
}

/** Seconds as a time that is easy to say: no hours with seconds. */
export function time(seconds) {
  const [name, size] = TIMES.find(([, least]) => seconds > 1.5 * least) ?? ["second", 1];
  return unit(Math.max(1, Math.round(seconds / size)), name, { unitDisplay: "long" });
}
