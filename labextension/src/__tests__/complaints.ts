/** Whatever complains on the console fails its test, whoever writes it there. */
const complaints: string[] = [];

console.error = (...words: unknown[]): void => {
  complaints.push(words.map(String).join(' '));
};

afterEach(() => {
  const said = complaints.splice(0);
  if (said.length) {
    throw new Error(`console.error was called: ${said.join('\n')}`);
  }
});
