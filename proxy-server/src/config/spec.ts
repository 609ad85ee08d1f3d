import * as z from 'zod';

/** How one option of the proxy is declared: once, for help, for checking and for documentation. */
export interface OptionSpec<T, Fallback extends T | undefined = T | undefined> {
  readonly schema: z.ZodType<T>;
  readonly fallback: Fallback;
  /** What a valid value is, with bounds and unit, to follow "is not". */
  readonly expected: string;
  /** One sentence for people. */
  readonly help: string;
  /** The heading under which help lists the option. */
  readonly group: string;
  /** Stands for the value in help. */
  readonly placeholder: string;
  /** What help says of the default where `fallback` itself does not say it. */
  readonly fallbackHelp?: string;
  /** Makes of a flag's or a variable's text what a file would hold: a number, for instance. */
  readonly fromText: (text: string) => unknown;
}

/** The parts of a declaration that every kind of option has. */
interface Common<T, Fallback extends T | undefined> {
  readonly fallback: Fallback;
  readonly help: string;
  readonly group: string;
  readonly fallbackHelp?: string;
}

/** A whole number; `unit` is a plural noun such as `seconds`. Both bounds are allowed values. */
export function wholeNumber(
  declared: Common<number, number> & {
    readonly unit?: string;
    readonly min: number;
    readonly max: number;
  },
): OptionSpec<number, number> {
  const { fallback, help, group, unit, min, max } = declared;
  const of = unit === undefined ? '' : ` of ${unit}`;
  return {
    fallback,
    help,
    group,
    schema: z.int().min(min).max(max),
    expected: `a whole number${of} from ${min} to ${max}`,
    placeholder: unit ?? 'number',
    // Only decimal digits: Number('') is 0, Number('0x10') is 16.
    fromText: (text) => (/^-?\d{1,15}$/.test(text) ? Number(text) : text),
  };
}

/** One of a few words. */
export function choice<const T extends string, const Fallback extends T | undefined>(
  declared: Common<T, Fallback> & { readonly values: readonly [T, ...T[]] },
): OptionSpec<T, Fallback> {
  const { values, ...common } = declared;
  return {
    ...common,
    schema: z.enum(values),
    expected: `one of ${values.join(', ')}`,
    placeholder: values.join('|'),
    fromText: (text) => text,
  };
}

/** Text that `valid` accepts. */
export function text<Fallback extends string | undefined>(
  declared: Common<string, Fallback> & {
    readonly expected: string;
    readonly placeholder: string;
    readonly valid: (value: string) => boolean;
  },
): OptionSpec<string, Fallback> {
  const { valid, ...common } = declared;
  return { ...common, schema: z.string().refine(valid), fromText: (value) => value };
}
