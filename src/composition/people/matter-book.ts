import { z } from 'zod';
import { hourMs } from '../../secrets/duration.ts';
import { matterOf } from '../../notify/matter-of.ts';
import type { NotificationEvent } from '../../notify/notification-event.ts';
import { parseRecord, recordedTime } from '../../records/parse-record.ts';
import type { RecordStore, Revision } from '../../records/record-store.ts';
import { ServiceError } from '../../service-error.ts';

const path = 'notifications/matters.json';

const openMatter = z.object({
  matter: z.string(),
  /** The kind of the newest event about it. */
  type: z.string(),
  /** What people call it: a secret, or a kind of work. */
  about: z.string(),
  since: recordedTime,
  seenAt: recordedTime,
});
const bookShape = z.object({ format: z.literal(1), open: z.array(openMatter) });

/** Something that people were told of and that is not over yet. */
export type OpenMatter = z.infer<typeof openMatter>;

/** Which matters are open, on record, so that each can be told to be over. */
export interface MatterBook {
  /** Notes what there is now. @throws ServiceError `RECORD_…`. */
  note(events: readonly NotificationEvent[]): Promise<void>;
  /** @throws ServiceError `RECORD_…`. */
  open(): Promise<readonly OpenMatter[]>;
  /** Takes off what was told to be over. @throws ServiceError `RECORD_…`. */
  close(matters: readonly OpenMatter[]): Promise<void>;
}

/** `seenAt` needs no more than this: a matter counts as gone after many hours. */
const seenEveryMs = hourMs;

export function matterBook(records: RecordStore, now: () => Date): MatterBook {
  return {
    note: async (events) =>
      await change((open) => {
        const at = now().toISOString();
        const after = new Map(open.map((one) => [one.matter, one]));
        for (const event of events) {
          const matter = matterOf(event);
          if (matter === null) continue;
          const before = after.get(matter);
          const isFresh =
            before !== undefined && before.type === event.type && +now() - Date.parse(before.seenAt) < seenEveryMs;
          if (!isFresh)
            after.set(matter, {
              matter,
              type: event.type,
              about: aboutOf(event, matter),
              since: before?.since ?? at,
              seenAt: at,
            });
        }
        const isSame = after.size === open.length && open.every((one) => after.get(one.matter) === one);
        return isSame ? null : [...after.values()];
      }),
    open: async () => (await read()).open,
    close: async (matters) =>
      await change((open) => {
        const left = open.filter(
          (one) => !matters.some(({ matter, since }) => matter === one.matter && since === one.since),
        );
        return left.length === open.length ? null : left;
      }),
  };

  async function read(): Promise<{ readonly open: readonly OpenMatter[]; readonly revision: Revision | null }> {
    const stored = await records.read(path);
    if (stored === null) return { open: [], revision: null };
    return { open: parseRecord(bookShape, stored.bytes, path).open, revision: stored.revision };
  }

  async function change(by: (open: readonly OpenMatter[]) => readonly OpenMatter[] | null): Promise<void> {
    for (;;) {
      const { open, revision } = await read();
      const changed = by(open);
      if (changed === null) return;
      const bytes = Buffer.from(`${JSON.stringify({ format: 1, open: changed })}\n`);
      try {
        if (revision === null) await records.create(path, bytes);
        else await records.replace(path, bytes, revision);
        return;
      } catch (error) {
        // Another instance changed the book first. Each round one of the writers succeeds.
        if (!ServiceError.is(error, 'RECORD_EXISTS') && !ServiceError.is(error, 'RECORD_CHANGED')) throw error;
      }
    }
  }
}

function aboutOf(event: NotificationEvent, matter: string): string {
  if ('secret' in event) return event.secret;
  if ('subject' in event) return event.subject;
  return 'work' in event ? event.work : matter;
}
