/**
 * What events have in common: texts whose words are the same but for some, which are shown by what they are.
 *
 * @evidence CloudWatch Logs User Guide, "pattern": @pattern, @ratio, @sampleCount, @severityLabel
 */

interface Template {
  words: string[];
  /** What it was known as before. */
  readonly key?: string;
  count: number;
  /** Of the earlier time that is compared with. */
  baselineCount: number;
  severity: string | undefined;
  /** Texts that have all of its words; made when it is asked for, undefined where that cannot be. */
  form: RegExp | "unknown" | undefined;
  /** How many there were, by stretches of time. */
  readonly histogram: Map<number, number>;
  /** The first of them whose times were said, and the time of the last. */
  readonly samples: Sample[];
  lastSeen: number | undefined;
}

export interface Sample {
  /** Epoch milliseconds. */
  readonly timestamp: number;
  readonly message: string;
}

export interface FoundTemplate {
  readonly pattern: string;
  readonly key: string | undefined;
  readonly words: readonly string[];
  readonly ratio: number;
  readonly count: number;
  readonly baselineCount: number;
  readonly severity: string;
  readonly histogram: ReadonlyMap<number, number>;
  readonly samples: readonly Sample[];
  readonly lastSeen: number | undefined;
}

export interface KnownTemplate {
  readonly key: string;
  readonly words: readonly string[];
  readonly severity: string;
}

/**
 * When a text came: in which stretch of time, or in the earlier time that is compared with; and when exactly,
 * where it is to be a sample.
 */
export interface Occasion {
  readonly stretch?: number | undefined;
  readonly isBaseline?: boolean;
  readonly timestamp?: number;
}

const kinds: readonly (readonly [kind: string, form: RegExp])[] = [
  ["UUID", /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i],
  ["Date-Time", /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?$/],
  ["Date", /^\d{4}[-/]\d\d[-/]\d\d$/],
  ["Time", /^\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?$/],
  ["IPAddress", /^\d{1,3}(?:\.\d{1,3}){3}$/],
  ["Hex", /^(?:0x[0-9a-f]+|(?=.*\d)[0-9a-f]{8,})$/i],
  ["Number", /^[+-]?\d+(?:\.\d+)?$/],
];

const severityForm = /\b(FATAL|ERROR|WARN(?:ING)?|INFO|DEBUG|TRACE)\b/i;
/** Words, and what stands between them. */
const between = "\\s,;:=()[\\]{}\"'|<>";
const restOfTime = "(?::\\d\\d(?::\\d\\d(?:[.,]\\d+)?)?(?:Z|[+-]\\d\\d:?\\d\\d)?)?";
const wordForm = new RegExp(`[^${between}]+${restOfTime}|[${between}]`, "g");
const wordsMax = 400;
const templatesMax = 10_000;
/** Two texts are alike when so many of their words are the same. */
const alikeness = 0.6;

function wordsOf(text: string): string[] {
  const words = (text.match(wordForm) ?? []).slice(0, wordsMax);
  return words.map((word) => {
    const kind = /\d/.test(word) ? kinds.find(([, form]) => form.test(word))?.[0] : undefined;
    return kind === undefined ? word : `<${kind}>`;
  });
}

/** Whether a word of a pattern stands for different ones. */
export function isFree(word: string): boolean {
  return word.length > 2 && word.startsWith("<") && word.endsWith(">");
}

const sign = /^\W$/;

function isSign(word: string): boolean {
  return word.length === 1 && sign.test(word);
}

function similarity(template: readonly string[], words: readonly string[]): number {
  let same = 0;
  let counted = 0;
  for (let index = 0; index < words.length; index++) {
    const word = words[index] as string;
    const known = template[index] as string;
    if (isSign(word)) {
      if (known !== word) counted += words.length;
      continue;
    }
    counted++;
    if (known === word || isFree(known)) same++;
  }
  return counted === 0 ? 1 : same / counted;
}

/** Undefined where two free places stand beside each other, so that their end would have to be guessed. */
function formOf(words: readonly string[]): RegExp | undefined {
  let source = "";
  let wasFree = false;
  for (const word of words) {
    const isWordFree = isFree(word);
    if (isWordFree && wasFree) return undefined;
    source += isWordFree ? `[^${between}]+${restOfTime}` : word.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
    wasFree = isWordFree;
  }
  return new RegExp(`^${source}${words.length < wordsMax ? "$" : ""}`);
}

