import { Lexer, type Token, type Tokens } from "marked";
import { Fragment, h, type ComponentChildren } from "preact";
import { useMemo } from "preact/hooks";
import { partsOf } from "../domain/mentions";

/**
 * A subset of Markdown as nodes. No HTML string is ever made, so there is nothing to sanitise: HTML, images and whatever
 * is not listed here stand as the text that was typed. Links are shown whole and never fetched.
 */
export function Markdown({ text, calls = [] }: { text: string; calls?: readonly string[] }) {
  // Reading a text costs more than showing it, and a message is shown anew whenever anything about it changes.
  return useMemo(() => <>{nodes(new Lexer({ gfm: true, breaks: true }).lex(text), calls)}</>, [text, calls.join()]);
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

/** Text with the names that are called in it set off. */
function called(text: string, calls: readonly string[]): ComponentChildren {
  if (calls.length === 0) return text;
  return partsOf(text, calls).map((part, index) => (part.called ? <b class="call" key={index}>{part.text}</b> : part.text));
}

function nodes(tokens: Token[] | undefined, calls: readonly string[]): ComponentChildren {
  return tokens?.map((token, index) => <Fragment key={index}>{node(token, calls)}</Fragment>);
}

function node(token: Token, calls: readonly string[]): ComponentChildren {
  switch (token.type) {
    case "space":
    case "def":
      return null;
    case "paragraph":
      return <p>{nodes(token.tokens, calls)}</p>;
    case "heading":
      return <h3>{nodes(token.tokens, calls)}</h3>;
    case "strong":
      return <strong>{nodes(token.tokens, calls)}</strong>;
    case "em":
      return <em>{nodes(token.tokens, calls)}</em>;
    case "del":
      return <del>{nodes(token.tokens, calls)}</del>;
    case "codespan":
      return <code>{plain((token as Tokens.Codespan).text)}</code>;
    case "code":
      return <pre><code>{(token as Tokens.Code).text}</code></pre>;
    case "br":
      return <br />;
    case "blockquote":
      return <blockquote>{nodes(token.tokens, calls)}</blockquote>;
    case "list": {
      const list = token as Tokens.List;
      return h(list.ordered ? "ol" : "ul", null, list.items.map((item, index) => <li key={index}>{nodes(item.tokens, calls)}</li>));
    }
    case "link": {
      const link = token as Tokens.Link;
      if (!safe(link.href)) return token.raw;
      return <a href={link.href} rel="noopener noreferrer nofollow" target="_blank">{nodes(link.tokens, calls)}</a>;
    }
    case "table": {
      const table = token as Tokens.Table;
      return (
        <table>
          <thead><tr>{table.header.map((cell, index) => <th key={index}>{nodes(cell.tokens, calls)}</th>)}</tr></thead>
          <tbody>
            {table.rows.map((row, at) => <tr key={at}>{row.map((cell, index) => <td key={index}>{nodes(cell.tokens, calls)}</td>)}</tr>)}
          </tbody>
        </table>
      );
    }
    case "escape":
    case "text":
      return "tokens" in token && token.tokens ? nodes(token.tokens, calls) : called(plain((token as Tokens.Text).text), calls);
    default:
      return token.raw;
  }
}
