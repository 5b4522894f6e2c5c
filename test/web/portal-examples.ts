import type { ListedAccess } from '../../src/web/web-ports.ts';
import type { ListedFinding, ListedRead, ListedSecret } from '../../src/web/portal-ports.ts';

/** A bound secret that is as it should be. */
export function listedSecret(change: Partial<ListedSecret> = {}): ListedSecret {
  return {
    vault: 'kv',
    secret: 'app',
    environment: 'prod',
    owner: 'team-app',
    binding: 'bound',
    issuer: 'generated',
    version: 'a'.repeat(32),
    created: '2026-01-01T00:00:00.000Z',
    expires: '2026-06-01T00:00:00.000Z',
    due: '2026-06-01T00:00:00.000Z',
    lastRotatedAt: '2026-01-01T00:00:00.000Z',
    lastReadAt: '2026-02-28T00:00:00.000Z',
    reads: 3,
    health: 'good',
    ...change,
  };
}

/** A read that is tied to a job. */
export function listedRead(change: Partial<ListedRead> = {}): ListedRead {
  return {
    id: 'b'.repeat(64),
    at: '2026-02-28T10:00:00.0000000Z',
    vault: 'kv',
    secret: 'app',
    version: 'a'.repeat(32),
    grade: 'authenticated',
    job: 'acme/shop 41/52.1',
    person: null,
    identity: '11111111-2222-3333-4444-555555555555',
    address: '203.0.113.20',
    correlationId: 'c-1',
    reason: 'receipt-posted',
    ...change,
  };
}

/** A finding that is open, and about which nobody decided anything. */
export function listedFinding(change: Partial<ListedFinding> = {}): ListedFinding {
  return {
    format: 1,
    id: 'f00dfeedf00dfeed',
    rule: 'read-by-person',
    severity: 'high',
    subject: 'kv/app',
    description: 'ada read kv/app on 2026-02-27T10:00:00.000Z.',
    firstAt: '2026-02-27T10:00:00.000Z',
    lastAt: '2026-02-27T10:00:00.000Z',
    count: 1,
    evidence: ['b'.repeat(64)],
    ended: null,
    life: {
      state: 'open',
      since: '2026-02-27T10:00:00.000Z',
      description: 'open',
      owner: null,
      due: null,
      ticket: null,
      response: null,
      steps: [],
    },
    ...change,
  };
}

/** A request of a running job for a secret that needs a person's word, which nobody answered yet. */
export function listedAccess(change: Partial<ListedAccess> = {}): ListedAccess {
  return {
    grant: '0a1b2c3d-000000000052.0123456789ab',
    number: 1,
    requestedAt: '2026-03-01T00:05:00.000Z',
    request: {
      act: 'requested',
      vault: 'kv',
      secret: 'payments',
      job: {
        repository: 'shop/orders',
        runId: 41,
        jobId: 52,
        attempt: 1,
        commit: 'c'.repeat(40),
        workflow: 'deploy.yml',
        branch: 'main',
        event: 'push',
      },
      triggeredBy: { id: 4, login: 'ann' },
      author: { id: 5, login: 'bob' },
      approvers: ['operator'],
      lastsMs: 1_800_000,
      uses: 1,
    },
    standing: 'waiting',
    answer: null,
    uses: [],
    refusal: null,
    ...change,
  };
}
