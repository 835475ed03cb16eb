/** A version of a projection. */
export interface ProjectionVersion {
  readonly name: string;
  readonly version: number;
}
