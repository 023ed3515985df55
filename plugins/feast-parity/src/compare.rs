//! Captured values against served ones.

use feast_sidecar::Row;

use crate::served::{Cell, Served};

/// How many values were compared, and how many are the same. A value that is nowhere is not compared: that a missing one
/// is still missing shows nothing.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Compared.
    pub(crate) all: u64,
    /// The same.
    pub(crate) equal: u64,
    /// The same, and of the same moment.
    pub(crate) dated: u64,
    first_other: Option<String>,
}

impl Tally {
    /// Compares each captured value whose feature is served.
    pub(crate) fn of(rows: &[Row], served: &Served) -> Self {
        let mut tally = Self::default();
        for (place, row) in rows.iter().enumerate() {
            for (feature, captured) in &row.values {
                if let Some(cell) = served.cell(feature, place) {
                    tally.add(row, feature, captured.as_deref(), &cell);
                }
            }
        }
        tally
    }

    fn add(&mut self, row: &Row, feature: &str, captured: Option<&str>, cell: &Cell) {
        if captured.is_none() && cell.value.is_none() {
            return;
        }
        self.all += 1;
        if same(captured, cell.value.as_deref()) {
            self.equal += 1;
            self.dated += u64::from(row.at.as_deref() == Some(&cell.at));
        } else if self.first_other.is_none() {
            let word = |value: Option<&str>| value.unwrap_or("nothing").to_owned();
            let keys: Vec<String> = row.entity.iter().map(|(name, value)| format!("{name} {value}")).collect();
            let (served, captured) = (word(cell.value.as_deref()), word(captured));
            self.first_other = Some(format!("{feature} of {} is {served}, was {captured}", keys.join(", ")));
        }
    }

    /// A share of all in percent, rounded down to hundredths; nothing where nothing was compared.
    pub(crate) fn percent(&self, some: u64) -> Option<String> {
        let hundredths = (some * 10_000).checked_div(self.all)?;
        Some(format!("{}.{:02}", hundredths / 100, hundredths % 100))
    }

    /// For people.
    pub(crate) fn told(&self) -> String {
        if self.all == 0 {
            return "no value was captured or is served: nothing to compare".to_owned();
        }
        let other = self.first_other.as_ref().map(|other| format!("; {other}")).unwrap_or_default();
        format!("{} of {} values are as captured{other}", self.equal, self.all)
    }
}

/// Whether two texts are the same value: `1` and `1.0` are, as one number.
fn same(captured: Option<&str>, served: Option<&str>) -> bool {
    let number = |text: &str| text.parse::<f64>().ok().filter(|number| number.is_finite());
    captured == served
        || captured.zip(served).is_some_and(|(captured, served)| {
            // Whole numbers differ by their digits: a float would round large ones.
            let is_fraction = [captured, served].iter().any(|text| text.contains(['.', 'e', 'E']));
            is_fraction && number(captured).is_some_and(|one| number(served) == Some(one))
        })
}
