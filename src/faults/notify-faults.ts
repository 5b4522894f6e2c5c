import { fault } from './fault.ts';

/** What can go wrong when Keyturn tells a person of something. */
export const notifyFaults = {
  NOTIFICATION_REFUSED: fault<{ receiver: string; status: number }>({
    retry: 'backoff',
    effect: 'none',
    layer: 'output',
    says: 'The receiver of notifications refused the message. Check the KEYTURN_NOTIFY_… settings of this channel, and the receiver.',
  }),
  NOTIFICATION_UNREACHABLE: fault<{ receiver: string; reason: string }>({
    retry: 'backoff',
    effect: 'unknown',
    layer: 'output',
    says: 'Could not reach the receiver of notifications. Check the KEYTURN_NOTIFY_… settings of this channel, and the network.',
  }),
  NOTIFICATION_SECRET_UNUSABLE: fault<{ receiver: string }>({
    retry: 'backoff',
    effect: 'none',
    layer: 'settings',
    says: 'The signing secret of notifications is not usable. It must be whsec_ and 24 to 64 bytes in base64.',
  }),
  NOTIFICATION_ADDRESS_UNUSABLE: fault<{ channel: string }>({
    retry: 'backoff',
    effect: 'none',
    layer: 'settings',
    says: 'The address of this channel is not usable. It must be an https address, as Slack or Teams shows it.',
  }),
} as const;
