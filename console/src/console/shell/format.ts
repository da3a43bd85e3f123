/** Numbers and dates in the reader's language. */

import { language } from "../../languages/language";
import { shellTexts } from "../../languages/shell";

export function count(number: number): string {
  return new Intl.NumberFormat(language()).format(number);
}

/** A share of 1 as percent, with at most one digit behind the point. */
export function percent(share: number): string {
  return new Intl.NumberFormat(language(), { style: "percent", maximumFractionDigits: 1 }).format(share);
}

export function decimal(number: number, digits = 2): string {
  return new Intl.NumberFormat(language(), { maximumFractionDigits: digits }).format(number);
}

/** A moment as day and time; a dash for none. */
export function moment(timestamp: string | null | undefined): string {
  if (!timestamp) return shellTexts().none;
  return new Intl.DateTimeFormat(language(), { dateStyle: "medium", timeStyle: "short" }).format(new Date(timestamp));
}

/** A number of bytes in the unit that suits it. */
export function bytes(size: number): string {
  const units = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"] as const;
  const step = size < 1 ? 0 : Math.min(Math.floor(Math.log10(size) / 3), units.length - 1);
  const format = new Intl.NumberFormat(language(), { style: "unit", unit: units[step], unitDisplay: "short", maximumFractionDigits: 1 });
  return format.format(size / 1000 ** step);
}

const UNITS = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
  ["second", 1],
] as const;

/** A length of time in its two largest units: 1 day 4 hr. */
export function duration(seconds: number): string {
  const shown: string[] = [];
  let rest = Math.round(seconds);
  for (const [unit, length] of UNITS) {
    const number = Math.floor(rest / length);
    rest -= number * length;
    if (number > 0 || (unit === "second" && shown.length === 0)) {
      shown.push(new Intl.NumberFormat(language(), { style: "unit", unit, unitDisplay: "short" }).format(number));
    }
    if (shown.length === 2) break;
  }
  return shown.join(" ");
}
