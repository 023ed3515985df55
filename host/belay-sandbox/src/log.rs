//! A plugin's log lines: bounded when written, escaped when shown, never taken for belay's own words.

use serde::{Deserialize, Serialize};

use crate::limits::Limits;

/// How much a line matters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// For the author.
    Debug,
    /// What happened.
    Info,
    /// What may be wrong.
    Warn,
}

/// One line, as the plugin wrote it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct LogLine {
    /// How much it matters.
    pub level: Level,
    /// Raw: may hold anything that UTF-8 can. Show it with [`LogLine::shown`].
    pub message: String,
}

impl LogLine {
    /// The message on one line, with control and other invisible characters escaped: safe on a terminal.
    pub fn shown(&self) -> String {
        self.message.escape_debug().collect::<String>().replace("\\\"", "\"").replace("\\'", "'")
    }
}

/// The lines of one call.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Log {
    /// The lines kept, in order.
    pub lines: Vec<LogLine>,
    /// How many lines were dropped or cut because the log was full.
    pub lost: u32,
}

impl Log {
    /// Keeps a line, as far as the limits allow.
    pub(crate) fn write(&mut self, level: Level, mut message: String, limits: &Limits) {
        let kept: usize = self.lines.iter().map(|line| line.message.len()).sum();
        let room = (limits.log_bytes as usize).saturating_sub(kept);
        if self.lines.len() >= limits.log_lines as usize || room == 0 {
            self.lost = self.lost.saturating_add(1);
            return;
        }
        if message.len() > room {
            message.truncate(message.floor_char_boundary(room));
            self.lost = self.lost.saturating_add(1);
        }
        self.lines.push(LogLine { level, message });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_log_cuts_and_counts() {
        let limits = Limits { log_lines: 2, log_bytes: 8, ..Limits::default() };
        let mut log = Log::default();
        for message in ["four", "fivéé", "x"] {
            log.write(Level::Info, message.to_owned(), &limits);
        }
        let lines: Vec<_> = log.lines.iter().map(|line| line.message.as_str()).collect();
        assert_eq!((lines, log.lost), (vec!["four", "fiv"], 2));
    }

    #[test]
    fn what_is_shown_cannot_move_the_cursor() {
        let line = LogLine { level: Level::Warn, message: "it's \"done\"\n\u{1b}[2J\u{202e}".to_owned() };
        assert_eq!(line.shown(), "it's \"done\"\\n\\u{1b}[2J\\u{202e}");
    }
}
