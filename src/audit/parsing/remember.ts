/**
 * A pure function of text that remembers its last answers: rows repeat the same vaults, addresses and names by the
 * million. It forgets all of them when there are `most`, so that hostile variety costs time and never memory.
 */
export function remember<Answer>(compute: (text: string) => Answer, most = 10_000): (text: string) => Answer {
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
