//! What the systems' own calls took in the script, by curl's account: from the first byte of a connection to the last of
//! an answer. Never counts what a client does between two calls, nor how often it asks until the flag is served.

use std::time::Duration;

/// Makes curl say what each call took.
pub(super) const CURLRC: &str = "write-out = \"%{stderr}took %{time_total} %{url}\\n\"\n";

/// The calls of each system that is asked over HTTP. A table's files and Redis answer within a millisecond or so; they
/// count as nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Calls {
    pub(super) flag: Duration,
    pub(super) view: Duration,
    pub(super) values: Duration,
    pub(super) model: Duration,
}

impl Calls {
    /// From what curl said of each call. Those of the checks don't belong to it.
    pub(super) fn told(said: &str) -> Self {
        let mut calls = Self::default();
        for (seconds, url) in said.lines().filter_map(one) {
            let system = match url {
                // Asked again and again until it is served.
                _ if url.contains("/api/client/") || url.contains("/search/events") => continue,
                _ if url.contains("/features/") => &mut calls.flag,
                _ if url.contains("/online/") => &mut calls.values,
                _ if url.contains("/feature-views/") => &mut calls.view,
                _ if url.contains("/api/2.0/") => &mut calls.model,
                _ => continue,
            };
            *system += seconds;
        }
        calls
    }

    /// The flag first, which contains, until it is served, which takes `served`; then what depends on each other: the view's
    /// values come after the view. The model goes beside these.
    pub(super) fn slowest(&self, served: Duration) -> Duration {
        self.flag + served + self.model.max(self.view + self.values)
    }
}

fn one(line: &str) -> Option<(Duration, &str)> {
    let (seconds, url) = line.strip_prefix("took ")?.split_once(' ')?;
    Some((Duration::try_from_secs_f64(seconds.parse().ok()?).ok()?, url))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_count_for_their_system_and_those_of_checks_for_none() {
        let said = "\
            took 0.010 http://h/api/admin/projects/default/features/f/environments/production/off\n\
            took 0.005 http://h/api/admin/search/events?feature=IS%3Af\n\
            took 0.005 http://h/api/client/features?namePrefix=f\n\
            took 0.100 http://h/v1/feature-views/clicks/pin\n\
            took 0.200 http://h/v1/feature-views/clicks/online/clear\n\
            took 0.030 http://h/api/2.0/mlflow/registered-models/alias\n\
            took 9 http://h/get-online-features\n\
            took 9 http://h/api/v1/query?query=x\n\
            something else\n";
        let ms = Duration::from_millis;
        let calls = Calls::told(said);
        assert_eq!(calls, Calls { flag: ms(10), view: ms(100), values: ms(200), model: ms(30) });
        assert_eq!(calls.slowest(ms(420)), ms(730));
        assert_eq!(Calls { model: ms(400), ..calls }.slowest(ms(420)), ms(830));
    }
}
