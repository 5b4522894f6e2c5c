import {
  type RetentionKindName,
  retentionKindNames,
  retentionKinds,
  type RetentionRules,
  usualRetention,
} from '../retention/retention-kinds.ts';
import { dayMs, parseDuration } from '../secrets/duration.ts';
import type { SettingReader } from './setting-reader.ts';

/** Reads `KEYTURN_RETENTION`: `slices=730d, journals=keep`. What it does not name is kept as usual. */
export function readRetentionRules(reader: SettingReader): RetentionRules {
  const rules = new Map<RetentionKindName, number | null>();
  for (const part of (reader.given('KEYTURN_RETENTION') ?? '').split(',').map((one) => one.trim())) {
    if (part === '') continue;
    const [name = '', time = ''] = part.split('=').map((one) => one.trim());
    const kind = retentionKindNames.find((one) => one === name);
    const keepMs = time === 'keep' ? null : parseDuration(time);
    if (kind === undefined) reader.refuse('KEYTURN_RETENTION', `must name one of ${retentionKindNames.join(', ')}`);
    else if (rules.has(kind)) reader.refuse('KEYTURN_RETENTION', `names ${kind} twice`);
    else if (time !== 'keep' && keepMs === null)
      reader.refuse('KEYTURN_RETENTION', `must say for ${kind} how many days, such as 730d, or keep`);
    else if (keepMs !== null && keepMs < retentionKinds[kind].leastDays * dayMs)
      reader.refuse('KEYTURN_RETENTION', `must keep ${kind} for ${String(retentionKinds[kind].leastDays)}d at least`);
    else rules.set(kind, keepMs);
  }
  return { ...usualRetention, ...Object.fromEntries(rules) };
}
