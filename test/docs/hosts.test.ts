import { globSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const azure = readFileSync('docs/azure.md', 'utf8');
const selfHosting = readFileSync('docs/self-hosting.md', 'utf8');
const template = readFileSync('infra/main.bicep', 'utf8');

/** How the pages say what a schedule of the code says. */
const spoken: Readonly<Record<string, string>> = {
  '0 */5 * * * *': 'every 5 minutes',
  '30 */5 * * * *': 'every 5 minutes',
  '0 10,30,50 * * * *': 'every hour, 10, 30 and 50 minutes past',
  '0 30 2 * * *': '02:30',
  '0 0 4 * * *': '04:00',
};

describe('docs/self-hosting.md', () => {
  it('gives the rotator the rights that infra/main.bicep gives it, and no other', () => {
    const rights = (text: string) => [...new Set(text.match(/Microsoft\.KeyVault\/vaults\/secrets\/\w+\/action/g))];
    expect(rights(template).length).toBeGreaterThan(0);
    expect(rights(selfHosting)).toEqual(rights(template));
  });

  it('counts the settings that a first start needs', () => {
    const [, block = ''] = /## Five settings and a folder\n\n```sh\n([\s\S]*?)```/.exec(selfHosting) ?? [];
    expect(block.match(/^export KEYTURN_/gm)).toHaveLength(5);
    expect(block).toContain('serve --data ');
  });

  it('says when the server does its work', () => {
    const schedules = [...readFileSync('src/server.ts', 'utf8').matchAll(/'((?:[\d*/,]+ ){5}[\d*/,]+)'/g)];
    expect(schedules).toHaveLength(4);
    const times = schedules.map(([, cron = '']) => spoken[cron] ?? cron);
    expect(times.filter((time) => !selfHosting.includes(`| ${time}`))).toEqual([]);
  });
});

describe('docs/azure.md', () => {
  it('lists every trigger with its time, and no other', () => {
    const triggers = globSync('functions/*.ts').map((file) => {
      const text = readFileSync(file, 'utf8');
      const [, kind = '', name = ''] = /app\.(\w+)\('([\w-]+)'/.exec(text) ?? [];
      const [, cron] = /schedule: '([^']+)'/.exec(text) ?? [];
      const when = cron === undefined ? { eventGrid: 'Event Grid', http: 'HTTP' }[kind] : spoken[cron];
      return `${name}: ${when ?? cron ?? kind}`;
    });
    const rows = [
      ...azure.matchAll(/^\| `([\w-]+)` \| (Event Grid|HTTP|every [^|]+?|02:30|04:00)(?: UTC|, every path)? \|/gm),
    ];
    const listed = rows.map(([, name = '', when = '']) => `${name}: ${when}`);
    expect(listed.sort()).toEqual(triggers.sort());
  });

  it('sets only variables that azd passes on to the template', () => {
    const parameters = readFileSync('infra/main.parameters.json', 'utf8');
    const named = [...azure.matchAll(/azd env set (\w+)|^\| `(\w+)` \|.*\|$/gm)].map(
      ([, set, row]) => set ?? row ?? '',
    );
    const known = named.filter((name) => /^(KEYTURN|INFRA|AZURE)_/.test(name) && name !== 'AZURE_RESOURCE_GROUP');
    expect(known.length).toBeGreaterThan(10);
    expect(known.filter((name) => !parameters.includes(`\${${name}`))).toEqual([]);
  });
});
