//! Where answers go: results to standard output, talk to standard error. Never decides what is said.

use std::io::{self, IsTerminal, Write};
use std::ops::ControlFlow;

use belay_runtime::api::{Ending, Error};
use serde::Serialize;

use crate::render;
use crate::render::page::Page;

/// The version of the JSON that `--json` prints. What is added keeps it; what changes or goes raises it.
pub(crate) const JSON_VERSION: u32 = 1;

/// How answers are given.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Output {
    json: bool,
    plain: bool,
}

/// One line of JSON: the format's version, what it is, and the answer itself.
#[derive(Serialize)]
struct Envelope<'a, T: ?Sized> {
    belay: u32,
    kind: &'a str,
    data: &'a T,
}

/// An error in JSON: with its exit status, for those who only read the text.
#[derive(Serialize)]
struct Failure<'a> {
    status: u8,
    #[serde(flatten)]
    error: &'a Error,
}

impl Output {
    /// JSON or text; plain text without colours on a terminal too.
    pub(crate) fn new(json: bool, no_color: bool) -> Self {
        // https://no-color.org: present and not empty.
        let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|value| value == "dumb");
        Self { json, plain: no_color || refused || dumb }
    }

    /// Whether answers are JSON.
    pub(crate) const fn is_json(self) -> bool {
        self.json
    }

    /// Whether standard output paints.
    pub(crate) fn paints(self) -> bool {
        !self.plain && io::stdout().is_terminal()
    }

    /// Whether progress is drawn in place: on a terminal that people look at.
    pub(crate) fn draws(self) -> bool {
        !self.json && io::stdout().is_terminal() && std::env::var_os("TERM").is_none_or(|value| value != "dumb")
    }

    /// An answer, as JSON or as a page.
    pub(crate) fn answer<T: Serialize + ?Sized>(
        self,
        kind: &str,
        data: &T,
        page: impl FnOnce(&T) -> Page,
    ) -> Result<(), Error> {
        if self.json { self.line(kind, data) } else { self.page(&page(data)) }
    }

    /// One line of JSON.
    pub(crate) fn line<T: Serialize + ?Sized>(self, kind: &str, data: &T) -> Result<(), Error> {
        let text = json(kind, data)?;
        written(writeln!(io::stdout(), "{text}"))
    }

    /// An answer as the one line of JSON that [`Output::line`] prints.
    pub(crate) fn envelope<T: Serialize + ?Sized>(self, kind: &str, data: &T) -> Result<String, Error> {
        json(kind, data)
    }

    /// A piece of something that goes on; says so when nobody reads it any more.
    pub(crate) fn stream(self, text: &str) -> Result<ControlFlow<()>, Error> {
        let mut out = io::stdout();
        match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            Ok(()) => Ok(ControlFlow::Continue(())),
            Err(error) => unread(error).map(|()| ControlFlow::Break(())),
        }
    }

    /// A page of text.
    pub(crate) fn page(self, page: &Page) -> Result<(), Error> {
        written(io::stdout().write_all(page.to_text(self.paints()).as_bytes()))
    }

    /// Commands for a shell, byte for byte: escaped, they would write something else. On a terminal, what would steer it
    /// is left out and said.
    pub(crate) fn script(self, commands: &[String]) -> Result<(), Error> {
        let steers = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
        let shown = commands.iter().map(|command| {
            if command.contains(steers) && io::stdout().is_terminal() {
                "# left out: control characters; send this output to a file"
            } else {
                command
            }
        });
        let text: String = shown.flat_map(|command| [command, "\n"]).collect();
        self.bytes(text.as_bytes())
    }

    /// Bytes as they are.
    pub(crate) fn bytes(self, bytes: &[u8]) -> Result<(), Error> {
        written(io::stdout().write_all(bytes).and_then(|()| io::stdout().flush()))
    }

    /// Says something that is no result.
    pub(crate) fn say(self, page: &Page) {
        let paints = !self.plain && io::stderr().is_terminal();
        // Nobody reads standard error any more: there is no one to tell.
        let _ = io::stderr().write_all(page.to_text(paints).as_bytes());
    }

    /// Says why a command did not do what was asked; gives how it ended.
    pub(crate) fn fail(self, error: &Error) -> Ending {
        let failure = Failure { status: error.ending.status(), error };
        match self.json.then(|| json("error", &failure)) {
            Some(Ok(text)) => {
                let _ = writeln!(io::stderr(), "{text}");
            }
            Some(Err(_)) | None => self.say(&render::error::error(error)),
        }
        error.ending
    }
}

fn json<T: Serialize + ?Sized>(kind: &str, data: &T) -> Result<String, Error> {
    let envelope = Envelope { belay: JSON_VERSION, kind, data };
    serde_json::to_string(&envelope).map_err(|error| Error::failed(format!("the answer is not JSON: {error}")))
}

fn written(result: io::Result<()>) -> Result<(), Error> {
    result.or_else(unread)
}

/// A reader that went away, as `head` does, has what it wanted: that is no failure. Anything else is one.
pub(crate) fn unread(error: io::Error) -> Result<(), Error> {
    if error.kind() == io::ErrorKind::BrokenPipe {
        return Ok(());
    }
    Err(Error::failed(format!("standard output: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_json_says_what_it_is() {
        assert_eq!(json("points", &[1, 2]).unwrap(), r#"{"belay":1,"kind":"points","data":[1,2]}"#);
        let error = Error::refused("no");
        let failure = Failure { status: error.ending.status(), error: &error };
        assert_eq!(
            json("error", &failure).unwrap(),
            r#"{"belay":1,"kind":"error","data":{"status":3,"ending":"refused","what":"no","changed":null,"next":null}}"#
        );
    }
}
