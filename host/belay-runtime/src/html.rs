//! A page of HTML in pieces. Nothing gets into it unescaped.

use std::fmt::Write as _;

const STYLE: &str = include_str!("html/style.css");

/// The body of a page.
#[derive(Default)]
pub(crate) struct Html(String);

/// How a text stands out; the words say the same.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Tone {
    Good,
    Bad,
}

impl Html {
    /// A heading or a paragraph.
    pub(crate) fn element(&mut self, name: &'static str, text: &str) {
        let _ = writeln!(self.0, "<{name}>{}</{name}>", escaped(text));
    }

    /// A remark.
    pub(crate) fn note(&mut self, text: &str) {
        let _ = writeln!(self.0, "<p class=\"note\">{}</p>", escaped(text));
    }

    /// A sentence that stands out.
    pub(crate) fn verdict(&mut self, tone: Tone, text: &str) {
        let class = match tone {
            Tone::Good => "good",
            Tone::Bad => "bad",
        };
        let _ = writeln!(self.0, "<p class=\"{class}\">{}</p>", escaped(text));
    }

    /// Text as it was written.
    pub(crate) fn verbatim(&mut self, text: &str) {
        self.element("pre", text);
    }

    pub(crate) fn table(&mut self, table: &Table) {
        self.0.push_str("<table>");
        self.0.push_str(&table.0);
        self.0.push_str("</table>\n");
    }
}

/// Rows of cells.
pub(crate) struct Table(String);

impl Table {
    /// With a heading above each column, repeated on every printed page.
    pub(crate) fn with(columns: &[&str]) -> Self {
        let cells: String = columns.iter().map(|name| format!("<th>{}</th>", escaped(name))).collect();
        Self(format!("<thead><tr>{cells}</tr></thead>\n"))
    }

    /// Names and what they stand for.
    pub(crate) const fn facts() -> Self {
        Self(String::new())
    }

    pub(crate) fn fact(&mut self, name: &str, value: &str) {
        let _ = writeln!(self.0, "<tr><th>{}</th><td>{}</td></tr>", escaped(name), escaped(value));
    }

    pub(crate) fn row(&mut self, cells: &[&str]) {
        let cells: String = cells.iter().map(|text| format!("<td>{}</td>", escaped(text))).collect();
        let _ = writeln!(self.0, "<tr>{cells}</tr>");
    }
}

/// A whole page, which may load and run nothing.
pub(crate) fn document(title: &str, body: &Html) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n\
         <title>{}</title>\n<style>\n{STYLE}</style></head>\n<body>\n{}</body></html>\n",
        escaped(title),
        body.0
    )
}

/// Text that means nothing to a browser. Control characters are shown by their number: some turn a line's direction.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' | '\t' => out.push(c),
            c if c.is_control() || turns(c) => {
                let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out
}

/// Unicode's marks that change the direction of what follows, or are not seen.
const fn turns(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_was_written_becomes_markup() {
        let mut page = Html::default();
        page.element("p", "<script>alert(1)</script> & \"x\" \u{202e}evil\u{1b}");
        let mut table = Table::with(&["<b>"]);
        table.row(&["<img src=x onerror=alert(1)>"]);
        page.table(&table);
        let text = document("</title><script>", &page);
        assert!(!text.contains("<script") && !text.contains("<img") && !text.contains("<b>"), "{text}");
        assert!(text.contains("\\u{202e}evil\\u{1b}"), "{text}");
    }
}
