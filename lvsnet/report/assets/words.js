// Numbers and times in words. All times are nanoseconds since the run's begin.

const SECOND = 1e9;
const MINUS = "\u2212", THIN = "\u202f";

/** A whole number with its thousands apart. */
function plain(number) {
  return String(number).replace(/\B(?=(\d{3})+$)/g, THIN);
}

/** "1 request", "70 requests" */
function counted(number, word) {
  return `${plain(number)} ${word}${number === 1 ? "" : "s"}`;
}

/** A length of time with three digits that count: "8.19 µs", "3.55 s", "62.5 s". */
function lasting(nanoseconds) {
  const size = Math.abs(nanoseconds);
  if (size === 0) return "0 s";
  const [unit, word] = size >= SECOND ? [SECOND, "s"] : size >= 1e6 ? [1e6, "ms"]
    : size >= 1e3 ? [1e3, "µs"] : [1, "ns"];
  const value = nanoseconds / unit;
  return `${Number(value.toPrecision(Math.abs(value) >= 1000 ? 6 : 3))} ${word}`;
}

/** A time since the begin, in seconds with as many decimals as tell apart what lies `step` apart. */
function moment(nanoseconds, step = 1e6) {
  const decimals = Math.min(9, Math.max(0, Math.ceil(-Math.log10(step / SECOND) - 1e-9)));
  const text = (Math.abs(nanoseconds) / SECOND).toFixed(decimals);
  return (nanoseconds < 0 && Number(text) !== 0 ? MINUS : "") + text;
}

/** A rate with three digits that count. */
function rate(perSecond) {
  return `${Number(perSecond.toPrecision(3))}/s`;
}

function share(part, whole) {
  return whole ? `${((100 * part) / whole).toFixed(1)} %` : "";
}
