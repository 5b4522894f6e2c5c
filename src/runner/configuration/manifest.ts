import type { Document } from 'yaml';
import { readNamedFile } from '../../command-line/named-file.ts';
import { parseDuration } from '../../secrets/duration.ts';
import { ServiceError } from '../../service-error.ts';
import { exchangeFailure } from '../http-exchange.ts';
import {
  durationForm,
  type Form,
  pathForm,
  pointerForm,
  prefixForm,
  secretNameForm,
  variableForm,
  variablePrefixForm,
  vaultNameForm,
  versionForm,
} from './form.ts';
import { destinationOf } from './duplicate-destinations.ts';
import { isSafeVariable, type SecretRequest, type SecretSelection, type SecretTarget } from './secret-request.ts';
import { type Refusal, ShapeReader } from './shape-reader.ts';

/** No manifest needs more; a larger file is not hand-written. */
const mostBytes = 262_144;
/** A file of another kind can have a fault in every line. */
const mostFaults = 50;

/** One fault of a manifest. */
export interface ManifestFault {
  /** `secrets[0].life`, or `the whole file`. */
  readonly place: string;
  /** From 1; `null` if the file has no such place. */
  readonly line: number | null;
  readonly column: number | null;
  /** After the place: `must be …`. */
  readonly reason: string;
}

/** The requests of a manifest. */
export interface Manifest {
  /** Secrets by their names, in order. */
  readonly requests: readonly SecretRequest[];
  /** Secrets by prefix, in order. */
  readonly selections: readonly SecretSelection[];
}

/**
 * A manifest, `keyturn.yml`:
 *
 * format: 1 secrets:
 * - name: database-password environment: DATABASE_PASSWORD
 *
 * Each secret has a `name` and one destination: `environment`, `file` (a path), `fileVariable` (a private file whose
 * path the variable holds) or `descriptor`; it may have `vault`, `version`, `pointer`, `required` and `life`. An entry
 * with `prefix` in place of `name` has `environmentPrefix`; it may have `vault`, `required` and `life`. Its JSON schema
 * is docs/keyturn.schema.json.
 * @throws ServiceError MANIFEST_MALFORMED with every fault, MANIFEST_MISSING
 */
export async function readManifest(path: string): Promise<Manifest> {
  return await parseManifest(readManifestText(path), path);
}

export async function parseManifest(text: string, file = 'keyturn.yml'): Promise<Manifest> {
  const { manifest, faults } = await checkManifest(text);
  if (faults.length === 0) return manifest;
  throw new ServiceError('MANIFEST_MALFORMED', { file, faults: faults.map((fault) => describeFault(file, fault)) });
}

/** `keyturn.yml:3:5: secrets[0].name is missing`. */
export function describeFault(file: string, { place, line, column, reason }: ManifestFault): string {
  const where = line === null ? file : `${file}:${String(line)}:${String(column ?? 1)}`;
  return `${where}: ${place} ${reason}`;
}

/** The manifest in a text, and all faults of it; with faults, only they count. */
export async function checkManifest(
  text: string,
): Promise<{ readonly manifest: Manifest; readonly faults: readonly ManifestFault[] }> {
  const manifest = { requests: [], selections: [] };
  const whole = (reason: string) => ({
    manifest,
    faults: [{ place: 'the whole file', line: null, column: null, reason }],
  });
  if (Buffer.byteLength(text) > mostBytes) return whole('is larger than 256 KB');
  const { document, faults, lineOf } = await parseYaml(text);
  if (faults.length > 0) return { manifest, faults };
  const value = toValue(document);
  if (value === tooManyAliases) return whole('uses too many aliases');
  const reading = startReading();
  const read = reading.collect(manifest, () => readShape(new ShapeReader(value, '', reading.refuse), reading));
  const found = reading.faults.map((fault) => ({ ...fault, ...placeIn(document, fault.place, lineOf) }));
  return { manifest: read, faults: found.toSorted(inOrder).slice(0, mostFaults) };
}

/** From the first line to the last, as a person corrects them. */
function inOrder(one: ManifestFault, other: ManifestFault): number {
  return (one.line ?? 0) - (other.line ?? 0) || (one.column ?? 0) - (other.column ?? 0);
}

