import { describe, expect, it } from 'vitest';
import type { Role } from '../../src/web/caller.ts';
import type { KeptRecords } from '../../src/web/portal-ports.ts';
import { portalPages } from '../../src/web/portal/portal-pages.ts';
import { setCookieHeader } from '../../src/web/sign-in/sessions.ts';
import type { WebPorts } from '../../src/web/web-ports.ts';
import { personCalled } from '../provenance/people.ts';
import { listedAccess, listedFinding, listedRead, listedSecret } from './portal-examples.ts';
import { auditedSpan, listedRotation, pack, webWorld } from './web-world.ts';

const form = { 'content-type': 'application/x-www-form-urlencoded', origin: 'http://localhost:7071' };

/** The portal, as somebody with these roles uses it. */
async function signedIn(roles: readonly Role[], ports: Partial<WebPorts> = {}) {
  const world = webWorld({ ports });
  const session = await world.sessions.open({ person: personCalled('ann'), roles: [...roles] });
  const cookie = setCookieHeader(session, false).split(';')[0] ?? '';
  const send = async (path: string, init: RequestInit = {}) =>
    await world.send(path, { ...init, headers: { cookie, ...(init.headers as Record<string, string>) } });
  const text = async (path: string) => await (await send(path)).text();
  const post = async (path: string, body: Record<string, string>) =>
    await send(path, { method: 'POST', body: new URLSearchParams(body).toString(), headers: form });
  return { ...world, send, text, post };
}

const pathOf = (path: string) => path.replace(/:file\{.+\}/, 'report.html').replaceAll(/:\w+/g, 'x');

describe('the table of pages', () => {
  it.each(portalPages.map(({ method, path, role }) => [method, path, role] as const))(
    'refuses %s %s to nobody and to accounts without a role, and opens it to its role',
    async (method, path, role) => {
      const body = method === 'POST' ? '{}' : undefined;
      const ask = async (roles: readonly Role[]) =>
        (await (await signedIn(roles)).send(pathOf(path), { method, ...(body === undefined ? {} : { body }) })).status;
      expect((await webWorld().send(pathOf(path), { method })).status).toBe(401);
      expect(await ask([])).toBe(403);
      expect((await ask(['auditor'])) === 403).toBe(role === 'operator');
      expect(await ask(['operator'])).not.toBe(403);
    },
  );

  it('shows an auditor sealed reports and exceptions alone', () => {
    const open = portalPages.filter(({ role }) => role === 'auditor').map(({ path }) => path.split('/')[1]);
    expect(new Set(open)).toEqual(new Set(['', 'findings', 'reports']));
  });

  it.each(portalPages.filter(({ method }) => method === 'POST').map(({ path }) => path))(
    'refuses an act at %s that another site sends',
    async (path) => {
      const { send } = await signedIn(['operator']);
      const headers = { ...form, origin: 'https://attacker.example' };
      expect((await send(pathOf(path), { method: 'POST', body: 'a=b', headers })).status).toBe(403);
    },
  );

  it('links in its navigation only to what the role opens', async () => {
    const linksOf = async (roles: readonly Role[]) =>
      [...(await (await signedIn(roles)).text('/')).matchAll(/<li><a href="(\/\w*)"/g)].map(([, path]) => path);
    expect(await linksOf(['auditor'])).toEqual(['/', '/findings', '/reports']);
    expect(await linksOf(['operator'])).toEqual([
      '/',
      '/rotations',
      '/secrets',
      '/reads',
      '/findings',
      '/reports',
      '/setup',
    ]);
  });
});

