/**
 * Memoizes a pure function of text, because rows repeat the same vaults, addresses and names by the million.
 * The cache is bounded: it is cleared once it holds `most` answers, so hostile variety costs time but never memory.
 */
export function memoize<Answer>(compute: (text: string) => Answer, most = 10_000): (text: string) => Answer {
  const answers = new Map<string, Answer>();
  return (text) => {
    const known = answers.get(text);
    if (known !== undefined) return known;
    const answer = compute(text);
    if (answers.size >= most) answers.clear();
    answers.set(text, answer);
    return answer;
  };
}
