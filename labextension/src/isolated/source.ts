/**
 * Where does the document of an isolated frame come from?
 *
 * It stands in the frame's `srcdoc`, so it is never fetched, and no policy of a page has to allow frames: a frame that
 * tries to go elsewhere is stopped by the page that holds it. Its script is a file of the server's; where the page is a
 * file itself, part of it (./embedded.ts). On top of the page's policy, which it inherits, the document has a narrower
 * one: its script, and pictures and fonts that are data.
 */
import type { Kind } from './protocol';

/** The document of a frame, as HTML. */
export type FrameSource = (kind: Kind) => Promise<string>;

/** From the server. */
export function servedFrames(folder: URL): FrameSource {
  // The script fetches its parts from beside it.
  return kind => Promise.resolve(frameOf(folder.href, `src="${new URL(`${kind}.js`, folder).href}">`));
}

/**
 * The document itself.
 *
 * @param scripts - what its policy lets run
 * @param script - the rest of its script's element
 */
export function frameOf(scripts: string, script: string): string {
  const policy = [
    "default-src 'none'",
    `script-src ${scripts}`,
    "style-src 'unsafe-inline'",
    'img-src data:',
    'font-src data:',
    "base-uri 'none'",
    "form-action 'none'"
  ].join('; ');
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta http-equiv="x-dns-prefetch-control" content="off">
<title>-</title>
<style>
body { margin: 0; font-family: system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif; }
main { display: flow-root; }
svg, canvas { vertical-align: top; }
</style>
</head>
<body><script ${script}</script></body>
</html>`;
}
