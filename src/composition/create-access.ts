import type { Logger } from '../log/logger.ts';
import type { RecordStore } from '../records/record-store.ts';
import { tokenIssuers } from '../secrets/azure-cloud.ts';
import type { SecretValue } from '../secrets/secret-value.ts';
import type { SecretSetting, Settings } from '../settings.ts';
import { createOpenId } from '../web/sign-in/open-id.ts';
import { sessionKey } from '../web/sign-in/session-key.ts';
import { createSessions, type Sessions } from '../web/sign-in/sessions.ts';
import { recordedSpentTokens } from '../web/sign-in/spent-tokens.ts';
import { createTokenSealer } from '../web/sign-in/token-sealer.ts';
import { recordedTokens } from '../web/tokens/token-book.ts';
import type { Access } from '../web/who.ts';

interface Ports {
  readonly settings: Settings;
  readonly records: RecordStore;
  readonly trustLoopback: boolean;
  readonly now: () => Date;
  readonly logger: Logger;
  readonly resolve: (setting: SecretSetting) => Promise<SecretValue>;
}

/** How this host lets people in, by its settings, and the sessions of those who are in. */
export function createAccess(ports: Ports): { readonly access: Access; readonly sessions: Sessions } {
  const { settings, records, trustLoopback, now, resolve, logger } = ports;
  const { openId, publicUrl, portalRoles, platformAuthentication, cloud } = settings;
  const clientSecret = openId === null ? null : async () => await resolve(openId.clientSecret);
  const sealer = createTokenSealer({ key: sessionKey({ records, clientSecret, now }), now });
  const spent = recordedSpentTokens(records, now);
  const sessions = createSessions({ sealer, spent, now });
  const access: Access = {
    trustLoopback,
    platform:
      platformAuthentication === null
        ? null
        : {
            ...platformAuthentication,
            issuers: tokenIssuers(cloud, platformAuthentication.tenantId),
            roleNames: portalRoles,
          },
    sessions,
    tokens: recordedTokens({ records, now, logger }),
    openId:
      openId === null || clientSecret === null || publicUrl === null
        ? null
        : createOpenId({
            issuer: openId.issuer,
            clientId: openId.clientId,
            clientSecret,
            publicUrl,
            scope: openId.scope,
            roleClaim: { name: openId.claim, values: portalRoles, ignoresCase: openId.ignoresCase },
            sessions,
            sealer,
            spent,
            now,
          }),
    hosts: publicUrl === null ? [] : [new URL(publicUrl).host.toLowerCase()],
  };
  return { access, sessions };
}
