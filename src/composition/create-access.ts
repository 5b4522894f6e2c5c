import type { SecretValue } from '../secrets/secret-value.ts';
import type { SecretSetting, Settings } from '../settings.ts';
import { createOpenId } from '../web/open-id.ts';
import type { Sessions } from '../web/sessions.ts';
import type { Access } from '../web/who.ts';

/** How this host lets people in, by its settings. */
export function createAccess(
  settings: Settings,
  sessions: Sessions,
  options: {
    readonly trustLoopback: boolean;
    readonly now: () => Date;
    readonly resolve: (setting: SecretSetting) => Promise<SecretValue>;
  },
): Access {
  const { openId, publicUrl, portalRoles, platformAuthentication } = settings;
  return {
    trustLoopback: options.trustLoopback,
    platform: platformAuthentication === null ? null : { ...platformAuthentication, roleNames: portalRoles },
    sessions,
    openId:
      openId === null || publicUrl === null
        ? null
        : createOpenId({
            issuer: openId.issuer,
            clientId: openId.clientId,
            clientSecret: async () => await options.resolve(openId.clientSecret),
            publicUrl,
            roleNames: portalRoles,
            sessions,
            now: options.now,
          }),
    hosts: publicUrl === null ? [] : [new URL(publicUrl).host.toLowerCase()],
  };
}
