import { fault } from './fault.ts';

/** What can go wrong while evidence is packed, sealed or verified. */
export const evidenceFaults = {
  PERIOD_MALFORMED: fault<{ period: string }>(
    'never',
    'A period reads 2026-Q3, 2026-07, 2026 or FROM..TO with dates such as 2026-07-01.',
  ),
  PACK_UNREADABLE: fault<{ pack: string; reason: string }>(
    'never',
    'This is not a pack that can be read. Name the folder that holds manifest.json.',
  ),
  PACK_UNKNOWN: fault<{ pack: string }>(
    'never',
    'The archive holds no pack of this name. keyturn report --list shows those it holds.',
  ),
  PACK_NOT_WRITTEN: fault<{ pack: string; reason: string }>(
    'never',
    'The pack could not be written. An unfinished one has no seal and counts for nothing.',
  ),
  PDF_NOT_RENDERED: fault<{ stage: string; problems: number }>(
    'never',
    'The PDF of the report could not be typeset. Nothing was sealed.',
  ),
  SIGNING_KEY_UNUSABLE: fault<{ key: string; reason: string }>(
    'never',
    'The sealing key cannot be used. It must be an Ed25519 key in a PEM file that its owner alone may read, or a P-256 key of Key Vault.',
  ),
  SIGNING_UNREACHABLE: fault<{ key: string; status: number | null }>(
    'backoff',
    'The vault that holds the sealing key did not sign. Check its address and that the identity may sign with this key.',
  ),
} as const;