/** Gathers faults while a manifest is read, so that a person sees all of them at once. */
interface Reading {
  readonly faults: Pick<ManifestFault, 'place' | 'reason'>[];
  /** Notes a fault and leaves the part that is being read. */
  readonly refuse: Refusal;
  /** Reads one part; at a fault, goes on with `otherwise`. */
  readonly collect: <Part>(otherwise: Part, read: () => Part) => Part;
}

function startReading(): Reading {
  const faults: Reading['faults'] = [];
  return {
    faults,
    refuse(place, reason) {
      faults.push({ place, reason });
      throw new ServiceError('MANIFEST_MALFORMED', { file: '', faults: [] });
    },
    collect(otherwise, read) {
      try {
        return read();
      } catch (error) {
        if (ServiceError.is(error, 'MANIFEST_MALFORMED')) return otherwise;
        throw error;
      }
    },
  };
}

function readShape(shape: ShapeReader, reading: Reading): Manifest {
  const { faults, refuse, collect } = reading;
  faults.push(...shape.unknown('format secrets'));
  collect(undefined, () => {
    if (shape.number('format') !== 1) refuse('format', 'must be 1');
  });
  const entries = shape.list('secrets', (read) => collect(null, read));
  if (entries.length === 0 && faults.length === 0) faults.push({ place: 'secrets', reason: 'names no secret' });
  const selections = entries.filter(isSelection).map((entry) => readSelection(entry, reading));
  const seen = new Map<string, string>();
  const requests = entries
    .filter((entry) => !isSelection(entry))
    .map((entry) => {
      const request = readRequest(entry, reading);
      const destination = destinationOf(request.target);
      const earlier = seen.get(destination);
      if (request.target === noTarget) return request;
      if (earlier === undefined) seen.set(destination, entry.place);
      else faults.push({ place: entry.place, reason: `has the same destination as ${earlier}: ${destination}` });
      return request;
    });
  return { requests, selections };
}

function isSelection(entry: ShapeReader): boolean {
  return entry.has('prefix');
}

function readSelection(entry: ShapeReader, reading: Reading): SecretSelection {
  const { faults, collect } = reading;
  faults.push(...entry.unknown('prefix environmentPrefix vault required life'));
  const variablePrefix = collect('', () => entry.text('environmentPrefix', variablePrefixForm));
  if (variablePrefix !== '' && !isSafeVariable(`${variablePrefix}X`)) {
    faults.push({ place: entry.placeOf('environmentPrefix'), reason: 'begins variables that programs obey' });
  }
  const prefix = collect('', () => entry.text('prefix', prefixForm)).toLowerCase();
  return { prefix, variablePrefix, ...readCommon(entry, reading) };
}

/** In place of a faulty one. */
const noTarget: SecretTarget = { kind: 'descriptor', number: 0 };

function readRequest(entry: ShapeReader, reading: Reading): SecretRequest {
  const { faults, collect } = reading;
  faults.push(...entry.unknown('name vault version pointer environment file fileVariable descriptor required life'));
  const optional = (name: string, form: Form) => (entry.has(name) ? collect(null, () => entry.text(name, form)) : null);
  return {
    name: collect('', () => entry.text('name', secretNameForm)),
    version: optional('version', versionForm),
    pointer: optional('pointer', pointerForm),
    target: readTarget(entry, reading),
    ...readCommon(entry, reading),
  };
}

function readCommon(
  entry: ShapeReader,
  { collect }: Reading,
): Pick<SecretRequest, 'vault' | 'required' | 'minimumLifeMs'> {
  const life = entry.has('life') ? collect('0s', () => entry.text('life', durationForm)) : '0s';
  return {
    vault: entry.has('vault') ? collect(null, () => entry.text('vault', vaultNameForm)) : null,
    required: collect(true, () => entry.flag('required', true)),
    minimumLifeMs: parseDuration(life) ?? 0,
  };
}

/** Reads each destination that is there, so that all their faults are found, and takes the only one. */
function readTarget(entry: ShapeReader, { faults, refuse, collect }: Reading): SecretTarget {
  const variable = (name: string) => {
    const text = entry.text(name, variableForm);
    return isSafeVariable(text) ? text : refuse(entry.placeOf(name), 'is a variable that programs obey');
  };
  const destinations: Readonly<Record<string, () => SecretTarget>> = {
    environment: () => ({ kind: 'environment', variable: variable('environment') }),
    file: () => ({ kind: 'file', path: entry.text('file', pathForm), variable: null }),
    fileVariable: () => ({ kind: 'file', path: null, variable: variable('fileVariable') }),
    descriptor: () => ({ kind: 'descriptor', number: readDescriptor(entry, refuse) }),
  };
  const there = Object.entries(destinations).filter(([name]) => entry.has(name));
  const targets = there.map(([, read]) => collect(noTarget, read));
  const [target] = targets;
  if (target !== undefined && targets.length === 1) return target;
  const place = there[1] === undefined ? entry.placeOf('environment') : entry.placeOf(there[1][0]);
  faults.push({ place, reason: 'needs exactly one of environment, file, fileVariable and descriptor' });
  return noTarget;
}