describe('the overview', () => {
  it('counts what waits for a person, and says what comes and how each source is', async () => {
    const rotations = [
      listedRotation({ rotationId: 'a.1', awaits: 'publish', state: 'awaiting-approval' }),
      listedRotation({ rotationId: 'b.1', awaits: 'go', secret: 'first' }),
      listedRotation({ rotationId: 'c.1', state: 'needs-attention', secret: 'stopped' }),
      listedRotation({ rotationId: 'd.1', state: 'done' }),
    ];
    const { send, text } = await signedIn(['operator'], {
      rotations: () => Promise.resolve(rotations),
      accessRequests: () => Promise.resolve([listedAccess(), listedAccess({ standing: 'spent', number: 3 })]),
      audited: () =>
        Promise.resolve(
          auditedSpan({
            findings: [
              listedFinding(),
              listedFinding({ id: 'past', life: { ...listedFinding().life, state: 'fixed' } }),
            ],
            gaps: [{ hour: '2026-02-01T00:00:00.000Z', state: 'gap' }],
          }),
        ),
      upcoming: () =>
        Promise.resolve([{ at: '2026-03-09T00:00:00.000Z', vault: 'kv', secret: 'soon', says: 'expires' }]),
      sources: () => Promise.resolve([{ what: 'Jobs of Gitea', state: 'failed', says: 'Not read since yesterday.' }]),
    });
    const json = await (await send('/', { headers: { accept: 'application/json' } })).json();
    expect(json).toMatchObject({ needs: { approvals: 1, access: 1, gos: 1, calls: 1, openFindings: 1, gaps: 1 } });
    const page = await text('/');
    for (const words of [
      'kv/stopped</a> stopped and needs attention',
      'kv/payments</a> is asked for by a job of shop/orders, run 41',
      'waits for a go',
      '>soon</a> expires',
      'Not read since yesterday.',
      'ada read kv/app on 2026-02-27 10:00 UTC.',
    ])
      expect(page).toContain(words);
  });

  it('says that the log is still being read, and never that no exception is open', async () => {
    const page = await (await signedIn(['operator'], { audited: () => Promise.resolve(null) })).text('/');
    expect(page).toContain('The log is being read for the first time');
    expect(page).not.toContain('No exception is open');
  });
});

describe('the log of a job', () => {
  const job = encodeURIComponent('acme/shop 41/52.1');

  it('is linked from the reads of the job and shown as text, in the embedded cloud', async () => {
    const reads = { audited: () => Promise.resolve(auditedSpan({ reads: [listedRead()] })) };
    const { text, send } = await signedIn(['operator'], reads);
    expect(await text('/reads')).toContain(`href="/job-log?job=${job}"`);
    expect(await text(`/job-log?job=${job}`)).toContain('Set up job\n&lt;b&gt;masked: ***&lt;/b&gt;');
    expect((await send('/job-log?job=acme%2Fshop%201%2F1.1')).status).toBe(404);
  });

  it('is not shown beside a real Gitea, which decides who may see it', async () => {
    const reads = { audited: () => Promise.resolve(auditedSpan({ reads: [listedRead()] })), jobLog: null };
    const { text, send } = await signedIn(['operator'], reads);
    expect(await text('/reads')).not.toContain('/job-log');
    expect((await send(`/job-log?job=${job}`)).status).toBe(404);
  });
});

describe('the list of secrets', () => {
  const secrets = [
    listedSecret({ secret: 'calm' }),
    listedSecret({ secret: 'late', health: 'overdue', due: '2026-02-01T00:00:00.000Z', owner: null }),
    listedSecret({ secret: 'unread', lastReadAt: null, environment: 'dev', binding: 'not-bound', issuer: null }),
    listedSecret({ secret: 'old', lastRotatedAt: '2025-01-01T00:00:00.000Z', due: '2026-03-05T00:00:00.000Z' }),
  ];
  const found = async (query: string) => {
    const { send } = await signedIn(['operator'], { secrets: () => Promise.resolve(secrets) });
    const answer = await send(`/secrets?${query}`, { headers: { accept: 'application/json' } });
    return ((await answer.json()) as { secrets: readonly { secret: string }[] }).secrets.map(({ secret }) => secret);
  };

  it.each([
    ['', ['calm', 'late', 'old', 'unread']],
    ['q=LATE', ['late']],
    ['health=overdue', ['late']],
    ['bound=not-bound', ['unread']],
    ['environment=dev', ['unread']],
    ['owner=none', ['late']],
    ['due=overdue', ['late']],
    ['due=7', ['late', 'old']],
    ['rotated=90', ['old']],
    ['read=never', ['unread']],
    ['sort=due', ['late', 'old', 'calm', 'unread']],
  ] as const)('answers ?%s', async (query, names) => {
    expect(await found(query)).toEqual(names);
  });

  it('keeps a page of 150 secrets and its filters under 100 KB', async () => {
    const many = Array.from({ length: 150 }, (_, index) => listedSecret({ secret: `secret-${String(index)}` }));
    const { text } = await signedIn(['operator'], { secrets: () => Promise.resolve(many) });
    const page = await text('/secrets?owner=team-app');
    expect(page.length).toBeLessThan(100_000);
    expect(page).toContain('owner=team-app&amp;page=2');
  });
});

