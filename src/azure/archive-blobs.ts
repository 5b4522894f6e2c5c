import { buffer } from 'node:stream/consumers';
import type { TokenCredential } from '@azure/core-auth';
import { isRestError } from '@azure/core-rest-pipeline';
import { ContainerClient, type StorageSharedKeyCredential } from '@azure/storage-blob';
import { dayMs, hourMs } from '../secrets/duration.ts';
import { ServiceError } from '../service-error.ts';
import type { ArchiveBlob } from './parse-archive.ts';

export interface ArchiveContainer {
  /** `https://ACCOUNT.blob.core.windows.net/insights-logs-auditevent`. */
  readonly containerUrl: string;
  readonly credential: TokenCredential | StorageSharedKeyCredential;
  /** Whom a token must be for; without it `https://storage.azure.com`, as in the public cloud. */
  readonly audience?: string;
}

/** The blobs of an archive. Both reject with `LOG_ARCHIVE_NOT_READ`. */
export interface ArchiveBlobs {
  /** Blobs whose records were received from the hour that holds `from` to `to`, ascending. */
  received(resourceId: string, from: Date, to: Date): AsyncIterable<ArchiveBlob>;
  text(path: string): Promise<string>;
}

export function archiveBlobs({ containerUrl, credential, audience }: ArchiveContainer): ArchiveBlobs {
  const container = new ContainerClient(containerUrl, credential, {
    ...(audience === undefined ? {} : { audience }),
    retryOptions: { maxTries: 4, tryTimeoutInMs: 60_000 },
  });

  return {
    async *received(resourceId, from, to) {
      const first = from.getTime() - (from.getTime() % hourMs);
      for (let day = first - (first % dayMs); day <= to.getTime(); day += dayMs) {
        const [year, month, date] = new Date(day).toISOString().slice(0, 10).split('-');
        // Azure writes resource ids in capitals here.
        const prefix = `resourceId=${resourceId.toUpperCase()}/y=${year ?? ''}/m=${month ?? ''}/d=${date ?? ''}/`;
        for (const { path, hour } of await list(prefix)) {
          const at = day + hour * hourMs;
          if (at >= first && at <= to.getTime()) yield { path, resourceId, receivedAt: new Date(at) };
        }
      }
    },

    text: async (path) =>
      await guarded(containerUrl, async () => {
        const { readableStreamBody } = await container.getBlobClient(path).download();
        return readableStreamBody === undefined ? '' : (await buffer(readableStreamBody)).toString('utf8');
      }),
  };

  async function list(prefix: string): Promise<readonly { readonly path: string; readonly hour: number }[]> {
    return await guarded(containerUrl, async () => {
      const found: { path: string; hour: number }[] = [];
      for await (const { name } of container.listBlobsFlat({ prefix })) {
        const hour = /\/h=(\d\d)\/m=\d\d\/PT1H\.json$/.exec(name)?.[1];
        if (hour !== undefined) found.push({ path: name, hour: Number(hour) });
      }
      return found;
    });
  }
}

async function guarded<Result>(container: string, ask: () => Promise<Result>): Promise<Result> {
  try {
    return await ask();
  } catch (cause) {
    if (!(cause instanceof Error)) throw cause;
    const [named, status] = isRestError(cause) ? [cause.code, cause.statusCode] : [cause.name, undefined];
    // The identity's errors may quote what it was answered; a code is one word.
    const code = named !== undefined && /^\w{1,60}$/.test(named) ? named : 'unknown';
    throw new ServiceError('LOG_ARCHIVE_NOT_READ', { container, status: status ?? null, code }, { cause });
  }
}
