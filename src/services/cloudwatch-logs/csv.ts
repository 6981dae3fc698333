/** Texts of columns, as RFC 4180 writes them. */

export interface CsvForm {
  readonly delimiter: string;
  readonly quote: string;
}

const usual: CsvForm = { delimiter: ",", quote: '"' };

/** The records of a text, each with its fields; a line without anything is none. */
export function readCsv(text: string, { delimiter, quote }: CsvForm = usual): string[][] {
  const records: string[][] = [];
  let record: string[] = [];
  let field = "";
  let isQuoted = false;
  const endField = (): void => {
    record.push(field);
    field = "";
  };
  const endRecord = (): void => {
    endField();
    if (record.length > 1 || record[0] !== "") records.push(record);
    record = [];
  };
  for (let at = 0; at < text.length; at++) {
    const character = text[at] as string;
    if (isQuoted) {
      if (character !== quote) field += character;
      else if (text[at + 1] === quote) field += text[++at];
      else isQuoted = false;
    } else if (character === quote && field === "") isQuoted = true;
    else if (text.startsWith(delimiter, at)) {
      endField();
      at += delimiter.length - 1;
    } else if (character === "\n") endRecord();
    else if (character !== "\r" || text[at + 1] !== "\n") field += character;
  }
  if (field !== "" || record.length > 0) endRecord();
  return records;
}
