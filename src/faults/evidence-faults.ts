import { fault } from './fault.ts';

/** What can go wrong while evidence is packed, sealed or verified. */
export const evidenceFaults = {
  PERIOD_MALFORMED: fault<{ period: string }>({
    retry: 'never',
    effect: 'none',
    layer: 'evidence',
    says: 'Invalid period. Use 2026-Q3, 2026-07, 2026, or FROM..TO with dates such as 2026-07-01.',
  }),
  PERIOD_NOT_BEGUN: fault<{ period: string; from: string }>({
    retry: 'never',
    effect: 'none',
    layer: 'evidence',
    says: 'The period has not begun, so there is nothing to report. Name one that has.',
  }),
  CONTROLS_MALFORMED: fault<{ file: string; faults: readonly string[] }>({
    retry: 'never',
    effect: 'none',
    layer: 'evidence',
    says: 'The file of controls is invalid. Correct each fault at the place named; docs/controls.md explains it.',
  }),
  PACK_UNREADABLE: fault<{ pack: string; reason: string }>({
    retry: 'never',
    effect: 'none',
    layer: 'evidence',
    says: 'Could not read this as a pack. Name the folder that contains manifest.json.',
  }),
  CHECK_INTERRUPTED: fault<Record<never, never>>({
    retry: 'never',
    effect: 'none',
    layer: 'evidence',
    says: 'The check was interrupted before its end, so it has no result.',
  }),
  PACK_UNKNOWN: fault<{ pack: string }>({
    retry: 'never',
    effect: 'none',
    layer: 'evidence',
    says: 'The archive has no pack with this name. List its packs with keyturn report --list.',
  }),
  PACK_NOT_WRITTEN: fault<{ pack: string; reason: string }>({
    retry: 'never',
    effect: 'unknown',
    layer: 'evidence',
    says: 'Could not write the pack. An unfinished pack has no seal and is not evidence.',
  }),
  PDF_NOT_RENDERED: fault<{ stage: string; problems: number }>({
    retry: 'never',
    effect: 'none',
    layer: 'evidence',
    says: 'Could not typeset the PDF of the report. Nothing was sealed.',
  }),
  SIGNING_KEY_UNUSABLE: fault<{ key: string; reason: string }>({
    retry: 'never',
    effect: 'none',
    layer: 'evidence',
    says: 'Cannot use the sealing key. It must be an Ed25519 key in a PEM file that only its owner can read, or a P-256 key in Key Vault.',
  }),
  SIGNING_UNREACHABLE: fault<{ key: string; status: number | null }>({
    retry: 'backoff',
    effect: 'none',
    layer: 'vault',
    says: 'The vault with the sealing key did not sign. Check its address, and that the identity may sign with this key.',
  }),
} as const;
