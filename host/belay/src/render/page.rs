//! Text for people, in lines and painted pieces. Nothing gets into a line unescaped: what plugins and systems say can
//! never steer the terminal.

use std::fmt::{self, Display, Write as _};

use anstyle::{AnsiColor, Effects, Style};
use unicode_width::UnicodeWidthChar;

/// How a piece of text stands out. Colour repeats what the words say, it never says it alone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Paint {
    /// Not at all.
    Plain,
    /// What a reader looks for first.
    Strong,
    /// What may be skipped.
    Dim,
    /// As wished.
    Good,
    /// To be looked at.
    Warn,
    /// Gone wrong.
    Bad,
}

impl Paint {
    const fn style(self) -> Style {
        match self {
            Self::Plain => Style::new(),
            Self::Strong => Style::new().effects(Effects::BOLD),
            Self::Dim => Style::new().effects(Effects::DIMMED),
            Self::Good => AnsiColor::Green.on_default(),
            Self::Warn => AnsiColor::Yellow.on_default(),
            Self::Bad => AnsiColor::Red.on_default().effects(Effects::BOLD),
        }
    }
}

/// One line.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Line(Vec<(Paint, String)>);

impl Line {
    /// An empty line.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Adds text.
    #[must_use]
    pub(crate) fn with(self, text: impl Display) -> Self {
        self.painted(Paint::Plain, text)
    }

    /// Adds text that stands out.
    #[must_use]
    pub(crate) fn painted(mut self, paint: Paint, text: impl Display) -> Self {
        self.0.push((paint, escaped(&text.to_string())));
        self
    }

    /// Adds spaces up to a column, and `gap` of them at the least where the line is longer already.
    #[must_use]
    pub(crate) fn padded(self, column: usize, gap: usize) -> Self {
        let spaces = column.saturating_sub(self.width()).max(gap);
        self.with(" ".repeat(spaces))
    }

    /// Adds the pieces of another line.
    #[must_use]
    pub(crate) fn then(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// How many columns it takes on a terminal.
    pub(crate) fn width(&self) -> usize {
        self.0.iter().map(|(_, text)| width(text)).sum()
    }

    /// The line cut to so many columns, with `…` where something is missing.
    #[must_use]
    pub(crate) fn cut(self, columns: usize) -> Self {
        if self.width() <= columns {
            return self;
        }
        let mut left = columns.saturating_sub(1);
        let mut pieces = Vec::new();
        for (paint, text) in self.0 {
            let kept = prefix(&text, left);
            left -= width(kept);
            let whole = kept.len() == text.len();
            pieces.push((paint, kept.to_owned()));
            if !whole {
                break;
            }
        }
        pieces.push((Paint::Dim, "…".to_owned()));
        Self(pieces)
    }

    fn write(&self, to: &mut String, coloured: bool) -> fmt::Result {
        let end = self.0.iter().rposition(|(_, text)| !text.trim_end().is_empty()).map_or(0, |last| last + 1);
        for (index, (paint, text)) in self.0.iter().take(end).enumerate() {
            let text = if index + 1 == end { text.trim_end() } else { text };
            if coloured && *paint != Paint::Plain {
                let style = paint.style();
                write!(to, "{style}{text}{style:#}")?;
            } else {
                to.push_str(text);
            }
        }
        to.push('\n');
        Ok(())
    }
}

/// Lines.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Page(Vec<Line>);

impl Page {
    /// An empty page.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Adds a line.
    pub(crate) fn push(&mut self, line: Line) {
        self.0.push(line);
    }

    /// Adds an empty line, unless the page is empty or ends with one.
    pub(crate) fn gap(&mut self) {
        if self.0.last().is_some_and(|line| *line != Line::new()) {
            self.0.push(Line::new());
        }
    }

    /// Adds the lines of another page.
    pub(crate) fn append(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// Its lines.
    pub(crate) fn into_lines(self) -> Vec<Line> {
        self.0
    }

    /// The text, with or without the escape sequences that paint it. Lines end with a line feed, not with spaces.
    pub(crate) fn to_text(&self, coloured: bool) -> String {
        let mut text = String::new();
        for line in &self.0 {
            // Writing to a string does not fail.
            let _ = line.write(&mut text, coloured);
        }
        text
    }
}

impl From<Vec<Line>> for Page {
    fn from(lines: Vec<Line>) -> Self {
        Self(lines)
    }
}

/// Text without anything that a terminal obeys: control characters, and those that turn or hide the text around them.
pub(crate) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => safe.push_str("\\n"),
            '\t' => safe.push_str("\\t"),
            '\r' => safe.push_str("\\r"),
            c if c.is_control() || is_hidden(c) => safe.extend(c.escape_unicode()),
            c => safe.push(c),
        }
    }
    safe
}

/// Separators, joiners, marks of direction and tags: invisible, and able to make one text look like another.
const fn is_hidden(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

fn width(text: &str) -> usize {
    text.chars().map(|c| c.width().unwrap_or(0)).sum()
}

fn prefix(text: &str, columns: usize) -> &str {
    let mut left = columns;
    for (at, c) in text.char_indices() {
        let wide = c.width().unwrap_or(0);
        if wide > left {
            return text.get(..at).unwrap_or_default();
        }
        left -= wide;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_from_outside_steers_the_terminal() {
        let line = Line::new().with("v9\u{1b}[2J\u{9b}31m\nerror: none").painted(Paint::Good, "\u{202e}txt\r");
        assert_eq!(Page::from(vec![line]).to_text(false), "v9\\u{1b}[2J\\u{9b}31m\\nerror: none\\u{202e}txt\\r\n");
    }

    #[test]
    fn paint_is_written_only_where_asked() {
        let page = Page::from(vec![Line::new().painted(Paint::Good, "✔ off").with("  ")]);
        assert_eq!(page.to_text(false), "✔ off\n");
        assert_eq!(page.to_text(true), "\u{1b}[32m✔ off\u{1b}[0m\n");
    }

    #[test]
    fn columns_are_counted_as_a_terminal_shows_them() {
        let line = Line::new().with("数据").padded(6, 1).with("x");
        assert_eq!(line.width(), 7);
        assert_eq!(Page::from(vec![line.clone().cut(4)]).to_text(false), "数…\n");
        assert_eq!(line.clone().cut(7), line);
    }
}
