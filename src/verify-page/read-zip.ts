import { blobEntry, type PackEntry, unpacked } from './pack-entries.ts';

/** The files of a zip, or why it cannot be read as one. */
export type ZipContents =
  | { readonly outcome: 'read'; readonly files: ReadonlyMap<string, PackEntry> }
  | { readonly outcome: 'refused'; readonly because: string };

const endLength = 22;
const longestComment = 0xffff;
const headerLength = 30;
const entryLength = 46;
const signatures = { end: 0x06054b50, entry: 0x02014b50, header: 0x04034b50 } as const;
const methods = { stored: 0, deflated: 8 } as const;
const encrypted = 1;

/**
 * Reads the directory of a zip: what `GET /reports/{id}` gives, and plain zips of other programs. Refuses what could be read
 * in two ways: two files of one name, names that lead out of the folder, encryption, several disks, the 64-bit form.
 * Source: PKWARE APPNOTE 6.3.10, sections 4.3.7, 4.3.12 and 4.3.16.
 */
export async function readZip(zip: Blob): Promise<ZipContents> {
  const end = await findEnd(zip);
  if (end === null) return refused('it has no directory at its end');
  const { count, size, offset } = end;
  if (count === 0xffff || offset === 0xffff_ffff)
    return refused('it has the 64-bit form; unpack it and give the folder');
  if (offset + size > zip.size) return refused('its directory leads out of it');
  const directory = await viewOf(zip.slice(offset, offset + size));
  const files = new Map<string, PackEntry>();
  let at = 0;
  for (let number = 0; number < count; number += 1) {
    if (at + entryLength > directory.byteLength || directory.getUint32(at, true) !== signatures.entry)
      return refused('its directory is cut short');
    const entry = readEntry(directory, at);
    if (entry === null) return refused('a name in it is not UTF-8');
    at = entry.next;
    if (entry.name.endsWith('/') && entry.size === 0) continue;
    const because = refusalOf(entry, files);
    if (because !== null) return refused(because);
    files.set(entry.name, zipEntry(zip, entry));
  }
  return { outcome: 'read', files };
}

interface DirectoryEntry {
  readonly name: string;
  readonly flags: number;
  readonly method: number;
  readonly packedSize: number;
  readonly size: number;
  readonly offset: number;
  /** Where the next entry begins. */
  readonly next: number;
}

function readEntry(view: DataView<ArrayBuffer>, at: number): DirectoryEntry | null {
  const [nameLength, extraLength, commentLength] = [28, 30, 32].map((place) => view.getUint16(at + place, true));
  const nameEnd = entryLength + (nameLength ?? 0);
  if (at + nameEnd > view.byteLength) return null;
  const name = textOf(new Uint8Array(view.buffer, view.byteOffset + at + entryLength, nameLength));
  if (name === null) return null;
  return {
    name,
    flags: view.getUint16(at + 8, true),
    method: view.getUint16(at + 10, true),
    packedSize: view.getUint32(at + 20, true),
    size: view.getUint32(at + 24, true),
    offset: view.getUint32(at + 42, true),
    next: at + nameEnd + (extraLength ?? 0) + (commentLength ?? 0),
  };
}

function refusalOf({ name, flags, method }: DirectoryEntry, files: ReadonlyMap<string, PackEntry>): string | null {
  const leadsOut = name.startsWith('/') || name.includes('\\') || name.split('/').some((one) => /^\.{0,2}$/.test(one));
  if (leadsOut) return 'a name in it leads out of the folder';
  if (files.has(name)) return 'two files in it have one name';
  if ((flags & encrypted) !== 0) return 'a file in it is encrypted';
  if (method !== methods.stored && method !== methods.deflated)
    return 'a file in it is packed in another way than deflate';
  return null;
}

function zipEntry(zip: Blob, { method, packedSize, size, offset }: DirectoryEntry): PackEntry {
  return {
    size,
    async bytes() {
      const header = await viewOf(zip.slice(offset, offset + headerLength));
      if (header.byteLength < headerLength || header.getUint32(0, true) !== signatures.header) return null;
      const start = offset + headerLength + header.getUint16(26, true) + header.getUint16(28, true);
      const packed = zip.slice(start, start + packedSize);
      const bytes =
        method === methods.stored ? await blobEntry(packed).bytes() : await unpacked(packed, 'deflate-raw', size);
      return bytes?.byteLength === size ? bytes : null;
    },
  };
}

async function findEnd(zip: Blob): Promise<{ count: number; size: number; offset: number } | null> {
  const tail = await viewOf(zip.slice(Math.max(0, zip.size - endLength - longestComment)));
  for (let at = tail.byteLength - endLength; at >= 0; at -= 1) {
    const commentLength = tail.getUint16(at + 20, true);
    if (tail.getUint32(at, true) !== signatures.end || at + endLength + commentLength !== tail.byteLength) continue;
    return {
      count: tail.getUint16(at + 10, true),
      size: tail.getUint32(at + 12, true),
      offset: tail.getUint32(at + 16, true),
    };
  }
  return null;
}

async function viewOf(blob: Blob): Promise<DataView<ArrayBuffer>> {
  return new DataView(await blob.arrayBuffer());
}

function textOf(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

function refused(because: string): ZipContents {
  return { outcome: 'refused', because };
}
