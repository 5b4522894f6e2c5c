import { availableParallelism, loadavg } from 'node:os';
import { knownSecrets, upcomingOf } from '../../src/composition/portal/known-secrets.ts';
import type { Keyturn } from '../../src/keyturn.ts';
import { emptyPolicy } from '../../src/secrets/policy.ts';
import { startServer } from '../../src/server.ts';
import type { Settings } from '../../src/settings.ts';
import { createWeb } from '../../src/web/create-web.ts';
import { listedFinding, listedRead } from '../../test/web/portal-examples.ts';
import { auditedSpan, listedRotation, pack, webWorld } from '../../test/web/web-world.ts';
import { printTable } from '../print-table.ts';

/** Issue 13: the first byte of each page takes at most ten times that of /healthz, in one run. */
const budget = 10;
const secretCount = 150;
const rotationCount = 10_000;
const readCount = 20_000;
const findingCount = 300;
const rounds = 60;

const now = new Date('2026-03-01T12:00:00Z');
const nameOf = (index: number) => `secret-${String(index % secretCount).padStart(3, '0')}`;
const ago = (hours: number) => new Date(now.getTime() - hours * 3_600_000).toISOString();

const rotations = Array.from({ length: rotationCount }, (_, index) =>
  listedRotation({
    rotationId: `rotation${String(index)}.1`,
    secret: nameOf(index),
    state: index % 1_000 === 0 ? 'awaiting-approval' : 'done',
    awaits: index % 1_000 === 0 ? 'publish' : null,
    publication: 'published',
    publishedAt: ago(index),
    claimedAt: ago(index),
    oldValue: 'dead',
  }),
);
const reads = Array.from({ length: readCount }, (_, index) =>
  listedRead({ id: String(index).padStart(64, '0'), at: ago(index / 10), secret: nameOf(index) }),
);
const findings = Array.from({ length: findingCount }, (_, index) => listedFinding({ id: `finding${String(index)}` }));
const audited = auditedSpan({ reads, findings });
const inventory = Array.from({ length: secretCount }, (_, index) => ({
  vault: 'kv',
  secret: nameOf(index),
  version: 'a'.repeat(32),
  enabled: true,
  created: ago(500 + index),
  expires: ago(-24 * index),
  environment: 'prod',
  issuer: null,
  validityDays: 90,
}));

// The lists as the service keeps them between two passes; how long it takes to make them is printed beside.
const facts = { policy: emptyPolicy, inventory, rotations, audited, now };
const made = performance.now();
const known = knownSecrets(facts);
const upcoming = [...known.values()].flatMap((one) => upcomingOf(one, facts));
const makingMs = performance.now() - made;

const { ports } = webWorld({
  ports: {
    now: () => now,
    rotations: () => Promise.resolve(rotations),
    audited: () => Promise.resolve(audited),
    secrets: () => Promise.resolve([...known.values()].map(({ listed }) => listed)),
    secret({ vault, secret }) {
      const found = known.get(`${vault}/${secret}`);
      if (found === undefined) return Promise.resolve(null);
      const { listed, rotations: own } = found;
      const detail = { secret: listed, policy: ['One sentence.'], upcoming: upcomingOf(found, facts), versions: [] };
      return Promise.resolve({ ...detail, rotations: own, possibleReaders: null });
    },
    upcoming: () => Promise.resolve(upcoming),
  },
});
const web = createWeb(ports, {
  trustLoopback: true,
  platform: null,
  sessions: null,
  tokens: null,
  openId: null,
  hosts: [],
});
const keyturn = {
  settings: { openId: null, publicUrl: null, platformAuthentication: null } as Settings,
  handleRequest: async (request: Request, connection: { readonly loopback: boolean }) =>
    await web.fetch(request, { connection }),
} as unknown as Keyturn;
const server = await startServer(keyturn, { host: '127.0.0.1', port: 0, scheduled: false });

const pages = [
  '/',
  '/rotations',
  '/secrets',
  `/secrets/kv/${nameOf(7)}`,
  `/reads?secret=kv/${nameOf(7)}`,
  '/findings',
  '/findings/finding7',
  '/reports',
  `/reports/${pack.id}`,
  '/setup',
];

/** Milliseconds until the first byte of the answer's body is here. */
async function firstByte(path: string): Promise<{ readonly milliseconds: number; readonly bytes: number }> {
  const start = performance.now();
  const answer = await fetch(`${server.url}${path}`);
  let [milliseconds, bytes] = [0, 0];
  for await (const chunk of answer.body ?? []) {
    if (bytes === 0) milliseconds = performance.now() - start;
    bytes += (chunk as Uint8Array).byteLength;
  }
  if (answer.status !== 200) throw new Error(`${path} answered ${String(answer.status)}.`);
  return { milliseconds, bytes };
}

const taken = new Map<string, number[]>();
const sizes = new Map<string, number>();
for (let round = -10; round < rounds; round += 1) {
  for (const path of ['/healthz', ...pages]) {
    const { milliseconds, bytes } = await firstByte(path);
    sizes.set(path, bytes);
    if (round >= 0) taken.set(path, [...(taken.get(path) ?? []), milliseconds]);
  }
}
await server.stop();

const median = (path: string) =>
  (taken.get(path) ?? []).toSorted((one, other) => one - other)[rounds / 2] ?? Number.NaN;
console.log('Command: node bench/portal/bench-portal.ts');
console.log(`Machine: ${String(availableParallelism())} cores, Node ${process.versions.node}`);
console.log(`Load before: ${(loadavg()[0] ?? 0).toFixed(1)}`);
console.log(
  `\n${String(secretCount)} secrets, ${String(rotationCount)} rotations, ${String(readCount)} reads; medians of ${String(rounds)} rounds. The lists of secrets were made in ${makingMs.toFixed(0)} ms, once.`,
);
printTable(
  ['page', 'first byte', 'ratio to /healthz', 'budget', 'size'],
  ['/healthz', ...pages].map((path) => {
    const ratio = median(path) / median('/healthz');
    return [
      path,
      `${median(path).toFixed(2)} ms`,
      ratio.toFixed(1),
      ratio <= budget ? `≤ ${String(budget)}` : `OVER ${String(budget)}`,
      `${((sizes.get(path) ?? 0) / 1024).toFixed(0)} KB`,
    ];
  }),
);
if (pages.some((path) => median(path) / median('/healthz') > budget)) process.exitCode = 1;
