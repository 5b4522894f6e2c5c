import { azureClouds } from '../../src/secrets/azure-cloud.ts';
import { describe, expect, it } from 'vitest';
import { issuerCatalogue } from '../../src/issuers/issuer-catalogue.ts';
import { publicationPlaces } from '../../src/issuers/publication-places.ts';
import { SecretValue } from '../../src/secrets/secret-value.ts';

const gitea = {
  url: 'http://localhost:1',
  authentication: { kind: 'token', value: new SecretValue('x') },
} as const;
const everything = {
  gitea,
  readSecret: () => Promise.resolve(new SecretValue('x')),
  azure: { cloud: azureClouds.public, tokens: { getToken: () => Promise.resolve(null) } },
};

describe('the catalogue of issuers', () => {
  it('has every issuer, with or without its settings, under the same name and of the same class', () => {
    const [bare, full] = [issuerCatalogue({}), issuerCatalogue(everything)];
    expect([...bare.keys()]).toEqual([...full.keys()]);
    for (const [name, issuer] of full) {
      expect(issuer.name).toBe(name);
      expect(bare.get(name)?.credentialClass).toBe(issuer.credentialClass);
    }
    expect(full.size).toBe(19);
  });

  it('has a further place for publication only with a Gitea', () => {
    expect([...publicationPlaces({}).keys()]).toEqual([]);
    expect([...publicationPlaces({ gitea }).keys()]).toEqual(['gitea-actions-secret']);
  });
});
