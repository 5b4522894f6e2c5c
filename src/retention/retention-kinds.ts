import { dayMs } from '../secrets/duration.ts';

/** One kind of record that is deleted when it is old enough. */
interface RetentionKind {
  /** What it holds, for docs/operations.md. */
  readonly says: string;
  /** What of people is in it, for docs/operations.md. */
  readonly people: string;
  /** How many days it is kept unless a setting says otherwise. */
  readonly days: number;
  /** The fewest days that a setting may ask for: reports, amendments and messages look back as far. */
  readonly leastDays: number;
  /** Whether packs are made of it. It is then kept until a final pack has its period and the 31 days after it. */
  readonly isEvidence: boolean;
  /** The folders of which each lower folder is named by a day or a month; empty where names say no time. */
  readonly folders: readonly string[];
}

/** Every kind of record that can be deleted, in the order of docs/operations.md. What is in none of them is never deleted. */
export const retentionKinds = {
  slices: {
    says: "rows of the vaults' log (`slices/`), and which of them are Keyturn's own (`canaries/`, `own-reads/`)",
    people: 'names, object ids and addresses of callers, as the vault logged them',
    days: 1_095,
    leastDays: 90,
    isEvidence: true,
    folders: ['slices/', 'canaries/', 'own-reads/'],
  },
  jobs: {
    says: 'jobs of Gitea (`jobs/`)',
    people: 'names of jobs, branches and runners',
    days: 1_095,
    leastDays: 90,
    isEvidence: true,
    folders: ['jobs/'],
  },
  receipts: {
    says: 'receipts (`receipts/`)',
    people: 'addresses of runners',
    days: 1_095,
    leastDays: 90,
    isEvidence: true,
    folders: ['receipts/logged/', 'receipts/posted/', 'receipts/room/'],
  },
  looks: {
    says: 'inventories of the vaults (`inventory/`) and looks at who may read (`posture/`)',
    people: 'names and object ids of those who have a role',
    days: 1_095,
    leastDays: 180,
    isEvidence: true,
    folders: ['inventory/', 'posture/'],
  },
  events: {
    says: 'events of Key Vault and what became of them (`events/`)',
    people: 'none',
    days: 365,
    leastDays: 90,
    isEvidence: true,
    folders: ['events/'],
  },
  journals: {
    says: 'journals of rotations (`journal/`), of sessions of the broker (`broker/`) and of requests for access (`grants/`), each as a whole',
    people: 'who asked and who approved; the jobs that asked for secrets',
    days: 1_095,
    leastDays: 365,
    isEvidence: true,
    folders: [],
  },
  downloads: {
    says: 'who took which file of a pack (`downloads/`)',
    people: 'who took it',
    days: 1_095,
    leastDays: 365,
    isEvidence: false,
    folders: [],
  },
  notifications: {
    says: 'messages that were delivered or given up (`notifications/CHANNEL/settled/`)',
    people: 'none',
    days: 365,
    leastDays: 90,
    isEvidence: false,
    folders: [],
  },
} as const satisfies Readonly<Record<string, RetentionKind>>;

export type RetentionKindName = keyof typeof retentionKinds;

export const retentionKindNames = Object.keys(retentionKinds) as RetentionKindName[];

/** How long each kind is kept, in milliseconds; `null`: it is never deleted. */
export type RetentionRules = Readonly<Record<RetentionKindName, number | null>>;

export const usualRetention = Object.fromEntries(
  retentionKindNames.map((kind) => [kind, retentionKinds[kind].days * dayMs]),
) as RetentionRules;
