import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { StorageSharedKeyCredential } from '@azure/storage-blob';

/** Azurite's published development account; no secret. */
const account = 'devstoreaccount1';
const key = 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==';

/** Starts the storage emulator in memory on a free port. `origin`: `http://127.0.0.1:PORT`, before the account's name. */
export async function startAzurite(): Promise<{
  readonly origin: string;
  readonly account: string;
  readonly credential: StorageSharedKeyCredential;
  stop(): Promise<void>;
}> {
  const azurite = join(import.meta.dirname, '../../node_modules/azurite/dist/src/blob/main.js');
  const flags = ['--inMemoryPersistence', '--blobPort', '0', '--disableTelemetry', '--skipApiVersionCheck'];
  const child = spawn(process.execPath, [azurite, ...flags], { stdio: ['ignore', 'pipe', 'inherit'] });
  const stop = async () => {
    child.kill();
    await once(child, 'exit');
  };
  for await (const line of createInterface({ input: child.stdout })) {
    const listening = /listens? on (http:\/\/127\.0\.0\.1:\d+)|listening (?:on|at) (http:\/\/127\.0\.0\.1:\d+)/.exec(
      line,
    );
    const origin = listening?.[1] ?? listening?.[2];
    if (origin !== undefined) {
      return { origin, account, credential: new StorageSharedKeyCredential(account, key), stop };
    }
  }
  throw new Error('The storage emulator ended before it listened.');
}