describe('the page of a secret', () => {
  it('shows policy, what comes, readers by job, who can read it and its versions', async () => {
    const { text } = await signedIn(['operator'], {
      audited: () => Promise.resolve(auditedSpan({ reads: [listedRead(), listedRead({ secret: 'another' })] })),
      secret: () =>
        Promise.resolve({
          secret: listedSecret(),
          policy: ['A second person approves before Keyturn may publish.'],
          upcoming: [{ at: '2026-05-01T00:00:00.000Z', vault: 'kv', secret: 'app', says: 'is due' }],
          versions: [
            { version: 'a'.repeat(32), publishedAt: null, rotationId: null, standing: 'the newest, in force' },
          ],
          rotations: [],
          possibleReaders: {
            at: '2026-03-01T00:00:00.000Z',
            readers: [{ principalId: 'p-1', knownAs: null, verdict: 'may-read', grants: [] }],
          },
        }),
    });
    const page = await text('/secrets/kv/app');
    for (const words of [
      'A second person approves',
      'It is due.',
      'jobs of acme/shop',
      'All 1 read since',
      'not in the policy',
      'the newest, in force',
      'action" value="request"',
    ])
      expect(page).toContain(words);
    expect(await text('/secrets/kv/app/plan')).toContain('would take the steps publish');
  });

  it('answers 404 for a secret that nobody knows', async () => {
    expect((await (await signedIn(['operator'])).send('/secrets/kv/none')).status).toBe(404);
  });
});

describe('the page of reads', () => {
  const reads = [
    listedRead({ id: 'one' }),
    listedRead({ id: 'two', job: 'acme/shop 4/5.1' }),
    listedRead({ id: 'three', job: null, grade: 'person', person: 'ada@example.org' }),
    listedRead({ id: 'four', secret: 'other', job: null, grade: 'unattributed' }),
  ];
  const found = async (query: string) => {
    const { send } = await signedIn(['operator'], { audited: () => Promise.resolve(auditedSpan({ reads })) });
    const answer = await send(`/reads?${query}`, { headers: { accept: 'application/json' } });
    return ((await answer.json()) as { reads?: readonly { id: string }[] }).reads?.map(({ id }) => id) ?? answer.status;
  };

  it.each([
    ['secret=kv/other', ['four']],
    ['job=acme/shop', ['one', 'two']],
    ['job=acme/shop+4', ['two']],
    ['job=acme/shop+41/52', ['one']],
    ['person=any', ['three']],
    ['person=ada', ['three']],
    ['grade=unattributed', ['four']],
    ['from=2026-13-01', 400],
    ['from=2026-02-01&to=2026-01-01', 400],
    ['from=2020-01-01&to=2026-01-01', 400],
  ] as const)('answers ?%s', async (query, ids) => {
    expect(await found(query)).toEqual(ids);
  });

  it('asks for the days that the address names, the last one included', async () => {
    const spans: unknown[] = [];
    const { send } = await signedIn(['operator'], {
      audited: (span) => {
        spans.push(span);
        return Promise.resolve(auditedSpan());
      },
    });
    await send('/reads?from=2025-01-01&to=2025-01-02');
    expect(spans).toEqual([{ from: new Date('2025-01-01T00:00:00Z'), to: new Date('2025-01-03T00:00:00Z') }]);
  });
});

