import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { ListedRotation } from '../../src/web/portal-ports.ts';
import { describe, expect, it } from 'vitest';
import type { Person } from '../../src/provenance/person.ts';
import type { Who } from '../../src/web/caller.ts';
import { listRotations } from '../../src/web/portal/list-rotations.ts';
import type { PortalVisit } from '../../src/web/portal/portal-visit.ts';
import type { WebPorts } from '../../src/web/web-ports.ts';
import { personCalled } from '../provenance/people.ts';
import { listedRotation, pack, webWorld } from './web-world.ts';

/** A visit of the page of rotations, by whoever is given. */
function visitOf(asking: Who, ports: WebPorts): PortalVisit {
  const request = new Request('http://localhost:7071/rotations');
  return { request, query: new URLSearchParams(), asking, ports, parameter: () => '' };
}

const access = { trustLoopback: true };
const thisMachine = { kind: 'unnamed', door: 'loopback', name: 'operator' };

describe('the portal', () => {
  it('lists packs with what a reader must know first', async () => {
    const text = await (await webWorld({ access }).send('/reports')).text();
    for (const words of ['2026-02-01 to 2026-02-28', 'synthetic', 'final', '412', 'report.pdf'])
      expect(text).toContain(words);
  });

  it('names the pack that an amendment amends', async () => {
    const amendment = { ...pack, amends: '2026-02.soc2.20260303T023000Z' };
    const ports = { packs: () => Promise.resolve([amendment]) };
    expect(await (await webWorld({ access, ports }).send('/reports')).text()).toContain(
      `amends <code>${amendment.amends}</code>`,
    );
    expect(await (await webWorld({ access }).send('/reports')).text()).not.toContain('amends');
  });

  it('returns the same list as JSON', async () => {
    const response = await webWorld({ access }).send('/reports', { headers: { accept: 'application/json' } });
    expect(await response.json()).toEqual({ packs: [pack] });
  });

  it('shows foreign names as text', async () => {
    const hostile = { ...pack, frameworks: ['<script>alert(1)</script>'], id: '"><img src=x>' };
    const text = await (
      await webWorld({ access, ports: { packs: () => Promise.resolve([hostile]) } }).send('/reports')
    ).text();
    expect(text).not.toContain('<script>');
    expect(text).not.toContain('<img');
  });

  it('shows a report in a sandbox, with the script of the report alone and without the origin of the portal', async () => {
    const response = await webWorld({ access }).send('/reports/2026-02-abc/report.html');
    const script = createHash('sha256').update(readFileSync('templates/report.js')).digest('base64');
    expect(response.headers.get('content-security-policy')).toBe(
      `sandbox allow-scripts allow-downloads; default-src 'none'; script-src 'sha256-${script}'; style-src 'unsafe-inline'; img-src data:; font-src data:`,
    );
    expect(await response.text()).toBe('<p>report</p>');
  });

  const listOf = async (...rotations: readonly ListedRotation[]) => {
    const ports = { rotations: () => Promise.resolve(rotations) };
    return await (await webWorld({ access, ports }).send('/rotations')).text();
  };

  it('says in words where a rotation stands, what stopped it and how to go on', async () => {
    const text = await listOf(listedRotation({ state: 'needs-attention', failure: 'APPROVAL_EXPIRED' }));
    for (const words of [
      'needs attention',
      'in force',
      'not yet',
      'Nobody approved in time',
      'APPROVAL_EXPIRED',
      'To continue, correct the cause and request the rotation again.',
    ])
      expect(text).toContain(words);
    expect(await listOf(listedRotation())).not.toContain('To go on');
  });

  it('lists what waits for a person first, then what stopped, then the newest', async () => {
    const named = (secret: string, day: number, change: Partial<ListedRotation> = {}) =>
      listedRotation({ secret, claimedAt: `2026-03-0${String(day)}T00:00:00.000Z`, ...change });
    const text = await listOf(
      named('done-newest', 9),
      named('done-oldest', 1),
      named('stopped', 4, { state: 'needs-attention' }),
      named('waits-longest', 2, { state: 'awaiting-approval', awaits: 'publish' }),
      named('waits-for-go', 3, { awaits: 'go' }),
    );
    const order = ['waits-for-go', 'waits-longest', 'stopped', 'done-newest', 'done-oldest'];
    const places = order.map((secret) => text.indexOf(secret));
    expect(places).toEqual(places.toSorted((one, other) => one - other));
    expect(places).not.toContain(-1);
  });

  it.each([
    ['never', 'never'],
    ['not-yet', 'not yet'],
    ['published', 'time not known'],
  ] as const)('says of a publication that is %s and has no time: %s', async (publication, says) => {
    expect(await listOf(listedRotation({ state: 'superseded', publication }))).toContain(
      `<td class="time">${says}</td>`,
    );
  });

  it('says what became of both values where a rotation went another way', async () => {
    const note = 'Somebody else published over it. Keyturn ended neither the old nor the new credential.';
    const text = await listOf(listedRotation({ state: 'superseded', oldValue: 'in-grace', note }));
    for (const words of ['in grace', note]) expect(text).toContain(words);
  });

  it('says who asked for an emergency, who broke the glass, why, and what is to be weighed', async () => {
    const at = '2026-03-01T00:05:00.000Z';
    const approvals = [
      { step: 'revoke', by: personCalled('bob'), at, breakGlass: true, reason: 'nobody <b>else</b>' },
    ] as const;
    const waitsFor = ['job team/app 1 runs'];
    const asked = { askedBy: personCalled('ann'), reason: 'leaked in a chat', emergency: true };
    const text = await listOf(listedRotation({ state: 'awaiting-approval', ...asked, approvals, waitsFor }));
    for (const words of [
      'Requested by ann, as an emergency: leaked in a chat',
      'Break-glass: revoke approved by bob, 2026-03-01 00:05 UTC: nobody &lt;b&gt;else&lt;/b&gt;',
      'Blocks revocation: job team/app 1 runs<',
    ])
      expect(text).toContain(words);
  });

  it('says what each file of a pack holds, parts of large ones too', async () => {
    const files = ['retrievals-0002.ndjson.gz', 'queries/retrievals-5f7e11aa.kql', 'report.html'];
    const ports = { packFiles: () => Promise.resolve(files.map((path) => ({ path, bytes: 12 }))) };
    const text = await (await webWorld({ access, ports }).send('/reports/2026-02-abc')).text();
    for (const words of [
      'every read with its grade and evidence',
      'the query that read the log',
      'for reading on screen',
    ])
      expect(text).toContain(words);
  });

  it('returns a whole pack as one zip', async () => {
    const response = await webWorld({ access }).send('/reports/2026-02-abc/pack.zip?download');
    expect(response.headers.get('content-disposition')).toBe('attachment; filename="2026-02-abc.zip"');
    expect(await response.text()).toBe('PK');
    expect((await webWorld({ access }).send('/reports/none/pack.zip')).status).toBe(404);
  });

  it('answers 404 for an unknown pack, file or page', async () => {
    const { send } = webWorld({ access });
    for (const path of ['/reports/none', '/reports/2026-02-abc/none.json', '/reports/2026-02-abc/../x', '/none']) {
      expect((await send(path)).status).toBe(404);
    }
  });

  it('sends the security headers with every answer, including refusals', async () => {
    for (const world of [webWorld({ access }), webWorld()]) {
      const { headers } = await world.send('/');
      expect(headers.get('content-security-policy')).toContain("default-src 'none'");
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      // Under `no-referrer` a browser sends `Origin: null` with our own forms, and each of them is refused.
      expect(headers.get('referrer-policy')).toBe('same-origin');
    }
  });
});

