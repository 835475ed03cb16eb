import { createRequire } from 'node:module';
import { RepriseError } from '../reprise-error.ts';

/**
 * fast-check, which only the law checks need: an optional peer dependency. @throws CONFIG_INVALID
 * when it is not installed
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
