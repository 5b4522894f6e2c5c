import type { Settings } from '../settings.ts';
import { type AzurePlace, isThisMachine, parsePrivate } from './address.ts';
import { parseId } from './identity-settings.ts';
import { readOpenId, readPortalRoles } from './open-id-settings.ts';
import type { Environment, SettingReader } from './setting-reader.ts';

/** Who may come in, and where from. */
export type PortalSettings = Pick<
  Settings,
  'listen' | 'publicUrl' | 'openId' | 'portalRoles' | 'platformAuthentication' | 'eventGrid'
>;

export function readPortal(reader: SettingReader, environment: Environment, azure: AzurePlace): PortalSettings {
  const openId = readOpenId(reader, azure);
  const platformAuthentication = readPlatformAuthentication(reader, environment);
  const publicUrl = reader.parsed('KEYTURN_PUBLIC_URL', parsePrivate, 'an https address without a query');
  if (openId !== null) reader.needed('KEYTURN_PUBLIC_URL', 'single sign-on leads back to it');

  const host = reader.given('KEYTURN_HOST') ?? '127.0.0.1';
  // A broker alone has no portal: every request to it is signed with the key of a job.
  const hasPortal = reader.given('KEYTURN_ROLE') !== 'broker';
  if (hasPortal && !isThisMachine(host) && openId === null && platformAuthentication === null) {
    reader.refuse('KEYTURN_HOST', 'is beyond this machine: name KEYTURN_OPENID_ISSUER, so that people can sign in');
  }
  return {
    listen: { host, port: reader.parsed('KEYTURN_PORT', parsePort, 'a port from 0 to 65535') ?? 7071 },
    publicUrl,
    openId,
    portalRoles: readPortalRoles(reader, openId),
    platformAuthentication,
    eventGrid: readEventGrid(reader),
  };
}

function readPlatformAuthentication(reader: SettingReader, environment: Environment): { tenantId: string } | null {
  const tenantId = reader.parsed('KEYTURN_TENANT_ID', parseId, 'the id of a tenant');
  if (!reader.isOn('KEYTURN_PLATFORM_AUTHENTICATION')) return null;
  // App Service and Functions set the header; anywhere else every client could send the header that this switch trusts.
  if ((environment['WEBSITE_SITE_NAME'] ?? '') === '') {
    reader.refuse('KEYTURN_PLATFORM_AUTHENTICATION', 'can be on only on App Service or Functions');
  }
  if (reader.needed('KEYTURN_TENANT_ID', 'the platform lets other tenants in too') === null) return null;
  return tenantId === null ? null : { tenantId };
}

function readEventGrid(reader: SettingReader): { audience: string; tenantId: string } | null {
  const audience = reader.given('KEYTURN_EVENT_GRID_AUDIENCE');
  const own = reader.parsed('KEYTURN_EVENT_GRID_TENANT', parseId, 'the id of a tenant');
  if (audience === null) {
    if (own !== null) reader.refuse('KEYTURN_EVENT_GRID_TENANT', 'counts only with KEYTURN_EVENT_GRID_AUDIENCE');
    return null;
  }
  const tenantId = own ?? parseId(reader.given('KEYTURN_TENANT_ID') ?? '');
  if (tenantId !== undefined) return { audience, tenantId };
  reader.refuse('KEYTURN_EVENT_GRID_TENANT', 'is missing: every tenant can issue a token for an audience');
  return null;
}

function parsePort(text: string): number | undefined {
  return /^\d{1,5}$/.test(text) && Number(text) <= 65_535 ? Number(text) : undefined;
}
