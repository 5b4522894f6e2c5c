import { randomUUID } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import type { TokenCredential } from '@azure/core-auth';
import { isRestError } from '@azure/core-rest-pipeline';
import { type BlockBlobClient, ContainerClient, type StorageSharedKeyCredential } from '@azure/storage-blob';
import { checkedRecordPath, checkedRecordPrefix } from '../records/record-path.ts';
import type { RecordStore, Revision } from '../records/record-store.ts';
import { ServiceError } from '../service-error.ts';

/** Identifies the request that wrote a blob, to compare after a lost answer. Metadata names are letters and digits. */
const writerKey = 'keyturnwriter';

type Condition = { readonly ifNoneMatch: '*' } | { readonly ifMatch: string };

/**
 * Stores records as blobs of one container, which it creates if absent. Azure Storage does the compare-and-set: a
 * create requires that the blob does not exist, a replacement that its ETag is unchanged since it was read. Source:
 * docs/decisions.md, "Records are created if absent and replaced if unchanged". `containerUrl`:
 * `https://ACCOUNT.blob.core.windows.net/CONTAINER`; the identity needs Storage Blob Data Contributor.
 * `audience` is whom a token must be for; without it `https://storage.azure.com`, as in the public cloud.
 * @throws ServiceError `RECORD_STORE_UNREACHABLE`.
 */
export async function blobRecordStore(
  containerUrl: string,
  credential: TokenCredential | StorageSharedKeyCredential,
  options: { readonly audience?: string } = {},
): Promise<RecordStore> {
  const container = new ContainerClient(containerUrl, credential, {
    ...options,
    retryOptions: { maxTries: 4, tryTimeoutInMs: 15_000, retryDelayInMs: 200 },
  });
  await guarded(container, async () => {
    if (!(await container.exists())) await container.createIfNotExists();
  });

  /**
   * Writes conditionally; returns `null` if the condition failed. The client repeats a request whose answer was lost,
   * and the repetition fails because of the first one's write; the writer's mark in the blob shows who wrote it.
   */
  async function write(path: string, bytes: Uint8Array, conditions: Condition): Promise<Revision | null> {
    const blob = container.getBlockBlobClient(checkedRecordPath(path));
    const writer = randomUUID();
    try {
      const { etag } = await blob.upload(Buffer.from(bytes), bytes.byteLength, {
        conditions,
        metadata: { [writerKey]: writer },
      });
      return etag ?? null;
    } catch (error) {
      if (!hasStatus(error, 404, 409, 412)) throw error;
      return await revisionWrittenBy(blob, writer);
    }
  }

  return {
    create: (path, bytes) =>
      guarded(container, async () => {
        const revision = await write(path, bytes, { ifNoneMatch: '*' });
        if (revision === null) throw new ServiceError('RECORD_EXISTS', { path });
        return revision;
      }),

    replace: (path, bytes, revision) =>
      guarded(container, async () => {
        const written = await write(path, bytes, { ifMatch: revision });
        if (written === null) throw new ServiceError('RECORD_CHANGED', { path });
        return written;
      }),

    remove: (path, revision) =>
      guarded(container, async () => {
        const blob = container.getBlockBlobClient(checkedRecordPath(path));
        if (!(await removeUnchanged(blob, revision))) throw new ServiceError('RECORD_CHANGED', { path });
      }),

    read: (path) =>
      guarded(container, async () => {
        const blob = container.getBlockBlobClient(checkedRecordPath(path));
        try {
          const { etag, readableStreamBody } = await blob.download();
          if (etag === undefined || readableStreamBody === undefined)
            throw new TypeError('a blob came without ETag or body');
          return { bytes: await buffer(readableStreamBody), revision: etag };
        } catch (error) {
          if (hasStatus(error, 404)) return null;
          throw error;
        }
      }),

    async *list(prefix) {
      checkedRecordPrefix(prefix);
      const paths = await guarded(container, async () => {
        const found: string[] = [];
        for await (const { name } of container.listBlobsFlat({ prefix })) found.push(name);
        return found;
      });
      // With hierarchical namespaces Azure lists folder by folder, in a different order.
      yield* paths.sort();
    },
  };
}

/** Removes a blob; returns `false` if it has another state. One that is absent counts as removed. */
async function removeUnchanged(blob: BlockBlobClient, revision: Revision): Promise<boolean> {
  try {
    await blob.delete({ conditions: { ifMatch: revision } });
    return true;
  } catch (error) {
    if (hasStatus(error, 404)) return true;
    if (!hasStatus(error, 412)) throw error;
    // A condition on a blob that is absent may be answered like one on a blob that changed.
    return !(await blob.exists());
  }
}

/** The blob's ETag if this writer wrote its current state, or else `null`. */
async function revisionWrittenBy(blob: BlockBlobClient, writer: string): Promise<Revision | null> {
  try {
    const { etag, metadata } = await blob.getProperties();
    return metadata?.[writerKey] === writer ? (etag ?? null) : null;
  } catch (error) {
    if (hasStatus(error, 404)) return null;
    throw error;
  }
}

function hasStatus(error: unknown, ...statuses: readonly number[]): boolean {
  return isRestError(error) && error.statusCode !== undefined && statuses.includes(error.statusCode);
}

async function guarded<Result>({ url }: ContainerClient, act: () => Promise<Result>): Promise<Result> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof ServiceError) throw error;
    // A shared access signature in the query is a credential.
    const store = url.split('?')[0] ?? '';
    const code = codeOf(error);
    const reason = /^[A-Za-z0-9_]{1,60}$/.test(code) ? code : 'unknown';
    throw new ServiceError('RECORD_STORE_UNREACHABLE', { store, reason }, { cause: error });
  }
}

function codeOf(error: unknown): string {
  if (isRestError(error)) return String(error.code ?? error.statusCode ?? '');
  return error instanceof Error ? error.name : '';
}
