import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createAuditLog } from '../../../../embedded/azure/audit-log/create-audit-log.ts';
import { createClock } from '../../../../embedded/clock.ts';
import { startEmbeddedCloud } from '../../../../embedded/start-embedded-cloud.ts';

const start = new Date('2026-03-01T10:00:00Z');

describe('the audit log', () => {
  it('shows a row only after its delay', () => {
    const clock = createClock(start);
    clock.stand();
    const log = createAuditLog({ clock });
    log.setDelay(60_000);
    log.write((time) => ({ TimeGenerated: time }));
    clock.advance(59_999);
    expect(log.rows()).toEqual([]);
    clock.advance(1);
    expect(log.rows().length).toBe(1);
  });

  it('distinguishes rows of one millisecond by their last digits, in order', () => {
    const clock = createClock(start);
    clock.stand();
    const log = createAuditLog({ clock });
    log.setDelay(0);
    for (let count = 0; count < 400; count += 1) log.write((time) => ({ TimeGenerated: time }));
    const times = log.rows().map((row) => String(row['TimeGenerated']));
    expect(new Set(times).size).toBe(400);
    expect(times.toSorted()).toEqual(times);
    for (const time of times) expect(time).toMatch(/^2026-03-01T10:00:00\.000\d{4}Z$/);
  });

  it('never shows rows of a dropped half-open interval', () => {
    const clock = createClock(start);
    clock.stand();
    const log = createAuditLog({ clock });
    log.setDelay(0);
    log.drop(new Date('2026-03-01T11:00:00Z'), new Date('2026-03-01T12:00:00Z'));
    for (const hour of ['10:59:59', '11:00:00', '11:59:59', '12:00:00']) {
      clock.set(new Date(`2026-03-01T${hour}Z`));
      log.write((time) => ({ TimeGenerated: time }));
    }
    expect(log.rows().map((row) => String(row['TimeGenerated']).slice(11, 19))).toEqual(['10:59:59', '12:00:00']);
  });
});

describe('an embedded cloud with a folder', () => {
  it('keeps its rows and secrets across a restart, without a plaintext value', async () => {
    const data = mkdtempSync(join(tmpdir(), 'embedded-'));
    onTestFinished(() => rmSync(data, { recursive: true }));
    const first = await startEmbeddedCloud({ clock: createClock(start), data });
    first.auditLog.setDelay(0);
    const version = first.vault.seed({ name: 'prod-key', value: 'canary-4711', tags: { owner: 'payments' } });
    await fetch(`${first.vault.url}/secrets/prod-key?api-version=7.5`).then((response) => response.text());
    await first.stop();

    const second = await startEmbeddedCloud({ clock: createClock(new Date('2026-03-02T10:00:00Z')), data });
    expect(second.vault.versions('prod-key')).toMatchObject([{ version, tags: { owner: 'payments' } }]);
    expect(second.vault.everyValue()).toEqual(['canary-4711']);
    expect(second.auditLog.rows()).toMatchObject([{ OperationName: 'Authentication' }]);
    await second.stop();
    const files = readdirSync(data, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    expect(files.length).toBeGreaterThan(2);
    for (const file of files)
      expect(readFileSync(join(file.parentPath, file.name), 'latin1')).not.toContain('canary-4711');
  });
});
