import { readFileSync, statSync } from 'node:fs';
import { parseDuration } from '../../secrets/duration.ts';
import { ServiceError } from '../../service-error.ts';
import { exchangeFailure } from '../http-exchange.ts';
import { rejectDuplicateDestinations } from './reject-duplicate-destinations.ts';
import { isSafeVariable, type SecretRequest, type SecretSelection, type SecretTarget } from './secret-request.ts';
import { type Refusal, ShapeReader } from './shape-reader.ts';

/** No manifest needs more; a larger file is not hand-written. */
const mostBytes = 262_144;

/** The requests of a manifest. */
export interface Manifest {
  /** Secrets by their names, in order. */
  readonly requests: readonly SecretRequest[];
  /** Secrets by prefix, in order. */
  readonly selections: readonly SecretSelection[];
}

/**
 * Reads a manifest, `keyturn.yml`:
 *
 *     format: 1
 *     secrets:
 *       - name: database-password
 *         environment: DATABASE_PASSWORD
 *
 * Each secret has a `name` and one destination: `environment`, `file` (a path), `fileVariable` (a private file whose
 * path the variable holds) or `descriptor`; it may have `vault`, `version`, `pointer`, `required` and `life`. An entry
 * with `prefix` in place of `name` has `environmentPrefix`; it may have `vault`, `required` and `life`.
 * @throws ServiceError MANIFEST_MALFORMED for the first fault, with its place
 */
export async function readManifest(path: string): Promise<Manifest> {
  return await parseManifest(readText(path));
}

export async function parseManifest(text: string): Promise<Manifest> {
  if (Buffer.byteLength(text) > mostBytes) refuse('the whole file', 'is larger than 256 KB');
  const shape = new ShapeReader(await parseYaml(text), '', refuse);
  shape.only('format secrets');
  if (shape.number('format') !== 1) refuse('format', 'must be 1');
  const entries = shape.list('secrets');
  const selections = entries.filter(isSelection).map(parseSelection);
  const requests = entries.filter((entry) => !isSelection(entry)).map(parseRequest);
  if (entries.length === 0) refuse('secrets', 'names no secret');
  rejectDuplicateDestinations(requests);
  return { requests, selections };
}

function isSelection(entry: ShapeReader): boolean {
  return entry.has('prefix');
}

function parseSelection(entry: ShapeReader): SecretSelection {
  entry.only('prefix environmentPrefix vault required life');
  const variablePrefix = entry.text('environmentPrefix', /^[A-Z_][A-Z0-9_]{0,63}$/);
  return {
    // At least three characters, because a shorter prefix matches nearly everything. No job may read staging secrets.
    prefix: entry.text('prefix', /^(?!rot-)[0-9A-Za-z][0-9A-Za-z-]{2,126}$/i).toLowerCase(),
    variablePrefix: isSafeVariable(`${variablePrefix}X`)
      ? variablePrefix
      : refuse(entry.placeOf('environmentPrefix'), 'starts variables that programs obey'),
    vault: vaultOf(entry),
    required: entry.flag('required', true),
    minimumLifeMs: lifeOf(entry),
  };
}

function parseRequest(entry: ShapeReader): SecretRequest {
  entry.only('name vault version pointer environment file fileVariable descriptor required life');
  const optional = (name: string, form: RegExp) => (entry.has(name) ? entry.text(name, form) : null);
  return {
    // A wildcard would need the right to list, and would pass on secrets that nobody chose.
    name: entry.text('name', /^[0-9A-Za-z-]{1,127}$/),
    vault: vaultOf(entry),
    version: optional('version', /^[0-9a-f]{32}$/),
    pointer: optional('pointer', /^(\/([^~/]|~[01])*)+$/),
    target: parseTarget(entry),
    required: entry.flag('required', true),
    minimumLifeMs: lifeOf(entry),
  };
}

function vaultOf(entry: ShapeReader): string | null {
  return entry.has('vault') ? entry.text('vault', /^[0-9a-z-]{2,127}$/) : null;
}

function lifeOf(entry: ShapeReader): number {
  const life = entry.has('life') ? entry.text('life', /^\d/) : '0s';
  return parseDuration(life) ?? refuse(entry.placeOf('life'), 'must be a duration such as 24h');
}

function parseTarget(entry: ShapeReader): SecretTarget {
  const places = ['environment', 'file', 'fileVariable', 'descriptor'].filter((name) => entry.has(name));
  const [place = '', ...others] = places;
  if (place === '' || others.length > 0) {
    refuse(entry.placeOf('environment'), 'needs exactly one of environment, file, fileVariable and descriptor');
  }
  const variable = (name: string) => {
    const text = entry.text(name, /^[A-Za-z_][A-Za-z0-9_]{0,254}$/);
    return isSafeVariable(text) ? text : refuse(entry.placeOf(name), 'is a variable that programs obey');
  };
  switch (place) {
    case 'environment':
      return { kind: 'environment', variable: variable('environment') };
    case 'file':
      return { kind: 'file', path: entry.text('file', /^\/[^\0\s]+$/), variable: null };
    case 'fileVariable':
      return { kind: 'file', path: null, variable: variable('fileVariable') };
    default: {
      const descriptor = entry.number('descriptor');
      const inRange = Number.isInteger(descriptor) && descriptor >= 3 && descriptor <= 9;
      return inRange
        ? { kind: 'descriptor', number: descriptor }
        : refuse(entry.placeOf('descriptor'), 'must be 3 to 9');
    }
  }
}

/** Parses YAML 1.2 without custom tags, and with bounded aliases, so that a few lines cannot expand to a gigabyte. */
async function parseYaml(text: string): Promise<unknown> {
  const { parseDocument } = await import('yaml');
  const document = parseDocument(text, { prettyErrors: true, schema: 'core', uniqueKeys: true, strict: true });
  const [fault] = [...document.errors, ...document.warnings];
  if (fault !== undefined) {
    const { line = 0, col = 0 } = fault.linePos?.[0] ?? {};
    refuse(`line ${String(line)}, column ${String(col)}`, fault.code);
  }
  try {
    return document.toJS({ maxAliasCount: 20 });
  } catch {
    return refuse('the whole file', 'uses too many aliases');
  }
}

function readText(path: string): string {
  try {
    if (statSync(path).size > mostBytes) refuse('the whole file', 'is larger than 256 KB');
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (ServiceError.is(error)) throw error;
    return refuse('the whole file', `cannot be read (${exchangeFailure(error)})`);
  }
}

const refuse: Refusal = (place, reason) => {
  throw new ServiceError('MANIFEST_MALFORMED', { place, reason });
};
