/** Progress for people, on stderr: stdout belongs to the result. */
export function say(message: string): void {
  process.stderr.write(`${message}\n`);
}
