import { crc32, deflateRawSync } from 'node:zlib';
import type { RecordStore } from '../../records/record-store.ts';
import { ServiceError } from '../../service-error.ts';
import { packFiles, readPackFile } from './pack-archive.ts';

/** The plain format counts files in 16 bits and bytes in 32; a larger pack must be exported as a folder. */
const mostFiles = 0xffff;
const mostBytes = 0xffff_ffff;
/** 1 January 1980 at midnight, the format's first time. The manifest contains the pack's own times. */
const noTime = 0x0021_0000;
/** Names are UTF-8. */
const flags = 0x0800;
const deflated = 8;
const version = 20;

/**
 * Streams a pack as one zip for download: one file at a time in memory, in the archive's order, without times, so that
 * the same pack always produces the same bytes.
 * Source: PKWARE APPNOTE 6.3.10, sections 4.3.7, 4.3.12 and 4.3.16.
 * @throws ServiceError `PACK_UNREADABLE` if the archive does not contain the pack, `PACK_NOT_WRITTEN` if it is too
 * large for the format.
 */
export async function* zipPack(records: RecordStore, pack: string): AsyncIterable<Uint8Array> {
  const directory: Buffer[] = [];
  let offset = 0;
  for await (const path of packFiles(records, pack)) {
    const bytes = await readPackFile(records, pack, path);
    if (bytes === null) throw new ServiceError('PACK_UNREADABLE', { pack, reason: `${path} is gone` });
    const body = deflateRawSync(bytes, { level: 6 });
    const name = Buffer.from(path);
    const facts = encodeEntryFacts(bytes, body, name);
    directory.push(directoryEntry(facts, name, offset));
    yield Buffer.concat([signed(0x04034b50, facts), name]);
    yield body;
    offset += 4 + facts.length + name.length + body.length;
    if (offset > mostBytes || directory.length > mostFiles) {
      throw new ServiceError('PACK_NOT_WRITTEN', { pack, reason: 'it is too large for a zip; export it as a folder' });
    }
  }
  if (directory.length === 0)
    throw new ServiceError('PACK_UNREADABLE', { pack, reason: 'the archive does not contain the pack' });
  yield* directory;
  yield encodeEndRecord(directory, offset);
}

/** The common part of a file's header and its directory entry. */
function encodeEntryFacts(bytes: Uint8Array, body: Uint8Array, name: Uint8Array): Buffer {
  const facts = Buffer.alloc(26);
  facts.writeUInt16LE(version, 0);
  facts.writeUInt16LE(flags, 2);
  facts.writeUInt16LE(deflated, 4);
  facts.writeUInt32LE(noTime, 6);
  facts.writeUInt32LE(crc32(bytes), 10);
  facts.writeUInt32LE(body.byteLength, 14);
  facts.writeUInt32LE(bytes.byteLength, 18);
  facts.writeUInt16LE(name.byteLength, 22);
  return facts;
}

function directoryEntry(facts: Buffer, name: Buffer, offset: number): Buffer {
  const madeBy = Buffer.alloc(2);
  madeBy.writeUInt16LE(version, 0);
  // Comment length, disk, internal and external attributes (all zero), then the file's offset.
  const place = Buffer.alloc(14);
  place.writeUInt32LE(offset, 10);
  return Buffer.concat([signed(0x02014b50, madeBy), facts, place, name]);
}

function encodeEndRecord(directory: readonly Buffer[], offset: number): Buffer {
  const end = Buffer.alloc(18);
  end.writeUInt16LE(directory.length, 4);
  end.writeUInt16LE(directory.length, 6);
  end.writeUInt32LE(
    directory.reduce((sum, entry) => sum + entry.length, 0),
    8,
  );
  end.writeUInt32LE(offset, 12);
  return signed(0x06054b50, end);
}

function signed(signature: number, record: Buffer): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(signature, 0);
  return Buffer.concat([bytes, record]);
}
