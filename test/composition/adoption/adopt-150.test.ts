import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { proposePolicy } from '../../../src/composition/adoption/propose-policy.ts';
import { targetRules } from '../../../src/issuers/checked-targets.ts';
import { parsePolicy } from '../../../src/secrets/parse-policy.ts';

/** 150 secrets of one operator, each with the right answer. What their values look like is left out: no value is read. */
const shape = z.array(
  z.object({
    vault: z.string(),
    name: z.string(),
    contentType: z.string().nullable(),
    tags: z.record(z.string(), z.string()),
    createdDaysAgo: z.number(),
    expiresInDays: z.number().nullable(),
    readers: z.array(z.object({ repository: z.string(), reads: z.number() })),
    right: z.object({
      issuer: z.string().nullable(),
      track: z.boolean().optional(),
      managed: z.boolean().optional(),
      unknown: z.boolean().optional(),
    }),
  }),
);
const secrets = shape.parse(JSON.parse(await readFile(new URL('adopt-150.json', import.meta.url), 'utf8')));
const now = Date.parse('2026-11-01T00:00:00Z');
const inDays = (days: number) => new Date(now + days * 86_400_000);

const found = secrets.map(({ vault, name, contentType, tags, createdDaysAgo, expiresInDays, readers }) => ({
  vault,
  secret: {
    name,
    version: '0'.repeat(32),
    enabled: true,
    notBefore: null,
    created: inDays(-createdDaysAgo),
    expires: expiresInDays === null ? null : inDays(expiresInDays),
    contentType,
    tags,
  },
  readers,
}));
const { text, proposals } = proposePolicy(found, {
  rules: targetRules(),
  giteaUrl: null,
  identities: [],
  actionsSecrets: [],
  ownRole: 'rotator',
});
const answers = secrets.map(({ vault, name, right }) => ({
  secret: `${vault}/${name}`,
  right: right.issuer ?? (right.track ? 'track' : right.managed ? 'managed' : 'unknown'),
  proposed: proposals.flatMap(({ secret, issuer, kind }) => (secret === `${vault}/${name}` ? [issuer ?? kind] : []))[0],
  hasIssuer: right.issuer !== null,
}));

describe('the adoption of 150 secrets', () => {
  it('proposes at least 65 of the 75 that have an issuer rightly', () => {
    const withIssuer = answers.filter(({ hasIssuer }) => hasIssuer);
    expect(withIssuer).toHaveLength(75);
    expect(withIssuer.filter(({ right, proposed }) => right === proposed).length).toBeGreaterThanOrEqual(65);
  });

  it('gives none of the other 75 an issuer, and tells what each is', () => {
    const others = answers.filter(({ hasIssuer }) => !hasIssuer);
    expect(others).toHaveLength(75);
    expect(others.filter(({ right, proposed }) => right !== proposed)).toEqual([]);
  });

  it('makes a policy that the reader takes as it is', () => {
    const vaults = [...new Set(secrets.map(({ vault }) => vault))];
    const known = vaults.map((name) => ({ name, url: `https://${name}.vault.azure.net`, resourceId: null }));
    const policy = parsePolicy(text, 'proposed', known);
    const rules = targetRules();
    expect(policy.secrets.size).toBeGreaterThan(30);
    for (const binding of policy.secrets.values()) {
      expect(rules.issuers.get(binding.issuer)?.check(binding)).toEqual([]);
      expect(binding.mode).toBe('by-hand');
    }
  });
});
