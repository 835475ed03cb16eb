import { expect, it } from 'vitest';
import { UntilError } from '../../../src/concurrency/until-error.ts';

it('lets nothing be done after an error, and passes the error on', async () => {
  const life = new UntilError('a session');
  await expect(life.use(async () => 1)).resolves.toBe(1);
  await expect(life.use(() => Promise.reject(new Error('no COPY')))).rejects.toThrow('no COPY');
  await expect(life.use(async () => 2)).rejects.toThrow('a session is used after an error');
});
