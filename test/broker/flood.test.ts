import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { makeJobKey, proveRequest } from '../../src/runner/broker/job-key.ts';
import { type BrokerWorld, startBrokerWorld } from './broker-world.ts';

let world: BrokerWorld;
beforeEach(async () => {
  world = await startBrokerWorld();
  // Nothing becomes free again while a test runs, however slow the machine is.
  world.cloud.clock.stand();
});
afterEach(async () => await world.stop());

const encoded = (content: object) => Buffer.from(JSON.stringify(content)).toString('base64url');
const forgedToken = `${encoded({ alg: 'HS256' })}.${encoded({ TaskID: 1, RunID: 1, JobID: 1 })}.${'a'.repeat(43)}`;
const url = 'http://localhost:7071/broker/sessions';

/** Asks for a session as a stranger does: with a key of one's own, and a token that Gitea never made. */
async function ask(address: string, token = forgedToken): Promise<Response> {
  const body = JSON.stringify({ repository: 'shop/orders' });
  const at = world.cloud.clock.now();
  const dpop = proveRequest(makeJobKey(), { method: 'POST', url, body, at, id: randomUUID() });
  const headers = { authorization: `Bearer ${token}`, dpop, 'x-forwarded-for': address };
  return await world.forward('/broker/sessions', { method: 'POST', headers, body });
}

async function recordsOf({ records }: BrokerWorld): Promise<readonly string[]> {
  const paths: string[] = [];
  for await (const path of records.list('')) paths.push(path);
  return paths;
}

describe('a flood of requests for sessions', () => {
  it('from one address asks Gitea 60 times, is told when to come back, and leaves no record', async () => {
    const questions = vi.spyOn(world.tools.proof, 'prove');
    const answers: Response[] = [];
    for (let times = 0; times < 90; times += 1) answers.push(await ask('203.0.113.9'));
    expect(questions).toHaveBeenCalledTimes(60);
    expect(answers.slice(0, 60).every(({ status }) => status === 401)).toBe(true);
    expect(answers.slice(60).every(({ status }) => status === 429)).toBe(true);
    expect(answers.at(-1)?.headers.get('retry-after')).toBe('1');
    expect(await answers.at(-1)?.json()).toMatchObject({ code: 'TOO_MANY_ATTEMPTS' });
    expect([await recordsOf(world), world.events]).toEqual([[], []]);
  });

  it('does not keep a job of another address from its session, and the flood may go on later', async () => {
    for (let times = 0; times < 61; times += 1) await ask('203.0.113.9');
    const job = world.startJob();
    const token = job.environment['ACTIONS_RUNTIME_TOKEN'];
    expect((await ask('198.51.100.7', token)).status).toBe(200);
    world.cloud.clock.advance(1_000);
    expect([(await ask('203.0.113.9')).status, (await ask('203.0.113.9')).status]).toEqual([401, 429]);
  });

  it('from ever other addresses is bounded altogether, except for those whose jobs proved themselves', async () => {
    const runner = '198.51.100.7';
    expect((await ask(runner, world.startJob().environment['ACTIONS_RUNTIME_TOKEN'])).status).toBe(200);
    const questions = vi.spyOn(world.tools.proof, 'prove');
    for (let times = 0; times < 320; times += 1) await ask(`2001:db8:0:${times.toString(16)}::1`);
    expect(questions).toHaveBeenCalledTimes(300);
    expect((await ask(runner, world.startJob().environment['ACTIONS_RUNTIME_TOKEN'])).status).toBe(200);
  });
});
