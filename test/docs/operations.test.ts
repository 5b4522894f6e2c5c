import { describe, expect, it } from 'vitest';
import { eventTable } from '../../src/notify/event-table.ts';
import { notificationEvent } from '../../src/notify/notification-event.ts';
import { heldBlock, markdownTable } from './held-block.ts';

describe('docs/operations.md', () => {
  it('has a row for every message that there is', () => {
    const types = notificationEvent.options.map((option) => option.shape.type.value);
    expect(Object.keys(eventTable).sort()).toEqual([...types].sort());
    const rows = Object.entries(eventTable).map(([type, { when, act, urgent }]) => [
      `\`${type}\``,
      urgent ? 'yes' : '',
      when,
      act,
    ]);
    heldBlock('docs/operations.md', 'events', markdownTable(['message', 'urgent', 'when', 'what to do'], rows));
  });
});
