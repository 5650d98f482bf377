import { Lexer, type Token, type Tokens } from "marked";
import { Fragment, h, type ComponentChildren } from "preact";

/**
 * A subset of Markdown as nodes. No HTML string is ever made, so there is nothing to sanitise: HTML, images and whatever
 * is not listed here stand as the text that was typed. Links are shown whole and never fetched.
 */
export function Markdown({ text }: { text: string }) {
  return <>{nodes(new Lexer({ gfm: true, breaks: true }).lex(text))}</>;
}

/** The words of a text without its marks, for a line that quotes it. */
export function withoutMarks(text: string): string {
  return text.replace(/^\s*([-*+>#]+|\d+\.)\s+/gm, "").replace(/[*_`~]{1,3}(\S(?:.*?\S)?)[*_`~]{1,3}/g, "$1").replace(/\s+/g, " ");
}

const SCHEMES = new Set(["http:", "https:"]);

function safe(href: string): boolean {
  try {
    return SCHEMES.has(new URL(href).protocol);
  } catch {
    return false;
  }
}

/** marked escapes what it takes for text; nodes escape by themselves. */
function plain(text: string): string {
  return text
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll("&#39;", "'")
    .replaceAll("&amp;", "&");
}

function nodes(tokens: Token[] | undefined): ComponentChildren {
  return tokens?.map((token, index) => <Fragment key={index}>{node(token)}</Fragment>);
}

function node(token: Token): ComponentChildren {
  switch (token.type) {
    case "space":
    case "def":
      return null;
    case "paragraph":
      return <p>{nodes(token.tokens)}</p>;
    case "heading":
      return <h3>{nodes(token.tokens)}</h3>;
    case "strong":
      return <strong>{nodes(token.tokens)}</strong>;
    case "em":
      return <em>{nodes(token.tokens)}</em>;
    case "del":
      return <del>{nodes(token.tokens)}</del>;
    case "codespan":
      return <code>{plain((token as Tokens.Codespan).text)}</code>;
    case "code":
      return <pre><code>{(token as Tokens.Code).text}</code></pre>;
    case "br":
      return <br />;
    case "blockquote":
      return <blockquote>{nodes(token.tokens)}</blockquote>;
    case "list": {
      const list = token as Tokens.List;
      return h(list.ordered ? "ol" : "ul", null, list.items.map((item, index) => <li key={index}>{nodes(item.tokens)}</li>));
    }
    case "link": {
      const link = token as Tokens.Link;
      if (!safe(link.href)) return token.raw;
      return <a href={link.href} rel="noopener noreferrer nofollow" target="_blank">{nodes(link.tokens)}</a>;
    }
    case "table": {
      const table = token as Tokens.Table;
      return (
        <table>
          <thead><tr>{table.header.map((cell, index) => <th key={index}>{nodes(cell.tokens)}</th>)}</tr></thead>
          <tbody>
            {table.rows.map((row, at) => <tr key={at}>{row.map((cell, index) => <td key={index}>{nodes(cell.tokens)}</td>)}</tr>)}
          </tbody>
        </table>
      );
    }
    case "escape":
    case "text":
      return "tokens" in token && token.tokens ? nodes(token.tokens) : plain((token as Tokens.Text).text);
    default:
      return token.raw;
  }
}
