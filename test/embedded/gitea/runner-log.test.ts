import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { runnerLog } from '../../../embedded/gitea/runner/runner-log.ts';
import { replaceMasks } from '../../../embedded/gitea/runner/mask-replacer.ts';

/** What a runner of this version stores of these lines. */
function stored(version: string, lines: readonly string[], secrets: readonly string[] = []): readonly string[] {
  const rows: string[] = [];
  const log = runnerLog({
    version,
    secrets,
    debug: false,
    store: (row) => rows.push(Buffer.from(row, 'latin1').toString('utf8')),
  });
  for (const line of lines) {
    if (line === 'NEXT STEP') log.beginStep();
    else log.output(Buffer.from(line).toString('latin1'));
  }
  return rows;
}

const every = ['0.2.11', '1.0.6', '1.0.7', '2.3.0', '3.0.0', '3.1.0', '3.3.0'];

describe.each(every)('the log of runner %s', (version) => {
  it('masks what a job asks to be masked, from then on', () => {
    expect(stored(version, ['hunter22', '::add-mask::hunter22', 'it is hunter22!'])).toEqual([
      'hunter22',
      'it is ***!',
    ]);
  });

  it('masks the secrets that Gitea sent with the task', () => {
    expect(stored(version, ['a known-secret b'], ['known-secret'])).toEqual(['a *** b']);
  });

  it('leaves the tail of a longer mask visible when its beginning was registered first', () => {
    expect(stored(version, ['::add-mask::abcd', '::add-mask::abcdefgh', 'abcdefgh'])).toEqual(['***efgh']);
    expect(stored(version, ['::add-mask::abcdefgh', '::add-mask::abcd', 'abcdefgh'])).toEqual(['***']);
  });

  it('prints a mask as it is while commands are stopped', () => {
    const lines = [
      '::stop-commands::resume-1',
      '::add-mask::hunter22',
      '::resume-1::',
      '::add-mask::swordfish',
      'swordfish hunter22',
    ];
    expect(stored(version, lines)).toEqual(['::add-mask::hunter22', '*** hunter22']);
  });

  it('keeps groups, unknown commands and lines that only look like commands', () => {
    const lines = ['::group::build', '::endgroup::', '::notify::x', ': :add-mask::x', 'x ::add-mask::y'];
    expect(stored(version, lines)).toEqual(lines);
  });

  it('drops debug lines and writes one question mark for bytes that are no text', () => {
    const rows: string[] = [];
    const log = runnerLog({ version, secrets: [], debug: false, store: (row) => rows.push(row) });
    log.output('::debug::hidden');
    log.output('a\xff\xfeb');
    expect(rows).toEqual(['a?b']);
  });
});

describe('what runners learned later', () => {
  const pem = 'line one%0Aline two';

  it.each([
    ['0.2.11', ['line one', 'line two']],
    ['1.0.6', ['line one', 'line two']],
    ['1.0.7', ['***', '***']],
    ['3.3.0', ['***', '***']],
  ])('%s: the lines of a multi-line mask come out as %j', (version, expected) => {
    expect(stored(version, [`::add-mask::${pem}`, 'line one', 'line two'])).toEqual(expected);
  });

  it.each([
    ['1.0.6', false],
    ['2.3.0', false],
    ['3.0.0', true],
    ['3.3.0', true],
  ])('%s: base64, JSON and URL forms of a mask are masked: %s', (version, masked) => {
    const secret = 'pa"ss wörd&more/even';
    const forms = [
      Buffer.from(secret).toString('base64'),
      Buffer.from(`u${secret}`).toString('base64').slice(4, -4),
      Buffer.from(`us${secret}`).toString('base64').slice(4, -4),
      JSON.stringify(secret).slice(1, -1),
      JSON.stringify(secret).slice(1, -1).replace('&', '\\u0026'),
      'pa%22ss+w%C3%B6rd%26more%2Feven',
      'pa%22ss%20w%C3%B6rd&more%2Feven',
    ];
    const rows = stored(version, [`::add-mask::${secret}`, ...forms]);
    expect(rows.map((row) => row.includes('***'))).toEqual(forms.map(() => masked));
  });

  it.each(every)('%s: hexadecimal and base64url of a mask are never masked', (version) => {
    const secret = 'ü?>ü?>ü?>secret';
    const forms = [Buffer.from(secret).toString('hex'), Buffer.from(secret).toString('base64url')];
    expect(stored(version, [`::add-mask::${secret}`, ...forms])).toEqual(forms);
  });

  it.each([
    ['2.3.0', ['::add-mask::hunter22', 'hunter22']],
    ['3.0.2', ['::add-mask::hunter22', 'hunter22']],
    ['3.1.0', ['***']],
  ])('%s: commands that one step stopped are in the next step %j', (version, expected) => {
    expect(stored(version, ['::stop-commands::never', 'NEXT STEP', '::add-mask::hunter22', 'hunter22'])).toEqual(
      expected,
    );
  });

  it.each([
    ['0.2.11', ['***a***b***']],
    ['1.0.6', ['***a***b***']],
    ['1.0.7', ['ab']],
    ['3.3.0', ['ab']],
  ])('%s: after an empty mask the line ab is %j', (version, expected) => {
    expect(stored(version, ['::add-mask::', 'ab'])).toEqual(expected);
  });

  it('3.1.0: an annotation carries the place it points to', () => {
    const line = '::error file=main.go,line=12,col=5,title=vet::undefined: x';
    expect(stored('3.0.2', [line])).toEqual([line]);
    expect(stored('3.1.0', [line])).toEqual(['::error::main.go:12:5: vet: undefined: x']);
  });

  it('3.1.0: a mask in the other notation is obeyed, before it was printed', () => {
    expect(stored('3.0.2', ['##[add-mask]hunter22', 'hunter22'])).toEqual(['##[add-mask]hunter22', 'hunter22']);
    expect(stored('3.1.0', ['##[add-mask]hunter22', 'hunter22'])).toEqual(['***']);
  });
});

describe('replacing masks', () => {
  it('goes once from the left and never looks at what it wrote', () => {
    expect(replaceMasks('aaa', ['aa'])).toBe('***a');
    expect(replaceMasks('abab', ['ab', '***'])).toBe('******');
    expect(replaceMasks('', ['x'])).toBe('');
  });

  it('agrees with an alternation of the masks in the order of registration, which picks the first listed too', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c', '.'), maxLength: 40 });
    const masks = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', '.'), minLength: 1, maxLength: 4 }), {
      minLength: 1,
      maxLength: 6,
    });
    fc.assert(
      fc.property(text, masks, (given, registered) => {
        const alternation = new RegExp(registered.map((mask) => mask.replaceAll('.', '\\.')).join('|'), 'g');
        expect(replaceMasks(given, registered)).toBe(given.replaceAll(alternation, '***'));
      }),
      { numRuns: 500 },
    );
  });

  // Go's own cases (strings/replace_test.go, blankHighPriority and blankLowPriority); X and O are both our three stars.
  it.each([
    [['', 'o'], 'oo', 'XOXOX'],
    [['', 'o'], 'ii', 'XiXiX'],
    [['', 'o'], 'oiio', 'XOXiXiXOX'],
    [['o', ''], 'oo', 'OOX'],
    [['o', ''], 'ii', 'XiXiX'],
    [['o', ''], 'oii', 'OXiXiX'],
  ])('by %j makes of %s what Go makes', (masks, text, expected) => {
    expect(replaceMasks(text, masks)).toBe(expected.replaceAll(/[XO]/g, '***'));
  });
});
