/** The little XML that Query services answer: elements and their text, no attributes. */

export interface XmlElement {
  readonly name: string;
  readonly text: string;
  readonly children: readonly XmlElement[];
}

const entities: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };

function unescaped(text: string): string {
  return text.replace(/&(#x[0-9a-f]+|#\d+|\w+);/gi, (whole, name: string) => {
    if (name.startsWith("#x")) return String.fromCodePoint(Number.parseInt(name.slice(2), 16));
    if (name.startsWith("#")) return String.fromCodePoint(Number(name.slice(1)));
    return entities[name] ?? whole;
  });
}

export function parseXml(document: string): XmlElement {
  const open: { name: string; text: string; children: XmlElement[] }[] = [
    { name: "", text: "", children: [] },
  ];
  for (const [, closing, name = "", empty, text = ""] of document.matchAll(
    /<(\/?)([\w:.-]+)[^>]*?(\/?)>([^<]*)/g,
  )) {
    const current = open[open.length - 1];
    if (closing) {
      open.pop();
      continue;
    }
    const element = { name, text: unescaped(text), children: [] };
    current?.children.push(element);
    if (!empty) open.push(element);
  }
  const [first] = open[0]?.children ?? [];
  if (!first) throw new Error(`no XML: ${document.slice(0, 200)}`);
  return first;
}