describe('asking for a rotation', () => {
  const ask = async (headers: Record<string, string>, body: string) => {
    const world = webWorld({ access });
    const { status } = await world.send('/rotations', { method: 'POST', body, headers });
    return { status, requested: world.calls.requested };
  };
  const json = { 'content-type': 'application/json' };

  it('records who asked and why', async () => {
    const body = JSON.stringify({ action: 'request', secret: 'kv-test/database-password', reason: 'leaked in a chat' });
    expect(await ask(json, body)).toEqual({
      status: 202,
      requested: [expect.objectContaining({ reason: 'leaked in a chat', by: thisMachine, emergency: false })],
    });
  });

  it('is refused from a page of another site', async () => {
    const body = 'action=request&secret=kv-test%2Fx&reason=y';
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    expect(await ask({ ...form, origin: 'https://attacker.example' }, body)).toEqual({ status: 403, requested: [] });
    expect(await ask({ ...form, origin: 'null' }, body)).toEqual({ status: 403, requested: [] });
    expect(await ask({ ...form, origin: 'http://localhost:7071' }, body)).toMatchObject({ status: 303 });
  });

  it('offers to roll back while the old value lives, and to approve what waits, to operators alone', async () => {
    const listed = (
      state: ListedRotation['state'],
      awaits: ListedRotation['awaits'],
      oldValue: ListedRotation['oldValue'],
    ) =>
      listedRotation({
        rotationId: `${state}.${awaits ?? 'none'}`,
        state,
        oldValue,
        awaits,
        publication: oldValue === 'in-force' ? 'not-yet' : 'published',
      });
    const rotations = [
      listed('grace', null, 'in-grace'),
      listed('needs-attention', null, 'in-grace'),
      listed('awaiting-approval', 'publish', 'in-force'),
      listed('awaiting-approval', 'revoke', 'in-grace'),
      listed('rolled-back', 'revoke', 'in-force-again'),
      listed('done', null, 'dead'),
    ];
    const text = await (
      await webWorld({ access, ports: { rotations: () => Promise.resolve(rotations) } }).send('/rotations')
    ).text();
    expect(text.match(/value="roll-back"/g)).toHaveLength(3);
    // Nobody signed in: a glass can be broken, and no second person is there.
    expect(text.match(/value="approve"/g)).toHaveLength(4);
    expect(text.match(/Waits for another person, who signs in, to approve: /g)).toHaveLength(3);
    // Three questions, and a grace that may end at once: the last of these needs nobody who asks first.
    expect(text.match(/name="breakGlass" value="on"/g)).toHaveLength(4);
    expect(text).toContain('name="rotationId" value="grace.none"');
  });

  it('says before the first rotation whether the policy binds anything', async () => {
    const seen = async (bound: number) => {
      const { ports } = webWorld({
        access,
        ports: { rotations: () => Promise.resolve([]), boundSecrets: () => bound },
      });
      const asking: Who = { kind: 'somebody', person: personCalled('ann'), roles: ['auditor'], scopes: null };
      return await (await listRotations(visitOf(asking, ports))).text();
    };
    expect(await seen(0)).toContain('Keyturn only observes until');
    expect(await seen(11)).toContain('The policy binds 11 secrets, of which none has been due so far.');
    expect(await seen(1)).toContain('The policy binds 1 secret, which has not been due so far.');
    expect(await seen(11)).not.toContain('only observes');
  });

  it('offers the approval to whoever neither asked, asked again nor rolled back, and says who did and why', async () => {
    const [ann, bob, cay] = [personCalled('ann'), personCalled('bob'), personCalled('cay')];
    const at = '2026-03-01T00:10:00.000Z';
    const waiting = listedRotation({
      state: 'awaiting-approval',
      awaits: 'publish',
      askedBy: ann,
      reason: 'leaked',
      asks: [
        { what: 'request', by: ann, at, reason: 'leaked' },
        { what: 'request-again', by: bob, at, reason: 'the server is back' },
      ],
    });
    const seenBy = async (person: Person) => {
      const { ports } = webWorld({ access, ports: { rotations: () => Promise.resolve([waiting]) } });
      const asking: Who = { kind: 'somebody', person, roles: ['operator'], scopes: null };
      return await (await listRotations(visitOf(asking, ports))).text();
    };
    const offers = async (person: Person) => (await seenBy(person)).includes('<button>Approve: publish</button>');
    expect([await offers(ann), await offers(bob), await offers(cay)]).toEqual([false, false, true]);
    const text = await seenBy(cay);
    expect(text).toContain('Requested by ann: leaked');
    expect(text).toContain('Requested again by bob, 2026-03-01 00:10 UTC: the server is back');
  });

  it('offers a no to everybody who operates, says what comes of it, and shows who said it and why', async () => {
    const declines = [
      { step: 'publish', by: personCalled('bob'), at: '2026-03-01T00:10:00.000Z', reason: 'not before the audit' },
    ] as const;
    const rotations = [
      listedRotation({ rotationId: 'pub.1', state: 'awaiting-approval', awaits: 'publish', oldValue: 'in-force' }),
      listedRotation({ rotationId: 'rev.1', state: 'awaiting-approval', awaits: 'revoke' }),
      listedRotation({ rotationId: 'go.1', state: 'awaiting-go', awaits: 'go', oldValue: 'in-force' }),
      listedRotation({ rotationId: 'no.1', state: 'needs-attention', failure: 'APPROVAL_DECLINED', declines }),
    ];
    const world = webWorld({ access, ports: { rotations: () => Promise.resolve(rotations) } });
    const text = await (await world.send('/rotations')).text();
    expect(text.match(/name="action" value="decline"/g)).toHaveLength(3);
    expect(text).toContain('The old credential goes on working. The question is asked again after a week.');
    expect(text).toContain('publish declined by bob, 2026-03-01 00:10 UTC: not before the audit');
    const body = JSON.stringify({ action: 'decline', rotationId: 'pub.1', reason: 'not now' });
    expect((await world.send('/rotations', { method: 'POST', body, headers: json })).status).toBe(202);
    expect(world.calls.declined).toEqual([expect.objectContaining({ by: thisMachine, reason: 'not now' })]);
  });

  it('approves and rolls back in the name of who asks', async () => {
    const world = webWorld({ access });
    const post = async (body: object) =>
      (await world.send('/rotations', { method: 'POST', body: JSON.stringify(body), headers: json })).status;
    expect(await post({ action: 'approve', rotationId: 'abc.1', reason: 'reviewed' })).toBe(202);
    expect(await post({ action: 'roll-back', rotationId: 'abc.1', reason: 'consumers fail' })).toBe(202);
    expect(world.calls.approved).toEqual([expect.objectContaining({ by: thisMachine, breakGlass: false })]);
    expect(world.calls.rolledBack).toEqual([expect.objectContaining({ by: thisMachine, reason: 'consumers fail' })]);
  });

  it('takes an emergency and a broken glass from the forms of the page', async () => {
    const world = webWorld({ access });
    const headers = { 'content-type': 'application/x-www-form-urlencoded', origin: 'http://localhost:7071' };
    const post = async (body: Record<string, string>) =>
      (await world.send('/rotations', { method: 'POST', body: new URLSearchParams(body).toString(), headers })).status;
    expect(await post({ action: 'request', secret: 'x', reason: 'leaked', emergency: 'on' })).toBe(303);
    expect(await post({ action: 'approve', rotationId: 'abc.1', reason: 'alone at night', breakGlass: 'on' })).toBe(
      303,
    );
    expect(world.calls.requested).toEqual([expect.objectContaining({ emergency: true })]);
    expect(world.calls.approved).toEqual([expect.objectContaining({ breakGlass: true })]);
  });

  it('is refused without a reason or with unknown members', async () => {
    expect(await ask(json, JSON.stringify({ action: 'request', secret: 'x' }))).toEqual({ status: 400, requested: [] });
    const unknown = { action: 'request', secret: 'x', reason: 'y', target: 'z' };
    expect(await ask(json, JSON.stringify(unknown))).toEqual({ status: 400, requested: [] });
  });
});
