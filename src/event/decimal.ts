import { RepriseError } from '../reprise-error.ts';

/**
 * An exact decimal number: `unscaled` × 10^-`scale`. `scale` is an integer from 0. Immutable.
 * @example
 * const price = Decimal.fromString('19.90');
 * const two = new Decimal(price.unscaled * 2n, price.scale);
 * two.toString(); // '39.80'
 */
export class Decimal {
  readonly unscaled: bigint;
  readonly scale: number;

  constructor(unscaled: bigint, scale: number) {
    this.unscaled = unscaled;
    this.scale = scale;
  }

  /**
   * Parses `-12.30` (scale 2). @throws CONFIG_INVALID if the text is not a plain decimal number
   * @example
   * Decimal.fromString('-12.30').unscaled; // -1230n
   * Decimal.fromString('-12.30').scale; // 2
   */
  static fromString(text: string): Decimal {
    const match = /^([+-]?)(\d+)(?:\.(\d+))?$/.exec(text);
    if (match === null) {
      throw new RepriseError(
        'CONFIG_INVALID',
        `"${text}" is not a decimal number. Write digits with an optional sign and point, such as -12.30.`,
      );
    }
    const fraction = match[3] ?? '';
    const unscaled = BigInt(`${match[2]}${fraction}`);
    return new Decimal(match[1] === '-' ? -unscaled : unscaled, fraction.length);
  }

  /**
   * Formats in plain notation with exactly `scale` digits after the point.
   * @example
   * new Decimal(1990n, 2).toString(); // '19.90'
   */
  toString(): string {
    const sign = this.unscaled < 0n ? '-' : '';
    const digits = (this.unscaled < 0n ? -this.unscaled : this.unscaled)
      .toString()
      .padStart(this.scale + 1, '0');
    if (this.scale === 0) return sign + digits;
    return `${sign}${digits.slice(0, -this.scale)}.${digits.slice(-this.scale)}`;
  }

  /** Serializes as a string in plain notation, because JSON has no decimals. */
  toJSON(): string {
    return this.toString();
  }

  /** What node-postgres sends for a value of a query: the plain notation, a numeric. */
  toPostgres(): string {
    return this.toString();
  }

  /**
   * True if both are the same number, whatever their scales: 1.0 equals 1.00.
   * @example
   * Decimal.fromString('1.0').equals(Decimal.fromString('1.00')); // true
   */
  equals(other: Decimal): boolean {
    const scale = Math.max(this.scale, other.scale);
    return this.atScale(scale) === other.atScale(scale);
  }

  private atScale(scale: number): bigint {
    return this.unscaled * 10n ** BigInt(scale - this.scale);
  }
}
