import { constants } from 'node:buffer';
import { createReadStream } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ServiceError } from '../../service-error.ts';
import { isNestedTooDeeply } from './nesting.ts';

/** One parsed value of a file and its place: `file:line`. */
export interface PlacedJson {
  readonly value: unknown;
  readonly place: string;
  /** The line that it is, without its end; `null` for a document. */
  readonly line: string | null;
}

/** A line that is not valid JSON, or is nested too deeply to be a row. */
export interface PlacedFault {
  readonly fault: string;
  readonly place: string;
}

const extensions = /\.(json|ndjson|jsonl)$/i;

/**
 * Streams a file with one JSON value per line, or with one JSON value over many lines, or every such file of a folder
 * and its subfolders in order of their paths. Yields a broken line as a fault with its place; never skips it.
 * @throws ServiceError `FILE_MISSING`; `RECORD_UNREADABLE` if the file or folder cannot be opened.
 */
export async function* readJsonLines(path: string): AsyncGenerator<PlacedJson | PlacedFault> {
  for await (const file of filesOf(path)) yield* readFileLines(file);
}

/**
 * The file, or every file of a folder with JSON in it, in order of their paths.
 * @throws ServiceError `FILE_MISSING`; `RECORD_UNREADABLE`, for a device or a socket too.
 */
export async function* filesOf(path: string): AsyncGenerator<string> {
  try {
    const found = await stat(path);
    if (!found.isDirectory()) {
      // A pipe is read once, as a file is; a device may never end.
      if (!found.isFile() && !found.isFIFO())
        throw new ServiceError('RECORD_UNREADABLE', { path, reason: notReadable });
      yield path;
      return;
    }
    const entries = await readdir(path, { recursive: true });
    yield* entries
      .filter((name) => extensions.test(name))
      .sort()
      .map((name) => join(path, name));
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

async function* readFileLines(file: string): AsyncGenerator<PlacedJson | PlacedFault> {
  let number = 0;
  for await (const line of linesOf(file)) {
    number += 1;
    if (line === '' || line === '\r') continue;
    const piece = parseLine(line, `${file}:${String(number)}`);
    const document = isBroken(piece) && number === 1 ? await readDocument(file) : null;
    yield document ?? piece;
    if (document !== null) return;
  }
}

/** One line of a file: its value, or what is wrong with it. */
export function parseLine(line: string, place: string): PlacedJson | PlacedFault {
  if (isNestedTooDeeply(line)) return { fault: tooDeep, place };
  const value = parseOrFault(line);
  if (typeof value === 'symbol') return { fault: notJson, place };
  return { value, place, line: line.endsWith('\r') ? line.slice(0, -1) : line };
}

/**
 * Whether a line is no complete value. A first line that is none begins a document over many lines, such as an archive's
 * `{"records": […]}`, or is broken.
 */
export function isBroken(piece: PlacedJson | PlacedFault): boolean {
  return 'fault' in piece && piece.fault === notJson;
}

/** The one value of a file; `null` if the file is not one value. */
async function readDocument(file: string): Promise<PlacedJson | PlacedFault | null> {
  // A longer text than this cannot be held.
  if ((await stat(file)).size > constants.MAX_STRING_LENGTH) return null;
  const text = await readFile(file, 'utf8');
  if (isNestedTooDeeply(text)) return { fault: tooDeep, place: file };
  const value = parseOrFault(text);
  return typeof value === 'symbol' ? null : { value, place: file, line: null };
}

/** Whether a file that begins with an incomplete line is one value over many lines. */
export async function isDocument(file: string): Promise<boolean> {
  return (await readDocument(file)) !== null;
}

const notReadable = 'it is a device or a socket, and neither a file nor a folder';
const tooDeep = 'it is nested too deeply';
const notJson = 'it is not valid JSON';
const broken = Symbol('no JSON');

function parseOrFault(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return broken;
  }
}

async function* linesOf(file: string): AsyncGenerator<string> {
  let rest = '';
  try {
    for await (const chunk of createReadStream(file, { encoding: 'utf8', highWaterMark: 1 << 18 })) {
      const lines = (rest + String(chunk)).split('\n');
      rest = lines.pop() ?? '';
      yield* lines;
    }
  } catch (cause) {
    throw unreadable(file, cause);
  }
  if (rest !== '') yield rest;
}

/** The fault of a file that cannot be opened or read. */
export function unreadable(path: string, cause: unknown): ServiceError {
  if (ServiceError.is(cause)) return cause;
  const code: unknown = cause instanceof Error && 'code' in cause ? cause.code : null;
  if (code === 'ENOENT') return new ServiceError('FILE_MISSING', { path }, { cause });
  const reason = typeof code === 'string' ? code : 'it cannot be opened';
  return new ServiceError('RECORD_UNREADABLE', { path, reason }, { cause });
}
