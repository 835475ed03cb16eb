import { RepriseError } from '../../reprise-error.ts';

/**
 * Creates the error COPY_REFUSED for a record position: a copy never overwrites existing records.
 */
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

/** Advice for a target that holds other records. */
export const DELETE_TARGET =
  'Delete the topic in the target and copy again, or copy to another cluster.';
