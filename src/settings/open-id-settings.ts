import type { OpenIdSettings, PortalRoles } from '../settings.ts';
import { type AzurePlace, parsePrivate } from './address.ts';
import { readSecretSetting } from './secret-setting.ts';
import type { SettingReader } from './setting-reader.ts';
import type { SettingName } from './setting-table.ts';

/** Settings for identity providers that differ from the default. Source for Gitea: the answers of 1.26.3 to each scope. */
const presets = {
  none: { scope: 'openid profile', claim: 'roles', ignoresCase: false },
  gitea: { scope: 'openid profile groups', claim: 'groups', ignoresCase: true },
} as const;

const withIssuerAlone = [
  'KEYTURN_OPENID_CLIENT_ID',
  'KEYTURN_OPENID_CLIENT_SECRET',
  'KEYTURN_OPENID_PRESET',
  'KEYTURN_OPENID_SCOPE',
  'KEYTURN_OPENID_CLAIM',
] as const satisfies readonly SettingName[];

/** `null` without an issuer, and after a fault. */
export function readOpenId(reader: SettingReader, azure: AzurePlace): OpenIdSettings | null {
  const clientSecret = readSecretSetting(reader, 'KEYTURN_OPENID_CLIENT_SECRET', azure);
  if (reader.given('KEYTURN_OPENID_ISSUER') === null) {
    for (const name of withIssuerAlone) {
      if (reader.given(name) !== null) reader.refuse(name, 'counts only with KEYTURN_OPENID_ISSUER');
    }
    return null;
  }
  const issuer = reader.parsed('KEYTURN_OPENID_ISSUER', parsePrivate, 'an https address without a query');
  const clientId = reader.needed('KEYTURN_OPENID_CLIENT_ID', 'the issuer knows the portal by it');
  reader.needed('KEYTURN_OPENID_CLIENT_SECRET', 'the issuer knows the portal by it');
  const preset = presets[reader.choice('KEYTURN_OPENID_PRESET', ['none', 'gitea'], 'none')];
  const scope = reader.parsed('KEYTURN_OPENID_SCOPE', parseScope, 'words with a blank between, openid among them');
  const claim = reader.parsed('KEYTURN_OPENID_CLAIM', parseClaim, 'the name of a claim, without a blank');
  if (issuer === null || clientId === null || clientSecret === null) return null;
  return {
    issuer,
    clientId,
    clientSecret,
    scope: scope ?? preset.scope,
    claim: claim ?? preset.claim,
    ignoresCase: preset.ignoresCase,
  };
}

/**
 * Reads the values that grant each role. Application roles have default names; groups do not, because on Gitea any account
 * can create an organisation with a default's name.
 */
export function readPortalRoles(reader: SettingReader, openId: OpenIdSettings | null): PortalRoles {
  const auditor = readValues(reader, 'KEYTURN_OPENID_AUDITOR_ROLE');
  const operator = readValues(reader, 'KEYTURN_OPENID_OPERATOR_ROLE');
  if (openId !== null && openId.claim !== 'roles') {
    if (auditor === null && operator === null) {
      const why = `name the values of the claim ${openId.claim} that make an auditor, or an operator`;
      reader.needed('KEYTURN_OPENID_AUDITOR_ROLE', why);
    }
    return { auditor: auditor ?? [], operator: operator ?? [] };
  }
  return { auditor: auditor ?? ['Keyturn.Auditor'], operator: operator ?? ['Keyturn.Operator'] };
}

function readValues(
  reader: SettingReader,
  name: 'KEYTURN_OPENID_AUDITOR_ROLE' | 'KEYTURN_OPENID_OPERATOR_ROLE',
): readonly string[] | null {
  const parse = (text: string): readonly string[] | undefined => {
    const values = text.split(',').map((value) => value.trim());
    return values.includes('') ? undefined : values;
  };
  return reader.parsed(name, parse, 'one value of the claim, or several separated by commas');
}

/** RFC 6749, section 3.3: words of printable ASCII without quotes and backslashes. */
function parseScope(text: string): string | undefined {
  const words = text.split(/ +/);
  return words.includes('openid') && words.every((word) => /^[!#-[\]-~]+$/.test(word)) ? words.join(' ') : undefined;
}

function parseClaim(text: string): string | undefined {
  return /^[!-~]{1,200}$/.test(text) ? text : undefined;
}
