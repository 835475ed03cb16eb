/**
 * Prints `N passed, N failed[, N skipped]`, the sum of reports of vitest's JSON reporter, and exits with 1 unless every test passed. A file that could
 * not be run at all counts as one failure; so does a missing report. Skips are failures: CI has what the tests need.
 */
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import process from 'node:process';

/** @param {string | undefined} file */
function read(file) {
  try {
    return JSON.parse(readFileSync(file ?? '', 'utf8'));
  } catch {
    return { success: false, numPassedTests: 0, numFailedTests: 1, testResults: [] };
  }
}

const reports = process.argv.slice(2).map(read);
const files = reports.flatMap(({ testResults }) => testResults);
const brokenFiles = files.filter(
  (file) =>
    file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
);
/** @param {(report: ReturnType<typeof read>) => number} count */
const sum = (count) => reports.reduce((total, report) => total + count(report), 0);
const passed = sum((report) => report.numPassedTests);
const failed = sum((report) => report.numFailedTests) + brokenFiles.length;
const skipped = sum((report) => (report.numPendingTests ?? 0) + (report.numTodoTests ?? 0));

for (const file of brokenFiles) console.log(`could not run: ${file.name}`);
for (const file of files) {
  for (const test of file.assertionResults) {
    const name = `${relative(process.cwd(), file.name)} > ${test.fullName}`;
    const [why = ''] = test.failureMessages ?? [];
    const first = why.split('\n').slice(0, 3).join('\n  ');
    if (test.status === 'failed') console.log(`failed: ${name}\n  ${first}`);
    else if (test.status !== 'passed') console.log(`skipped: ${name}`);
    else if (why !== '') console.log(`passed only when tried again: ${name}\n  ${first}`);
  }
}
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
const isWell = reports.length > 0 && reports.every(({ success }) => success);
process.exit(failed === 0 && skipped === 0 && passed > 0 && isWell ? 0 : 1);
