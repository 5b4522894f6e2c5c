import { once } from 'node:events';
import { createServer, request as send, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { StorageSharedKeyCredential } from '@azure/storage-blob';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { blobRecordStore } from '../../src/azure/blob-record-store.ts';
import { startAzurite } from './start-azurite.ts';
import { recordStoreContract } from '../contracts/record-store.contract.ts';

let origin = '';
let account: string;
let credential: StorageSharedKeyCredential;
let stop: () => Promise<void>;
let containers = 0;
const containerUrl = (at = origin) => `${at}/${account}/records-${String(containers++)}`;
const bytes = (content: string) => new TextEncoder().encode(content);

beforeAll(async () => {
  const azurite = await startAzurite();
  ({ origin, account, credential } = azurite);
  stop = async () => await azurite.stop();
});
afterAll(() => stop());

recordStoreContract('Blob', () => blobRecordStore(containerUrl(), credential));

describe('if the answer to a write is lost', () => {
  it('recognises its own create, although the retry finds the blob', async () => {
    const proxy = await losingProxy();
    const store = await blobRecordStore(containerUrl(proxy.origin), credential);
    proxy.loseNextPut();
    const revision = await store.create('journal/1', bytes('mine'));
    expect(proxy.lost()).toBe(1);
    expect((await store.read('journal/1'))?.revision).toBe(revision);

    proxy.loseNextPut();
    const second = await store.replace('journal/1', bytes('mine again'), revision);
    expect(proxy.lost()).toBe(2);
    expect((await store.read('journal/1'))?.revision).toBe(second);
    await proxy.stop();
  });

  it("does not mistake another writer's identical bytes for its own", async () => {
    const store = await blobRecordStore(containerUrl(), credential);
    await store.create('journal/1', bytes('the same'));
    await expect(store.create('journal/1', bytes('the same'))).rejects.toMatchObject({ code: 'RECORD_EXISTS' });
  });
});

it('names the store that it could not reach, without the query that may contain a signature', async () => {
  await expect(
    blobRecordStore('http://127.0.0.1:9/devstoreaccount1/none?sig=secret', credential),
  ).rejects.toMatchObject({
    code: 'RECORD_STORE_UNREACHABLE',
    details: { store: 'http://127.0.0.1:9/devstoreaccount1/none' },
  });
});

/** Forwards requests to Azurite and, when told, cuts the connection after a PUT was executed. */
async function losingProxy() {
  let toLose = 0;
  let lost = 0;
  const { port } = new URL(origin);
  const server: Server = createServer((incoming, outgoing) => {
    const { method, url, headers } = incoming;
    const onward = send({ host: '127.0.0.1', port, method, path: url, headers }, (answer) => {
      if (method === 'PUT' && toLose > 0) {
        toLose -= 1;
        lost += 1;
        answer.resume().on('end', () => incoming.socket.destroy());
        return;
      }
      outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(outgoing);
    });
    incoming.pipe(onward);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    origin: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    loseNextPut: () => {
      toLose = 1;
    },
    lost: () => lost,
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
