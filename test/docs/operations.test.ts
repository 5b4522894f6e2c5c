import { describe, expect, it } from 'vitest';
import { eventTable } from '../../src/notify/event-table.ts';
import { notificationEvent } from '../../src/notify/notification-event.ts';
import { retentionKinds } from '../../src/retention/retention-kinds.ts';
import { metricTable } from '../../src/telemetry/metric-table.ts';
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

  it('has a row for every kind of record that is deleted', () => {
    const rows = Object.entries(retentionKinds).map(([kind, { says, people, days, leastDays, isEvidence }]) => [
      `\`${kind}\``,
      says,
      people,
      `${String(days)} days`,
      `${String(leastDays)} days${isEvidence ? ', and a final pack' : ''}`,
    ]);
    const head = ['kind', 'records', 'of people', 'kept for', 'at least'];
    heldBlock('docs/operations.md', 'retention', markdownTable(head, rows));
  });

  it('has a row for every figure that /metrics shows', () => {
    const rows = Object.entries(metricTable).map(([name, { kind, help, labels }]) => [
      `\`${name}\``,
      kind,
      labels.map((label) => `\`${label}\``).join(', '),
      help,
    ]);
    heldBlock('docs/operations.md', 'metrics', markdownTable(['figure', 'kind', 'labels', 'what it counts'], rows));
  });
});
