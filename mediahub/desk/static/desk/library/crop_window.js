// Where a rendition that fills a shape is cut out of a picture: the same as `window` in processing/crop.py.

/** The largest part of a picture with the shape's aspect, as near around the point (0 to 1) as it fits in. */
export function computeWindow([width, height], [across, down], { x, y }) {
  const scale = Math.min(width / across, height / down);
  const wide = Math.min(across * scale, width);
  const high = Math.min(down * scale, height);
  return {
    left: Math.min(Math.max(x * width - wide / 2, 0), width - wide),
    top: Math.min(Math.max(y * height - high / 2, 0), height - high),
    width: wide,
    height: high,
  };
}
