/** The format that every record and pack of this version has, and the newest that it reads. */
const newestFormat = 1;

/** What is wrong with a record, or a part of one, that a newer version wrote; `null` if this version may know its format. */
export function newerVersion(value: unknown): string | null {
  const format = typeof value === 'object' && value !== null && 'format' in value ? value.format : null;
  if (typeof format !== 'number' || !Number.isInteger(format) || format <= newestFormat) return null;
  return `it was written by a newer version: format ${String(format)}, this one reads up to ${String(newestFormat)}`;
}
