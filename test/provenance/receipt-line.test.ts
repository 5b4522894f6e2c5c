import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseReceipt, receiptDigest } from '../../src/provenance/parse-receipt.ts';
import { formatReceiptLine, parseReceiptLine } from '../../src/provenance/receipt-line.ts';
import { aReceipt, anyReceipt } from './receipts.ts';

describe('a receipt in a job log', () => {
  it('round-trips within 8 KB, whatever it contains', () => {
    fc.assert(
      fc.property(anyReceipt, (receipt) => {
        const line = formatReceiptLine(receipt);
        expect(line.length).toBeLessThanOrEqual(8_192);
        expect(parseReceiptLine(line)).toEqual(receipt);
      }),
      { numRuns: 500 },
    );
  });

  it('is found after the timestamp that Gitea puts before each line', () => {
    const line = formatReceiptLine(aReceipt);
    for (const stamp of ['2026-11-02T08:00:00.1234567Z ', '2026-11-02T08:00:00Z ', '2026-11-02T09:00:00.1+01:00 ']) {
      expect(parseReceiptLine(`${stamp}${line}`)).toEqual(aReceipt);
    }
  });

  it('is refused if any character differs', () => {
    const line = formatReceiptLine(aReceipt);
    for (let at = 0; at < line.length; at += 1) {
      const changed = line[at] === '0' ? '1' : '0';
      expect(parseReceiptLine(line.slice(0, at) + changed + line.slice(at + 1))).toBeNull();
    }
  });

  it('is refused if a runner masked part of it, if it is cut, and if other text surrounds it', () => {
    const line = formatReceiptLine(aReceipt);
    for (const broken of [line.replace(/.{8}\./, '***.'), line.slice(0, -1), `x${line}`, `${line} x`, '']) {
      expect(parseReceiptLine(broken)).toBeNull();
    }
  });
});

describe('a receipt from JSON', () => {
  it('is accepted if every member has its form', () => {
    expect(parseReceipt(JSON.parse(JSON.stringify(aReceipt)))).toEqual(aReceipt);
    expect(
      parseReceipt({ ...aReceipt, version: null, requests: [], address: null, clockOffsetMs: null }),
    ).not.toBeNull();
  });

  it.each([
    ['a foreign member', { ...aReceipt, value: 'x' }],
    ['a foreign member of the job', { ...aReceipt, job: { ...aReceipt.job, owner: 'x' } }],
    ['another format', { ...aReceipt, format: 2 }],
    ['a job number as text', { ...aReceipt, job: { ...aReceipt.job, jobId: '52' } }],
    ['a job number of 0', { ...aReceipt, job: { ...aReceipt.job, jobId: 0 } }],
    ['a version of a listing', { ...aReceipt, secret: 'shop-*' }],
    ['a secret name with a slash', { ...aReceipt, secret: 'a/b' }],
    ['a status out of range', { ...aReceipt, requests: [{ ...aReceipt.requests[0], status: 99 }] }],
    ['a time that is none', { ...aReceipt, requests: [{ ...aReceipt.requests[0], at: '2026-13-02T08:00:00.123Z' }] }],
    [
      'more requests than a line holds',
      { ...aReceipt, requests: Array.from({ length: 25 }, () => aReceipt.requests[0]) },
    ],
    ['an upper-case digest', { ...aReceipt, previous: 'A'.repeat(64) }],
    ['no object', [aReceipt]],
    ['nothing', null],
  ])('is refused with %s', (_fault, value) => {
    expect(parseReceipt(value)).toBeNull();
  });

  it('is refused if a member is missing', () => {
    for (const member of Object.keys(aReceipt)) {
      const { [member as keyof typeof aReceipt]: _left, ...rest } = aReceipt;
      expect(parseReceipt(rest)).toBeNull();
    }
  });

  it('has a digest that changes with any member', () => {
    expect(receiptDigest(aReceipt)).toMatch(/^[0-9a-f]{64}$/);
    expect(receiptDigest({ ...aReceipt, sequence: 2 })).not.toBe(receiptDigest(aReceipt));
  });
});
