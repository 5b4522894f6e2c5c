import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { issuerCatalogue } from '../../../src/issuers/issuer-catalogue.ts';
import { opensshFingerprint, opensshPublicLine } from '../../../src/issuers/gitea/openssh-key.ts';
import { alphabets, randomText } from '../../../src/issuers/shared/random-text.ts';
import type { CredentialIssuer, IssueRequest } from '../../../src/rotation/ports/credential-issuer.ts';
import type { SecretBinding } from '../../../src/secrets/policy.ts';
import { SecretValue } from '../../../src/secrets/secret-value.ts';
import { contractRotation } from '../../contracts/contract-rotation.ts';
import { credentialIssuerContract } from '../../contracts/credential-issuer.contract.ts';
import { skipUnless } from '../../skip-unless.ts';
import { bindingOf } from '../binding.ts';

const selfContract = (name: string, target: SecretBinding['target'], wrongTargets: SecretBinding['target'][]) =>
  credentialIssuerContract(name, () =>
    Promise.resolve({
      issuer: issuerOf(name),
      binding: bindingOf(name, target),
      wrongTargets,
      current: new SecretValue('what was in force before'),
      currentCredentialId: null,
      opens: null,
      calls: () => 0,
      loseNextAnswer: null,
      oldEnds: 'never',
      traceable: false,
      foreign: () => Promise.resolve(null),
      stop: () => Promise.resolve(),
    }),
  );

selfContract('generated', { length: 32, alphabet: 'symbols', prefix: 'kt_' }, [
  { length: 12 },
  { length: 30, alphabet: 'cyrillic' },
  { lenght: 32 },
  { prefix: 'two words' },
  { length: '32' },
]);
selfContract('hmac-secret', { bytes: 64, encoding: 'hexadecimal' }, [
  { bytes: 8 },
  { encoding: 'rot13' },
  { form: 'two' },
]);
selfContract('ssh-key-pair', { comment: 'deploy@ci' }, [{ comment: 'line\nbreak' }, { bits: 4096 }]);

describe('a generated value', () => {
  it("has the target's length, alphabet and prefix", () => {
    const names = fc.constantFrom(...(Object.keys(alphabets) as (keyof typeof alphabets)[]));
    fc.assert(
      fc.property(
        names,
        fc.integer({ min: 40, max: 400 }),
        fc.stringMatching(/^[a-z_]{0,12}$/),
        (alphabet, length, prefix) => {
          const value = propose('generated', { length, alphabet, prefix });
          expect(value.startsWith(prefix)).toBe(true);
          const random = value.slice(prefix.length);
          expect(random).toHaveLength(length);
          expect(random.split('').every((letter) => alphabets[alphabet].includes(letter))).toBe(true);
        },
      ),
    );
  });

  it('favours no character of its alphabet', () => {
    const everyByte = Uint8Array.from({ length: 256 }, (_, index) => index);
    let at = 0;
    const inTurn = (size: number) => Uint8Array.from({ length: size }, () => everyByte[at++ % 256] ?? 0);
    const text = randomText(62 * 4, alphabets.alphanumeric, inTurn);
    const counts = new Map<string, number>();
    for (const letter of text) counts.set(letter, (counts.get(letter) ?? 0) + 1);
    expect(new Set(counts.values())).toEqual(new Set([4]));
  });

  it('is refused if it breaks the rules', async () => {
    const issuer = issuerOf('generated');
    const request = requestOf('generated', { length: 40 });
    await expect(issuer.issue(request, new SecretValue('short'))).rejects.toMatchObject({
      code: 'ISSUER_TARGET_REFUSED',
    });
    expect(await issuer.verify(request, { credentialId: 'x', value: new SecretValue('short') })).toMatchObject({
      outcome: 'refused',
      authenticated: false,
    });
  });
});

describe('an HMAC key in turn', () => {
  const target = { form: 'in-turn', encoding: 'standard-webhooks' };

  it('signs only with a key that verifiers have known for a whole rotation', () => {
    const first = JSON.parse(propose('hmac-secret', target)) as Record<string, string | null>;
    const second = JSON.parse(propose('hmac-secret', target, JSON.stringify(first))) as Record<string, string | null>;
    expect(second['current']).toBe(first['next']);
    expect(second['previous']).toBe(first['current']);
    expect(second['next']).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(new Set(Object.values(second)).size).toBe(3);
  });

  it('keeps a previous single key acceptable', async () => {
    const value = propose('hmac-secret', target, 'an older key');
    expect(JSON.parse(value)).toMatchObject({ previous: 'an older key' });
    const credential = { credentialId: 'x', value: new SecretValue(value) };
    expect(await issuerOf('hmac-secret').verify(requestOf('hmac-secret', target), credential)).toMatchObject({
      outcome: 'works',
    });
  });
});

describe('an SSH key', () => {
  const sshKeygen = skipUnless(
    spawnSync('ssh-keygen', ['-?']).error === undefined,
    'ssh-keygen is not installed (package openssh-client)',
  );

  it('can be read by ssh-keygen, with the same public half and fingerprint', sshKeygen, () => {
    const value = new SecretValue(propose('ssh-key-pair', { comment: 'deploy@ci' }));
    const directory = mkdtempSync(join(tmpdir(), 'keyturn-ssh-'));
    const file = join(directory, 'key');
    writeFileSync(file, value.reveal(), { mode: 0o600 });
    const line = spawnSync('ssh-keygen', ['-y', '-f', file], { encoding: 'utf8' }).stdout.trim();
    const fingerprint = spawnSync('ssh-keygen', ['-l', '-f', file], { encoding: 'utf8' }).stdout;
    rmSync(directory, { recursive: true });
    const own = opensshPublicLine(value);
    expect(line).toBe(`${String(own)} deploy@ci`);
    expect(fingerprint).toContain(opensshFingerprint(String(own)));
  });

  it('is distinguished from other text', () => {
    expect(opensshPublicLine(new SecretValue('no key'))).toBeNull();
    const key = propose('ssh-key-pair', {});
    expect(opensshPublicLine(new SecretValue(key.slice(0, 120)))).toBeNull();
    expect(opensshPublicLine(new SecretValue(key.replace('OPENSSH', 'RSA')))).toBeNull();
  });
});

describe('an issuer whose settings are missing', () => {
  it('names the missing setting, for a policy and for a request', async () => {
    const issuer = issuerOf('gitea-token');
    const request = requestOf('gitea-token', { user: 'bot', scopes: ['read:user'] });
    expect(issuer.check(request.binding)).toMatchObject([{ place: 'issuer' }]);
    await expect(issuer.issue(request, null)).rejects.toMatchObject({ code: 'ISSUER_NOT_CONFIGURED' });
  });
});

function issuerOf(name: string): CredentialIssuer {
  const issuer = issuerCatalogue({}).get(name);
  if (issuer === undefined) throw new TypeError(`no issuer ${name}`);
  return issuer;
}

function requestOf(issuer: string, target: SecretBinding['target'], current: string | null = null): IssueRequest {
  return {
    binding: bindingOf(issuer, target),
    rotationId: contractRotation,
    current: current === null ? null : new SecretValue(current),
    currentCredentialId: null,
    signal: AbortSignal.timeout(120_000),
    now: new Date('2026-03-01T00:00:00Z'),
  };
}

function propose(issuer: string, target: SecretBinding['target'], current: string | null = null): string {
  const value = issuerOf(issuer).propose(requestOf(issuer, target, current));
  if (value === null) throw new TypeError('nothing proposed');
  return value.reveal();
}
