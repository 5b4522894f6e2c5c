/**
 * Memoizes a pure function of text, because rows repeat the same vaults, addresses and names by the million.
 * The cache is bounded: it is cleared once it holds `most` answers, so hostile variety costs time but never memory.
 */
export function memoize<Answer>(compute: (text: string) => Answer, most = 10_000): (text: string) => Answer {
  const answers = new Map<string, Answer>();
  // Neighbouring rows often agree, and comparing with the last text is cheaper than looking it up.
  let last: { readonly text: string; readonly answer: Answer } | null = null;
  return (text) => {
    if (last?.text === text) return last.answer;
    let answer = answers.get(text);
    if (answer === undefined) {
      answer = compute(text);
      if (answers.size >= most) answers.clear();
      answers.set(text, answer);
    }
    last = { text, answer };
    return answer;
  };
}
