/**
 * Reads TypeScript as far as the tidy rules need it: what is code, what is not, and what it
 * imports. A small scanner rather than a parser: a comment or a string that names a banned word
 * must not count, and nothing else about the language matters here.
 */

export interface SourceFile {
  /** Relative to the repository, with forward slashes. */
  readonly path: string;
  readonly text: string;
}

export interface ImportedModule {
  readonly specifier: string;
  readonly line: number;
}

/** After these a `/` begins a regular expression; after anything else it divides. */
const BEFORE_REGEX = /(^|[([{,;=:!&|?+\-*%<>~^}]|=>|\b(return|typeof|case|in|of|await|void))\s*$/;
const IMPORT = /\b(?:from|import)\s*\(?\s*$/;

/**
 * `text` with every comment, string, template and regular expression blanked, character for
 * character, so that positions and lines stay. Code inside `${}` of a template stays as well.
 */
export function codeOnly(text: string): string {
  return new Scanner(text).run().code;
}

/** Every module that `text` imports or re-exports, type imports and `import()` included. */
export function importsOf(text: string): readonly ImportedModule[] {
  const { code, strings } = new Scanner(text).run();
  return strings
    .filter(({ start }) => IMPORT.test(code.slice(Math.max(0, start - 40), start)))
    .map(({ start, end }) => ({
      specifier: text.slice(start + 1, end - 1),
      line: lineAt(text, start),
    }));
}

/** The number, from 1, of the line that holds `index`. */
export function lineAt(text: string, index: number): number {
  return text.slice(0, index).split("\n").length;
}

interface Span {
  readonly start: number;
  readonly end: number;
}

class Scanner {
  readonly #text: string;
  readonly #strings: Span[] = [];
  #code = "";
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  run(): { readonly code: string; readonly strings: readonly Span[] } {
    this.#scanCode(false);
    return { code: this.#code, strings: this.#strings };
  }

  /** Until the end, or until the brace that ends a template's `${` when `inTemplate`. */
  #scanCode(inTemplate: boolean): void {
    let depth = 0;
    while (this.#at < this.#text.length) {
      const char = this.#text[this.#at] ?? "";
      if (inTemplate && char === "}" && depth === 0) return;
      if (char === "{") depth += 1;
      if (char === "}") depth -= 1;
      this.#scanOne(char);
    }
  }

  #scanOne(char: string): void {
    const two = this.#text.slice(this.#at, this.#at + 2);
    if (two === "//") this.#blankTo(this.#find("\n", this.#at));
    else if (two === "/*") this.#blankTo(this.#find("*/", this.#at + 2) + 2);
    else if (char === '"' || char === "'") this.#scanString(char);
    else if (char === "`") this.#scanTemplate();
    else if (char === "/" && BEFORE_REGEX.test(this.#code.slice(-80))) this.#scanRegex();
    else this.#keep();
  }

  #scanString(quote: string): void {
    const start = this.#at;
    let end = start + 1;
    while (end < this.#text.length && this.#text[end] !== quote) {
      end += this.#text[end] === "\\" ? 2 : 1;
    }
    this.#blankTo(end + 1);
    this.#strings.push({ start, end: end + 1 });
  }

  #scanTemplate(): void {
    this.#blankTo(this.#at + 1);
    while (this.#at < this.#text.length && this.#text[this.#at] !== "`") {
      if (this.#text.startsWith("${", this.#at)) {
        this.#blankTo(this.#at + 2);
        this.#scanCode(true);
        this.#blankTo(this.#at + 1);
      } else {
        this.#blankTo(this.#at + (this.#text[this.#at] === "\\" ? 2 : 1));
      }
    }
    this.#blankTo(this.#at + 1);
  }

  #scanRegex(): void {
    let end = this.#at + 1;
    let inClass = false;
    while (end < this.#text.length && (inClass || this.#text[end] !== "/")) {
      if (this.#text[end] === "[") inClass = true;
      if (this.#text[end] === "]") inClass = false;
      end += this.#text[end] === "\\" ? 2 : 1;
    }
    this.#blankTo(end + 1);
  }

  #find(needle: string, from: number): number {
    const found = this.#text.indexOf(needle, from);
    return found === -1 ? this.#text.length : found;
  }

  #keep(): void {
    this.#code += this.#text[this.#at] ?? "";
    this.#at += 1;
  }

  #blankTo(end: number): void {
    this.#code += this.#text.slice(this.#at, end).replace(/[^\n]/g, " ");
    this.#at = Math.min(end, this.#text.length);
  }
}
