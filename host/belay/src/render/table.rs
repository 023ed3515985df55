//! Rows whose columns line up.

use super::page::{Line, Page};

/// Lays rows out in columns, two spaces apart, each row `indent` columns in. The last cell of a row may be as wide as
/// it likes.
pub(crate) fn table(indent: usize, rows: Vec<Vec<Line>>) -> Page {
    let mut widths: Vec<usize> = Vec::new();
    for row in &rows {
        let (Some(_), cells) = (row.last(), row.len().saturating_sub(1)) else { continue };
        for (index, cell) in row.iter().take(cells).enumerate() {
            match widths.get_mut(index) {
                Some(width) => *width = cell.width().max(*width),
                None => widths.push(cell.width()),
            }
        }
    }
    rows.into_iter().map(|row| lay_out(indent, &widths, row)).collect::<Vec<_>>().into()
}

fn lay_out(indent: usize, widths: &[usize], row: Vec<Line>) -> Line {
    let mut line = Line::new().with(" ".repeat(indent));
    let mut column = indent;
    for (index, cell) in row.into_iter().enumerate() {
        line = line.padded(column, 0).then(cell);
        column += widths.get(index).map_or(0, |width| width + 2);
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_cell_of_a_row_moves_no_column() {
        let cell = |text: &str| Line::new().with(text);
        let rows = vec![vec![cell("a"), cell("long"), cell("x")], vec![cell("bb"), cell("a very long last one")]];
        assert_eq!(table(1, rows).to_text(false), " a   long  x\n bb  a very long last one\n");
    }
}