function readDescriptor(entry: ShapeReader, refuse: Refusal): number {
  const descriptor = entry.number('descriptor');
  const inRange = Number.isInteger(descriptor) && descriptor >= 3 && descriptor <= 9;
  return inRange ? descriptor : refuse(entry.placeOf('descriptor'), 'must be 3 to 9');
}

type LineOf = (offset: number) => { readonly line: number; readonly col: number };

/** Faults of YAML itself, in words; the parser's own codes are for programs. */
const yamlFaults: Readonly<Record<string, string>> = {
  BAD_INDENT: 'is indented wrongly',
  TAB_AS_INDENT: 'is indented with a tab; use spaces',
  DUPLICATE_KEY: 'repeats a key',
  BAD_ALIAS: 'is an alias of nothing',
  MISSING_CHAR: 'lacks a quote, a bracket or a comma',
  MULTILINE_IMPLICIT_KEY: 'is a key of several lines; is a quote or a colon missing before it?',
  BLOCK_AS_IMPLICIT_KEY: 'has two colons in one line; put the text in quotes',
  UNEXPECTED_TOKEN: 'has a character that does not belong here',
  TAG_RESOLVE_FAILED: 'has a tag that is not known',
};

/** Parses YAML 1.2 without custom tags, and finds every fault of the YAML. */
async function parseYaml(
  text: string,
): Promise<{ readonly document: Document; readonly faults: readonly ManifestFault[]; readonly lineOf: LineOf }> {
  const { LineCounter, parseDocument } = await import('yaml');
  const lineCounter = new LineCounter();
  const options = { prettyErrors: true, schema: 'core', uniqueKeys: true, strict: true, lineCounter } as const;
  const document = parseDocument(text, options);
  const faults = [...document.errors, ...document.warnings].slice(0, mostFaults).map(({ code, linePos }) => ({
    place: 'the YAML',
    line: linePos?.[0]?.line ?? null,
    column: linePos?.[0]?.col ?? null,
    reason: yamlFaults[code] ?? 'cannot be read here',
  }));
  return { document, faults, lineOf: (offset) => lineCounter.linePos(offset) };
}

const tooManyAliases = Symbol('too many aliases');

/** With bounded aliases, so that a few lines cannot expand to a gigabyte. */
function toValue(document: Document): unknown {
  try {
    return document.toJS({ maxAliasCount: 20 });
  } catch {
    return tooManyAliases;
  }
}

/** Line and column of a place such as `secrets[0].life`, or of the nearest part around it. */
function placeIn(document: Document, place: string, lineOf: LineOf): Pick<ManifestFault, 'line' | 'column'> {
  const steps = [...place.matchAll(/[^.[\]]+/g)].map(([step]) => (/^\d+$/.test(step) ? Number(step) : step));
  for (let length = steps.length; length >= 0; length -= 1) {
    const found = length === 0 ? document.contents : document.getIn(steps.slice(0, length), true);
    const range = (found as { readonly range?: readonly number[] | null } | null | undefined)?.range;
    if (range?.[0] === undefined) continue;
    const { line, col } = lineOf(range[0]);
    return { line, column: col };
  }
  return { line: null, column: null };
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  NOT_A_FILE: 'it is a folder, a pipe or a device, and not a file',
};

/** @throws ServiceError MANIFEST_MISSING */
export function readManifestText(path: string): string {
  try {
    // More than is allowed shows that it is too much.
    return readNamedFile(path, 2 * mostBytes) ?? ' '.repeat(2 * mostBytes);
  } catch (cause) {
    const failure = exchangeFailure(cause);
    throw new ServiceError('MANIFEST_MISSING', { file: path, reason: unreadableBecause(failure) }, { cause });
  }
}

/** Why a file that a person named cannot be read, of the code of the failure. */
export function unreadableBecause(failure: string): string {
  return reasons[failure] ?? `it cannot be read (${failure})`;
}
