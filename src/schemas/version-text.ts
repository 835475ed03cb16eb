/** A version by number, or the file as it is now. */
export type VersionName = number | 'current';

/** `user-acted version 2`, or the file. */
export function versionText(name: string, version: VersionName): string {
  return version === 'current' ? `${name}.avsc` : `${name} version ${version}`;
}
