import { describe, expect, it } from 'vitest';
import { ServiceError } from '../../src/service-error.ts';
import { readSettings } from '../../src/settings/read-settings.ts';

const least = {
  KEYTURN_VAULTS: 'https://kv-prod.vault.azure.net',
  KEYTURN_IDENTITY_KIND: 'managed-identity',
  KEYTURN_DATA: '/var/lib/keyturn',
};
const read = (more: Readonly<Record<string, string>>) => readSettings({ ...least, ...more }).notifications;
const faults = (more: Readonly<Record<string, string>>): readonly string[] => {
  try {
    read(more);
    return [];
  } catch (error) {
    if (!ServiceError.is(error, 'SETTINGS_MALFORMED')) throw error;
    return error.details.faults;
  }
};
const mail = {
  KEYTURN_NOTIFY_MAIL_SERVER: 'smtp://mail.example.org',
  KEYTURN_NOTIFY_MAIL_FROM: 'keyturn@example.org',
  KEYTURN_NOTIFY_MAIL_TO: 'ops@example.org, second@example.org',
};

describe('the settings of mail', () => {
  it.each([
    ['smtp://mail.example.org', { host: 'mail.example.org', port: 587, encryption: 'required' }],
    ['smtp://mail.example.org:25', { port: 25, encryption: 'required' }],
    ['smtp://127.0.0.1:2525', { host: '127.0.0.1', port: 2525, encryption: 'if-offered' }],
    ['smtp://[::1]:2525', { host: '::1', encryption: 'if-offered' }],
    // A name without a dot is a container's neighbour: still another machine.
    ['smtp://mail', { encryption: 'required' }],
    ['smtps://mail.example.org', { port: 465, encryption: 'from-the-start' }],
  ])('need encryption beyond this machine: %s', (server, expected) => {
    expect(read({ ...mail, KEYTURN_NOTIFY_MAIL_SERVER: server }).mail).toMatchObject(expected);
  });

  it('name who is told, and take user and password together or not at all', () => {
    expect(read(mail).mail).toMatchObject({
      to: ['ops@example.org', 'second@example.org'],
      auditor: [],
      account: null,
    });
    const account = { KEYTURN_NOTIFY_MAIL_USER: 'keyturn', KEYTURN_NOTIFY_MAIL_PASSWORD: 'swordfish' };
    expect(read({ ...mail, ...account }).mail?.account).toMatchObject({ user: 'keyturn' });
    expect(faults({ ...mail, KEYTURN_NOTIFY_MAIL_USER: 'keyturn' })).toEqual([
      'KEYTURN_NOTIFY_MAIL_PASSWORD: goes with KEYTURN_NOTIFY_MAIL_USER: set both or neither',
    ]);
  });

  it.each([
    [{ KEYTURN_NOTIFY_MAIL_SERVER: 'smtp://user:swordfish@mail.example.org' }, 'KEYTURN_NOTIFY_MAIL_SERVER: must be'],
    [{ KEYTURN_NOTIFY_MAIL_SERVER: 'mail.example.org' }, 'KEYTURN_NOTIFY_MAIL_SERVER: must be'],
    [{ KEYTURN_NOTIFY_MAIL_FROM: 'nobody' }, 'KEYTURN_NOTIFY_MAIL_FROM: must be'],
    [{ KEYTURN_NOTIFY_MAIL_FROM: '' }, 'KEYTURN_NOTIFY_MAIL_FROM: is missing'],
    [{ KEYTURN_NOTIFY_MAIL_TO: 'ops@example.org;second@example.org' }, 'KEYTURN_NOTIFY_MAIL_TO: must be'],
    [{ KEYTURN_NOTIFY_MAIL_TO: '' }, 'KEYTURN_NOTIFY_MAIL_TO: is missing'],
    [{ KEYTURN_NOTIFY_MAIL_SERVER: '' }, 'KEYTURN_NOTIFY_MAIL_FROM: counts only with KEYTURN_NOTIFY_MAIL_SERVER'],
  ])('that are wrong are told with their name and without their value: %o', (wrong, fault) => {
    const told = faults({ ...mail, ...wrong });
    expect(told).toContainEqual(expect.stringContaining(fault));
    expect(told.join()).not.toContain('swordfish');
  });
});

describe('the settings of issues in Gitea', () => {
  const gitea = { KEYTURN_GITEA_URL: 'https://gitea.example.org', KEYTURN_GITEA_TOKEN: 'token' };
  const issues = { KEYTURN_NOTIFY_GITEA_REPOSITORY: 'ops/keys', KEYTURN_NOTIFY_GITEA_TOKEN: 'another' };

  it('take the repository in the Gitea of the other settings, with a token of their own', () => {
    expect(read({ ...gitea, ...issues }).gitea).toMatchObject({
      url: 'https://gitea.example.org',
      repository: 'ops/keys',
      token: { kind: 'value' },
    });
    expect(faults(issues)).toContain('KEYTURN_NOTIFY_GITEA_REPOSITORY: counts only with KEYTURN_GITEA_URL');
    expect(faults({ ...gitea, KEYTURN_NOTIFY_GITEA_REPOSITORY: 'ops/keys' })).toHaveLength(1);
    expect(faults({ ...gitea, ...issues, KEYTURN_NOTIFY_GITEA_REPOSITORY: '../x/y' })).toHaveLength(1);
  });
});

describe('the addresses of chats', () => {
  it('are secrets: a value, or the address of one in a vault, and no job may have it', () => {
    const slack = 'https://kv-prod.vault.azure.net/secrets/slack-address';
    const settings = readSettings({
      ...least,
      KEYTURN_NOTIFY_SLACK: slack,
      KEYTURN_NOTIFY_TEAMS:
        'https://prod-1.westeurope.logic.azure.com/workflows/x/triggers/manual/paths/invoke?sig=swordfish',
    });
    expect(settings.notifications).toMatchObject({ slack: { kind: 'reference' }, teams: { kind: 'value' } });
    expect(settings.ownSecrets).toContain('kv-prod/slack-address');
    expect(JSON.stringify(settings)).not.toContain('swordfish');
  });
});
