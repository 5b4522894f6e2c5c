import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decideUse } from '../../src/broker/use/decide-use.ts';
import { toUseRequest } from '../../src/broker/use/use-request.ts';
import { putValues } from '../../src/broker/use/put-values.ts';
import { parsePolicy } from '../../src/secrets/parse-policy.ts';
import { SecretValue } from '../../src/secrets/secret-value.ts';

const vault = { name: 'kv', url: 'https://kv.vault.azure.net', resourceId: null };
const policy = parsePolicy(
  `format: 1
secrets:
  token:
    validity: 90d
    namespaces: [shop]
    uses:
      - { hosts: [api.example.org], methods: [GET, POST], paths: ['/v1/**'], place: 'header:authorization' }
      - { hosts: [api.example.org], methods: [GET], paths: [/query], place: 'query:key' }
      - { hosts: [git.example.org], methods: [GET, POST], paths: ['/acme/*'], place: basic }
      - { hosts: [form.example.org], methods: [POST], paths: [/form], place: body }
namespaces: { shop: { repositories: [acme/shop] } }
`,
  'keyturn.policy.yml',
  [vault],
);
const placeholder = `keyturn-use-${'p'.repeat(32)}`;
const value = 'the-value-4711-of-the-token';

const session = {
  policy,
  job: { repository: 'acme/shop' },
  vaults: new Set(['kv']),
  ownSecrets: new Set<string>(),
  requests: 0,
  mostRequests: 10,
  sessionEnded: null,
};

const text = fc.constantFrom(
  placeholder,
  `Bearer ${placeholder}`,
  'x',
  `Basic ${Buffer.from(`a:${placeholder}`).toString('base64')}`,
);
const route = fc.oneof(
  fc.constantFrom(
    { method: 'GET', host: 'api.example.org', path: '/v1/items' },
    { method: 'GET', host: 'api.example.org', path: '/query' },
    { method: 'POST', host: 'git.example.org', path: '/acme/shop' },
    { method: 'POST', host: 'form.example.org', path: '/form' },
  ),
  fc.record({
    method: fc.constantFrom('GET', 'POST', 'DELETE', 'PUT'),
    host: fc.constantFrom(
      'api.example.org',
      'git.example.org',
      'form.example.org',
      'elsewhere.example',
      'api.example.org.',
      'api.example.org:8443',
    ),
    path: fc.constantFrom(
      '/v1/items',
      '/v1',
      '/v1/../admin',
      '/v1/%2e%2e/admin',
      '/v1/..%2fadmin',
      '/query',
      '/acme/shop',
      '/acme/a/b',
      '/form',
      `/v1/${placeholder}`,
      '//v1/items',
    ),
  }),
);
const query = fc.constantFrom('', '?key=1', `?key=${placeholder}`, `?other=${placeholder}`, `?${placeholder}=1`);
const headers = fc.array(fc.tuple(fc.constantFrom('Authorization', 'authorization', 'X-Key', 'Cookie'), text), {
  maxLength: 2,
});
const body = fc.option(fc.constantFrom('x', `{"a":"${placeholder}"}`));
const head = fc.record({ route, query, headers, body });

describe('the decision about a use', () => {
  it('lets the value stand in no other place, host, method or path than the policy names, whatever is asked', () => {
    let allowed = 0;
    fc.assert(
      fc.property(head, ({ route: { method, host, path }, query: asked, headers: sentBy, body: written }) => {
        const request = toUseRequest({ method, url: `https://${host}${path}${asked}`, headers: sentBy, length: null });
        const held = written === null ? null : Buffer.from(written);
        const placeholders = new Map([[placeholder, 'kv/token']]);
        const decision = decideUse({ request, body: held, session, placeholders, sentBefore: [] });
        if (!decision.allowed) {
          expect(decision.because.length).toBeGreaterThan(0);
          return;
        }
        allowed += 1;
        const values = new Map([['kv/token', new SecretValue(value)]]);
        const filled = putValues(request, held, { swaps: decision.swaps, values });
        const { hostname, port, pathname, search } = filled.url;
        const where = `${method} ${hostname}${port} ${pathname}`;
        expect(where).toMatch(
          /^((GET|POST) api\.example\.org \/v1\/.*|GET api\.example\.org \/query|(GET|POST) git\.example\.org \/acme\/[^/]+|POST form\.example\.org \/form)$/,
        );
        expect(pathname).not.toContain('admin');
        expect(pathname).not.toContain(value);
        const carried = filled.headers.filter(([, sent]) => decoded(sent).includes(value));
        for (const [name, sent] of carried) {
          expect(name.toLowerCase()).toBe('authorization');
          expect(sent.startsWith('Basic ')).toBe(hostname === 'git.example.org');
        }
        if (search.includes(value)) expect(pathname).toBe('/query');
        if (filled.body?.includes(value) === true) expect(hostname).toBe('form.example.org');
        // In no place but a body is a placeholder passed on.
        expect(JSON.stringify([filled.url.href, filled.headers])).not.toContain(placeholder);
      }),
      { numRuns: 5_000 },
    );
    expect(allowed).toBeGreaterThan(100);
  });

  it('says every reason at once, and nothing twice', () => {
    const request = toUseRequest({
      method: 'GET',
      url: `https://api.example.org/v1/${placeholder}`,
      headers: [
        ['x-key', placeholder],
        ['x-other', `keyturn-use-${'q'.repeat(32)}`],
      ],
      length: 0,
    });
    const ended = { ...session, sessionEnded: 'job-ended' as const, requests: 10 };
    const placeholders = new Map([[placeholder, 'kv/token']]);
    const decision = decideUse({ request, body: null, session: ended, placeholders, sentBefore: [] });
    expect(decision.allowed ? [] : decision.because.map(({ code }) => code)).toEqual([
      'job-ended',
      'too-many-uses',
      'placeholder-misplaced',
      'placeholder-unknown',
      'placeholder-misplaced',
    ]);
  });
});

function decoded(header: string): string {
  const encoded = /^Basic (.+)$/.exec(header)?.[1];
  return encoded === undefined ? header : Buffer.from(encoded, 'base64').toString();
}
