//! A page drawn in place on a terminal. Hides no cursor and changes no mode, so there is nothing to restore when the
//! process ends, however it ends.

use std::io::{self, Write};

use terminal_size::{Height, Width};

use crate::render::page::Page;

/// The page that stands on the terminal now.
#[derive(Debug, Default)]
pub(crate) struct Live {
    lines: usize,
}

impl Live {
    /// Draws the page over the one before it. What does not fit the terminal is left out: lines that wrap or scroll
    /// away could not be drawn over.
    pub(crate) fn draw(&mut self, page: Page, paints: bool) -> io::Result<()> {
        let (columns, rows) = size();
        let lines: Vec<_> = page.into_lines().into_iter().map(|line| line.cut(columns)).collect();
        let skipped = lines.len().saturating_sub(rows.saturating_sub(1));
        let shown: Vec<_> = lines.into_iter().skip(skipped).collect();
        let count = shown.len();
        self.over(&Page::from(shown).to_text(paints))?;
        self.lines = count;
        Ok(())
    }

    /// Draws the page once more, whole, and leaves it there.
    pub(crate) fn finish(&mut self, page: &Page, paints: bool) -> io::Result<()> {
        self.over(&page.to_text(paints))?;
        self.lines = 0;
        Ok(())
    }

    /// One write, so that no half-drawn page is ever seen.
    fn over(&self, text: &str) -> io::Result<()> {
        let mut out = io::stdout().lock();
        out.write_all(format!("{}{text}", erase(self.lines)).as_bytes())?;
        out.flush()
    }
}

/// ECMA-48: cursor up to the first column of so many lines before (CPL), erase to the end of the screen (ED).
fn erase(lines: usize) -> String {
    if lines == 0 { String::new() } else { format!("\u{1b}[{lines}F\u{1b}[J") }
}

fn size() -> (usize, usize) {
    terminal_size::terminal_size()
        .map_or((80, 24), |(Width(columns), Height(rows))| (usize::from(columns), usize::from(rows)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_erased_before_the_first_page() {
        assert_eq!(erase(0), "");
        assert_eq!(erase(3), "\u{1b}[3F\u{1b}[J");
    }
}
