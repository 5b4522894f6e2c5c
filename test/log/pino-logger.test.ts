import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pinoLogger } from '../../src/log/pino-logger.ts';
import { SecretValue } from '../../src/secrets/secret-value.ts';
import { ServiceError } from '../../src/service-error.ts';

const now = (): Date => new Date('2026-03-01T00:00:00Z');

function logger(format: 'json' | 'readable', level: 'debug' | 'info' | 'warn' | 'error' = 'info') {
  const lines: { line: string; level: string }[] = [];
  const log = pinoLogger({ level, format, now, write: (line, at) => lines.push({ line, level: at }) });
  return { log, lines };
}

const throttled = new ServiceError('VAULT_UNREACHABLE', { vault: 'kv', reason: 'ECONNREFUSED' });

describe('a line of the log', () => {
  it('names secret, rotation and fault in fields that a program can look for', () => {
    const { log, lines } = logger('json');
    log.warn('kv/app: the rotation failed.', { secret: 'kv/app', rotation: 'abc.1', error: throttled, retryAt: now() });
    expect(lines.map(({ line }) => JSON.parse(line) as unknown)).toEqual([
      {
        level: 'warn',
        time: '2026-03-01T00:00:00.000Z',
        secret: 'kv/app',
        rotation: 'abc.1',
        retryAt: '2026-03-01T00:00:00.000Z',
        fault: {
          code: 'VAULT_UNREACHABLE',
          says: throttled.says,
          details: { vault: 'kv', reason: 'ECONNREFUSED' },
          retry: throttled.retry,
          effect: throttled.effect,
        },
        message: 'kv/app: the rotation failed.',
      },
    ]);
  });

  it('is a sentence for a person at a terminal', () => {
    const { log, lines } = logger('readable');
    log.warn('The rotation failed.', { secret: 'kv/app', rotation: 'abc.1', error: throttled, retryAt: now() });
    expect(lines[0]?.line).toBe(
      `2026-03-01T00:00:00.000Z WARN  kv/app: The rotation failed. ${throttled.says} (rotation abc.1; VAULT_UNREACHABLE, vault kv, reason ECONNREFUSED; next try 2026-03-01T00:00:00.000Z)`,
    );
  });

  it('is written with its level, and left out below the one that is set', () => {
    const { log, lines } = logger('json', 'warn');
    log.debug('a');
    log.info('b');
    log.warn('c');
    log.error('d');
    expect(lines.map(({ level }) => level)).toEqual(['warn', 'error']);
  });

  it.each(['json', 'readable'] as const)('never holds a value, whatever fails: %s', (format) => {
    const canary = 'canary-7f3a91c2';
    const { log, lines } = logger(format, 'debug');
    const failures: unknown[] = [
      new TypeError(`invalid header ${canary}`),
      new ServiceError('VAULT_UNREACHABLE', { vault: 'kv', reason: 'x' }, { cause: new Error(canary) }),
      Object.assign(new Error(canary), { response: { body: canary } }),
      canary,
      { value: canary },
      new SecretValue(canary),
    ];
    for (const error of failures) log.error('It failed.', { error });
    expect(lines).toHaveLength(failures.length);
    expect(JSON.stringify(lines)).not.toContain(canary);
  });

  it.each(['json', 'readable'] as const)('stays one line that a terminal obeys nothing of: %s', (format) => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (says, secret) => {
        const { log, lines } = logger(format);
        log.info(says, { secret });
        expect(lines).toHaveLength(1);
        // oxlint-disable-next-line no-control-regex
        expect(lines[0]?.line).not.toMatch(/[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u202e]/);
      }),
    );
  });
});
