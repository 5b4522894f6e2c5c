/** Another value of the same length and kind of letters: what a check of the form alone would let through. */
export function spoiled(value: string): string {
  const at = Math.floor(value.length / 2);
  const turned = value.split('').map((letter, index) => (Math.abs(index - at) < 4 ? next(letter) : letter));
  return turned.join('');
}

function next(letter: string): string {
  if (/[a-y]|[A-Y]|[0-8]/.test(letter)) return String.fromCharCode(letter.charCodeAt(0) + 1);
  return { z: 'a', Z: 'A', 9: '0' }[letter] ?? letter;
}
