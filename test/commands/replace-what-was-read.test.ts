import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { liveSecret } from '../../examples/story/fixtures.ts';
import { composeKeyturn } from '../../src/compose.ts';
import { appendRetention } from '../../src/retention/retention-record.ts';
import { embeddedSettings, type EmbeddedSettings } from '../functions/embedded-settings.ts';
import { type Called, callCommand } from './call-command.ts';

let service: EmbeddedSettings;
let reader: string;
beforeAll(async () => {
  service = await embeddedSettings();
  service.cloud.auditLog.setDelay(0);
  reader = service.world.keyturn.objectId;
});
afterAll(async () => await service.stop());

const call = async (...words: string[]): Promise<Called> =>
  await callCommand(['rotate', ...words], { environment: service.environment });

describe('keyturn rotate --read-by', () => {
  it('says that nothing is known while no log was collected, with 3', async () => {
    const { code, said } = await call('--read-by', 'acme/payments', '--since', '36h', '--plan');
    expect([code, said.join('\n')]).toEqual([3, expect.stringContaining('nothing is known of reads')]);
  });

  it('plans what an identity read, grouped, and changes nothing; then replaces it', async () => {
    const { cloud } = service;
    const { rotation, keyturn } = await composeKeyturn(service.environment, { now: () => cloud.clock.now() });
    const store = rotation.stores.get(cloud.vault.name);
    for (const name of [liveSecret, 'legacy-smtp-password-dev']) {
      const version = cloud.vault.versions(name)[0]?.version ?? '';
      expect(await store?.value(name, version, () => Promise.resolve())).not.toBeNull();
    }
    await keyturn.collectRetrievals();
    const plan = await call('--read-by', reader, '--since', '1h', '--plan');
    expect(plan.code).toBe(0);
    expect(plan.printed.slice(1).filter((line) => !line.startsWith('  '))).toEqual([
      'Would be replaced at once, without grace (1):',
      'No issuer can replace (1):',
    ]);
    expect(plan.printed[2]).toContain(`/${liveSecret} (prod): 1 read, `);
    expect(plan.printed[4]).toContain('/legacy-smtp-password-dev: 1 read, ');
    expect(cloud.vault.versions(liveSecret)).toHaveLength(1);
    const done = await call('--read-by', reader, '--since', '1h', '--emergency', '--json');
    const { asked } = JSON.parse(done.printed[0] ?? '') as { asked: readonly { unit: string; fault: null }[] };
    expect([done.code, asked]).toMatchObject([0, [{ fault: null }]]);
    expect(cloud.vault.versions(liveSecret)).toHaveLength(2);
  });

  it('says what it cannot know, where rows of the asked span were deleted', async () => {
    const { records } = await composeKeyturn(service.environment);
    const deletion = {
      act: 'delete',
      kind: 'slices',
      name: 'slices/2020-03-09/',
      from: '2020-03-09T00:00:00.000Z',
      to: '2020-03-10T00:00:00.000Z',
      rule: '1095d',
      records: 24,
      list: 'a'.repeat(64),
    } as const;
    await appendRetention(records, [], { at: new Date('2026-01-01T00:00:00Z'), facts: deletion });
    const sentence =
      'Rows of the log from 2020-03-09T06:00Z to 2020-03-10T00:00Z were deleted, because they are kept for 1095d: reads of that time are not known.';
    const words = ['--read-by', reader, '--plan', '--since'];
    expect((await call(...words, '2020-03-09T06:00:00Z')).printed[1]).toBe(sentence);
    expect((await call(...words, '1h')).printed).not.toContainEqual(expect.stringContaining('were deleted'));
    const { printed } = await call(...words, '2020-03-09T06:00:00Z', '--json');
    expect(JSON.parse(printed.join(''))).toMatchObject({
      deleted: [{ what: 'rows of the log', from: '2020-03-09T06:00:00.000Z', rule: '1095d' }],
    });
  });

  it.each([
    [['--read-by', 'acme/payments', '--since', '36h']],
    [['--read-by', 'acme/payments', '--plan']],
    [['--read-by', 'acme/payments', '--since', 'yesterday', '--plan']],
    [['--read-by', 'acme/payments', '--since', '36h', '--go']],
    [['a-secret', '--read-by', 'acme/payments', '--since', '36h', '--emergency']],
    [['a-secret', '--since', '36h']],
  ])('refuses %j with 2', async (words) => {
    expect((await call(...words)).code).toBe(2);
  });
});
