import { ContainerClient } from '@azure/storage-blob';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseAuditRow } from '../../src/audit/parsing/parse-audit-row.ts';
import { archiveRetrievalLog } from '../../src/azure/archive-retrieval-log.ts';
import { retrievalLogContract } from '../contracts/retrieval-log.contract.ts';
import { startAzurite } from './start-azurite.ts';

let azurite: Awaited<ReturnType<typeof startAzurite>>;
beforeAll(async () => {
  azurite = await startAzurite();
});
afterAll(async () => await azurite.stop());

const resourceId =
  '/subscriptions/00000000-0000-0000-0000-000000000001/resourcegroups/shop/providers/microsoft.keyvault/vaults/kv';
const vault = { name: 'kv', url: 'https://kv.vault.azure.net', resourceId };
const elsewhere = resourceId.replace(/kv$/, 'elsewhere');
let containers = 0;

function record(time: string, id = resourceId): object {
  return {
    time,
    resourceId: id.toUpperCase(),
    category: 'AuditEvent',
    operationName: 'SecretGet',
    resultType: 'Success',
    resultSignature: 'OK',
    correlationId: time,
    callerIpAddress: '20.1.1.1',
    identity: { claim: { oid: 'a1' } },
    properties: {
      id: 'https://kv.vault.azure.net/secrets/database/0123456789abcdef0123456789abcdef',
      requestUri: 'https://kv.vault.azure.net/secrets/database/?api-version=7.5',
      httpStatusCode: 200,
    },
  };
}

const path = (hour: string, id = resourceId) => {
  const [, y, m, d, h] = /^(\d{4})-(\d\d)-(\d\d)T(\d\d)/.exec(hour) ?? [];
  return `resourceId=${id.toUpperCase()}/y=${y ?? ''}/m=${m ?? ''}/d=${d ?? ''}/h=${h ?? ''}/m=00/PT1H.json`;
};

/** An archive with these blobs, by path. */
async function archive(blobs: Readonly<Record<string, string>>) {
  containers += 1;
  const containerUrl = `${azurite.origin}/${azurite.account}/archive-${String(containers)}`;
  const container = new ContainerClient(containerUrl, azurite.credential);
  await container.create();
  for (const [name, text] of Object.entries(blobs)) {
    const blob = container.getAppendBlobClient(name);
    await blob.create();
    if (text !== '') await blob.appendBlock(text, Buffer.byteLength(text));
  }
  let most = 50_000;
  const log = archiveRetrievalLog({
    containerUrl,
    credential: azurite.credential,
    vaults: [vault],
    mostRows: () => most,
  });
  return { log, limitRows: (rows: number) => void (most = rows), container };
}

const lines = (records: readonly object[]) => records.map((one) => `${JSON.stringify(one)}\n`).join('');
const eight = new Date('2026-03-02T08:00:00Z');
const nine = new Date('2026-03-02T09:00:00Z');

retrievalLogContract('storage archive', async (moments) => {
  // Each record is received in the hour after its event, the last one two days later.
  const received = moments.map((at, index) =>
    new Date(Date.parse(at) + (index === moments.length - 1 ? 46 : 1) * 3_600_000).toISOString(),
  );
  const blobs: Record<string, string> = {
    [path('2026-03-02T08', elsewhere)]: lines([record('2026-03-02T08:30:00.0000000Z', elsewhere)]),
  };
  for (const [index, at] of moments.entries()) {
    const name = path(received[index] ?? '');
    blobs[name] = (blobs[name] ?? '') + lines([record(at)]);
  }
  return await archive(blobs);
});

describe('the storage archive', () => {
  const two = [record('2026-03-02T08:00:00.0000000Z'), record('2026-03-02T08:30:00.1234567Z')];

  it.each([
    ['a record a line', lines(two)],
    ['one object of records', JSON.stringify({ records: two })],
    ['an array', JSON.stringify(two)],
    [
      'lines of objects of records',
      `${JSON.stringify({ records: two.slice(0, 1) })}\n${JSON.stringify({ records: two.slice(1) })}\n`,
    ],
  ])('is read where it is written as %s', async (_, text) => {
    const { log } = await archive({ [path('2026-03-02T08')]: text });
    const { rows } = await log.rows({ from: eight, to: nine });
    expect(rows.map((row) => row['TimeGenerated'])).toEqual([
      '2026-03-02T08:00:00.0000000Z',
      '2026-03-02T08:30:00.1234567Z',
    ]);
    const parsed = rows.map((row) => parseAuditRow(row, 'row'));
    expect(parsed).toMatchObject([{ retrieval: { sources: ['archive'], vault: 'kv' } }, { outcome: 'parsed' }]);
  });

  it('leaves a line that is still being written for the next pass', async () => {
    const [first = {}, second = {}] = two;
    const begun = JSON.stringify(second).slice(0, 40);
    const { log, container } = await archive({ [path('2026-03-02T08')]: lines([first]) + begun });
    expect((await log.rows({ from: eight, to: nine })).rows).toHaveLength(1);
    const rest = `${JSON.stringify(second).slice(40)}\n`;
    await container.getAppendBlobClient(path('2026-03-02T08')).appendBlock(rest, Buffer.byteLength(rest));
    expect((await log.rows({ from: eight, to: nine })).rows).toHaveLength(2);
  });

  it('keeps a line that is no record, so that the audit lists it as unreadable', async () => {
    const { log } = await archive({ [path('2026-03-02T08')]: `not JSON\n${lines(two)}` });
    const { rows } = await log.rows({ from: eight, to: nine });
    const parsed = rows.map((row) => parseAuditRow(row, 'row').outcome);
    expect(parsed.sort()).toEqual(['parsed', 'parsed', 'refused']);
    expect(Object.fromEntries(await log.controlTotals({ from: eight, to: nine }))).toEqual({
      '2026-03-02T08:00:00Z': 3,
    });
  });

  it('says that it could not be read, and takes a missing container for no empty one', async () => {
    const log = archiveRetrievalLog({
      containerUrl: `${azurite.origin}/${azurite.account}/missing`,
      credential: azurite.credential,
      vaults: [vault],
    });
    await expect(log.rows({ from: eight, to: nine })).rejects.toMatchObject({
      code: 'LOG_ARCHIVE_NOT_READ',
      details: { status: 404, code: 'ContainerNotFound' },
    });
  });
});
