//! Says that systems take their time to be looked at, so that nobody takes silence for a hang.

use std::pin::pin;
use std::time::Duration;

use crate::output::Output;
use crate::render::page::{Line, Page, Paint};

/// How long nothing need be said.
pub(crate) const PATIENCE: Duration = Duration::from_secs(2);

/// What a look finds, which writes nothing.
pub(crate) async fn patiently<T>(output: Output, look: impl Future<Output = T>) -> T {
    let mut look = pin!(look);
    if let Ok(found) = tokio::time::timeout(PATIENCE, &mut look).await {
        return found;
    }
    say_still_looking(output);
    look.await
}

/// Where a program reads along, it is told nothing: there the answer is what counts.
pub(crate) fn say_still_looking(output: Output) {
    if !output.is_json() {
        let words = "still looking at the systems: nothing is written yet";
        output.say(&Page::from(vec![Line::new().painted(Paint::Dim, words)]));
    }
}
