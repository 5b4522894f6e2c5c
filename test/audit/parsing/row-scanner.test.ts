import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseAuditRow, parseFields, vaultOfRow } from '../../../src/audit/parsing/parse-audit-row.ts';
import { createRowScanner, type RowScanner } from '../../../src/audit/parsing/row-scanner.ts';
import { linePlacers } from '../line-places.ts';

const seed = Number(process.env['KEYTURN_TEST_SEED'] ?? Date.now() % 2 ** 31);
console.log(`row scanner: KEYTURN_TEST_SEED=${String(seed)}`);

/** Bytes after a line, as a block has them: the scanner looks ahead. */
const after = Buffer.alloc(4_096, '{"TimeGenerated":"');

const hex = (length: number) => fc.stringMatching(new RegExp(`^[0-9a-f]{1,${String(length)}}$`));
const uuids = fc.uuid().map((id) => (id.charCodeAt(0) % 2 === 0 ? id : id.toUpperCase()));
/** Capitals, and the signs on either side of the letters. */
const aroundLetters = fc.stringMatching(/^[@AZ[`az{]{1,9}$/);
const texts = fc.oneof(
  { weight: 6, arbitrary: hex(12) },
  {
    weight: 1,
    arbitrary: fc.constantFrom('', 'None', 'a"b', 'a\\b', 'ünî', 'x'.repeat(300), '}', '{"a":1}', ' ', 'a\nb'),
  },
);
const times = fc.constantFrom(
  '2026-03-02T08:00:00.1234567Z',
  '2026-03-02T08:00:00.7654321Z',
  '2026-03-31T23:59:59.9999999Z',
  '2026-02-29T08:00:00.0000000Z',
  '2026-03-02 08:00:00',
  'yesterday',
  '',
);
const operations = fc.constantFrom(
  'SecretGet',
  'SecretGet',
  'secretget',
  'SecretSet',
  'Authentication',
  'SecretMelt',
  'VaultGet',
);
const statuses = fc.constantFrom<unknown>(200, 200, 403, '403', '200.0', 401, null, 2e2, 200.5, 'None', true);
const addresses = fc
  .tuple(
    fc.constantFrom('https', 'https', 'HTTPS'),
    fc.constantFrom('secrets', 'secrets', 'secrets', 'Secrets', 'deletedsecrets', '/secrets'),
    fc.oneof(hex(2), fc.constantFrom('A-b', 'restore', 'RESTORE', 'backup1')),
    fc.option(fc.oneof(hex(4), fc.stringMatching(/^[0-9a-fA-F]{32}$/), fc.constantFrom('', 'backup', 'a/b'))),
    fc.constantFrom('?api-version=7.6', '', '/', '/?a', '#a', '//x'),
  )
  .map(
    ([scheme, collection, name, version, rest]) =>
      `${scheme}://kv.vault.azure.net/${collection}/${name}${version === null ? '' : `/${version}`}${rest}`,
  );
const identities = fc.oneof(
  fc.record({ claim: fc.record({ oid: texts, appid: hex(3) }) }),
  fc.record({ claim: fc.dictionary(fc.constantFrom('oid', 'upn', 'scp', 'idtyp'), texts) }),
  fc.constantFrom<unknown>({}, null, '', '{"claim":{"oid":"a"}}', [], ['oid'], { claim: [{ oid: 'a' }, 1] }),
);

/** Rows of each source, some with unusual members. */
const rows: fc.Arbitrary<unknown> = fc.oneof(
  fc.record({
    TimeGenerated: times,
    OperationName: operations,
    HttpStatusCode: statuses,
    ResultSignature: fc.constantFrom('OK', 'Forbidden', ''),
    Id: fc.oneof(addresses, texts),
    RequestUri: addresses,
    Identity: identities,
    CallerIpAddress: texts,
    ClientInfo: texts,
    CorrelationId: fc.oneof(texts, uuids, aroundLetters),
    DurationMs: fc.constantFrom<unknown>(0, 14, 1.5, -1, 1e21, '3'),
    IsRbacAuthorized: fc.constantFrom<unknown>(false, true, 'false', null),
    _ResourceId: fc.constantFrom('/x/vaults/kv-prod', '/x/vaults/KV', 'None', ''),
  }),
  fc
    .record(
      {
        TimeGenerated: times,
        OperationName: operations,
        httpStatusCode_d: statuses,
        requestUri_s: addresses,
        id_s: fc.oneof(addresses, texts),
        identity_claim_oid_g: texts,
        identity_claim_upn_s: texts,
        CallerIPAddress: texts,
        clientInfo_s: texts,
        CorrelationId: texts,
        ResourceId: fc.constantFrom('/x/vaults/kv-prod', ''),
        Type: fc.constantFrom('AzureDiagnostics', 'other'),
        AdditionalFields: fc.constantFrom<unknown>(null, { clientInfo_s: 'more' }, '{"id_s":"more"}'),
      },
      { requiredKeys: ['TimeGenerated', 'OperationName', 'httpStatusCode_d', 'requestUri_s'] },
    )
    .map((row) => row as unknown),
  fc.record({
    time: times,
    operationName: operations,
    resultDescription: texts,
    correlationId: texts,
    callerIpAddress: texts,
    identity: identities,
    properties: fc.oneof(
      fc.record({ httpStatusCode: statuses, requestUri: addresses, id: addresses, clientInfo: texts, time: times }),
      fc.constantFrom<unknown>(null, 'none'),
    ),
    resourceId: fc.constant('/x/vaults/kv-prod'),
  }),
);

const lines = fc.oneof(
  { weight: 6, arbitrary: rows.map((row) => JSON.stringify(row)) },
  { weight: 2, arbitrary: rows.map((record) => JSON.stringify({ record })) },
  { weight: 1, arbitrary: rows.map((row) => `${JSON.stringify(row, null, 1).replaceAll('\n', ' ')}\r`) },
  { weight: 1, arbitrary: rows.map((row) => JSON.stringify(row).replace('"OperationName"', '"CorrelationId"')) },
);

/** Reads of one form, most of which neighbours have in common. */
const reads = fc
  .record({
    time: times,
    id: fc.oneof(addresses, addresses, texts),
    request: addresses,
    operation: fc.constantFrom('SecretGet', 'SecretGet', 'SecretGet', 'SecretList', 'SecretMelt'),
    status: fc.constantFrom(200, 200, 200, 403),
    oid: fc.constantFrom('a', 'a', 'B', ''),
    client: fc.constantFrom('c', 'c', 'None'),
    requestId: fc.oneof(uuids, texts),
  })
  .map(({ time, id, request, operation, status, oid, client, requestId }) =>
    JSON.stringify({
      TimeGenerated: time,
      OperationName: operation,
      HttpStatusCode: status,
      DurationMs: -2,
      Id: id,
      RequestUri: request,
      Identity: { claim: { oid, appid: 'b', groups: ['one', 2] } },
      ClientInfo: client,
      CorrelationId: requestId,
      _ResourceId: '/x/vaults/kv',
    }),
  );

/** Rows that have the same members one after the other, most of whose contents differ from row to row. */
const alike = fc
  .record({
    content: fc.oneof(hex(12), hex(40), aroundLetters, fc.constantFrom('', 'x'.repeat(255), 'x'.repeat(256), 'None')),
    odd: fc.option(
      fc.constantFrom('a"b', 'a\\b', 'a\u007fb', 'a\u0001b', 'ünî', 'a\nb', `${'x'.repeat(16)}\\`, '", "Id": "'),
      { freq: 1 },
    ),
    oddAt: fc.nat(30),
    duration: fc.oneof(fc.nat(99), fc.constantFrom(0, -3, 0.5, 1e21, 123_456_789_012_345, 1_234_567_890_123_456, 1e-7)),
    ticks: fc.nat(9_999_999),
    damage: fc.option(fc.record({ at: fc.nat(), sign: fc.constantFrom('', '"', '0', '\\', ' ', '}', '\u007f') }), {
      freq: 1,
    }),
    isDamaged: fc.nat(9),
  })
  .map(({ content, odd, oddAt, duration, ticks, damage, isDamaged }) => {
    const text = (place: number) => (place === oddAt && odd !== null ? odd : `${content}${String(place)}`);
    const line = JSON.stringify({
      TimeGenerated: `2026-03-02T08:00:00.${String(ticks).padStart(7, '0')}Z`,
      OperationName: 'SecretGet',
      HttpStatusCode: 200,
      DurationMs: duration,
      Id: `https://kv.vault.azure.net/secrets/${text(0)}/${'0'.repeat(32)}`,
      RequestUri: `https://kv.vault.azure.net/secrets/${text(1)}`,
      CallerIpAddress: text(2),
      ClientInfo: text(3),
      CorrelationId: content,
      _ResourceId: '/x/vaults/kv',
    });
    if (damage === null || isDamaged > 0) return line;
    const at = damage.at % line.length;
    return line.slice(0, at) + damage.sign + line.slice(at + 1);
  });

/** A line in which one place is another: what a scanner may read over. */
const broken = fc
  .tuple(
    fc.oneof(lines, reads),
    fc.nat(),
    fc.constantFrom('', '"', '\\', ',', '}', '0', '01', '\u0001', '\n', 'é', ' ', ':', 'null', '{'),
  )
  .map(([line, at, other]) => {
    const place = at % (line.length + 1);
    return line.slice(0, place) + other + line.slice(place + 1);
  });

describe.each(linePlacers)('a row that is read from its bytes, %s,', (_, placer) => {
  const newScanner = () => createRowScanner(placer.memory());

  function scanLine(scanner: RowScanner, line: string) {
    const { bytes, from, to } = placer.place(line, after);
    const form = scanner.match(bytes, from, to);
    return form === null ? null : parseFields(form.fields(bytes, from, to), '');
  }

  /** What the view of a line says, member by member; `null` for a line without one. */
  function viewLine(scanner: RowScanner, line: string) {
    const { bytes, from, to } = placer.place(line, after);
    const view = scanner.match(bytes, from, to)?.view(bytes, from) ?? null;
    if (view === null) return null;
    const { format, id, at, kind, operation, status, vault, secret, version, requestedVersion, identity } = view;
    const { address, client, correlationId, roleAssignment, denial, sources, receivedAt } = view;
    const request = { from: view.requestFrom, to: view.requestTo };
    return {
      moment: view.moment,
      requestId: request.to === 0 ? null : bytes.toString('utf8', request.from, request.to).toLowerCase(),
      retrieval: {
        format,
        id,
        at,
        kind,
        operation,
        status,
        vault,
        secret,
        version,
        requestedVersion,
        identity,
        address,
        client,
        correlationId,
        roleAssignment,
        denial,
        sources,
        receivedAt,
      },
    };
  }

  it('is what the parser makes of its JSON, whichever rows came before it', () => {
    let scanned = 0;
    fc.assert(
      fc.property(fc.array(fc.oneof(lines, broken), { minLength: 1, maxLength: 30 }), (given) => {
        const scanner = newScanner();
        for (const line of given) {
          for (let time = 0; time < 2; time += 1) {
            const found = scanLine(scanner, line);
            if (found !== null) {
              scanned += 1;
              expect(found).toEqual(parseAuditRow(JSON.parse(line), ''));
            } else if (isJson(line)) scanner.learn(line, JSON.parse(line));
          }
        }
      }),
      { seed, numRuns: 400 },
    );
    expect(scanned).toBeGreaterThan(200);
  });

  it('shows, as a view, what the parser makes of its JSON, whichever rows came before it', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(reads, lines, broken), { minLength: 1, maxLength: 30 }), (given) => {
        const scanner = newScanner();
        for (const line of given) {
          for (let time = 0; time < 2; time += 1) {
            const view = viewLine(scanner, line);
            if (view !== null) {
              const parsed = parseAuditRow(JSON.parse(line), '');
              expect({ outcome: 'parsed', retrieval: view.retrieval }).toEqual(parsed);
              expect(view.moment).toBe(Date.parse(view.retrieval.at));
              expect(view.requestId).toBe(view.retrieval.correlationId);
            } else if (isJson(line)) scanner.learn(line, JSON.parse(line));
          }
        }
      }),
      { seed, numRuns: 400 },
    );
  });

  it('is what the parser makes of its JSON among rows alike, each of which has other contents', () => {
    let scanned = 0;
    fc.assert(
      fc.property(fc.array(alike, { minLength: 5, maxLength: 40 }), (given) => {
        const scanner = newScanner();
        for (const line of given) {
          const found = scanLine(scanner, line);
          if (found !== null) {
            scanned += 1;
            expect(found).toEqual(parseAuditRow(JSON.parse(line), ''));
          } else if (isJson(line)) scanner.learn(line, JSON.parse(line));
        }
      }),
      { seed, numRuns: 400 },
    );
    expect(scanned).toBeGreaterThan(1_000);
  });

  it('has a view if it is a read in the form of the log, and none otherwise', () => {
    const scanner = newScanner();
    const row = (change: object) =>
      JSON.stringify({
        TimeGenerated: '2026-03-02T08:00:00.1234567Z',
        OperationName: 'SecretGet',
        HttpStatusCode: 200,
        Id: 'https://kv.vault.azure.net/secrets/a/1',
        RequestUri: 'https://kv.vault.azure.net/secrets/a',
        Identity: { claim: { oid: 'a', appid: 'b' } },
        CorrelationId: 'C',
        _ResourceId: '/x/vaults/kv',
        ...change,
      });
    scanner.learn(row({}), JSON.parse(row({})));
    expect(viewLine(scanner, row({ CorrelationId: 'D' }))).toMatchObject({
      requestId: 'd',
      retrieval: { secret: 'a' },
    });
    expect(viewLine(scanner, row({ HttpStatusCode: 403 }))).toBeNull();
    expect(viewLine(scanner, row({ OperationName: 'SecretList' }))).toBeNull();
    expect(viewLine(scanner, row({ TimeGenerated: '2026-02-29T08:00:00.1234567Z' }))).toBeNull();
    expect(viewLine(scanner, row({ CorrelationId: 'None' }))).toMatchObject({ requestId: null });
  });

  it('is recognised after one like it', () => {
    const scanner = newScanner();
    const row = (version: string, status: number) =>
      JSON.stringify({
        TimeGenerated: '2026-03-02T08:00:00.1234567Z',
        OperationName: 'SecretGet',
        HttpStatusCode: status,
        Id: `https://kv.vault.azure.net/secrets/a/${version}`,
        Identity: { claim: { oid: 'a', appid: version } },
        _ResourceId: '/x/vaults/kv',
      });
    expect(scanLine(scanner, row('1', 200))).toBeNull();
    scanner.learn(row('1', 200), JSON.parse(row('1', 200)));
    expect(scanLine(scanner, row('long-version', 404))).toMatchObject({
      retrieval: { kind: 'not-found', identity: { applicationId: 'long-version' } },
    });
  });

  it('has the text of its own line when texts of one hash or one length take turns', () => {
    const scanner = newScanner();
    const line = (client: string) =>
      JSON.stringify({
        time: '2026-03-02T08:00:00.1234567Z',
        operationName: 'SecretGet',
        HttpStatusCode: 200,
        ClientInfo: client,
        resourceId: '/vaults/kv',
      });
    scanner.learn(line('a'), JSON.parse(line('a')));
    for (let index = 0; index < 30_000; index += 1) {
      const client = `client ${String((index * 7_919) % 9_973)}`;
      const found = scanLine(scanner, line(client));
      expect(found?.outcome === 'parsed' && found.retrieval.client).toBe(client);
    }
  });
});

it('a row has the vault that its JSON alone tells, and none if it is refused', () => {
  fc.assert(
    fc.property(rows, (row) => {
      const parsed = parseAuditRow(row, '');
      expect(vaultOfRow(row)).toBe(parsed.outcome === 'parsed' ? parsed.retrieval.vault : null);
      expect(vaultOfRow({ record: row })).toBe(vaultOfRow(row));
    }),
    { seed, numRuns: 400 },
  );
});

function isJson(line: string): boolean {
  try {
    JSON.parse(line);
    return true;
  } catch {
    return false;
  }
}
