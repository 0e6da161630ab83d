// Prints `N passed, N failed` from what vitest's JSON reporter wrote. Usage: count-tests.mjs RESULTS [OTHER_FAILURES]
// A file that could not be loaded has no tests to count, and an error outside of tests has none either: each
// counts as one failure, or a broken run would look like a short one.
import { readFileSync } from 'node:fs';

function readResults(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return { numPassedTests: 0, numFailedTests: 0, success: false, testResults: [] };
  }
}

const [path = '', otherFailures = '0'] = process.argv.slice(2);
const { numPassedTests, numFailedTests, success, testResults } = readResults(path);
const unloadable = testResults.filter((file) => file.status === 'failed' && file.assertionResults.every((test) => test.status !== 'failed'));
const inTests = numFailedTests + unloadable.length;
const failed = (success || inTests > 0 ? inTests : 1) + Number(otherFailures);
console.log(`${numPassedTests} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
