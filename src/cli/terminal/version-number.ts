import { InvalidArgumentError } from 'commander';

const VERSION_MAX = 2 ** 31 - 1;

/** Parses an argument or option: the version of a projection. */
export function versionNumber(text: string): number {
  const version = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (version >= 1 && version <= VERSION_MAX) return version;
  throw new InvalidArgumentError(`It must be a version, 1 to ${VERSION_MAX}.`);
}
