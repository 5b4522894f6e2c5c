import { backslashes } from './backslash.ts';
import { colours } from './colours.ts';
import { entities } from './entities.ts';
import { folded, wrapped } from './lines.ts';
import { form, percent, quotedPrintable } from './percent.ts';
import { backTicks, carets, dollars, doubleQuotes, percentSigns, shellQuotes, singleQuotes } from './quoting.ts';
import { ended, octet, open, overPlain, through, throughItself, triggersOf, type Layer, type View } from './view.ts';

/** The shortest line of base64 that is looked for is one of sixteen characters; a word of text is rarely longer. */
export const wordBytes = 16;

/** The stream as it is, and the part of it that is at hand. */
export interface PlainLayer extends Layer {
  text: Buffer;
  /** What came before the text. */
  before: Buffer;
  to: number;
  /** Whether the stream ends where the text does. */
  final: boolean;
  /** The furthest place that was read since this was last set. */
  furthest: number;
}

/** Whether a byte ends a word. */
export function isBlank(byte: number): boolean {
  return byte <= 0x20;
}

/** A way to look at the stream that differs from its parent's at an escape of its own. */
export interface ViewNode {
  readonly view: View;
  /** 1 at each byte that begins an escape of this view. */
  readonly triggers: Uint8Array;
  /** 1 at each byte that begins an escape, in this view or one looked through it. */
  readonly escapes: Uint8Array;
  /** Whether it looks at what its parent shows, and not at the stream itself. */
  readonly isOver: boolean;
  readonly layer: Layer;
  readonly children: readonly ViewNode[];
}

/** A view, and what else can be looked at once it has shown something. */
interface Branch {
  readonly view: View;
  /** Looks at what its parent shows; without it, at the stream itself, where it shows what its parent does and more. */
  readonly over?: true;
  /** The triggers at which it shows more than its siblings do; without it, all of its own. */
  readonly enters?: string;
  /** Characters of which one must be in a needle, or the view has nothing to show. */
  readonly shows?: string;
  readonly branches?: readonly Branch[];
}

/**
 * Every view, and every two or three that writers put on each other: JSON in JSON two and three times, percent-encoding
 * twice, base64 in lines whose ends are escaped. Base64, hexadecimal, base32 and UTF-16 are no views but needles of
 * their own, which all views show as well.
 */
const branches: readonly Branch[] = [
  {
    view: percent,
    branches: [
      { view: percent, over: true },
      { view: form, shows: ' ' },
    ],
  },
  { view: form, shows: ' ', enters: '+' },
  {
    view: backslashes,
    branches: [
      { view: backslashes, over: true, branches: [{ view: backslashes, over: true }] },
      { view: wrapped, over: true },
    ],
  },
  { view: entities },
  { view: singleQuotes, shows: "'" },
  { view: shellQuotes, shows: "'" },
  { view: doubleQuotes, shows: '"' },
  { view: dollars, shows: '$' },
  { view: percentSigns, shows: '%' },
  { view: carets, shows: '&|<>()^%!"' },
  { view: backTicks, shows: '$"`&;(){}|<>@#' },
  { view: colours },
  { view: wrapped },
  { view: folded, shows: ' ' },
  { view: quotedPrintable },
];

/** The views over one stream. */
export interface ViewTree {
  readonly plain: PlainLayer;
  /** By the byte at which they may differ from the stream as it is, the views that do. */
  readonly byTrigger: ReadonlyMap<number, readonly ViewNode[]>;
}

/** The views that can show anything of needles made of some bytes: `known` holds 1 for each of them. */
export function viewTree(known: Uint8Array): ViewTree {
  const plain: PlainLayer = {
    text: Buffer.alloc(0),
    before: Buffer.alloc(0),
    to: 0,
    final: false,
    furthest: 0,
    read(at) {
      if (at > plain.furthest) plain.furthest = at;
      if (at >= plain.to) return plain.final ? ended : open;
      return octet(plain.text[at] ?? 0, 1);
    },
    isWithinWord(at) {
      for (let back = 1; back <= wordBytes; back += 1) {
        const value = back <= at ? plain.text[at - back] : plain.before[plain.before.length + at - back];
        if (value === undefined || isBlank(value)) return false;
      }
      return true;
    },
  };
  const byTrigger = new Map<number, ViewNode[]>();
  for (const branch of branches.filter(isOfUse)) {
    const node = grow(branch, plain);
    for (const trigger of branch.enters ?? branch.view.triggers) {
      const place = trigger.charCodeAt(0);
      byTrigger.set(place, [...(byTrigger.get(place) ?? []), node]);
    }
  }
  return { plain, byTrigger };

  function isOfUse({ shows }: Branch): boolean {
    return shows === undefined || Buffer.from(shows).some((sign) => known[sign] === 1);
  }

  function grow({ view, over, branches: further = [] }: Branch, parent: Layer, parentView?: View): ViewNode {
    const lookedThrough = view === parentView ? throughItself(view, parent, plain) : through(view, parent);
    const layer = over === true ? lookedThrough : overPlain(view, plain);
    const children = further.filter(isOfUse).map((branch) => grow(branch, layer, view));
    const triggers = triggersOf(view);
    const escapes = Uint8Array.from(triggers);
    for (const child of children) child.escapes.forEach((one, byte) => (escapes[byte] = (escapes[byte] ?? 0) | one));
    return { view, layer, triggers, escapes, isOver: over === true, children };
  }
}
