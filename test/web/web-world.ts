import { expect } from 'vitest';
import { silentLogger } from '../../src/log/logger.ts';
import { untraced } from '../../src/log/trace.ts';
import type { Receipt } from '../../src/provenance/receipt.ts';
import { createWeb } from '../../src/web/create-web.ts';
import type { ListedRotation, AuditedSpan } from '../../src/web/portal-ports.ts';
import type { ListedPack, WebPorts } from '../../src/web/web-ports.ts';
import type { Access } from '../../src/web/who.ts';
import { recordedTokens } from '../../src/web/tokens/token-book.ts';
import { memoryRecordStore } from '../memory-record-store.ts';
import { undescribed } from './described-answers.ts';
import { sessionsUnderTest } from './sign-in/sessions-under-test.ts';

const now = new Date('2026-03-01T12:00:00Z');

export const pack: ListedPack = {
  id: '2026-02-abc',
  from: '2026-02-01T00:00:00.000Z',
  to: '2026-03-01T00:00:00.000Z',
  frameworks: ['SOC 2', 'ISO/IEC 27001:2022'],
  status: 'final',
  synthetic: true,
  producedAt: '2026-03-01T06:00:00.000Z',
  retrievals: 412,
  tied: 390,
  suspicious: 2,
  findings: 9,
};

/** A rotation that an event began and that has published nothing yet. */
export function listedRotation(change: Partial<ListedRotation> = {}): ListedRotation {
  return {
    rotationId: 'abc.1',
    vault: 'kv',
    secret: 'app',
    state: 'claimed',
    trigger: 'event',
    askedBy: null,
    reason: null,
    asks: [],
    emergency: false,
    claimedAt: '2026-03-01T00:00:00.000Z',
    fromVersion: 'a'.repeat(32),
    publishedVersion: null,
    publication: 'not-yet',
    publishedAt: null,
    oldValue: 'in-force',
    newValue: 'not-published',
    diagnosis: null,
    failure: null,
    note: null,
    approvals: [],
    declines: [],
    environment: null,
    awaits: null,
    waitsFor: [],
    ...change,
  };
}

/** What an audit came to that found nothing. */
export function auditedSpan(change: Partial<AuditedSpan> = {}): AuditedSpan {
  return {
    from: '2025-12-01T00:00:00.000Z',
    to: '2026-03-01T12:00:00.000Z',
    at: '2026-03-01T12:00:00.000Z',
    findings: [],
    reads: [],
    leftOut: 0,
    gaps: [],
    deleted: [],
    hours: 2172,
    ...change,
  };
}

/** What a test's web application was asked to do. */
interface Calls {
  receipts: Receipt[];
  deliveries: unknown[];
  events: unknown[];
  requested: unknown[];
  approved: unknown[];
  declined: unknown[];
  rolledBack: unknown[];
  gone: unknown[];
  decided: unknown[];
  downloaded: unknown[];
}

/** The real web application over ports that remember what was called. */
export function webWorld(changes: { access?: Partial<Access>; ports?: Partial<WebPorts> } = {}) {
  const calls: Calls = {
    receipts: [],
    deliveries: [],
    events: [],
    requested: [],
    approved: [],
    declined: [],
    rolledBack: [],
    gone: [],
    decided: [],
    downloaded: [],
  };
  const { sessions } = sessionsUnderTest(() => now);
  const tokens = recordedTokens({ records: memoryRecordStore(), now: () => now, logger: silentLogger });
  const access: Access = {
    trustLoopback: false,
    platform: null,
    sessions,
    tokens,
    openId: null,
    hosts: [],
    ...changes.access,
  };
  const ports: WebPorts = {
    now: () => now,
    logger: silentLogger,
    packs: () => Promise.resolve([pack]),
    packFiles: (id) => Promise.resolve(id === pack.id ? [{ path: 'report.html', bytes: 12 }] : null),
    packZip: async function* packZip() {
      yield await Promise.resolve(Buffer.from('PK'));
    },
    packFile: (id, path) =>
      Promise.resolve(id === pack.id && path === 'report.html' ? Buffer.from('<p>report</p>') : null),
    jobLog: (job) => Promise.resolve(job === 'acme/shop 41/52.1' ? 'Set up job\n<b>masked: ***</b>' : null),
    boundSecrets: () => 0,
    forget: () => undefined,
    rotations: () => Promise.resolve([]),
    requestRotation: (request) => {
      calls.requested.push(request);
      return Promise.resolve('abc.1');
    },
    giveGo: (go) => {
      calls.gone.push(go);
      return Promise.resolve(['kv/app']);
    },
    approveRotation: (approval) => {
      calls.approved.push(approval);
      return Promise.resolve();
    },
    declineRotation: (word) => {
      calls.declined.push(word);
      return Promise.resolve();
    },
    rollBackRotation: (request) => {
      calls.rolledBack.push(request);
      return Promise.resolve();
    },
    secrets: () => Promise.resolve([]),
    secret: () => Promise.resolve(null),
    upcoming: () => Promise.resolve([]),
    audited: () => Promise.resolve(auditedSpan()),
    sources: () => Promise.resolve([]),
    retention: () => Promise.resolve({ kinds: [], deletions: [], holds: [] }),
    setup: () => Promise.resolve({ at: now.toISOString(), checks: [] }),
    planRotation: () => Promise.resolve({ sentences: ['kv/app: would take the steps publish.'], isRefused: false }),
    decideFinding: (decision) => {
      calls.decided.push(decision);
      return Promise.resolve();
    },
    recordDownload: (download) => {
      calls.downloaded.push(download);
      return Promise.resolve();
    },
    downloads: () => Promise.resolve([]),
    checkPack: () => Promise.resolve(null),
    comparePack: () => Promise.resolve(null),
    handleVaultEvent: (event) => {
      calls.events.push(event);
      return Promise.resolve({ outcome: 'not-due' });
    },
    isOurTopic: (topic) => topic.endsWith('/vaults/kv-test'),
    checkEventToken: null,
    checkGiteaSignature: null,
    onGiteaDelivery: (payload) => {
      calls.deliveries.push(payload);
      return Promise.resolve();
    },
    checkRuntimeToken: null,
    instance: '01234567',
    recordReceipts: (receipts) => {
      calls.receipts.push(...receipts);
      return Promise.resolve('recorded');
    },
    accessRequests: () => Promise.resolve([]),
    answerAccess: () => Promise.resolve(),
    trace: untraced,
    metrics: () => Promise.resolve('keyturn_build_info 1\n'),
    brokersOnly: false,
    broker: null,
    readiness: () => Promise.resolve([{ what: 'records', ready: true, says: 'readable' }]),
    ...changes.ports,
  };
  const web = createWeb(ports, access);
  /** Sends a request as if it came over a socket. `loopback` is the socket's own address. */
  const send = async (
    path: string,
    init: RequestInit & { loopback?: boolean; host?: string; address?: string } = {},
  ): Promise<Response> => {
    const { loopback = true, host = 'localhost:7071', address, ...rest } = init;
    const request = new Request(`http://${host}${path}`, rest);
    request.headers.set('host', host);
    const answer = await web.fetch(request, { connection: { loopback, ...(address !== undefined && { address }) } });
    // Every answer of every test is one that the OpenAPI document describes.
    expect(await undescribed(request.method, path, answer)).toBeNull();
    return answer;
  };
  return { send, calls, sessions, tokens, ports };
}
