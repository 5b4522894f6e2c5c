import { describe, it } from 'vitest';
import { twoKeyServices } from '../../src/issuers/azure/two-key-services.ts';
import { heldBlock, markdownTable } from './held-block.ts';

const page = 'docs/issuers.md';

describe('the page about issuers', () => {
  it('names each Azure service with two keys, and the actions that the rotator needs there', () => {
    const rows = twoKeyServices.map((service) => {
      const { type, apiVersion, list } = service;
      const slots = ['Primary', 'Secondary'].map((slot) => service.renew(slot).action.split('/')[0] ?? '');
      const actions = [list, ...new Set(slots)].map((action) => `\`${action}/action\``);
      const forms = [
        ...(service.keyField === null ? [] : ['connection string']),
        ...(service.readOnlyKeys ? ['read-only keys'] : []),
      ];
      return [`\`${type}\``, apiVersion, actions.join(', '), forms.join(', ')];
    });
    const sorted = rows.toSorted(([a = ''], [b = '']) => (a < b ? -1 : 1));
    const head = ['resource type', 'api-version', 'actions, after the type', 'besides a key'];
    heldBlock(page, 'azure-keys', markdownTable(head, sorted));
  });
});