describe('the page of an exception', () => {
  const ports = { audited: () => Promise.resolve(auditedSpan({ findings: [listedFinding()] })) };

  it('offers decisions to operators alone', async () => {
    const path = '/findings/f00dfeedf00dfeed';
    expect(await (await signedIn(['operator'], ports)).text(path)).toContain('Accept until a day');
    expect(await (await signedIn(['auditor'], ports)).text(path)).not.toContain('Accept until a day');
  });

  it('records a decision in the name of the person who signed in', async () => {
    const { post, calls } = await signedIn(['operator'], ports);
    const accepted = { kind: 'accepted', text: 'a test system', lastDay: '2026-04-30' };
    expect((await post('/findings/f00dfeedf00dfeed', accepted)).status).toBe(303);
    const responded = { kind: 'responded', text: 'we look', owner: 'team-app', due: '', ticket: '' };
    expect((await post('/findings/f00dfeedf00dfeed', responded)).status).toBe(303);
    const of = { finding: 'f00dfeedf00dfeed', by: personCalled('ann') };
    expect(calls.decided).toEqual([
      { ...of, ...accepted, owner: null, due: null, ticket: null },
      { ...of, kind: 'responded', text: 'we look', lastDay: null, owner: 'team-app', due: null, ticket: null },
    ]);
  });

  it.each([
    { kind: 'accepted', text: 'no day' },
    { kind: 'accepted', text: 'x', lastDay: 'soon' },
    { kind: 'responded', text: '' },
    { kind: 'fixed', text: 'x' },
  ])('refuses %j', async (body) => {
    const { post, calls } = await signedIn(['operator'], ports);
    expect((await post('/findings/f00dfeedf00dfeed', body)).status).toBe(400);
    expect(calls.decided).toEqual([]);
  });

  it('finds exceptions by state, severity and words', async () => {
    const findings = [
      listedFinding({ id: 'one' }),
      listedFinding({ id: 'two', severity: 'low', life: { ...listedFinding().life, state: 'recurred' } }),
      listedFinding({ id: 'three', subject: 'kv/other', life: { ...listedFinding().life, state: 'accepted' } }),
    ];
    const { send } = await signedIn(['auditor'], { audited: () => Promise.resolve(auditedSpan({ findings })) });
    const found = async (query: string) => {
      const answer = await send(`/findings?${query}`, { headers: { accept: 'application/json' } });
      return ((await answer.json()) as { findings: readonly { id: string }[] }).findings.map(({ id }) => id);
    };
    expect(await found('state=open')).toEqual(['one', 'two']);
    expect(await found('severity=low')).toEqual(['two']);
    expect(await found('q=KV/OTHER')).toEqual(['three']);
  });
});

describe('the inbox', () => {
  it('says who read the value last, what the approval would do, and offers it', async () => {
    const waiting = listedRotation({ awaits: 'revoke', state: 'awaiting-approval', oldValue: 'in-grace' });
    const { text } = await signedIn(['operator'], {
      rotations: () => Promise.resolve([waiting]),
      audited: () => Promise.resolve(auditedSpan({ reads: [listedRead()] })),
    });
    const page = await text('/rotations');
    for (const words of [
      '2026-02-28 10:00 UTC by acme/shop 41/52.1 (authenticated)',
      'end the old credential, so that whoever still uses it fails',
      '<button>Approve: revoke</button>',
    ])
      expect(page).toContain(words);
  });

  it('puts 10,000 rotations on pages under 100 KB, and finds one of them', async () => {
    const many = Array.from({ length: 10_000 }, (_, index) =>
      listedRotation({ rotationId: `r${String(index)}.1`, state: 'done', secret: `secret-${String(index % 150)}` }),
    );
    const { text } = await signedIn(['operator'], { rotations: () => Promise.resolve(many) });
    expect((await text('/rotations')).length).toBeLessThan(100_000);
    expect(await text('/rotations?q=r9999.1')).toContain('id="r9999.1"');
  });
});

describe('reports', () => {
  it('records each download with the person before its first byte', async () => {
    const { send, calls } = await signedIn(['auditor']);
    await send(`/reports/${pack.id}/report.html?download`);
    await send(`/reports/${pack.id}/pack.zip?download`);
    await send(`/reports/${pack.id}/none.json?download`);
    const by = personCalled('ann');
    expect(calls.downloaded).toEqual([
      { by, pack: pack.id, file: 'report.html' },
      { by, pack: pack.id, file: 'pack.zip' },
    ]);
  });

  it('sends nothing if the download cannot be recorded', async () => {
    const { send } = await signedIn(['auditor'], { recordDownload: () => Promise.reject(new Error('no disk')) });
    const answer = await send(`/reports/${pack.id}/report.html?download`);
    expect([answer.status, await answer.text()]).toEqual([500, expect.not.stringContaining('<p>report</p>')]);
  });

  it('says what a check found, and that it proves nothing about the server', async () => {
    const check = { intact: false, fingerprint: 'sha256:ab', files: 12, faults: ['report.html: differs'] };
    const { post } = await signedIn(['auditor'], { checkPack: () => Promise.resolve(check) });
    const page = await (await post(`/reports/${pack.id}/check`, {})).text();
    for (const words of ['broken', 'report.html: differs', 'A server that lies about a pack would also lie here.'])
      expect(page).toContain(words);
  });

  it('says what changed since the pack before', async () => {
    const finding = { id: 'f1', severity: 'high', description: 'a new one' } as const;
    const difference = {
      earlier: '2026-01-abc',
      added: [finding],
      recurring: [],
      fixed: [],
      controls: [{ control: 'CC6.1', before: 'no exceptions', after: 'exceptions' }],
    };
    const { text } = await signedIn(['auditor'], { comparePack: () => Promise.resolve(difference) });
    const page = await text(`/reports/${pack.id}/difference`);
    for (const words of ['2026-01-abc', 'a new one', 'CC6.1', '1 new']) expect(page).toContain(words);
  });
});

