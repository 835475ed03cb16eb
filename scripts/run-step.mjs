import { spawn } from 'node:child_process';

/**
 * Runs one shell command, both its outputs kept in the order they came. Local binaries are found as npm scripts find them.
 * @param {string} command
 * @param {NodeJS.ProcessEnv} [environment] added to this process's own
 * @returns {Promise<{ exitCode: number, output: string, seconds: number }>}
 */
export function runStep(command, environment = {}) {
  const began = performance.now();
  return new Promise((resolve) => {
    const child = spawn(command, { shell: true, env: { ...process.env, ...environment } });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text) => (output += text));
    child.stderr.setEncoding('utf8').on('data', (text) => (output += text));
    child.on('error', (error) => (output += String(error)));
    child.on('close', (code) =>
      resolve({ exitCode: code ?? 1, output, seconds: (performance.now() - began) / 1000 }),
    );
  });
}