const samplesMax = 10;

/** So many of the templates that were found last are tried before a text is taken apart. */
const triedMax = 8;

/** What differs becomes a free place. */
function loosen(template: Template, words: readonly string[]): void {
  const differs = (word: string, index: number): boolean => word !== words[index] && !isFree(word);
  if (!template.words.some(differs)) return;
  template.words = template.words.map((word, index) => (differs(word, index) ? "<Token>" : word));
  template.form = "unknown";
}

export class Templates {
  /** By the number of their words: only those can be alike. */
  readonly #byLength = new Map<number, Template[]>();
  /** The last found first. */
  readonly #lately: Template[] = [];
  #templates = 0;
  #total = 0;

  /** Texts like these are known already. */
  know({ key, words, severity }: KnownTemplate): void {
    const template: Template = {
      words: [...words], key, severity, count: 0, baselineCount: 0, histogram: new Map(), form: "unknown",
      samples: [], lastSeen: undefined,
    };
    const alike = this.#byLength.get(words.length);
    if (alike) alike.push(template);
    else this.#byLength.set(words.length, [template]);
    this.#templates++;
  }

  add(text: string, { stretch, isBaseline = false, timestamp }: Occasion = {}): void {
    if (!isBaseline) this.#total++;
    const template = this.#findLately(text) ?? this.#templateOf(text);
    if (!template) return;
    if (isBaseline) template.baselineCount++;
    else template.count++;
    if (stretch !== undefined) {
      template.histogram.set(stretch, (template.histogram.get(stretch) ?? 0) + 1);
    }
    if (timestamp === undefined) return;
    template.lastSeen = timestamp;
    if (template.samples.length < samplesMax) template.samples.push({ timestamp, message: text });
  }

  /** Most texts are like one of the last, word for word but for the free places. */
  #findLately(text: string): Template | undefined {
    const lately = this.#lately;
    for (let index = 0; index < lately.length; index++) {
      const template = lately[index] as Template;
      if (template.form === "unknown") template.form = formOf(template.words);
      if (!template.form?.test(text)) continue;
      if (index > 0) this.#remember(template);
      return template;
    }
    return undefined;
  }

  #remember(template: Template): void {
    const index = this.#lately.indexOf(template);
    if (index >= 0) this.#lately.splice(index, 1);
    this.#lately.unshift(template);
    if (this.#lately.length > triedMax) this.#lately.pop();
  }

  /** A known one, which the text may widen, or a new one; undefined where there are too many. */
  #templateOf(text: string): Template | undefined {
    const words = wordsOf(text);
    let alike = this.#byLength.get(words.length);
    if (!alike) this.#byLength.set(words.length, (alike = []));
    let best: Template | undefined;
    let bestSimilarity = alikeness;
    for (const template of alike) {
      const found = similarity(template.words, words);
      if (found < bestSimilarity || (best && found === bestSimilarity)) continue;
      best = template;
      bestSimilarity = found;
      if (found === 1) break;
    }
    if (best) loosen(best, words);
    else if (this.#templates < templatesMax) {
      this.#templates++;
      const severity = severityForm.exec(text)?.[1]?.toUpperCase();
      best = {
        words, count: 0, baselineCount: 0, severity, histogram: new Map(), form: "unknown", samples: [],
        lastSeen: undefined,
      };
      alike.push(best);
    }
    if (best) this.#remember(best);
    return best;
  }

  /** The most frequent first. */
  found(): FoundTemplate[] {
    const all = [...this.#byLength.values()].flat().sort((left, right) => right.count - left.count);
    return all.map(({ words, key, count, baselineCount, severity, histogram, samples, lastSeen }) => ({
      pattern: numbered(words),
      words, key, samples, lastSeen,
      ratio: this.#total === 0 ? 0 : count / this.#total,
      count, baselineCount, histogram,
      severity: severity === "WARNING" ? "WARN" : (severity ?? "None"),
    }));
  }
}

/** `<Number-1> of <Number-2>`: free places are told apart by their number. */
function numbered(words: readonly string[]): string {
  let number = 0;
  return words.map((word) => (isFree(word) ? `${word.slice(0, -1)}-${++number}>` : word)).join("");
}
