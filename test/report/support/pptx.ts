import JSZip from 'jszip';

/** What of a PPTX file a test wants to know; sizes in inches. */
export interface OpenedSlide {
  readonly name: string;
  readonly texts: readonly string[];
  readonly boxes: readonly {
    readonly x: number;
    readonly y: number;
    readonly w: number;
    readonly h: number;
  }[];
}

const EMU = 914_400;

export async function openPptx(
  bytes: Uint8Array,
): Promise<{ slides: OpenedSlide[]; charts: string[]; width: number; height: number }> {
  const zip = await JSZip.loadAsync(bytes);
  const slides: OpenedSlide[] = [];
  const charts: string[] = [];
  for (const name of Object.keys(zip.files).filter((one) => /\.(?:xml|rels)$/.test(one))) {
    const xml = await zip.files[name]!.async('string');
    assertWellFormed(name, xml);
    if (/^ppt\/slides\/slide\d+\.xml$/.test(name)) slides.push(slideOf(name, xml));
    if (/^ppt\/charts\/chart\d+\.xml$/.test(name)) charts.push(xml);
  }
  const presentation = await zip.files['ppt/presentation.xml']!.async('string');
  const [, width, height] = /<p:sldSz cx="(\d+)" cy="(\d+)"/.exec(presentation)!;
  slides.sort((a, b) => numberOf(a.name) - numberOf(b.name));
  return { slides, charts, width: Number(width) / EMU, height: Number(height) / EMU };
}

const numberOf = (name: string): number => Number(/\d+/.exec(name)?.[0]);

function slideOf(name: string, xml: string): OpenedSlide {
  const texts = [...xml.matchAll(/<a:t>([^<]*)<\/a:t>/g)].map(([, text]) => text!);
  const frames = /<a:off x="(-?\d+)" y="(-?\d+)"\/>\s*<a:ext cx="(-?\d+)" cy="(-?\d+)"\/>/g;
  const boxes = [...xml.matchAll(frames)].map(([, ...all]) => {
    const [x, y, w, h] = all.map((value) => Number(value) / EMU) as [
      number,
      number,
      number,
      number,
    ];
    return { x, y, w, h };
  });
  return { name, texts, boxes };
}

/** Tags nest and end, and no ampersand stands alone: enough to tell a file that Office would mend. */
export function assertWellFormed(name: string, xml: string): void {
  const open: string[] = [];
  const outside = xml.replace(/<\?[^>]*\?>|<!--.*?-->/gs, '');
  for (const [, end, tag, , alone] of outside.matchAll(
    /<(\/?)([\w:.-]+)((?:\s+[\w:.-]+="[^"<]*")*)\s*(\/?)>/g,
  )) {
    if (end) {
      const last = open.pop();
      if (last !== tag) throw new Error(`${name}: </${tag}> ends <${last}>`);
    } else if (!alone) open.push(tag!);
  }
  if (open.length > 0) throw new Error(`${name}: <${open.at(-1)}> never ends`);
  const left = outside.replace(/<\/?[\w:.-]+(?:\s+[\w:.-]+="[^"<]*")*\s*\/?>/g, '');
  if (/[<>]/.test(left) && /</.test(left)) throw new Error(`${name}: a tag that is none`);
  if (/&(?!(?:amp|lt|gt|quot|apos|#\d+|#x[\da-f]+);)/i.test(outside))
    throw new Error(`${name}: an ampersand stands alone`);
}