describe('the page of what is kept', () => {
  const hold = {
    format: 1,
    number: 1,
    at: '2026-02-01T08:00:00.000Z',
    by: personCalled('ann'),
    reason: 'case <4711>',
    from: '2025-01-01T00:00:00.000Z',
    to: '2025-02-01T00:00:00.000Z',
    lifted: null,
  } as const;
  const deletion = {
    format: 1,
    number: 3,
    kind: 'slices',
    name: 'slices/2023-02-09/',
    from: '2023-02-09T00:00:00.000Z',
    to: '2023-02-10T00:00:00.000Z',
    rule: '1095d',
    at: '2026-02-15T02:30:00.000Z',
    endedAt: '2026-02-15T02:30:01.000Z',
    records: 24,
    kept: 1,
    list: 'a'.repeat(64),
  } as const;

  it('says what is held by whom, and what was deleted when and by which rule', async () => {
    const lifted = { at: '2026-02-20T00:00:00.000Z', by: personCalled('ben'), reason: 'closed' };
    const kept: KeptRecords = {
      kinds: [{ kind: 'slices', holds: 'rows of the log', keep: '1095d' }],
      deletions: [deletion, { ...deletion, number: 5, kind: 'jobs', endedAt: null, kept: null }],
      holds: [{ ...hold, number: 2, reason: 'an older one', lifted }, hold],
    };
    const { text, send } = await signedIn(['operator'], { retention: () => Promise.resolve(kept) });
    const page = await text('/retention');
    for (const words of [
      '1095d',
      'case &lt;4711&gt;',
      '2025-01-01 to 2025-01-31',
      'since 2026-02-01 08:00 UTC',
      '2026-02-20 00:00 UTC by ben: closed',
      '2026-02-15 02:30 UTC',
      'slices/2023-02-09/',
      '1 record stayed',
      'under way',
    ])
      expect(page).toContain(words);
    expect(page.indexOf('case')).toBeLessThan(page.indexOf('an older one'));
    expect(await (await send('/retention', { headers: { accept: 'application/json' } })).json()).toEqual(kept);
    expect(await text('/setup')).toContain('href="/retention"');
  });

  it('says that nothing was deleted or is held', async () => {
    const page = await (await signedIn(['operator'])).text('/retention');
    for (const words of ['Nothing is held.', 'Nothing has been deleted.']) expect(page).toContain(words);
  });
});

describe('the list of reads of a span whose rows were deleted', () => {
  it('says so, and what follows from it', async () => {
    const deleted = [
      { what: 'rows of the log', from: '2025-12-01T00:00:00.000Z', to: '2025-12-09T00:00:00.000Z', rule: '90d' },
      { what: 'jobs', from: '2025-12-01T00:00:00.000Z', to: '2025-12-09T00:00:00.000Z', rule: '90d' },
    ] as const;
    const { text } = await signedIn(['operator'], { audited: () => Promise.resolve(auditedSpan({ deleted })) });
    const page = await text('/reads');
    expect(page).toContain(
      'Rows of the log from 2025-12-01 00:00 UTC to 2025-12-09 00:00 UTC were deleted, because they are kept for 90d: reads of that time are not known.',
    );
    expect(page).toContain('a read of that time may be tied to no job');
  });
});

describe('the set-up', () => {
  it('shows what failed first, with the command that adds it', async () => {
    const checks = [
      { what: 'records', verdict: 'pass', says: 'readable', command: null },
      { what: 'vault kv', verdict: 'fail', says: 'VAULT_ACCESS_DENIED', command: 'az role assignment create <x>' },
    ] as const;
    const page = await (
      await signedIn(['operator'], { setup: () => Promise.resolve({ at: '2026-03-01T00:00:00.000Z', checks }) })
    ).text('/setup');
    expect(page).toContain('<pre>az role assignment create &lt;x&gt;</pre>');
    expect(page.indexOf('vault kv')).toBeLessThan(page.indexOf('records'));
  });
});
