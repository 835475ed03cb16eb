import { createRequire } from 'node:module';
import { RepriseError } from '../reprise-error.ts';

/**
 * Loads fast-check, an optional peer dependency that only the law checks need. @throws
 * CONFIG_INVALID if it is not installed
 */
export function fastCheck(what: string): typeof import('fast-check') {
  try {
    return createRequire(import.meta.url)('fast-check') as typeof import('fast-check');
  } catch (error) {
    throw new RepriseError(
      'CONFIG_INVALID',
      `${what} draws its examples with fast-check, which is not installed. Add it: npm install --save-dev fast-check`,
      { cause: error },
    );
  }
}
