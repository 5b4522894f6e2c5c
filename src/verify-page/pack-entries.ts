/** One file of a pack, as the browser was given it. */
export interface PackEntry {
  /** Size in bytes, as the folder or the directory of the zip states it. */
  readonly size: number;
  /** Its bytes, never more than `size`; `null` if it cannot be read whole. */
  bytes(): Promise<Uint8Array<ArrayBuffer> | null>;
}

/** Files by path, with `/` between segments. */
export type PackEntries = ReadonlyMap<string, PackEntry>;

/** A pack among the files that were given: the folder that holds a seal or a manifest. */
export interface FoundPack {
  /** The folder, as given; empty for the top. */
  readonly folder: string;
  /** Its files, by their path in it. */
  readonly entries: PackEntries;
}

const marks = /^(?:(.*)\/)?(?:pack\.dsse\.json|manifest\.json)$/;

/**
 * Finds the packs among files: every folder with a seal or a manifest that is not inside another such folder, in the
 * order of their names. What is outside them belongs to no pack.
 */
export function findPacks(files: PackEntries): readonly FoundPack[] {
  const folders = new Set<string>();
  for (const path of files.keys()) {
    const match = marks.exec(path);
    if (match !== null) folders.add(match[1] ?? '');
  }
  const isWithin = (path: string, folder: string): boolean => folder === '' || path.startsWith(`${folder}/`);
  const outermost = [...folders].filter(
    (folder) => ![...folders].some((one) => one !== folder && isWithin(folder, one)),
  );
  return outermost.sort().map((folder) => {
    const start = folder === '' ? 0 : folder.length + 1;
    const inside = [...files].filter(([path]) => isWithin(path, folder));
    return { folder, entries: new Map(inside.map(([path, entry]) => [path.slice(start), entry])) };
  });
}

/** A file of a folder, or one that lies in a zip as it is. */
export function blobEntry(blob: Blob): PackEntry {
  return {
    size: blob.size,
    async bytes() {
      try {
        return new Uint8Array(await blob.arrayBuffer());
      } catch {
        // The file was removed, replaced or is not to be read: the check says that it is not whole.
        return null;
      }
    },
  };
}

/** Unpacks bytes, at most `most` of them. `null` if they are more, or are not whole. */
export async function unpacked(
  blob: Blob,
  format: 'gzip' | 'deflate-raw',
  most: number,
): Promise<Uint8Array<ArrayBuffer> | null> {
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  try {
    const stream = blob.stream().pipeThrough(new DecompressionStream(format));
    for (const reader = stream.getReader(); ; ) {
      const { done, value } = await reader.read();
      if (done) break;
      length += value.byteLength;
      if (length > most) {
        await reader.cancel();
        return null;
      }
      pieces.push(new Uint8Array(value));
    }
  } catch {
    // Not of this format, cut short, or followed by something else.
    return null;
  }
  return new Uint8Array(await new Blob(pieces).arrayBuffer());
}
