import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PackSummary } from '../../src/evidence/pack/pack-archive.ts';
import { type Called, callCommand } from './call-command.ts';

let folder: string;
let environment: Record<string, string>;
let made: readonly PackSummary[];
/** Three packs of one archive; nothing was collected, and nothing answers: port 9 of this machine is closed. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'keyturn-archive-'));
  const certificate = join(folder, 'none.pem');
  await writeFile(certificate, '');
  environment = {
    KEYTURN_EMBEDDED: 'on',
    KEYTURN_VAULTS: 'http://localhost:9',
    KEYTURN_IDENTITY_KIND: 'managed-identity',
    KEYTURN_IDENTITY_ENDPOINT: 'http://127.0.0.1:9',
    KEYTURN_DATA: join(folder, 'data'),
  };
  expect((await call('report', '--list')).printed).toEqual(['The archive holds no packs yet.']);
  const packs: PackSummary[] = [];
  for (const period of ['2026-01', '2026-02', '2026-03']) {
    const { code, printed } = await call(
      'report',
      '--period',
      period,
      '--framework',
      'soc2',
      '--out',
      period,
      '--json',
    );
    expect(code).toBe(0);
    packs.push((JSON.parse(printed[0] ?? '') as { pack: PackSummary }).pack);
  }
  made = packs;
});
afterAll(async () => await rm(folder, { recursive: true, force: true }));

const call = async (...words: string[]): Promise<Called> =>
  await callCommand(words, { environment, directory: folder });
const idOf = (position: number): string => made[position]?.id ?? '';

describe('keyturn report --list', () => {
  it('shows each pack with its period, status, frameworks and the key that sealed it, oldest first', async () => {
    const { code, printed } = await call('report', '--list');
    expect(code).toBe(0);
    const fingerprint = made[0]?.fingerprint ?? '';
    expect(fingerprint).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(printed).toEqual(
      made.map(({ id, label, status }) => `${id}: ${label}, ${status}, synthetic, soc2, sealed by ${fingerprint}`),
    );
    expect(made.map(({ label }) => label)).toEqual(['2026-01', '2026-02', '2026-03']);
  });

  it('gives programs the whole entries', async () => {
    const { printed } = await call('report', '--list', '--json');
    expect(printed.map((line) => JSON.parse(line) as unknown)).toEqual([{ packs: made }]);
  });
});

describe('keyturn report --pack', () => {
  it('copies a pack out byte for byte: what was written when it was made', async () => {
    const { code, printed, said } = await call('report', '--pack', idOf(1), '--out', 'copy');
    expect([code, said]).toEqual([0, []]);
    expect(printed.at(-1)).toMatch(/Check it with: keyturn verify \S+ --trust sha256:[0-9a-f]{64}$/);
    const names = async (name: string): Promise<readonly string[]> =>
      (await readdir(join(folder, name), { recursive: true })).sort();
    expect(await names('copy')).toEqual(await names('2026-02'));
    for (const name of await names('copy')) {
      if (name === 'queries') continue;
      const [copied, first] = ['copy', '2026-02'].map(async (pack) => await readFile(join(folder, pack, name)));
      expect([name, (await copied)?.equals((await first) ?? Buffer.from(''))]).toEqual([name, true]);
    }
    expect((await call('verify', 'copy', '--trust', made[1]?.fingerprint ?? '')).code).toBe(0);
  });

  it('with --json tells of the pack and where it is', async () => {
    const { code, printed } = await call('report', '--pack', idOf(0), '--out', 'told', '--json');
    expect([code, JSON.parse(printed[0] ?? '')]).toEqual([0, { pack: made[0], directory: join(folder, 'told') }]);
  });

  it('ends with 2 for a pack that the archive does not hold, and makes no folder', async () => {
    for (const id of ['2026-Q9', '../records', '..', idOf(0).slice(0, -1)]) {
      const { code, printed } = await call('report', '--pack', id, '--out', 'nothing', '--json');
      expect([code, JSON.parse(printed[0] ?? '')]).toMatchObject([
        2,
        { error: { code: 'PACK_UNKNOWN', details: { pack: id } } },
      ]);
    }
    expect(await readdir(folder)).not.toContain('nothing');
  });

  it('ends with 3 where the folder holds something, and leaves it', async () => {
    const before = await readdir(join(folder, '2026-01'));
    const { code, printed } = await call('report', '--pack', idOf(1), '--out', '2026-01', '--json');
    expect([code, JSON.parse(printed[0] ?? '')]).toMatchObject([3, { error: { code: 'PACK_NOT_WRITTEN' } }]);
    expect(await readdir(join(folder, '2026-01'))).toEqual(before);
  });

  it('takes no order for another report, nor does the list', async () => {
    for (const beside of [
      ['--period', '2026-01'],
      ['--retrievals', 'x'],
      ['--framework', 'soc2'],
      ['--jobs', 'x'],
      ['--receipts', 'x'],
      ['--policy', 'x'],
    ]) {
      for (const words of [['--pack', idOf(0), '--out', 'x'], ['--list']]) {
        const { code, said } = await call('report', ...words, ...beside);
        expect([code, said.join('\n')]).toEqual([2, expect.stringContaining(`${beside[0] ?? ''} exclude each other`)]);
      }
    }
    expect((await call('report', '--list', '--pack', idOf(0))).code).toBe(2);
    expect((await call('report', '--list', '--out', 'x')).code).toBe(2);
    expect((await call('report', '--pack', '', '--out', 'x')).code).toBe(2);
  });
});

describe('keyturn verify of several packs', () => {
  const trust = (): string => made[0]?.fingerprint ?? '';

  it('checks each and that they are one chain', async () => {
    const { code, printed } = await call('verify', '2026-01', '2026-02', '2026-03', '--trust', trust());
    expect(code).toBe(0);
    expect(printed.filter((line) => line.startsWith('intact; signed by the key you trust'))).toHaveLength(3);
    expect(printed.at(-1)).toBe('The packs are one chain of 3 packs; it begins with the first pack of its archive.');
  });

  it('ends with 1 and names what is wrong with the chain, though each pack is intact', async () => {
    const { code, printed } = await call('verify', '2026-01', '2026-03', '--trust', trust());
    expect(code).toBe(1);
    expect(printed.slice(-2)).toEqual([
      `  gap: ${idOf(2)} in 2026-03 follows ${idOf(1)}, which is not among these packs with a valid seal`,
      'The packs are not one chain: gap.',
    ]);
    const swapped = await call('verify', '2026-02', '2026-01', '--json');
    expect(swapped.code).toBe(1);
    expect(swapped.printed.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      {
        packs: [
          { directory: '2026-02', outcome: 'intact', signer: 'not-verified', link: { previous: { pack: idOf(0) } } },
          { directory: '2026-01', outcome: 'intact', link: { pack: idOf(0), previous: null } },
        ],
        chain: { outcome: 'broken', faults: [{ code: 'order', directory: '2026-02', pack: idOf(1) }] },
      },
    ]);
  });

  it('ends with 1 where the chain is whole and one of the packs is not', async () => {
    await call('report', '--pack', idOf(1), '--out', 'touched');
    await writeFile(join(folder, 'touched', 'coverage.csv'), 'changed');
    const { code, printed } = await call('verify', '2026-01', 'touched', '2026-03', '--json');
    const { packs, chain } = JSON.parse(printed[0] ?? '') as { packs: unknown; chain: unknown };
    expect(code).toBe(1);
    expect(packs).toMatchObject([{ outcome: 'intact' }, { outcome: 'broken' }, { outcome: 'intact' }]);
    expect(chain).toMatchObject({ outcome: 'whole', faults: [] });
    const read = await call('verify', '2026-01', 'touched', '2026-03');
    expect(read.printed.at(-1)).toBe('1 of 3 packs is not good: touched.');
  });

  it('ends with 1 where all of them are sealed by another key than the one to trust', async () => {
    const { code, printed } = await call('verify', '2026-01', '2026-02', '--trust', `sha256:${'0'.repeat(64)}`);
    expect([code, printed.filter((line) => line.startsWith('  no-link: '))]).toMatchObject([1, { length: 2 }]);
  });

  it('ends with 3 and calls a missing folder missing', async () => {
    const { code, said } = await call('verify', '2026-01', '2025-99');
    expect([code, said.join('\n')]).toEqual([
      3,
      expect.stringMatching(/\/2025-99\n {2}reason: there is no such folder$/),
    ]);
  });

  it('ends with 3 and names the folder that is no pack', async () => {
    const { code, said } = await call('verify', '2026-01', 'data');
    expect([code, said.join('\n')]).toEqual([3, expect.stringMatching(/PACK_UNREADABLE[\s\S]*pack: \S+\/data/)]);
  });
});

describe('keyturn verify --archive', () => {
  const trust = (): string => made[0]?.fingerprint ?? '';

  it('checks every pack of the archive, their chain and the signed index', async () => {
    for (const archive of ['data', 'data/archive']) {
      const { code, printed } = await call('verify', '--archive', archive, '--trust', trust());
      expect([code, printed.slice(-2)]).toEqual([
        0,
        [
          'The packs are one chain of 3 packs; it begins with the first pack of its archive.',
          "The archive's index lists 3 packs, all of them given.",
        ],
      ]);
      expect(printed.filter((line) => line === `${idOf(1)}:`)).toHaveLength(1);
    }
  });

  it('names the packs that the index lists and that were not given, the newest among them', async () => {
    const { code, printed } = await call('verify', '2026-01', '2026-02', '--archive', 'data', '--trust', trust());
    expect([code, printed.at(-1)]).toEqual([0, `The archive's index lists 3 packs; not given: ${idOf(2)}.`]);
  });

  it('ends with 1 for a pack that the index does not list', async () => {
    const { code: made2, printed: lines } = await callCommand(
      ['report', '--period', '2026-01', '--framework', 'soc2', '--out', 'elsewhere', '--json'],
      { environment: { ...environment, KEYTURN_DATA: join(folder, 'other') }, directory: folder },
    );
    expect(made2).toBe(0);
    const { pack } = JSON.parse(lines[0] ?? '') as { pack: PackSummary };
    const { code, printed } = await call('verify', 'elsewhere', '--archive', 'data', '--json');
    const { archive } = JSON.parse(printed[0] ?? '') as { archive: { faults: unknown } };
    expect([code, archive.faults]).toMatchObject([
      1,
      [{ code: 'not-sealed' }, { code: 'not-entered', message: `does not list ${pack.id} with these contents` }],
    ]);
  });

  it('ends with 1 for an index that somebody else signed, or that leaves the last pack out', async () => {
    const copy = join(folder, 'copied-archive');
    await cp(join(folder, 'data', 'archive'), copy, { recursive: true });
    const older = (await readdir(join(copy, '=index.dsse.json'))).sort();
    const { code } = await call('verify', '--archive', 'copied-archive', '--trust', `sha256:${'0'.repeat(64)}`);
    expect(code).toBe(1);
    await rm(join(copy, '=index.dsse.json', older.at(-1) ?? ''));
    const cut = await call('verify', '2026-01', '2026-02', '2026-03', '--archive', 'copied-archive');
    expect([cut.code, cut.printed.at(-1)]).toEqual([
      1,
      `The archive's index does not list ${idOf(2)} with these contents.`,
    ]);
  });

  it('ends with 3 without an index, and with 2 without packs', async () => {
    expect((await call('verify', '--archive', '2026-01')).code).toBe(3);
    expect((await call('verify')).code).toBe(2);
  });
});

describe('a fingerprint copied out of a document', () => {
  it('counts in groups, in capitals and with characters of no width between its digits', async () => {
    const digits = (made[0]?.fingerprint ?? '').replace('sha256:', '');
    const grouped = digits.replaceAll(/(.{4})/g, '$1 ').trim();
    for (const trust of [digits.toUpperCase(), `SHA256:${grouped}`, digits.replaceAll(/(.{8})/g, '$1\u200B')])
      expect((await call('verify', '2026-01', '--trust', trust)).code).toBe(0);
  });

  it('ends with 2 where it is cut short, and says nothing of the pack', async () => {
    const { code, printed, said } = await call('verify', '2026-01', '--trust', 'sha256:9638e909');
    expect([code, printed, said[0]]).toEqual([2, [], expect.stringContaining('whole fingerprint')]);
  });
});
