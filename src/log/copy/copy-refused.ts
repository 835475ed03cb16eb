import { RepriseError } from '../../reprise-error.ts';

/** COPY_REFUSED for a place in the log: nothing that was not asked for is written over. */
export function copyRefused(
  where: { readonly topic: string; readonly partition: number; readonly offset: bigint },
  why: string,
): RepriseError {
  const { topic, partition, offset } = where;
  return new RepriseError(
    'COPY_REFUSED',
    `${topic}[${partition}]@${offset} cannot be copied: ${why}`,
    { facts: { topic, partition, offset } },
  );
}

/** What to do about a target that holds something else. */
export const DELETE_TARGET =
  'Delete the topic in the target and copy again, or copy to another cluster.';
