import { memoize } from '../../provenance/memoize.ts';

/** The length of `2026-03-02T08:00:00.0000000Z`. */
const exactLength = 28;

/**
 * Milliseconds of a `Retrieval`'s time. Rows have it by the million, and few different days: reading the clock's digits
 * takes a fraction of the time of `Date.parse`, which decides for every other form.
 */
export function momentOf(at: string): number {
  // Whoever judges a row asks for its moment.
  if (at !== lastAt) {
    lastMoment = readMoment(at);
    lastAt = at;
  }
  return lastMoment;
}

let lastAt = '';
let lastMoment = Number.NaN;

function readMoment(at: string): number {
  if (at.length !== exactLength) return Date.parse(at);
  return startOfDay(at.slice(0, 10)) + secondOfDay(at) * 1000 + twoDigits(at, 20) * 10 + at.charCodeAt(22) - zero;
}

/** The length of `2026-03-02T08:00:00.000Z`. */
const receiptLength = 24;

/**
 * What `momentOf` says of the bytes from `from` until before `to`, if they are in the log's own form, which `parseTime`
 * leaves as it is; else NaN.
 */
export function momentAt(bytes: Buffer, from: number, to: number): number {
  return to - from === exactLength && bytes[to - 1] === zulu ? fineClockAt(bytes, from, 7) : Number.NaN;
}

/** What `instantOf` says of the bytes, if they have milliseconds; else NaN. */
export function instantAt(bytes: Buffer, from: number, to: number): number {
  return to - from === receiptLength && bytes[to - 1] === zulu ? fineClockAt(bytes, from, 3) : Number.NaN;
}

/** The length of `2026-03-02T08:00:00Z`. */
const secondLength = 20;

/** What `instantOf` says of the bytes, if they have whole seconds, or milliseconds; else NaN. */
export function secondOrInstantAt(bytes: Buffer, from: number, to: number): number {
  if (to - from !== secondLength) return instantAt(bytes, from, to);
  return bytes[to - 1] === zulu ? clockAt(bytes, from) : Number.NaN;
}

const zulu = 0x5a;

/** `fraction`: so many digits after a point, of which three count. NaN for another form. */
function fineClockAt(bytes: Buffer, from: number, fraction: number): number {
  if (bytes[from + 19] !== 0x2e || digitsAt(bytes, from + 20, fraction) < 0) return Number.NaN;
  return clockAt(bytes, from) + digitsAt(bytes, from + 20, 3);
}

/** Whole seconds, in milliseconds; NaN for another form. */
function clockAt(bytes: Buffer, from: number): number {
  if (!hasSigns(bytes, from)) return Number.NaN;
  const day = (digitsAt(bytes, from, 4) * 100 + digitsAt(bytes, from + 5, 2)) * 100 + digitsAt(bytes, from + 8, 2);
  const hour = digitsAt(bytes, from + 11, 2);
  const minute = digitsAt(bytes, from + 14, 2);
  const second = digitsAt(bytes, from + 17, 2);
  if (day < 0 || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59) return Number.NaN;
  if (day !== lastDay) readDay(day, bytes.toString('latin1', from, from + 10));
  return lastStart + ((hour * 60 + minute) * 60 + second) * 1000;
}

/** The day of the bytes that were read last, as one number, and when it began; NaN if there is no such day. */
let lastDay = -1;
let lastStart = Number.NaN;

function readDay(day: number, text: string): void {
  const start = startOfDay(text);
  lastDay = day;
  lastStart = new Date(start).getUTCDate() === day % 100 ? start : Number.NaN;
}

/** The signs between the digits, from the first `-` to the last `:`. */
function hasSigns(bytes: Buffer, from: number): boolean {
  return (
    bytes[from + 4] === 0x2d &&
    bytes[from + 7] === 0x2d &&
    bytes[from + 10] === 0x54 &&
    bytes[from + 13] === 0x3a &&
    bytes[from + 16] === 0x3a
  );
}

/** A number far below zero if not all of them are digits. */
function digitsAt(bytes: Buffer, from: number, count: number): number {
  let number = 0;
  for (let at = from; at < from + count; at += 1) {
    const digit = (bytes[at] ?? 0) - zero;
    if (digit < 0 || digit > 9) return noDigits;
    number = number * 10 + digit;
  }
  return number;
}

const noDigits = -1e12;

/** `2026-03-02T08:00:00Z`, or with milliseconds. */
const written = /^\d{4}-\d\d-\d\dT(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{3})?Z$/;

/** What `Date.parse` says, of the times that jobs and receipts have. NaN if it is none. */
export function instantOf(text: string): number {
  if (!written.test(text)) return Date.parse(text);
  const milliseconds = text.length === 20 ? 0 : twoDigits(text, 20) * 10 + text.charCodeAt(22) - zero;
  return startOfDay(text.slice(0, 10)) + secondOfDay(text) * 1000 + milliseconds;
}

const startOfDay = memoize((day) => Date.parse(`${day}T00:00:00Z`));

const zero = 48;

function secondOfDay(text: string): number {
  return (twoDigits(text, 11) * 60 + twoDigits(text, 14)) * 60 + twoDigits(text, 17);
}

function twoDigits(text: string, at: number): number {
  return (text.charCodeAt(at) - zero) * 10 + text.charCodeAt(at + 1) - zero;
}
