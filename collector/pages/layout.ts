/** The frame of every page. */
import { type Content, type Html, html } from './html.ts';

const sections = [
  ['/', 'Sessions'],
  ['/findings', 'Findings'],
] as const;

/** A whole page; `section` is the path of the section it belongs to. */
export function page(title: string, section: string, content: Content): Html {
  const links = sections.map(
    ([path, name]) =>
      html`<a href="${path}"${path === section ? html` aria-current="page"` : ''}>${name}</a>`,
  );
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · MCP Lookout</title>
<link rel="stylesheet" href="/style.css">
</head>
<body>
<header><nav aria-label="Pages"><strong>MCP Lookout</strong>${links}</nav></header>
<main>
<h1>${title}</h1>
${content}
</main>
</body>
</html>
`;
}
