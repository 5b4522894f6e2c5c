import { createViews, wordBytes } from './byte-words.ts';

/** Where an address names a secret and its version: from the first byte until before the last. Without a version both are 0. */
export interface SecretAddress {
  nameFrom: number;
  nameTo: number;
  versionFrom: number;
  versionTo: number;
}

const scheme = Buffer.from('https://');
const collection = Buffer.from('/secrets/');
const versionLength = 32;
const slash = 0x2f;
const question = 0x3f;

/**
 * Finds what `requestedSecret` finds in `https://HOST/secrets/NAME[/VERSION][/][?QUERY]`, the form of nearly all addresses.
 * Returns `false` for any other, which may name a secret all the same.
 */
export function locateSecret(bytes: Buffer, from: number, to: number, found: SecretAddress): boolean {
  const nameFrom = findName(bytes, from, to);
  if (nameFrom === -1) return false;
  found.nameFrom = nameFrom;
  found.nameTo = endOfSegment(bytes, found.nameFrom, to);
  found.versionFrom = 0;
  found.versionTo = 0;
  if (found.nameTo === found.nameFrom) return false;
  if (bytes[found.nameTo] !== slash || found.nameTo === to) return endsAt(bytes, found.nameTo, to) && !isVerb(found);
  const version = found.nameTo + 1;
  const end = endOfSegment(bytes, version, to);
  if (end === version) return endsAt(bytes, end, to) && !isVerb(found);
  // No word in the place of a version is as long as one.
  if (end - version !== versionLength) return false;
  found.versionFrom = version;
  found.versionTo = end;
  return endsAt(bytes, end, to) || (bytes[end] === slash && endsAt(bytes, end + 1, to));
}

/** What came before the last name that was found, as words: nearly all addresses of a log begin alike. */
let before = new DataView(new ArrayBuffer(0));
const viewOf = createViews();

/** Where the name of the secret begins; -1 if the address has another form. */
function findName(bytes: Buffer, from: number, to: number): number {
  if (beginsAsBefore(viewOf(bytes), from, to)) return from + before.byteLength;
  if (!isAt(bytes, from, to, scheme)) return -1;
  const path = endOfSegment(bytes, from + scheme.length, to);
  if (!isAt(bytes, path, to, collection)) return -1;
  const name = path + collection.length;
  const copy = Uint8Array.from(bytes.subarray(from, name));
  before = new DataView(copy.buffer);
  return name;
}

function beginsAsBefore(view: DataView, from: number, to: number): boolean {
  const length = before.byteLength;
  if (length === 0 || from + length > to) return false;
  let at = 0;
  for (; at + wordBytes <= length; at += wordBytes)
    if (view.getInt32(from + at, true) !== before.getInt32(at, true)) return false;
  for (; at < length; at += 1) if (view.getUint8(from + at) !== before.getUint8(at)) return false;
  return true;
}

function isAt(bytes: Buffer, at: number, to: number, text: Buffer): boolean {
  if (at + text.length > to) return false;
  for (let offset = 0; offset < text.length; offset += 1) if (bytes[at + offset] !== text[offset]) return false;
  return true;
}

/** The first slash or question mark, or the end. */
function endOfSegment(bytes: Buffer, from: number, to: number): number {
  let at = from;
  while (at < to && bytes[at] !== slash && bytes[at] !== question && bytes[at] !== hash) at += 1;
  return at;
}

const hash = 0x23;

function endsAt(bytes: Buffer, at: number, to: number): boolean {
  return at >= to || bytes[at] === question;
}

/** `/secrets/restore` names no secret; what has its length may be it. */
function isVerb({ nameFrom, nameTo }: SecretAddress): boolean {
  return nameTo - nameFrom === 'restore'.length;
}
