import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { OutputSink } from '../../../src/runner/redaction/output-sink.ts';
import { pumpOutput } from '../../../src/runner/redaction/pump-output.ts';
import { startRedaction } from '../../../src/runner/redaction/redaction.ts';
import { secretSearch } from '../../../src/runner/redaction/search/secret-search.ts';

const secret = 'swordfish-swordfish';

/** Linux's own, where nobody has changed it. */
const pipeBytes = 65_536;

interface Ends {
  readonly read: number;
  readonly write: number;
}

function openPipe(): Ends {
  const directory = mkdtempSync(join(tmpdir(), 'pump-output-'));
  const path = join(directory, 'pipe');
  execFileSync('/bin/sh', ['-c', 'mkfifo "$0"', path]);
  const read = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const write = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
  rmSync(directory, { recursive: true });
  return { read, write };
}

/** Keeps what it takes, and calls back after each write. */
function keepingSink(written: (bytes: Buffer) => void): OutputSink & { readonly parts: readonly Buffer[] } {
  const parts: Buffer[] = [];
  return {
    parts,
    write(bytes) {
      if (bytes.length === 0) return true;
      parts.push(Buffer.from(bytes));
      written(bytes);
      return true;
    },
    taken: () => Promise.resolve(),
    idle: () => true,
    gone: () => false,
  };
}

/** Stalls at its first bytes, until it is told to read on. */
function stallingSink(stalled: () => void) {
  const parts: Buffer[] = [];
  let readOn: () => void = () => undefined;
  const reading = new Promise<void>((resolve) => (readOn = resolve));
  const sink: OutputSink = {
    write(bytes) {
      parts.push(Buffer.from(bytes));
      if (parts.length === 1) stalled();
      return parts.length > 1;
    },
    taken: () => reading,
    idle: () => false,
    gone: () => false,
  };
  return { sink, parts, readOn: () => readOn() };
}

describe('a stream whose reader stalls while the command ends', () => {
  it('loses nothing of what the pipe still holds, and masks a secret that begins in what was read before', async () => {
    const ends = openPipe();
    const { sink, parts, readOn } = stallingSink(() => {
      writeSync(ends.write, `fish and ${'y'.repeat(30_000)}${secret}`);
      closeSync(ends.write);
      detached = pump.detach();
      readOn();
    });
    let detached: Promise<boolean> | undefined;
    const pump = pumpOutput(ends.read, startRedaction(secretSearch([Buffer.from(secret)])), sink);
    writeSync(ends.write, `before swordfish-sword`);
    await pump.done;
    expect(Buffer.concat(parts).toString()).toBe(`before *** and ${'y'.repeat(30_000)}***`);
    expect(await detached).toBe(false);
  });

  it('is let go when a process keeps the pipe open, after what it holds was read', async () => {
    const ends = openPipe();
    let detached: Promise<boolean> | undefined;
    const { sink, parts, readOn } = stallingSink(() => {
      writeSync(ends.write, 'and the rest');
      detached = pump.detach();
      readOn();
    });
    const pump = pumpOutput(ends.read, startRedaction(secretSearch([Buffer.from(secret)])), sink);
    writeSync(ends.write, 'the beginning ');
    await pump.done;
    expect(Buffer.concat(parts).toString()).toBe('the beginning and the rest');
    expect(await detached).toBe(true);
    closeSync(ends.write);
  });
});

describe('a stream on its way to the log', () => {
  it('is written in pieces that a pipe takes whole, also after a beginning of a secret was held back', async () => {
    // Wherever a chunk ends, it ends within what may be the secret.
    const text = Buffer.from(`${secret.slice(0, -1)} `.repeat(20_000));
    const ends = openPipe();
    let sent = 0;
    const fill = () => {
      if (sent === text.length) return;
      sent += writeSync(ends.write, text, sent, Math.min(pipeBytes, text.length - sent));
      if (sent === text.length) closeSync(ends.write);
    };
    const sink = keepingSink(fill);
    fill();
    await pumpOutput(ends.read, startRedaction(secretSearch([Buffer.from(secret)])), sink).done;
    expect(Buffer.concat(sink.parts).equals(text)).toBe(true);
    expect(Math.max(...sink.parts.map(({ length }) => length))).toBeLessThanOrEqual(pipeBytes);
  });

  it('is shown to its end after a silence, also where the last piece filled the pipe', async () => {
    const text = Buffer.from('x'.repeat(pipeBytes - 16) + secret.slice(0, 16) + 'y'.repeat(pipeBytes));
    const ends = openPipe();
    let sent = 0;
    const fill = () => {
      if (sent < text.length) sent += writeSync(ends.write, text, sent, Math.min(pipeBytes, text.length - sent));
    };
    let shown = 0;
    const sink = keepingSink(({ length }) => {
      shown += length;
      fill();
      if (shown === text.length) closeSync(ends.write);
    });
    fill();
    // While the pipe is open, only a silence lets the rest of the last piece go.
    await pumpOutput(ends.read, startRedaction(secretSearch([Buffer.from(secret)])), sink).done;
    expect(Buffer.concat(sink.parts).equals(text)).toBe(true);
  });

  it('shows what may be chance after a silence, and each time again', async () => {
    const ends = openPipe();
    const beginnings = ['sw', 'or', ' sw'];
    const send = () => {
      const next = beginnings.shift();
      if (next !== undefined) writeSync(ends.write, next);
      if (next === ' sw') closeSync(ends.write);
    };
    const sink = keepingSink(send);
    send();
    // While the pipe is open, only a silence lets a beginning go.
    await pumpOutput(ends.read, startRedaction(secretSearch([Buffer.from(secret)])), sink).done;
    expect(sink.parts.map(String)).toEqual(['sw', 'or', ' ', 'sw']);
  });
});
