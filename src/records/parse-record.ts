import { z } from 'zod';
import { ServiceError } from '../service-error.ts';
import { newerVersion } from './newer-version.ts';

/** An ISO 8601 time, as every record keeps it. What is none would become a number that is NaN in a comparison. */
export const recordedTime = z.string().refine((text) => !Number.isNaN(Date.parse(text)), 'is not a time');

/**
 * The content of a record that is one JSON value. Members that the shape does not name are left out.
 * @throws ServiceError `RECORD_UNREADABLE` with the path of the record and the place of the first fault in it.
 */
export function parseRecord<Content>(shape: z.ZodType<Content>, bytes: Uint8Array, path: string): Content {
  return checkRecord(shape, parseJsonText(Buffer.from(bytes).toString('utf8'), path, 'the record'), path);
}

/** The lines of a record that is one JSON value a line; empty ones left out. @throws ServiceError `RECORD_UNREADABLE` naming the line. */
export function parseRecordLines(bytes: Uint8Array, path: string): readonly unknown[] {
  const lines = Buffer.from(bytes).toString('utf8').split('\n');
  return lines.flatMap((line, index) => (line === '' ? [] : [parseJsonText(line, path, `line ${String(index + 1)}`)]));
}

/** A value that was parsed already, such as one line. Otherwise as `parseRecord`. `within`: where in the record it is. */
export function checkRecord<Content>(
  shape: z.ZodType<Content>,
  value: unknown,
  path: string,
  within: string | null = null,
): Content {
  const refused = (...parts: readonly (string | null | undefined)[]) => {
    const reason = parts.filter((part) => part !== null && part !== undefined && part !== '').join(': ');
    return new ServiceError('RECORD_UNREADABLE', { path, reason });
  };
  const newer = newerVersion(value);
  if (newer !== null) throw refused(within, newer);
  const parsed = shape.safeParse(value);
  if (parsed.success) return parsed.data;
  // Zod names places, types and the words that a shape allows, never a value of the record.
  const [fault] = parsed.error.issues;
  const place = fault?.path.join('.');
  const message = (fault?.message ?? 'is not of its shape').replace(/^Invalid (?:input|option): /, '');
  throw refused(within, place, newerVersion(memberAt(value, fault?.path ?? [])) ?? message);
}

/** Whether a newer version wrote a record of one JSON value. What this version does not know, it must not replace. */
export function isOfNewerVersion(bytes: Uint8Array): boolean {
  try {
    return newerVersion(JSON.parse(Buffer.from(bytes).toString('utf8'))) !== null;
  } catch {
    return false;
  }
}

function memberAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (inner, name) => (typeof inner === 'object' && inner !== null ? Reflect.get(inner, name) : null),
    value,
  );
}

/** One JSON value. `what`: what it is in the record. @throws ServiceError `RECORD_UNREADABLE`. */
export function parseJsonText(text: string, path: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ServiceError('RECORD_UNREADABLE', { path, reason: `${what} is not valid JSON` }, { cause });
  }
}
