/** What a document points to: files, pictures, and places in documents. Pure. */
import { dirname, join } from "node:path";

/** A file from the project's root, and the anchor of a place in it; empty for none. */
export interface Target {
  readonly path: string;
  readonly anchor: string;
}

/** Everything that `text`, which lies at `document`, points to within the project. */
export function targetsIn(document: string, text: string): Target[] {
  const spans = [...text.matchAll(/`((?:edge|relay|shared|test|docs)\/[\w./-]+)`/g)].map(([, path = ""]) => ({
    path,
    anchor: "",
  }));
  const links = [...text.matchAll(/\]\(([^)\s]+)\)|(?:src|srcset)="([^"]+)"/g)].map(
    ([, link, source]) => link ?? source,
  );
  const within = links.filter((link): link is string => link !== undefined && !/^https?:/.test(link));
  return [...spans, ...within.map((link) => targetOf(document, link))];
}

function targetOf(document: string, link: string): Target {
  const [path = "", anchor = ""] = link.split("#");
  return { path: path === "" ? document : join(dirname(document), path), anchor };
}

/** The anchors of a document's headings, as GitHub makes them. */
export function anchorsIn(text: string): string[] {
  const outside = text.replaceAll(/^```.*?^```$/gms, "");
  return [...outside.matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
}
