// A vitest reporter that writes what ran to the file named by HOUNSFIELD_TEST_COUNTS, for scripts/test.mjs.
import { writeFileSync } from 'node:fs';

export default class Counts {
  onTestRunEnd(modules, unhandledErrors) {
    const counts = {
      passed: 0,
      failed: 0,
      skipped: [],
      errors: unhandledErrors.map((error) => error.message),
    };
    for (const module of modules) {
      for (const error of module.errors()) counts.errors.push(`${module.relativeModuleId}: ${error.message}`);
      for (const test of module.children.allTests()) {
        const result = test.result();
        if (result.state === 'passed') counts.passed++;
        else if (result.state === 'skipped') {
          counts.skipped.push({ name: `${module.relativeModuleId} > ${test.fullName}`, note: result.note });
        } else counts.failed++;
      }
    }
    writeFileSync(process.env.HOUNSFIELD_TEST_COUNTS, JSON.stringify(counts));
  }
}
