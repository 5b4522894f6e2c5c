import { describe, expect, it } from 'vitest';
import { askBroker } from '../../../src/runner/broker/ask-broker.ts';
import { makeJobKey } from '../../../src/runner/broker/job-key.ts';
import type { Runtime } from '../../../src/runner/runtime.ts';

/** A runtime whose time passes only by waiting. */
function waitingRuntime() {
  let at = Date.parse('2026-03-01T12:00:00Z');
  const runtime: Runtime = {
    environment: {},
    now: () => new Date(at),
    wait: (ms) => {
      at += ms;
      return Promise.resolve();
    },
    chance: () => 0,
    nonce: (bytes) => '0'.repeat(bytes * 2),
    say: () => undefined,
  };
  return runtime;
}

async function ask(statuses: readonly number[], patienceMs = 60_000) {
  let asked = 0;
  const call = {
    exchange: () => {
      const status = statuses[Math.min(asked, statuses.length - 1)] ?? 500;
      asked += 1;
      const body = status === 200 ? { session: 's' } : { error: 'x', code: 'TOO_MANY_ATTEMPTS' };
      return Promise.resolve({ status, headers: {}, body: JSON.stringify(body) });
    },
    runtime: waitingRuntime(),
    service: 'https://keyturn.example.org',
    key: makeJobKey(),
    authority: undefined,
    patienceMs,
    say: () => undefined,
  };
  const answer = await askBroker(call, '/broker/sessions', { body: {}, about: null }).catch((error: unknown) => error);
  return { answer, asked };
}

describe('a job whose request the broker puts off', () => {
  it('asks again after 429, as after 503, until it is answered', async () => {
    expect(await ask([429, 503, 429, 200])).toMatchObject({ answer: { session: 's' }, asked: 4 });
  });

  it('is told that the broker cannot be reached if patience ends first', async () => {
    expect((await ask([429], 3_000)).answer).toMatchObject({
      code: 'BROKER_UNREACHABLE',
      details: { reason: 'HTTP 429' },
    });
  });
});
