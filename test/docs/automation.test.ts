import { describe, it } from 'vitest';
import { portalPages } from '../../src/web/portal/portal-pages.ts';
import { tokenScopes } from '../../src/web/tokens/api-token.ts';
import { heldBlock, markdownTable } from './held-block.ts';

describe('docs/automation.md', () => {
  it('has a row for every scope, with the routes that it opens', () => {
    const routes = [
      ...portalPages,
      { method: 'GET', path: '/readyz/details', scope: 'read' },
      { method: 'GET', path: '/metrics', scope: 'metrics' },
    ];
    const rows = Object.entries(tokenScopes).map(([name, says]) => [
      `\`${name}\``,
      says,
      routes
        .filter(({ scope }) => scope === name)
        .map(({ method, path }) => `\`${method} ${path.replaceAll(/:(\w+)(\{[^}]*\})?/g, '{$1}')}\``)
        .join(', '),
    ]);
    heldBlock('docs/automation.md', 'scopes', markdownTable(['scope', 'what it allows', 'routes'], rows));
  });
});
